extern "C" void cblas_@L@@NAME@(int, int, int, int, int, int, int, @A@, const @P@ *, int, @P@ *, int);
static void dacec_cblas_@NAME@_@S@(int64_t m, int64_t n, int64_t upper, int64_t unit, int64_t conj, @T@ alpha, const @T@ *a,
                               int64_t rsa, int64_t csa, @T@ *b, int64_t rsb, int64_t csb) {
    const int64_t b0 = dacec_leading_@S@(m, n, rsb, csb), b1 = dacec_leading_@S@(n, m, csb, rsb);
    dacec_form form = dacec_form_of(b0 != 0, dacec_leading_@S@(m, m, rsa, csa), dacec_leading_@S@(m, m, csa, rsa));
    // There are conjugates of transposed matrices only.
    if (conj) form.plain = 0;
    if (m <= 0 || n <= 0 || alpha == (@T@)0 || !(b0 || b1) || !(form.plain || form.exchanged)) {
        dacec_@NAME@<@T@>(m, n, upper, unit, conj, alpha, a, rsa, csa, b, rsb, csb);
        return;
    }
    const bool plain = form.plain != 0;
    cblas_@L@@NAME@(b0 ? 101 : 102, 141, plain == (upper != 0) ? 121 : 122, plain ? 111 : conj ? 113 : 112, unit ? 132 : 131,
                (int)m, (int)n, @V@alpha, a, (int)(plain ? form.plain : form.exchanged), b, (int)(b0 ? b0 : b1));
}
