
// The inverse, on all threads where that pays.
static int32_t dacec_shared_inverse_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *x, int64_t rsx, int64_t csx) {
    int64_t *pivots = nullptr;
    bool singular = false;
    @T@ *const lu = dacec_is_shared(n) ? dacec_factors<@T@>(n, a, rsa, csa, &pivots, &singular) : nullptr;
    if (!lu) return dacec_inverse_@S@(n, a, rsa, csa, x, rsx, csx);
    if (!singular) {
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < n; j++) x[i * rsx + j * csx] = (@T@)(i == j ? 1 : 0);
        }
        dacec_exchange<@T@>(n, pivots, n, x, rsx, csx);
        dacec_trsm<@T@>(n, n, 0, 1, 0, (@T@)1, lu, 1, n, x, rsx, csx);
        dacec_trsm<@T@>(n, n, 1, 0, 0, (@T@)1, lu, 1, n, x, rsx, csx);
    }
    __builtin_free(lu);
    return singular;
}
