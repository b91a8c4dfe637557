//! The exported Fourier transforms: the sums that define them, for every kind of length and any distance of elements.

use super::exports::*;
use num_complex::{Complex32, Complex64};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// The sum that defines the transform; `sign` is that of the exponents.
fn defined(signal: &[Complex64], sign: f64) -> Vec<Complex64> {
    let n = signal.len();
    let turn = |steps: usize| Complex64::from_polar(1.0, sign * TAU * (steps % n) as f64 / n as f64);
    (0..n).map(|k| signal.iter().enumerate().map(|(j, x)| x * turn(j * k)).sum()).collect()
}

/// Values that look random.
fn signal(n: usize, seed: u64) -> Vec<Complex64> {
    let value = |at: u64| {
        let mixed = (at.wrapping_add(seed) ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    (0..n as u64).map(|k| Complex64::new(value(2 * k), value(2 * k + 1))).collect()
}

fn assert_close(found: &[Complex64], expected: &[Complex64], tolerance: f64) {
    let scale = expected.iter().map(|x| x.norm()).fold(0.0, f64::max);
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).norm() <= tolerance * scale, "{a} is not {b}");
    }
}

fn check(n: usize, seed: u64) {
    let given = signal(n, seed);
    // Every third element from the end on, into every second one.
    let mut spread = vec![Complex64::ZERO; 3 * n];
    given.iter().enumerate().for_each(|(k, x)| spread[3 * (n - 1 - k)] = *x);
    let mut found = vec![Complex64::ZERO; 2 * n];
    for (sign, routine) in [(-1.0, dacec_fft_c128 as unsafe fn(_, _, _, _, _) -> _), (1.0, dacec_ifft_c128)] {
        // SAFETY: the buffers have the elements.
        let status =
            unsafe { routine(n as i64, spread.as_ptr().add(3 * (n - 1)), -3, found.as_mut_ptr(), 2) };
        assert_eq!(status, 0);
        let every_second: Vec<Complex64> = found.iter().step_by(2).copied().collect();
        assert_close(&every_second, &defined(&given, sign), 1e-12);
    }
    let single: Vec<Complex32> = given.iter().map(|x| Complex32::new(x.re as f32, x.im as f32)).collect();
    let mut found = vec![Complex32::ZERO; n];
    // SAFETY: the buffers have the elements.
    let status = unsafe { dacec_fft_c64(n as i64, single.as_ptr(), 1, found.as_mut_ptr(), 1) };
    assert_eq!(status, 0);
    let found: Vec<Complex64> = found.iter().map(|x| Complex64::new(x.re.into(), x.im.into())).collect();
    assert_close(&found, &defined(&given, -1.0), 1e-5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn transforms_are_their_sums(n in 1_usize..200, seed in any::<u64>()) {
        check(n, seed);
    }
}

#[test]
fn powers_primes_and_products() {
    for n in [1, 2, 3, 4, 5, 7, 64, 97, 100, 360, 512, 521] {
        check(n, 5);
    }
}

#[test]
fn there_and_back() {
    let given = signal(1000, 9);
    let (mut there, mut back) = (vec![Complex64::ZERO; 1000], vec![Complex64::ZERO; 1000]);
    // SAFETY: the buffers have the elements.
    unsafe {
        dacec_fft_c128(1000, given.as_ptr(), 1, there.as_mut_ptr(), 1);
        dacec_ifft_c128(1000, there.as_ptr(), 1, back.as_mut_ptr(), 1);
    }
    let scaled: Vec<Complex64> = given.iter().map(|x| x * 1000.0).collect();
    assert_close(&back, &scaled, 1e-14);
}

#[test]
fn nothing_is_done_without_elements() {
    let mut untouched = Complex64::ONE;
    // SAFETY: no element is touched.
    unsafe { dacec_fft_c128(0, &raw const untouched, 1, &raw mut untouched, 1) };
    assert_eq!(untouched, Complex64::ONE);
}
