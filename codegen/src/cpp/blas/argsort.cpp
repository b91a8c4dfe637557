
// The positions of the elements in ascending order.
template <typename T> static int32_t dacec_argsort(int64_t n, const T *x, int64_t sx, int64_t *out, int64_t so) {
    typedef typename dacec_word<sizeof(T)>::type word;
    typedef dacec_placed<word> placed;
    if (n <= 0) return 0;
    placed *const all = (placed *)__builtin_malloc(2 * (uint64_t)n * sizeof(placed));
    if (!all) return 1;
    for (int64_t i = 0; i < n; i++) {
        const T value = x[i * sx];
        // Both zeros are one number, and all that are none are alike.
        all[i].key = value != value ? (word) ~(word)0 : dacec_key(value == (T)0 ? (T)0 : value);
        all[i].at = i;
    }
    const placed *const sorted = dacec_by_digits(n, (int)sizeof(T), all, all + n);
    for (int64_t i = 0; i < n; i++) out[i * so] = sorted[i].at;
    __builtin_free(all);
    return 0;
}
