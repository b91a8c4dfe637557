
// The positions of the elements in ascending order.
template <typename T> static int32_t dacec_argsort(int64_t n, const T *x, int64_t sx, int64_t *out, int64_t so) {
    typedef typename dacec_word<sizeof(T)>::type word;
    typedef dacec_placed<word> placed;
    const bool fraction = (T)0.5 != (T)0 && sizeof(T) > 1;
    const word zero = (word)((word)1 << (8 * sizeof(T) - 1));
    if (n <= 0) return 0;
    placed *const all = (placed *)__builtin_malloc(2 * (uint64_t)n * sizeof(placed));
    if (!all) return 1;
    for (int64_t i = 0; i < n; i++) {
        const T value = x[i * sx];
        // All that are no numbers are alike, and both zeros are one number. Told by its key, as compilers that need not keep
        // the sign of zeros leave the negative one as it is.
        word key = value != value ? (word) ~(word)0 : dacec_key(value);
        if (fraction && key == (word)(zero - 1)) key = zero;
        all[i].key = key;
        all[i].at = i;
    }
    const placed *const sorted = dacec_by_digits(n, (int)sizeof(T), all, all + n);
    for (int64_t i = 0; i < n; i++) out[i * so] = sorted[i].at;
    __builtin_free(all);
    return 0;
}
