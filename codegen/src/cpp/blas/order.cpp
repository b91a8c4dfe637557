
// Sorting by digits of eight bits of a key: an unsigned integer in the order of the elements, NaN last.
template <int BYTES> struct dacec_word;
template <> struct dacec_word<1> { typedef uint8_t type; };
template <> struct dacec_word<2> { typedef uint16_t type; };
template <> struct dacec_word<4> { typedef uint32_t type; };
template <> struct dacec_word<8> { typedef uint64_t type; };

template <typename T> static inline typename dacec_word<sizeof(T)>::type dacec_key(T x) {
    typedef typename dacec_word<sizeof(T)>::type word;
    const word sign = (word)((word)1 << (8 * sizeof(T) - 1));
    word bits;
    __builtin_memcpy(&bits, &x, sizeof x);
    // Only a floating-point number has something between 0 and 1.
    if ((T)0.5 != (T)0 && sizeof(T) > 1) {
        if (x != x) return (word)(bits | sign);
        return (word)(bits & sign ? ~bits : bits | sign);
    }
    return (word)((T)-1 < (T)0 ? bits ^ sign : bits);
}

template <typename T> static inline T dacec_of_key(typename dacec_word<sizeof(T)>::type key) {
    typedef typename dacec_word<sizeof(T)>::type word;
    const word sign = (word)((word)1 << (8 * sizeof(T) - 1));
    word bits = key;
    if ((T)0.5 != (T)0 && sizeof(T) > 1) {
        bits = (word)(key & sign ? key & ~sign : ~key);
    } else if ((T)-1 < (T)0) {
        bits = (word)(key ^ sign);
    }
    T x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

// A key with the position of its element.
template <typename W> struct dacec_placed {
    W key;
    int64_t at;
};
template <typename W> static inline W dacec_key_of(W key) { return key; }
template <typename W> static inline W dacec_key_of(const dacec_placed<W> &it) { return it.key; }

// Sorts n elements with keys of so many bytes, and leaves them in one of two places; equal ones keep their order.
template <typename E> static E *dacec_by_digits(int64_t n, int bytes, E *from, E *to) {
    if (n <= 64) {
        for (int64_t i = 1; i < n; i++) {
            const E it = from[i];
            int64_t k = i;
            for (; k > 0 && dacec_key_of(from[k - 1]) > dacec_key_of(it); k--) from[k] = from[k - 1];
            from[k] = it;
        }
        return from;
    }
    int64_t counts[8][256] = {};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = dacec_key_of(from[i]);
        for (int digit = 0; digit < bytes; digit++) counts[digit][key >> (8 * digit) & 255]++;
    }
    for (int digit = 0; digit < bytes; digit++) {
        int64_t *const count = counts[digit];
        // Where all have the same digit, nothing moves.
        if (count[(uint64_t)dacec_key_of(from[0]) >> (8 * digit) & 255] == n) continue;
        int64_t place = 0;
        for (int value = 0; value < 256; value++) {
            const int64_t own = count[value];
            count[value] = place;
            place += own;
        }
        for (int64_t i = 0; i < n; i++) to[count[(uint64_t)dacec_key_of(from[i]) >> (8 * digit) & 255]++] = from[i];
        E *const other = from;
        from = to;
        to = other;
    }
    return from;
}

// Whether a comes before b.
template <typename T> static inline bool dacec_before(T a, T b) { return a < b || (a == a && b != b); }
