
// How many threads share work: none inside of a loop that is shared already, and not for what one thread does sooner.
static inline int64_t dacec_team(double operations) {
#if defined(_OPENMP) && @TEAM@
    if (operations > 4e6 && !omp_in_parallel()) return omp_get_max_threads();
#endif
    (void)operations;
    return 1;
}

// The columns that each of a team works on, which do not depend on each other.
static inline int64_t dacec_slice(int64_t columns, int64_t threads) {
    const int64_t width = ((columns + threads - 1) / threads + 7) / 8 * 8;
    return width > 0 ? width : 8;
}
