//! Measurements: compile time, and the time of compiled kernels, as ratios against peers.
//!
//! A figure counts only as a ratio between two things measured in the same run, interleaved, because machines differ
//! and drift. Absolute times are shown, never compared across runs. The programs to measure are those of `polybench`.
