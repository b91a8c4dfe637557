
// C = alpha * S @ B + beta * C; S has the lower triangle of A, and is Hermitian and conjugate if so asked.
template <typename T>
static void dacec_symmetric(int64_t m, int64_t n, int64_t hermitian, int64_t conj, T alpha, const T *a, int64_t rsa,
                            int64_t csa, const T *b, int64_t rsb, int64_t csb, T beta, T *c, int64_t rsc, int64_t csc) {
    enum { TILE = 64 };
    T tile[TILE * TILE];
    for (int64_t at = 0; at < m; at += TILE) {
        const int64_t size = m - at < TILE ? m - at : TILE;
        const T *const corner = a + at * (rsa + csa);
        for (int64_t i = 0; i < size; i++) {
            for (int64_t j = 0; j <= i; j++) {
                const T value = dacec_conj_if(conj, dacec_real_if(hermitian && i == j, corner[i * rsa + j * csa]));
                tile[i * TILE + j] = value;
                tile[j * TILE + i] = dacec_conj_if(hermitian, value);
            }
        }
        dacec_one(size, n, size, (int64_t)0, (int64_t)0, alpha, tile, (int64_t)TILE, (int64_t)1, b + at * rsb, rsb, csb,
                  beta, c + at * rsc, rsc, csc);
    }
    for (int64_t at = TILE; at < m; at += TILE) {
        // What is left of the diagonal, and its mirror image above.
        const int64_t size = m - at < TILE ? m - at : TILE;
        const T *const left = a + at * rsa;
        dacec_one(size, n, at, conj, (int64_t)0, alpha, left, rsa, csa, b, rsb, csb, (T)1, c + at * rsc, rsc, csc);
        dacec_one(at, n, size, hermitian ^ conj, (int64_t)0, alpha, left, csa, rsa, b + at * rsb, rsb, csb, (T)1, c, rsc,
                  csc);
    }
}

// The same on all threads: columns of C.
template <typename T>
static void dacec_symm(int64_t m, int64_t n, int64_t hermitian, int64_t conj, T alpha, const T *a, int64_t rsa,
                       int64_t csa, const T *b, int64_t rsb, int64_t csb, int64_t old, T beta, T *c, int64_t rsc,
                       int64_t csc) {
    if (old && beta == (T)0) {
        const T factor = dacec_unknown(beta);
        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < n; j++) c[i * rsc + j * csc] *= factor;
        }
        beta = 1;
    }
    const int64_t threads = dacec_team((double)m * (double)m * (double)n), width = dacec_slice(n, threads);
    dacec_each(n, width, threads, [=](int64_t at) {
        dacec_symmetric<T>(m, n - at < width ? n - at : width, hermitian, conj, alpha, a, rsa, csa, b + at * csb, rsb, csb,
                           beta, c + at * csc, rsc, csc);
    });
}
