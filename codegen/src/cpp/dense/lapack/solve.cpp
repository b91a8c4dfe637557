extern "C" void @L@gesv_(const int *, const int *, @T@ *, const int *, int *, @T@ *, const int *, int *);
static int32_t dacec_lapack_solve_@S@(int64_t n, int64_t k, const @T@ *a, int64_t rsa, int64_t csa, const @T@ *b, int64_t rsb,
                                    int64_t csb, @T@ *x, int64_t rsx, int64_t csx) {
    if (n <= 0 || k <= 0) return 0;
    if (!dacec_fits(n, k)) return 1;
    @T@ *const lu = dacec_memory<@T@>(n * n), *const right = dacec_memory<@T@>(n * k);
    int *const pivots = dacec_memory<int>(n);
    int info = 1;
    if (lu && right && pivots) {
        dacec_take(n, n, a, rsa, csa, lu, n);
        dacec_take(n, k, b, rsb, csb, right, n);
        const int order = (int)n, columns = (int)k;
        @L@gesv_(&order, &columns, lu, &order, pivots, right, &order, &info);
        if (info == 0) dacec_put(n, k, right, n, x, rsx, csx);
    }
    __builtin_free(lu), __builtin_free(right), __builtin_free(pivots);
    return info;
}
