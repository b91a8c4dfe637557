
// C = alpha * A @ B + beta * C with conjugate operands, on all threads: columns of C.
template <typename T>
static void dacec_gemmc(int64_t m, int64_t n, int64_t k, int64_t conj_a, int64_t conj_b, T alpha, const T *a, int64_t rsa,
                        int64_t csa, const T *b, int64_t rsb, int64_t csb, int64_t old, T beta, T *c, int64_t rsc,
                        int64_t csc) {
    if (old && beta == (T)0) {
        const T factor = dacec_unknown(beta);
        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < n; j++) c[i * rsc + j * csc] *= factor;
        }
        beta = 1;
    }
    const int64_t threads = dacec_team((double)m * (double)n * (double)k), width = dacec_slice(n, threads);
    dacec_each(n, width, threads, [=](int64_t at) {
        dacec_one(m, n - at < width ? n - at : width, k, conj_a, conj_b, alpha, a, rsa, csa, b + at * csb, rsb, csb, beta,
                  c + at * csc, rsc, csc);
    });
}
