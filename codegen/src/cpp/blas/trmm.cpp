
// B = alpha * L @ B with a lower triangle L, from the last rows to the first.
template <typename T>
static void dacec_trmm_lower(int64_t m, int64_t n, int64_t unit, int64_t conj, T alpha, const T *a, int64_t rsa,
                             int64_t csa, T *b, int64_t rsb, int64_t csb) {
    if (m > 32) {
        const int64_t half = (m / 2 + 7) / 8 * 8, rest = m - half;
        T *const behind = b + half * rsb;
        dacec_trmm_lower<T>(rest, n, unit, conj, alpha, a + half * (rsa + csa), rsa, csa, behind, rsb, csb);
        dacec_one(rest, n, half, conj, (int64_t)0, alpha, a + half * rsa, rsa, csa, b, rsb, csb, (T)1, behind, rsb, csb);
        dacec_trmm_lower<T>(half, n, unit, conj, alpha, a, rsa, csa, b, rsb, csb);
        return;
    }
    enum { LANES = 64 };
    for (int64_t at = 0; at < n; at += LANES) {
        const int64_t width = n - at < LANES ? n - at : LANES;
        T *const part = b + at * csb;
        for (int64_t i = m - 1; i >= 0; i--) {
            T sums[LANES] = {};
            for (int64_t k = 0; k < i + (unit ? 0 : 1); k++) {
                const T factor = dacec_conj_if(conj, a[i * rsa + k * csa]);
                for (int64_t j = 0; j < width; j++) sums[j] += factor * part[k * rsb + j * csb];
            }
            for (int64_t j = 0; j < width; j++) {
                T *const place = part + i * rsb + j * csb;
                *place = alpha * (unit ? sums[j] + *place : sums[j]);
            }
        }
    }
}

// B = alpha * T @ B on all threads: columns of B.
template <typename T>
static void dacec_trmm(int64_t m, int64_t n, int64_t upper, int64_t unit, int64_t conj, T alpha, const T *a, int64_t rsa,
                       int64_t csa, T *b, int64_t rsb, int64_t csb) {
    if (m <= 0) return;
    if (upper) {
        // Backwards, an upper triangle is a lower one.
        a += (m - 1) * (rsa + csa), b += (m - 1) * rsb;
        rsa = -rsa, csa = -csa, rsb = -rsb;
    }
    const int64_t threads = dacec_team((double)m * (double)m * (double)n * 0.5), width = dacec_slice(n, threads);
    dacec_each(n, width, threads, [=](int64_t at) {
        dacec_trmm_lower<T>(m, n - at < width ? n - at : width, unit, conj, alpha, a, rsa, csa, b + at * csb, rsb, csb);
    });
}
