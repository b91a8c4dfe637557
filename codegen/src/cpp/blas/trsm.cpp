
// B = inverse(L) @ B with a lower triangle L, from the first rows to the last.
template <typename T>
static void dacec_trsm_lower(int64_t m, int64_t n, int64_t unit, int64_t conj, const T *a, int64_t rsa, int64_t csa, T *b,
                             int64_t rsb, int64_t csb) {
    enum { ROWS = 32, LANES = 64 };
    if (m > ROWS) {
        const int64_t half = (m / 2 + 7) / 8 * 8, rest = m - half;
        T *const behind = b + half * rsb;
        dacec_trsm_lower<T>(half, n, unit, conj, a, rsa, csa, b, rsb, csb);
        dacec_one(rest, n, half, conj, (int64_t)0, (T)-1, a + half * rsa, rsa, csa, b, rsb, csb, (T)1, behind, rsb, csb);
        dacec_trsm_lower<T>(rest, n, unit, conj, a + half * (rsa + csa), rsa, csa, behind, rsb, csb);
        return;
    }
    T lanes[ROWS][LANES];
    for (int64_t at = 0; at < n; at += LANES) {
        const int64_t width = n - at < LANES ? n - at : LANES;
        T *const part = b + at * csb;
        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < width; j++) lanes[i][j] = part[i * rsb + j * csb];
            for (int64_t k = 0; k < i; k++) {
                const T factor = dacec_conj_if(conj, a[i * rsa + k * csa]);
                for (int64_t j = 0; j < width; j++) lanes[i][j] -= factor * lanes[k][j];
            }
            if (!unit) {
                const T divisor = dacec_conj_if(conj, a[i * (rsa + csa)]);
                for (int64_t j = 0; j < width; j++) lanes[i][j] /= divisor;
            }
            for (int64_t j = 0; j < width; j++) part[i * rsb + j * csb] = lanes[i][j];
        }
    }
}

// x = inverse(L) @ x for one vector, in the order in which L lies in memory.
template <typename T>
static void dacec_trsv_lower(int64_t m, int64_t unit, int64_t conj, const T *a, int64_t rsa, int64_t csa, T *x,
                             int64_t sx) {
    if (csa == 1 || csa == -1) {
        for (int64_t i = 0; i < m; i++) {
            T sum = 0;
            for (int64_t k = 0; k < i; k++) sum += dacec_conj_if(conj, a[i * rsa + k * csa]) * x[k * sx];
            const T value = x[i * sx] - sum;
            x[i * sx] = unit ? value : value / dacec_conj_if(conj, a[i * (rsa + csa)]);
        }
        return;
    }
    for (int64_t k = 0; k < m; k++) {
        if (!unit) x[k * sx] /= dacec_conj_if(conj, a[k * (rsa + csa)]);
        const T value = x[k * sx];
        for (int64_t i = k + 1; i < m; i++) x[i * sx] -= dacec_conj_if(conj, a[i * rsa + k * csa]) * value;
    }
}

// B = alpha * inverse(T) @ B on all threads: columns of B.
template <typename T>
static void dacec_trsm(int64_t m, int64_t n, int64_t upper, int64_t unit, int64_t conj, T alpha, const T *a, int64_t rsa,
                       int64_t csa, T *b, int64_t rsb, int64_t csb) {
    if (m <= 0) return;
    if (upper) {
        // Backwards, an upper triangle is a lower one.
        a += (m - 1) * (rsa + csa), b += (m - 1) * rsb;
        rsa = -rsa, csa = -csa, rsb = -rsb;
    }
    const int64_t threads = dacec_team((double)m * (double)m * (double)n * 0.5), width = dacec_slice(n, threads);
    dacec_each(n, width, threads, [=](int64_t at) {
        const int64_t columns = n - at < width ? n - at : width;
        T *const part = b + at * csb;
        if (alpha != (T)1) {
            const T factor = dacec_unknown(alpha);
            for (int64_t i = 0; i < m; i++) {
                for (int64_t j = 0; j < columns; j++) part[i * rsb + j * csb] *= factor;
            }
        }
        if (columns == 1) {
            dacec_trsv_lower<T>(m, unit, conj, a, rsa, csa, part, rsb);
        } else {
            dacec_trsm_lower<T>(m, columns, unit, conj, a, rsa, csa, part, rsb, csb);
        }
    });
}
