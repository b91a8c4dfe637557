
// How many threads share work: none inside of a loop that is shared already, and not for what one thread does sooner.
static inline int64_t dacec_team(double operations) {
#if defined(_OPENMP) && @TEAM@
    if (operations > 4e6 && !omp_in_parallel()) return omp_get_max_threads();
#endif
    (void)operations;
    return 1;
}

// Calls `part` with 0, `step`, … below `count`; threads share these. One thread does not ask OpenMP's runtime for a team of
// one, which takes a microsecond.
template <typename F> static inline void dacec_each(int64_t count, int64_t step, int64_t threads, F part) {
    if (threads <= 1) {
        for (int64_t at = 0; at < count; at += step) part(at);
        return;
    }
    #pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t at = 0; at < count; at += step) part(at);
}

// The columns that each of a team works on, which do not depend on each other.
static inline int64_t dacec_slice(int64_t columns, int64_t threads) {
    const int64_t width = ((columns + threads - 1) / threads + 7) / 8 * 8;
    return width > 0 ? width : 8;
}
