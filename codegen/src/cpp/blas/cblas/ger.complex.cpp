extern "C" void cblas_@L@geru(int, int, int, @A@, const @P@ *, int, const @P@ *, int, @P@ *, int);
extern "C" void cblas_@L@gerc(int, int, int, @A@, const @P@ *, int, const @P@ *, int, @P@ *, int);
static void dacec_cblas_ger_@S@(int64_t m, int64_t n, int64_t conj, @T@ alpha, const @T@ *x, int64_t sx, const @T@ *y,
                              int64_t sy, @T@ *a, int64_t rsa, int64_t csa) {
    const int64_t a0 = dacec_leading_@S@(m, n, rsa, csa), a1 = dacec_leading_@S@(n, m, csa, rsa);
    if (m <= 0 || n <= 0 || alpha == (@T@)0 || !(a0 || a1) || !dacec_is_step(sx) || !dacec_is_step(sy)) {
        dacec_ger<@T@>(m, n, conj, alpha, x, sx, y, sy, a, rsa, csa);
        return;
    }
    (conj ? cblas_@L@gerc : cblas_@L@geru)(a0 ? 101 : 102, (int)m, (int)n, @V@alpha, x, (int)sx, y, (int)sy, a,
                                         (int)(a0 ? a0 : a1));
}
