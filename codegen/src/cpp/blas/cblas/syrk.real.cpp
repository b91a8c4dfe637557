extern "C" void cblas_@L@syrk(int, int, int, int, int, @A@, const @P@ *, int, @A@, @P@ *, int);
static void dacec_cblas_syrk_@S@(int64_t n, int64_t k, int64_t conj, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                               int64_t old, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    const int64_t c0 = dacec_leading_@S@(n, n, rsc, csc), c1 = dacec_leading_@S@(n, n, csc, rsc);
    const dacec_form form =
        dacec_form_of(c0 != 0, dacec_leading_@S@(n, k, rsa, csa), dacec_leading_@S@(k, n, csa, rsa));
    if (n <= 0 || k <= 0 || alpha == (@T@)0 || !(c0 || c1) || !(form.plain || form.exchanged) || (old && beta == (@T@)0) || conj) {
        dacec_syrk<@T@>(n, k, conj, alpha, a, rsa, csa, old, beta, c, rsc, csc);
        return;
    }
    if (!old) beta = 0;
    cblas_@L@syrk(c0 ? 101 : 102, 122, form.plain ? 111 : 112, (int)n, (int)k, @V@alpha, a,
                (int)(form.plain ? form.plain : form.exchanged), @V@beta, c, (int)(c0 ? c0 : c1));
}
