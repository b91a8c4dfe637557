extern "C" void @L@gesv_(const int *, const int *, @T@ *, const int *, int *, @T@ *, const int *, int *);
static int32_t dacec_lapack_inverse_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *x, int64_t rsx, int64_t csx) {
    if (n <= 0) return 0;
    if (!dacec_fits(n, n)) return 1;
    @T@ *const lu = dacec_memory<@T@>(n * n), *const right = dacec_memory<@T@>(n * n);
    int *const pivots = dacec_memory<int>(n);
    int info = 1;
    if (lu && right && pivots) {
        dacec_take(n, n, a, rsa, csa, lu, n);
        for (int64_t at = 0; at < n * n; at++) right[at] = (@T@)(at % (n + 1) == 0 ? 1 : 0);
        const int order = (int)n;
        @L@gesv_(&order, &order, lu, &order, pivots, right, &order, &info);
        if (info == 0) dacec_put(n, n, right, n, x, rsx, csx);
    }
    __builtin_free(lu), __builtin_free(right), __builtin_free(pivots);
    return info;
}
