
// The elements in ascending order.
template <typename T> static int32_t dacec_sort(int64_t n, const T *x, int64_t sx, T *out, int64_t so) {
    typedef typename dacec_word<sizeof(T)>::type word;
    if (n <= 0) return 0;
    word *const keys = (word *)__builtin_malloc(2 * (uint64_t)n * sizeof(word));
    if (!keys) return 1;
    for (int64_t i = 0; i < n; i++) keys[i] = dacec_key(x[i * sx]);
    const word *const sorted = dacec_by_digits(n, (int)sizeof(T), keys, keys + n);
    for (int64_t i = 0; i < n; i++) out[i * so] = dacec_of_key<T>(sorted[i]);
    __builtin_free(keys);
    return 0;
}
