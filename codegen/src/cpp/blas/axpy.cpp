
// y += alpha * x
template <typename T>
static inline void dacec_axpy(int64_t n, T alpha, const T *x, int64_t sx, T *y, int64_t sy) {
    for (int64_t i = 0; i < n; i++) y[i * sy] += alpha * x[i * sx];
}
