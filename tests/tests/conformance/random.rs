//! Random programs, as `tests/conformance/random_programs.py` writes them, against what CPython and NumPy make of them.
//!
//! All are interpreted; of some the graph is optimized and interpreted again, and some are compiled. What the compiler
//! refuses, with a message, is counted; it may not be much.
//!
//! | variable | meaning |
//! |---|---|
//! | `DACEC_TEST_RANDOM=100000` | so many programs, 2000 by default |
//! | `DACEC_TEST_SEED=7` | where they start, 1 by default |

use crate::check::{Checker, Outcome, Ways};
use crate::corpus::Corpus;
use crate::setting;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};

/// Programs that one Python process writes.
const BATCH: usize = 500;

/// Of so many programs one is optimized, and of so many one is compiled.
const OPTIMIZED_ONE_IN: usize = 8;
const COMPILED_ONE_IN: usize = 100;

/// Of a hundred programs, so many may be refused.
const REFUSED_PERCENT: usize = 10;

fn number(name: &str, default: usize) -> usize {
    setting(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// The programs in batches; the next one is written while one is checked.
fn batches(first: usize, count: usize) -> Receiver<Option<Corpus>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        for batch in 0..count.div_ceil(BATCH) {
            let corpus = Corpus::random(first + batch, BATCH.min(count - batch * BATCH));
            if sender.send(corpus).is_err() {
                return;
            }
        }
    });
    receiver
}

#[test]
fn random_programs_mean_what_numpy_makes_of_them() {
    let (count, first) = (number("DACEC_TEST_RANDOM", 2000), number("DACEC_TEST_SEED", 1));
    let ways = |at: usize| Ways {
        optimized: at.is_multiple_of(OPTIMIZED_ONE_IN),
        compiled: at.is_multiple_of(COMPILED_ONE_IN),
    };
    let (mut agree, mut refused, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    for corpus in batches(first, count) {
        let Some(corpus) = corpus else { return };
        for (case, outcome) in Checker::new(&corpus).run(&|_| true, &ways) {
            match outcome {
                Outcome::Agrees => agree += 1,
                Outcome::Refused(why) => *refused.entry(why).or_default() += 1,
                Outcome::Differs(how) => wrong.push(format!("{how}\n{}", case.name)),
            }
        }
    }
    let refusals: usize = refused.values().sum();
    assert_eq!(
        agree + refusals + wrong.len(),
        count,
        "not all programs were checked: writing some has failed"
    );
    let mut reasons: Vec<_> = refused.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons.iter().for_each(|(why, count)| println!("{count} refused: {why}"));
    println!("{count} random programs: {agree} agree with NumPy, {refusals} refused, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n"));
    assert!(refusals * 100 <= count * REFUSED_PERCENT, "{refusals} of {count} are refused");
}
