extern "C" void @L@potrf_(const char *, const int *, @T@ *, const int *, int *, uint64_t);
static int32_t dacec_lapack_cholesky_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *l, int64_t rsl, int64_t csl) {
    if (n <= 0) return 0;
    if (!dacec_fits(n, n)) return 1;
    @T@ *const factor = dacec_memory<@T@>(n * n);
    int info = 1;
    if (factor) {
        dacec_take(n, n, a, rsa, csa, factor, n);
        const int order = (int)n;
        @L@potrf_("L", &order, factor, &order, &info, 1);
        for (int64_t j = 1; j < n; j++) {
            for (int64_t i = 0; i < j; i++) factor[i + j * n] = 0;
        }
        if (info == 0) dacec_put(n, n, factor, n, l, rsl, csl);
    }
    __builtin_free(factor);
    return info;
}
