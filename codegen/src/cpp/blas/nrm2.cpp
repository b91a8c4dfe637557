
// The length of a vector.
template <typename T, typename R> static inline void dacec_nrm2(int64_t n, const T *x, int64_t sx, R *r) {
    R sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const R re = __real__ x[i * sx], im = __imag__ x[i * sx];
        sum += re * re + im * im;
    }
    *r = (R)__builtin_sqrt(sum);
}
