//! Fourier transforms of vectors: what is done around the `rustfft` crate.
//!
//! A plan (the factors of a length, and tables) costs much more than a transform, so each thread keeps its plans. Vectors
//! whose elements do not lie next to each other go through a buffer.

use num_complex::Complex;
use rustfft::{FftDirection, FftNum, FftPlanner};
use std::cell::RefCell;
use std::thread::LocalKey;

/// The sign of the exponents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Minus.
    Forward,
    /// Plus; the result is not divided by the length.
    Backward,
}

/// What a thread keeps from one transform to the next.
pub(crate) struct Kept<T: FftNum> {
    planner: FftPlanner<T>,
    vector: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

impl<T: FftNum> Kept<T> {
    fn new() -> RefCell<Self> {
        RefCell::new(Kept { planner: FftPlanner::new(), vector: Vec::new(), scratch: Vec::new() })
    }
}

/// A real type whose complex numbers can be transformed.
pub(crate) trait Real: FftNum {
    /// What the calling thread keeps.
    fn kept() -> &'static LocalKey<RefCell<Kept<Self>>>;
}

thread_local! {
    static SINGLE: RefCell<Kept<f32>> = Kept::new();
    static DOUBLE: RefCell<Kept<f64>> = Kept::new();
}

impl Real for f32 {
    fn kept() -> &'static LocalKey<RefCell<Kept<f32>>> {
        &SINGLE
    }
}

impl Real for f64 {
    fn kept() -> &'static LocalKey<RefCell<Kept<f64>>> {
        &DOUBLE
    }
}

/// Transforms `n` elements of `a` into those of `x`; each comes with the distance of its elements.
///
/// # Safety
///
/// Every addressed element is valid, and those of `x` are distinct from all others.
pub(crate) unsafe fn transform<T: Real>(
    n: usize,
    (a, from): (*const Complex<T>, isize),
    (x, to): (*mut Complex<T>, isize),
    direction: Direction,
) {
    if n == 0 {
        return;
    }
    let direction = match direction {
        Direction::Forward => FftDirection::Forward,
        Direction::Backward => FftDirection::Inverse,
    };
    T::kept().with_borrow_mut(|kept| {
        let plan = kept.planner.plan_fft(n, direction);
        kept.vector.clear();
        // SAFETY: the caller's promise.
        kept.vector.extend((0..n as isize).map(|k| unsafe { *a.offset(k * from) }));
        kept.scratch.resize(plan.get_inplace_scratch_len(), Complex::new(T::zero(), T::zero()));
        plan.process_with_scratch(&mut kept.vector, &mut kept.scratch);
        for (k, value) in kept.vector.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { *x.offset(k as isize * to) = *value };
        }
    });
}
