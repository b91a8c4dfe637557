extern "C" void @L@gelsd_(const int *, const int *, const int *, @T@ *, const int *, @T@ *, const int *, @R@ *, const @R@ *, int *,
                        @T@ *, const int *, @REAL_TYPE@int *, int *);
static int32_t dacec_lapack_lstsq_@S@(int64_t m, int64_t n, int64_t k, const @T@ *a, int64_t rsa, int64_t csa, const @T@ *b,
                                    int64_t rsb, int64_t csb, const @R@ *rcond, @T@ *x, int64_t rsx, int64_t csx, @R@ *residuals,
                                    int64_t sresiduals, int64_t *rank, @R@ *s, int64_t ss) {
    const int64_t least = m < n ? m : n, most = m < n ? n : m;
    // LAPACK wants a column on the right.
    const int64_t sides = k > 0 ? k : 1;
    if (!dacec_fits(most, sides)) return 1;
    const int rows = (int)m, columns = (int)n, right_sides = (int)sides, tall = (int)(most > 0 ? most : 1), query = -1;
    const int leading = (int)(m > 0 ? m : 1);
    int info = 1, integers = 1, found = 0;
    @T@ size = 1;
    @R@ reals = 1;
    (void)reals;
    @T@ *const copy = dacec_memory<@T@>(m * n), *const right = dacec_memory<@T@>(tall * sides);
    @R@ *const values = dacec_memory<@R@>(least);
    if (least > 0) {
        @L@gelsd_(&rows, &columns, &right_sides, copy, &leading, right, &tall, values, rcond, &found, &size, &query, @REAL_SIZE@&integers,
                &info);
    }
    const int length = (int)__real__ size, integer_length = integers;
    @T@ *const work = dacec_memory<@T@>(length);
    @R@ *const real_work = dacec_memory<@R@>((int64_t)reals);
    int *const integer_work = dacec_memory<int>(integer_length);
    if (copy && right && values && work && real_work && integer_work) {
        for (int64_t i = 0; i < tall * sides; i++) right[i] = 0;
        dacec_take(m, n, a, rsa, csa, copy, leading);
        dacec_take(m, k, b, rsb, csb, right, tall);
        info = 0;
        if (least > 0) {
            @L@gelsd_(&rows, &columns, &right_sides, copy, &leading, right, &tall, values, rcond, &found, work, &length,
                    @REAL_ONE@integer_work, &info);
        }
        if (info == 0) {
            // What is below the solution is how far away it is.
            for (int64_t j = 0; j < k; j++) {
                @R@ sum = 0;
                for (int64_t i = n; m > n && found == n && i < m; i++) {
                    const @T@ element = right[i + j * tall];
                    sum += (__real__ element) * (__real__ element) + (__imag__ element) * (__imag__ element);
                }
                residuals[j * sresiduals] = sum;
                if (least == 0) {
                    for (int64_t i = 0; i < n; i++) right[i + j * tall] = 0;
                }
            }
            dacec_put(n, k, right, tall, x, rsx, csx);
            for (int64_t i = 0; i < least; i++) s[i * ss] = values[i];
            *rank = found;
        }
    }
    __builtin_free(copy), __builtin_free(right), __builtin_free(values), __builtin_free(work), __builtin_free(real_work);
    __builtin_free(integer_work);
    return info;
}
