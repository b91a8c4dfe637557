extern "C" void @L@getrf_(const int *, const int *, @T@ *, const int *, int *, int *);
static int32_t dacec_lapack_determinant_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *d) {
    *d = 1;
    if (n <= 0) return 0;
    if (!dacec_fits(n, n)) return 1;
    @T@ *const lu = dacec_memory<@T@>(n * n);
    int *const pivots = dacec_memory<int>(n);
    int info = -1;
    if (lu && pivots) {
        dacec_take(n, n, a, rsa, csa, lu, n);
        const int order = (int)n;
        @L@getrf_(&order, &order, lu, &order, pivots, &info);
        @T@ product = 1;
        for (int64_t i = 0; i < n; i++) product *= pivots[i] == i + 1 ? lu[i * (n + 1)] : -lu[i * (n + 1)];
        // What comes after the first zero is no number.
        *d = info > 0 ? (@T@)0 : product;
    }
    __builtin_free(lu), __builtin_free(pivots);
    return info < 0;
}
