
// x *= alpha
template <typename T> static inline void dacec_scal(int64_t n, T alpha, T *x, int64_t sx) {
    alpha = dacec_unknown(alpha);
    for (int64_t i = 0; i < n; i++) x[i * sx] *= alpha;
}
