extern "C" void @L@gesdd_(const char *, const int *, const int *, @T@ *, const int *, @R@ *, @T@ *, const int *, @T@ *, const int *,
                        @T@ *, const int *, @REAL_TYPE@int *, int *, uint64_t);
static int32_t dacec_lapack_svd_@S@(int64_t m, int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *u, int64_t rsu, int64_t csu,
                                  @R@ *s, int64_t ss, @T@ *vh, int64_t rsv, int64_t csv) {
    const int64_t k = m < n ? m : n, most = m < n ? n : m;
    if (k <= 0) return 0;
    if (!dacec_fits(m, n)) return 1;
    const int rows = (int)m, columns = (int)n, least = (int)k, query = -1;
    int info = 1;
    @T@ size = 1;
    @T@ *const copy = dacec_memory<@T@>(m * n), *const left = dacec_memory<@T@>(m * k), *const right = dacec_memory<@T@>(k * n);
    @R@ *const values = dacec_memory<@R@>(k);
    int *const integer_work = dacec_memory<int>(8 * k);
    // As much as LAPACK's documentation asks for, which the routine does not tell.
    @R@ *const real_work = dacec_memory<@R@>(k * (5 * k + 7 > 2 * most + 2 * k + 1 ? 5 * k + 7 : 2 * most + 2 * k + 1));
    @L@gesdd_("S", &rows, &columns, copy, &rows, values, left, &rows, right, &least, &size, &query, @REAL_ONE@integer_work, &info,
            1);
    const int length = (int)__real__ size;
    @T@ *const work = dacec_memory<@T@>(length);
    if (copy && left && right && values && integer_work && real_work && work) {
        dacec_take(m, n, a, rsa, csa, copy, m);
        @L@gesdd_("S", &rows, &columns, copy, &rows, values, left, &rows, right, &least, work, &length, @REAL_ONE@integer_work,
                &info, 1);
        if (info == 0) {
            dacec_put(m, k, left, m, u, rsu, csu);
            dacec_put(k, n, right, k, vh, rsv, csv);
            for (int64_t i = 0; i < k; i++) s[i * ss] = values[i];
        }
    }
    __builtin_free(copy), __builtin_free(left), __builtin_free(right), __builtin_free(values), __builtin_free(integer_work);
    __builtin_free(real_work), __builtin_free(work);
    return info;
}
