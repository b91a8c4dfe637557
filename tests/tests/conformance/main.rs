//! NumPy, function by function: thousands of small programs, each against what CPython and NumPy make of it.
//!
//! The programs are made from the tables in `tests/conformance/tables`. One Python process writes a corpus ([`corpus`]); here every program of it is interpreted, and some are compiled
//! with `-O3` ([`check`]). Results must have NumPy's type and shape; integers and truth values must be equal, floats
//! close. What NumPy refuses must be refused.
//!
//! | variable | meaning |
//! |---|---|
//! | `DACEC_TEST_CONFORMANCE=full` | every program is compiled too, not only every so-manieth |
//! | `DACEC_TEST_CONFORMANCE=text` | only programs whose name contains this text, compiled and interpreted |
//! | `DACEC_TEST_TABLES=fourier,random` | only these tables |
//!
//! `tests/conformance/refused.txt` lists what the compiler refuses although NumPy computes it, with the reason; the
//! test says which entries no longer hold. A wrong result can not be listed.

mod check;
mod corpus;
mod language;
mod random;
mod refused;

use check::{Checker, Outcome, Ways};
use corpus::{Case, Corpus};
use refused::Refused;
use std::collections::BTreeMap;

/// Of so many programs one is compiled by default.
const COMPILED_ONE_IN: usize = 16;

/// Programs that the suite has at least.
const AT_LEAST: usize = 1500;

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[test]
fn programs_of_the_tables_mean_what_numpy_makes_of_them() {
    let Some(corpus) = Corpus::of_tables() else { return };
    let all = setting("DACEC_TEST_TABLES").is_none();
    assert!(!all || corpus.cases.len() >= AT_LEAST, "only {} programs", corpus.cases.len());
    let refused = Refused::read();
    let selection = setting("DACEC_TEST_CONFORMANCE");
    let full = selection.as_deref() == Some("full");
    let only = selection.filter(|text| text != "full");
    let chosen = |case: &Case| only.as_ref().is_none_or(|text| case.name.contains(text.as_str()));
    let checker = Checker::new(&corpus);
    let compiled = |at: usize| full || only.is_some() || at.is_multiple_of(COMPILED_ONE_IN);
    let outcomes = checker.run(&chosen, &|at| Ways { optimized: false, compiled: compiled(at) });

    let (mut agree, mut skipped, mut wrong) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    for (case, outcome) in &outcomes {
        match (outcome, refused.reason(&case.name)) {
            (Outcome::Agrees, None) => agree += 1,
            (Outcome::Agrees, Some(_)) => {
                agree += 1;
                println!("no longer refused: {}", case.name);
            }
            (Outcome::Refused(_), Some(reason)) => *skipped.entry(reason).or_default() += 1,
            (Outcome::Refused(why), None) => wrong.push(format!("{}: refused: {why}", case.name)),
            (Outcome::Differs(how), _) => wrong.push(format!("{}: {how}", case.name)),
        }
    }
    println!("{} programs: {agree} agree with NumPy, {} wrong", outcomes.len(), wrong.len());
    println!("{} were compiled too", checker.compiled());
    skipped.iter().for_each(|(reason, count)| println!("{count} skipped: {reason}"));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
    if all && only.is_none() {
        let stale = refused.unused(outcomes.iter().map(|(case, _)| case.name.as_str()));
        assert!(stale.is_empty(), "these entries of `refused.txt` fit no program: {stale:?}");
    }
}

/// The front end's own programs: interpreted and compiled they compute the same, which is what NumPy computes.
#[test]
fn programs_of_the_language_mean_the_same_compiled() {
    let corpus = language::corpus();
    assert!(corpus.cases.len() > 250, "only {} programs", corpus.cases.len());
    let full = setting("DACEC_TEST_CONFORMANCE").as_deref() == Some("full");
    let checker = Checker::new(&corpus);
    let compiled = |at: usize| full || at.is_multiple_of(COMPILED_ONE_IN);
    let outcomes = checker.run(&|_| true, &|at| Ways { optimized: full, compiled: compiled(at) });
    let wrong: Vec<String> = outcomes
        .iter()
        .filter_map(|(case, outcome)| match outcome {
            Outcome::Agrees => None,
            Outcome::Refused(why) | Outcome::Differs(why) => Some(format!("{}: {why}", case.name)),
        })
        .collect();
    println!("{} programs, {} of them compiled", outcomes.len(), checker.compiled());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
}
