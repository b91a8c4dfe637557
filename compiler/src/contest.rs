//! Several builds of a benchmark and NumPy, run in alternating turns.
//!
//! Absolute times of one machine mean little, and a disturbance of a second hides what is to be seen. So all contenders
//! are prepared first, with the same inputs, and then take turns: each turn is a few runs of one contender, of which the
//! median counts as one measurement. What disturbs the machine meets all of them. Every second round goes backwards, since a
//! contender that always follows the same other one would find caches as that one leaves them.
//!
//! Runs that do not count come first in each turn: they find the caches as others left them, and cores that slept. On a
//! virtual machine, whose host gives a sleeping core to other guests, the first runs after a pause take up to ten times as
//! long as the tenth.
//!
//! What one contender gains over another is the median of the quotients of their turns in the same rounds, with a confidence
//! interval: a machine that is slow for some seconds is slow for both of them, which two medians for themselves would not show.

use crate::Error;
use crate::benchmark::Benchmark;
use crate::reference::Session;
use dacec_ir::{IndexMap, Name};
use dacec_runtime::stats::{self, Summary};
use dacec_runtime::{ArrayBuf, CompiledProgram};
use std::time::Duration;

/// A turn ends when this many seconds were measured,
const TURN: f64 = 0.03;
/// or after this many runs.
const RUNS_OF_TURN: usize = 200;
/// Runs that do not count come before those of a turn, for this many seconds, at least one,
const WARM_UP: f64 = 0.03;
/// and none where one takes so many seconds that it warms itself.
const LONG: f64 = 0.3;
/// Threads look for work for some time after theirs is done, those of OpenMP and those of NumPy's libraries.
const COOL_DOWN: Duration = Duration::from_millis(30);

/// How long a contest takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Number of turns of each contender.
    pub rounds: usize,
    /// A contender that has run for this many seconds is given no more turns than one.
    pub seconds: f64,
}

/// What a contender reached.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Median seconds of a run, with a confidence interval.
    pub summary: Summary,
    /// Median seconds of each turn, from the first round on.
    pub turns: Vec<f64>,
    /// What the first run wrote and returned; empty for NumPy, whose results the session has.
    pub results: IndexMap<Name, ArrayBuf>,
}

impl Standing {
    /// How many times as long as the other this contender takes, from the rounds in which both had turns.
    pub fn ratio(&self, other: &Standing) -> Summary {
        let ratios: Vec<f64> = self.turns.iter().zip(&other.turns).map(|(own, other)| own / other).collect();
        stats::summarize(&ratios).expect("every contender had a turn, which took some time")
    }
}

/// A build that takes part, with as many threads as it gets, or so many.
#[derive(Clone, Copy)]
pub struct Entrant<'a> {
    /// The program.
    pub benchmark: &'a Benchmark,
    /// The most threads that it may have.
    pub threads: Option<usize>,
}

impl Entrant<'_> {
    fn run(
        &self,
        program: &CompiledProgram,
        inputs: &IndexMap<Name, ArrayBuf>,
    ) -> Result<(Duration, IndexMap<Name, ArrayBuf>), Error> {
        let run = || self.benchmark.run(program, inputs);
        match self.threads {
            None => run(),
            Some(count) => program.with_threads(count, run),
        }
    }
}

/// One contender during the contest.
struct Contender<'a> {
    run: Box<dyn FnMut(f64, usize) -> Result<Vec<f64>, Error> + 'a>,
    results: IndexMap<Name, ArrayBuf>,
    turns: Vec<f64>,
    spent: f64,
}

impl Contender<'_> {
    fn turn(&mut self) -> Result<(), Error> {
        if self.turns.last().is_none_or(|&seconds| seconds < LONG) {
            (self.run)(WARM_UP, RUNS_OF_TURN)?;
        }
        let seconds = (self.run)(TURN, RUNS_OF_TURN)?;
        std::thread::sleep(COOL_DOWN);
        self.spent += seconds.iter().sum::<f64>();
        self.turns.extend(stats::summarize(&seconds).map(|summary| summary.median));
        Ok(())
    }
}

/// Runs the builds, and NumPy behind them if there is a session; all builds get the inputs of the first.
pub fn run(
    builds: &[Entrant<'_>],
    session: Option<&mut Session>,
    limits: Limits,
) -> Result<Vec<Standing>, Error> {
    let Some(first) = builds.first() else { return Ok(Vec::new()) };
    let inputs = first.benchmark.inputs()?;
    let programs = builds
        .iter()
        .map(|build| build.benchmark.kernel.load())
        .collect::<Result<Vec<CompiledProgram>, Error>>()?;
    let mut contenders = Vec::new();
    for (build, program) in builds.iter().zip(&programs) {
        let results = build.run(program, &inputs)?.1;
        let inputs = &inputs;
        let run = move |enough: f64, count: usize| {
            let mut seconds: Vec<f64> = Vec::new();
            while seconds.len() < count && seconds.iter().sum::<f64>() < enough {
                seconds.push(build.run(program, inputs)?.0.as_secs_f64());
            }
            Ok(seconds)
        };
        contenders.push(Contender { run: Box::new(run), results, turns: Vec::new(), spent: 0.0 });
    }
    if let Some(session) = session {
        let run = move |enough: f64, count: usize| session.turn(enough, count);
        let run: Box<dyn FnMut(f64, usize) -> Result<Vec<f64>, Error>> = Box::new(run);
        contenders.push(Contender { run, results: IndexMap::default(), turns: Vec::new(), spent: 0.0 });
    }
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    for _ in 0..limits.rounds.max(1) {
        for &index in &order {
            let contender = &mut contenders[index];
            if contender.turns.is_empty() || contender.spent < limits.seconds {
                contender.turn()?;
            }
        }
        order.reverse();
    }
    let standing = |contender: Contender<'_>| Standing {
        summary: stats::summarize(&contender.turns).expect("every contender had a turn"),
        turns: contender.turns,
        results: contender.results,
    };
    Ok(contenders.into_iter().map(standing).collect())
}
