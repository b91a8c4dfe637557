//! The `dacec` command.
fn main() {}
