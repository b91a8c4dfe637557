//! `dacec explain`

use super::Outcome;
use crate::Error;

pub(super) fn run(code: &str) -> Result<Outcome, Error> {
    match dacec_frontend::codes::explain(code) {
        Some(known) => {
            anstream::println!("{}: {}\n\n{}", known.code, known.title, known.explanation);
            Ok(Outcome::Fine)
        }
        None => {
            anstream::eprintln!("error: there is no explanation of `{code}`; codes look like E0101");
            Ok(Outcome::Failed)
        }
    }
}
