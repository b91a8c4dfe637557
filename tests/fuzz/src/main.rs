//! `dacec-fuzz TARGET SECONDS SEED`: reads damaged files until time is over or one is read badly.
//! `dacec-fuzz TARGET FILE`: reads one file, to see what is wrong with it.
//!
//! A failure ends the process; memory is limited by the system, so that running out of it does too. Before each input is
//! read, it is stored as `tests/fuzz/found/TARGET/current`: its length in 8 bytes, the input, and what is left of longer ones.

use dacec_fuzz::{MAX_MEMORY, MAX_TIME, Mutator, TARGETS, found};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Number of inputs that were begun; watched by another thread.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// An input that has not ended after this time hangs, however little of the time was spent on it.
const STUCK: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (name, seconds, seed) = (arguments.next(), arguments.next(), arguments.next());
    let number =
        |text: Option<String>, otherwise: u64| text.and_then(|it| it.parse().ok()).unwrap_or(otherwise);
    let Some(target) = TARGETS.iter().find(|target| Some(target.name) == name.as_deref()) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: dacec-fuzz {} [SECONDS] [SEED]", names.join("|"));
        return ExitCode::from(2);
    };
    if let Some(input) = seconds.as_ref().and_then(|path| std::fs::read(path).ok()) {
        let start = cpu_time();
        (target.read)(&input);
        println!("{}: read in {:.3} s", target.name, cpu_time().saturating_sub(start).as_secs_f64());
        return ExitCode::SUCCESS;
    }
    let (time, seed) = (Duration::from_secs(number(seconds, 60)), number(seed, 1));
    let mut mutator = Mutator::new(seed, (target.corpus)());
    let limit = Rlimit { current: Some(MAX_MEMORY), maximum: Some(MAX_MEMORY) };
    if let Err(error) = setrlimit(Resource::As, limit) {
        eprintln!("memory cannot be limited: {error}");
        return ExitCode::from(2);
    }
    std::thread::spawn(watch);
    let folder = found(target);
    let current = folder.join("current");
    let file = match std::fs::create_dir_all(&folder).and_then(|()| File::create(&current)) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("{} cannot be made: {error}", current.display());
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    while start.elapsed() < time {
        let input = mutator.next_input();
        let mut stored = (input.len() as u64).to_le_bytes().to_vec();
        stored.extend(&input);
        // Written over what is there: making a file anew takes longer than reading most inputs.
        if let Err(error) = file.write_all_at(&stored, 0) {
            eprintln!("{} cannot be written: {error}", current.display());
            return ExitCode::from(2);
        }
        BEGUN.fetch_add(1, Ordering::Relaxed);
        (target.read)(&input);
    }
    println!(
        "{}: {} inputs in {:.0} s, nothing found",
        target.name,
        BEGUN.load(Ordering::Relaxed),
        start.elapsed().as_secs_f64()
    );
    // What is left is the last input, which was read well.
    drop(std::fs::remove_file(&current));
    drop(std::fs::remove_dir(&folder));
    ExitCode::SUCCESS
}

/// Ends the process when an input takes too long. What counts is the time of the processor, which does not depend on
/// what else the machine does.
fn watch() {
    let mut last = (BEGUN.load(Ordering::Relaxed), cpu_time(), Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let begun = BEGUN.load(Ordering::Relaxed);
        if begun != last.0 {
            last = (begun, cpu_time(), Instant::now());
        } else if begun > 0 && (cpu_time().saturating_sub(last.1) > MAX_TIME || last.2.elapsed() > STUCK) {
            eprintln!("an input takes longer than {} s", MAX_TIME.as_secs());
            std::process::abort();
        }
    }
}

/// Time that processors spent on this process.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a value of the right type that lives until the call returns.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "there is no clock for the time of the process");
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
