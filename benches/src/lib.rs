//! Measurements of compile time and of compiled kernels, as ratios against peers
