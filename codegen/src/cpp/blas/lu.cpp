
static inline float dacec_size(float x) { return __builtin_fabsf(x); }
static inline double dacec_size(double x) { return __builtin_fabs(x); }
static inline float dacec_size(complex64_t x) { return __builtin_fabsf(__real__ x) + __builtin_fabsf(__imag__ x); }
static inline double dacec_size(complex128_t x) { return __builtin_fabs(__real__ x) + __builtin_fabs(__imag__ x); }

// Exchanges rows as pivots say, first ones first.
template <typename T>
static void dacec_exchange(int64_t count, const int64_t *pivots, int64_t n, T *a, int64_t rs, int64_t cs) {
    const int64_t threads = dacec_team(10.0 * (double)n * (double)count), width = dacec_slice(n, threads);
    dacec_each(n, width, threads, [=](int64_t at) {
        for (int64_t j = at; j < n && j < at + width; j++) {
            for (int64_t i = 0; i < count; i++) {
                const T kept = a[i * rs + j * cs];
                a[i * rs + j * cs] = a[pivots[i] * rs + j * cs];
                a[pivots[i] * rs + j * cs] = kept;
            }
        }
    });
}

// A = P @ L @ U in place, for m >= n and columns of distance ld; whether a pivot is exactly 0.
// Half of the columns, what that means for the others, and those.
template <typename T> static bool dacec_lu(int64_t m, int64_t n, T *a, int64_t ld, int64_t *pivots) {
    if (n > 8) {
        const int64_t half = (n / 2 + 7) / 8 * 8, rest = n - half;
        bool singular = dacec_lu<T>(m, half, a, ld, pivots);
        T *const right = a + half * ld;
        dacec_exchange<T>(half, pivots, rest, right, 1, ld);
        dacec_trsm<T>(half, rest, 0, 1, 0, (T)1, a, 1, ld, right, 1, ld);
        dacec_all(m - half, rest, half, (T)-1, a + half, (int64_t)1, ld, right, (int64_t)1, ld, (T)1, right + half,
                  (int64_t)1, ld);
        singular |= dacec_lu<T>(m - half, rest, right + half, ld, pivots + half);
        dacec_exchange<T>(rest, pivots + half, half, a + half, 1, ld);
        for (int64_t i = half; i < n; i++) pivots[i] += half;
        return singular;
    }
    bool singular = false;
    for (int64_t k = 0; k < n; k++) {
        T *const column = a + k * ld;
        int64_t pivot = k;
        for (int64_t i = k + 1; i < m; i++) {
            if (dacec_size(column[i]) > dacec_size(column[pivot])) pivot = i;
        }
        pivots[k] = pivot;
        for (int64_t j = 0; j < n; j++) {
            const T kept = a[k + j * ld];
            a[k + j * ld] = a[pivot + j * ld];
            a[pivot + j * ld] = kept;
        }
        if (column[k] == (T)0) {
            singular = true;
            continue;
        }
        const T divisor = column[k];
        for (int64_t i = k + 1; i < m; i++) column[i] /= divisor;
        for (int64_t j = k + 1; j < n; j++) {
            const T factor = a[k + j * ld];
            for (int64_t i = k + 1; i < m; i++) a[i + j * ld] -= factor * column[i];
        }
    }
    return singular;
}

// The factors of a square matrix, and behind them the pivots; null without memory.
template <typename T>
static T *dacec_factors(int64_t n, const T *a, int64_t rsa, int64_t csa, int64_t **pivots, bool *singular) {
    char *const memory = (char *)__builtin_malloc((uint64_t)n * ((uint64_t)n * sizeof(T) + sizeof(int64_t)));
    if (!memory) return nullptr;
    T *const lu = (T *)memory;
    *pivots = (int64_t *)(memory + (uint64_t)n * (uint64_t)n * sizeof(T));
    #pragma omp parallel for
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n; i++) lu[i + j * n] = a[i * rsa + j * csa];
    }
    *singular = dacec_lu<T>(n, n, lu, n, *pivots);
    return lu;
}

// Whether factorizing is enough work for more than one thread.
static inline bool dacec_is_shared(int64_t n) { return n >= 128 && dacec_team((double)n * (double)n * (double)n) > 1; }
