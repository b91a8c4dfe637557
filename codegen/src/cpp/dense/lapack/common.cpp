
// LAPACK has columns of neighbours: matrices go there and back. The results of routines are those of their interface: not 0
// where there is no result, as without memory and for sizes that are too large for LAPACK.
template <typename T> static inline T *dacec_memory(int64_t count) {
    return (T *)__builtin_malloc((uint64_t)(count > 0 ? count : 1) * sizeof(T));
}
template <typename T>
static void dacec_take(int64_t m, int64_t n, const T *a, int64_t rs, int64_t cs, T *to, int64_t ld) {
    #pragma omp parallel for if(m * n > 100000)
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < m; i++) to[i + j * ld] = a[i * rs + j * cs];
    }
}
template <typename T>
static void dacec_put(int64_t m, int64_t n, const T *from, int64_t ld, T *a, int64_t rs, int64_t cs) {
    #pragma omp parallel for if(m * n > 100000)
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) a[i * rs + j * cs] = from[i + j * ld];
    }
}
static inline bool dacec_fits(int64_t m, int64_t n) { return m < 0x7fffffff && n < 0x7fffffff; }
