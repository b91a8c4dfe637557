//! The embedded linear algebra as programs link it: optimized, reduced to the exported functions.
//!
//! The crate `dacec-provider` has no tests of its own. They would compile it, and the libraries that it is made of, without
//! optimization once more, which takes longer than everything else that tests need.

mod dense;
mod exports;
mod fourier;
mod products;
