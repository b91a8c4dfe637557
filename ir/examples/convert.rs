//! Converts an SDFG between its text form and a `.sdfg` file: from standard input to standard output.

use std::error::Error;
use std::io::{self, Read};

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    if input.starts_with(b"{") || input.starts_with(&[0x1f, 0x8b]) {
        print!("{}", dacec_ir::json::from_slice(&input)?);
    } else {
        let sdfg = dacec_ir::text::parse(std::str::from_utf8(&input)?)?;
        print!("{}", dacec_ir::json::to_string(&sdfg));
    }
    Ok(())
}
