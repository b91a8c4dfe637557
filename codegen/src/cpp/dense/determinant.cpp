
// The determinant, on all threads where that pays.
static int32_t dacec_shared_determinant_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *d) {
    int64_t *pivots = nullptr;
    bool singular = false;
    @T@ *const lu = dacec_is_shared(n) ? dacec_factors<@T@>(n, a, rsa, csa, &pivots, &singular) : nullptr;
    if (!lu) return dacec_determinant_@S@(n, a, rsa, csa, d);
    @T@ product = 1;
    for (int64_t i = 0; i < n; i++) product *= pivots[i] == i ? lu[i * (n + 1)] : -lu[i * (n + 1)];
    // What comes after the first zero is no number.
    *d = singular ? (@T@)0 : product;
    __builtin_free(lu);
    return 0;
}
