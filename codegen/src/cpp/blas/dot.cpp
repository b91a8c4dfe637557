
// The sum of products; the first factor is conjugate if so asked.
template <typename T>
static inline void dacec_dot(int64_t n, int64_t conj, const T *x, int64_t sx, const T *y, int64_t sy, T *r) {
    T sum = 0;
    for (int64_t i = 0; i < n; i++) sum += dacec_conj_if(conj, x[i * sx]) * y[i * sy];
    *r = sum;
}
