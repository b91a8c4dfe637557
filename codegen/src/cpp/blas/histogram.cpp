
// How many of x are in each bin; the last one includes its end.
template <typename T>
static int32_t dacec_histogram(int64_t n, int64_t bins, const T *x, int64_t sx, const T *edges, int64_t se, int64_t *out,
                               int64_t so) {
    for (int64_t b = 0; b < bins; b++) out[b * so] = 0;
    if (bins <= 0) return 0;
    const double origin = (double)edges[0], scale = (double)bins / ((double)edges[bins * se] - origin);
    for (int64_t i = 0; i < n; i++) {
        const T value = x[i * sx];
        if (!(value >= edges[0] && value <= edges[bins * se])) continue;
        // Edges at equal distances, which are the common case, tell the bin; where they do not, it is searched for.
        const double guess = ((double)value - origin) * scale;
        int64_t first = guess >= 0 && guess < (double)bins ? (int64_t)guess : 0;
        const bool found = value >= edges[first * se] && (value < edges[(first + 1) * se] || first + 1 == bins);
        if (!found) first = 0;
        // The last bin that begins at or below the value.
        for (int64_t left = found ? 1 : bins; left > 1;) {
            const int64_t half = left / 2;
            if (value >= edges[(first + half) * se]) first += half;
            left -= half;
        }
        out[first * so]++;
    }
    return 0;
}
