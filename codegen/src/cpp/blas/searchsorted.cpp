
// Where each of v would be put into the sorted a: the values are shared by the threads.
template <typename T>
static int32_t dacec_searchsorted(int64_t n, int64_t count, int64_t right, const T *a, int64_t sa, const T *v, int64_t sv,
                                  int64_t *out, int64_t so) {
    #pragma omp parallel for if(count > 4096)
    for (int64_t i = 0; i < count; i++) {
        const T value = v[i * sv];
        int64_t first = 0;
        for (int64_t left = n; left > 0;) {
            const int64_t half = left / 2;
            const T middle = a[(first + half) * sa];
            if (right ? !dacec_before(value, middle) : dacec_before(middle, value)) {
                first += half + 1;
                left -= half + 1;
            } else {
                left = half;
            }
        }
        out[i * so] = first;
    }
    return 0;
}
