
// The lower triangle of C = alpha * A @ B.T + alpha * B @ A.T + beta * C.
template <typename T>
static inline void dacec_syr2k(int64_t n, int64_t k, int64_t conj, T alpha, const T *a, int64_t rsa, int64_t csa,
                               const T *b, int64_t rsb, int64_t csb, int64_t old, T beta, T *c, int64_t rsc, int64_t csc) {
    dacec_update<T>(n, k, conj, true, alpha, a, rsa, csa, b, rsb, csb, old, beta, c, rsc, csc);
}
