extern "C" void @L@geqrf_(const int *, const int *, @T@ *, const int *, @T@ *, @T@ *, const int *, int *);
extern "C" void @L@@Q@gqr_(const int *, const int *, const int *, @T@ *, const int *, const @T@ *, @T@ *, const int *, int *);
static int32_t dacec_lapack_qr_@S@(int64_t m, int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *q, int64_t rsq, int64_t csq,
                                 @T@ *r, int64_t rsr, int64_t csr) {
    const int64_t k = m < n ? m : n;
    if (k <= 0) return 0;
    if (!dacec_fits(m, n)) return 1;
    const int rows = (int)m, columns = (int)n, least = (int)k, query = -1;
    int info = 1;
    @T@ size[2] = {};
    @T@ *const factors = dacec_memory<@T@>(m * n), *const tau = dacec_memory<@T@>(k);
    @L@geqrf_(&rows, &columns, factors, &rows, tau, size, &query, &info);
    @L@@Q@gqr_(&rows, &least, &least, factors, &rows, tau, size + 1, &query, &info);
    const @R@ first = __real__ size[0], second = __real__ size[1];
    const int length = (int)(first > second ? first : second);
    @T@ *const work = dacec_memory<@T@>(length);
    if (factors && tau && work) {
        dacec_take(m, n, a, rsa, csa, factors, m);
        @L@geqrf_(&rows, &columns, factors, &rows, tau, work, &length, &info);
        for (int64_t i = 0; i < k; i++) {
            for (int64_t j = 0; j < n; j++) r[i * rsr + j * csr] = i <= j ? factors[i + j * m] : (@T@)0;
        }
        if (info == 0) @L@@Q@gqr_(&rows, &least, &least, factors, &rows, tau, work, &length, &info);
        if (info == 0) dacec_put(m, k, factors, m, q, rsq, csq);
    }
    __builtin_free(factors), __builtin_free(tau), __builtin_free(work);
    return info;
}
