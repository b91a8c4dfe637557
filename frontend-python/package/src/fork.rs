//! Calls in forked processes.
//!
//! OpenMP gives every thread that runs parallel loops a team of its own. After a fork, the only thread of the new process
//! believes that it still has the team of the old one, whose threads are gone: its next parallel loop would wait for them
//! forever. So a thread that has called programs before a fork lets another thread, which is made after it, call them.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// How many forks lie between the first process and this one.
static GENERATION: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The generation in which the thread has called its first program.
    static FIRST_CALL: u64 = GENERATION.load(Ordering::Relaxed);
    /// The thread that calls programs in this one's place, and the generation in which it was made.
    static SUBSTITUTE: RefCell<Option<(u64, Substitute)>> = const { RefCell::new(None) };
}

/// Notices forks of this process from now on.
pub(crate) fn watch() {
    extern "C" fn in_child() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler touches one atomic number, which is allowed between fork and exec. If there is no memory to
    // register it, forked processes are what they are without it.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

/// Runs `work` where parallel loops work.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let generation = GENERATION.load(Ordering::Relaxed);
    if FIRST_CALL.with(|first| *first) == generation {
        return work();
    }
    SUBSTITUTE.with_borrow_mut(|substitute| {
        if substitute.as_ref().is_none_or(|(made, _)| *made != generation) {
            // One that was made before the fork is not there any more; it cannot be joined either.
            std::mem::forget(substitute.take());
            *substitute = Substitute::start().map(|made| (generation, made));
        }
        match substitute {
            Some((_, substitute)) => substitute.run(work),
            None => work(),
        }
    })
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that runs one job at a time; it ends when this is dropped.
struct Substitute {
    jobs: Sender<Job>,
    done: Receiver<()>,
}

impl Substitute {
    fn start() -> Option<Self> {
        let (jobs, waiting) = channel::<Job>();
        let (finished, done) = channel();
        let work = move || {
            for job in waiting {
                job();
                if finished.send(()).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("dacec".into()).spawn(work).ok()?;
        Some(Substitute { jobs, done })
    }

    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let mut result = None;
        {
            let slot = &mut result;
            let job: Box<dyn FnOnce() + Send + '_> = Box::new(move || *slot = Some(work()));
            // SAFETY: this function waits until the job is done, so the job uses what it borrows only while that lives.
            let job = unsafe { std::mem::transmute::<Box<dyn FnOnce() + Send + '_>, Job>(job) };
            if let Err(unsent) = self.jobs.send(job) {
                unsent.0();
            } else if self.done.recv().is_err() {
                // The thread unwound while it ran the job, which therefore is dropped.
                panic!("a program's thread ended before the program");
            }
        }
        result.expect("the job has run")
    }
}
