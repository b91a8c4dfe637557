//! The benchmark programs that dacec is measured and tested with
