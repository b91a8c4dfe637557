
// Parts of BLAS. rs and cs are the distances of rows and columns; `old` says whether the result is read.
static inline float dacec_conj_if(int64_t, float x) { return x; }
static inline double dacec_conj_if(int64_t, double x) { return x; }
static inline complex64_t dacec_conj_if(int64_t conj, complex64_t x) { return conj ? ~x : x; }
static inline complex128_t dacec_conj_if(int64_t conj, complex128_t x) { return conj ? ~x : x; }
template <typename T> static inline T dacec_real_if(int64_t real, T x) { return real ? (T)__real__ x : x; }

// Some compilers that may reassociate take 0 times anything for 0 where they know the 0.
template <typename T> static inline T dacec_unknown(T x) {
    volatile T unknown = x;
    return unknown;
}
