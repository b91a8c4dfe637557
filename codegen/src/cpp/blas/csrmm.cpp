
// C = alpha * A @ B + beta * C with a sparse A: rows of C are shared by the threads.
template <typename T, typename I, typename J>
static void dacec_csrmm(int64_t m, int64_t n, T alpha, const I *rows, int64_t sr, const J *columns, int64_t sc, const T *values,
                        int64_t sv, const T *b, int64_t rsb, int64_t csb, int64_t old, T beta, T *c, int64_t rsc,
                        int64_t csc) {
    const double work = m > 0 ? ((double)rows[m * sr] + (double)m) * (double)n : 0;
    const T factor = dacec_unknown(beta);
    #pragma omp parallel for schedule(dynamic, 64) if(work > 2e4)
    for (int64_t i = 0; i < m; i++) {
        const int64_t first = (int64_t)rows[i * sr], end = (int64_t)rows[(i + 1) * sr];
        T *const row = c + i * rsc;
        if (n == 1) {
            T sum = 0;
            for (int64_t at = first; at < end; at++) sum += values[at * sv] * b[(int64_t)columns[at * sc] * rsb];
            *row = old ? alpha * sum + factor * *row : alpha * sum;
            continue;
        }
        for (int64_t j = 0; j < n; j++) row[j * csc] = old ? factor * row[j * csc] : (T)0;
        for (int64_t at = first; at < end; at++) {
            const T value = alpha * values[at * sv], *const other = b + (int64_t)columns[at * sc] * rsb;
            for (int64_t j = 0; j < n; j++) row[j * csc] += value * other[j * csb];
        }
    }
}
