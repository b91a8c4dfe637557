
// X with A @ X = B, on all threads where that pays.
static int32_t dacec_shared_solve_@S@(int64_t n, int64_t k, const @T@ *a, int64_t rsa, int64_t csa, const @T@ *b, int64_t rsb,
                                    int64_t csb, @T@ *x, int64_t rsx, int64_t csx) {
    int64_t *pivots = nullptr;
    bool singular = false;
    @T@ *const lu = dacec_is_shared(n) ? dacec_factors<@T@>(n, a, rsa, csa, &pivots, &singular) : nullptr;
    if (!lu) return dacec_solve_@S@(n, k, a, rsa, csa, b, rsb, csb, x, rsx, csx);
    if (!singular) {
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < k; j++) x[i * rsx + j * csx] = b[i * rsb + j * csb];
        }
        dacec_exchange<@T@>(n, pivots, k, x, rsx, csx);
        dacec_trsm<@T@>(n, k, 0, 1, 0, (@T@)1, lu, 1, n, x, rsx, csx);
        dacec_trsm<@T@>(n, k, 1, 0, 0, (@T@)1, lu, 1, n, x, rsx, csx);
    }
    __builtin_free(lu);
    return singular;
}
