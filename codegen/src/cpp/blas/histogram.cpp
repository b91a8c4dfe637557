
// How many of x are in each bin; the last one includes its end.
template <typename T>
static int32_t dacec_histogram(int64_t n, int64_t bins, const T *x, int64_t sx, const T *edges, int64_t se, int64_t *out,
                               int64_t so) {
    for (int64_t b = 0; b < bins; b++) out[b * so] = 0;
    for (int64_t i = 0; i < n && bins > 0; i++) {
        const T value = x[i * sx];
        if (!(value >= edges[0] && value <= edges[bins * se])) continue;
        // The last bin that begins at or below the value.
        int64_t first = 0;
        for (int64_t left = bins; left > 1;) {
            const int64_t half = left / 2;
            if (value >= edges[(first + half) * se]) first += half;
            left -= half;
        }
        out[first * so]++;
    }
    return 0;
}
