
// A += alpha * outer(x, y)
template <typename T>
static inline void dacec_ger(int64_t m, int64_t n, int64_t conj, T alpha, const T *x, int64_t sx, const T *y, int64_t sy,
                             T *a, int64_t rsa, int64_t csa) {
    for (int64_t i = 0; i < m; i++) {
        const T scaled = alpha * x[i * sx];
        for (int64_t j = 0; j < n; j++) a[i * rsa + j * csa] += scaled * dacec_conj_if(conj, y[j * sy]);
    }
}
