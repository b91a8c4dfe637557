extern "C" void @L@getrf_(const int *, const int *, @T@ *, const int *, int *, int *);
static int32_t dacec_lapack_slogdet_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *s, @R@ *l) {
    *s = 1, *l = 0;
    if (n <= 0) return 0;
    if (!dacec_fits(n, n)) return 1;
    @T@ *const lu = dacec_memory<@T@>(n * n);
    int *const pivots = dacec_memory<int>(n);
    int info = -1;
    if (lu && pivots) {
        dacec_take(n, n, a, rsa, csa, lu, n);
        const int order = (int)n;
        @L@getrf_(&order, &order, lu, &order, pivots, &info);
        @T@ sign = 1;
        @R@ logarithm = 0;
        for (int64_t i = 0; i < n; i++) {
            const @T@ pivot = lu[i * (n + 1)];
            const @R@ size = (@R@)__builtin_hypot(__real__ pivot, __imag__ pivot);
            sign *= pivots[i] == i + 1 ? pivot / size : -pivot / size;
            logarithm += (@R@)__builtin_log(size);
        }
        *s = info > 0 ? (@T@)0 : sign;
        *l = info > 0 ? (@R@)-__builtin_inf() : logarithm;
    }
    __builtin_free(lu), __builtin_free(pivots);
    return info < 0;
}
