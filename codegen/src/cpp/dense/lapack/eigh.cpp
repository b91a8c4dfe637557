extern "C" void @L@@E@evd_(const char *, const char *, const int *, @T@ *, const int *, @R@ *, @T@ *, const int *, @REAL_TYPES@int *,
                         const int *, int *, uint64_t, uint64_t);
static int32_t dacec_lapack_eigh_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @R@ *w, int64_t sw, @T@ *v, int64_t rsv,
                                   int64_t csv) {
    if (n <= 0) return 0;
    if (!dacec_fits(n, n)) return 1;
    const int order = (int)n, query = -1;
    int info = 1, integers = 1;
    @T@ size = 1;
    @R@ reals = 1;
    @T@ *const vectors = dacec_memory<@T@>(n * n);
    @R@ *const values = dacec_memory<@R@>(n);
    @L@@E@evd_("V", "L", &order, vectors, &order, values, &size, &query, @REAL_QUERY@&integers, &query, &info, 1, 1);
    const int length = (int)__real__ size, real_length = (int)reals, integer_length = integers;
    @T@ *const work = dacec_memory<@T@>(length);
    @R@ *const real_work = dacec_memory<@R@>(real_length);
    int *const integer_work = dacec_memory<int>(integer_length);
    if (vectors && values && work && real_work && integer_work) {
        dacec_take(n, n, a, rsa, csa, vectors, n);
        @L@@E@evd_("V", "L", &order, vectors, &order, values, work, &length, @REAL_WORK@integer_work, &integer_length, &info, 1, 1);
        if (info == 0) {
            dacec_put(n, n, vectors, n, v, rsv, csv);
            for (int64_t i = 0; i < n; i++) w[i * sw] = values[i];
        }
    }
    __builtin_free(vectors), __builtin_free(values), __builtin_free(work), __builtin_free(real_work);
    __builtin_free(integer_work);
    return info;
}
