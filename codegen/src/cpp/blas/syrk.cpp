
// The lower triangle of C = alpha * A @ A.T + beta * C.
template <typename T>
static inline void dacec_syrk(int64_t n, int64_t k, int64_t conj, T alpha, const T *a, int64_t rsa, int64_t csa,
                              int64_t old, T beta, T *c, int64_t rsc, int64_t csc) {
    dacec_update<T>(n, k, conj, false, alpha, a, rsa, csa, a, rsa, csa, old, beta, c, rsc, csc);
}
