//! Matrix products with a C interface, linked statically into the libraries that dacec emits
