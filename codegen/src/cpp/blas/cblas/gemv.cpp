extern "C" void cblas_@L@gemv(int, int, int, int, @A@, const @P@ *, int, const @P@ *, int, @A@, @P@ *, int);
static void dacec_cblas_gemv_@S@(int64_t m, int64_t n, int64_t conj, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                               const @T@ *x, int64_t sx, int64_t old, @T@ beta, @T@ *y, int64_t sy) {
    const int64_t a0 = conj ? 0 : dacec_leading_@S@(m, n, rsa, csa), a1 = dacec_leading_@S@(n, m, csa, rsa);
    const bool steps = dacec_is_step(sx) && dacec_is_step(sy);
    if (m <= 0 || n <= 0 || alpha == (@T@)0 || !(a0 || a1) || !steps || (old && beta == (@T@)0)) {
        dacec_gemv<@T@>(m, n, conj, alpha, a, rsa, csa, x, sx, old, beta, y, sy);
        return;
    }
    if (!old) beta = 0;
    cblas_@L@gemv(101, a0 ? 111 : conj ? 113 : 112, (int)(a0 ? m : n), (int)(a0 ? n : m), @V@alpha, a, (int)(a0 ? a0 : a1), x,
                (int)sx, @V@beta, y, (int)sy);
}
