extern "C" void cblas_@L@symm(int, int, int, int, int, @A@, const @P@ *, int, const @P@ *, int, @A@, @P@ *, int);
extern "C" void cblas_@L@hemm(int, int, int, int, int, @A@, const @P@ *, int, const @P@ *, int, @A@, @P@ *, int);
static void dacec_cblas_symm_@S@(int64_t m, int64_t n, int64_t hermitian, int64_t conj, @T@ alpha, const @T@ *a, int64_t rsa,
                               int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, int64_t old, @T@ beta, @T@ *c,
                               int64_t rsc, int64_t csc) {
    const int64_t b0 = dacec_leading_@S@(m, n, rsb, csb), b1 = dacec_leading_@S@(n, m, csb, rsb);
    const int64_t c0 = dacec_leading_@S@(m, n, rsc, csc), c1 = dacec_leading_@S@(n, m, csc, rsc);
    const bool rows = b0 && c0, columns = b1 && c1;
    dacec_form form = dacec_form_of(rows, dacec_leading_@S@(m, m, rsa, csa), dacec_leading_@S@(m, m, csa, rsa));
    // With rows and columns exchanged, the triangle is the other, and that of the conjugate matrix.
    if (hermitian) (conj ? form.plain : form.exchanged) = 0;
    if (m <= 0 || n <= 0 || alpha == (@T@)0 || !(rows || columns) || !(form.plain || form.exchanged) || (old && beta == (@T@)0)) {
        dacec_symm<@T@>(m, n, hermitian, conj, alpha, a, rsa, csa, b, rsb, csb, old, beta, c, rsc, csc);
        return;
    }
    if (!old) beta = 0;
    const int order = rows ? 101 : 102, triangle = form.plain ? 122 : 121;
    const int lda = (int)(form.plain ? form.plain : form.exchanged);
    const auto routine = hermitian ? cblas_@L@hemm : cblas_@L@symm;
    routine(order, 141, triangle, (int)m, (int)n, @V@alpha, a, lda, b, (int)(rows ? b0 : b1), @V@beta, c,
            (int)(rows ? c0 : c1));
}
