
// y = alpha * A @ x + beta * y, in the order in which A lies in memory.
template <typename T>
static inline void dacec_gemv(int64_t m, int64_t n, int64_t conj, T alpha, const T *a, int64_t rsa, int64_t csa,
                              const T *x, int64_t sx, int64_t old, T beta, T *y, int64_t sy) {
    const T factor = dacec_unknown(beta);
    if (csa == 1 || m == 1) {
        for (int64_t i = 0; i < m; i++) {
            T sum = 0;
            for (int64_t j = 0; j < n; j++) sum += dacec_conj_if(conj, a[i * rsa + j * csa]) * x[j * sx];
            y[i * sy] = old ? alpha * sum + factor * y[i * sy] : alpha * sum;
        }
        return;
    }
    for (int64_t i = 0; i < m; i++) y[i * sy] = old ? factor * y[i * sy] : (T)0;
    for (int64_t j = 0; j < n; j++) {
        const T scaled = alpha * x[j * sx];
        for (int64_t i = 0; i < m; i++) y[i * sy] += dacec_conj_if(conj, a[i * rsa + j * csa]) * scaled;
    }
}
