extern "C" void cblas_@L@syr2k(int, int, int, int, int, @A@, const @P@ *, int, const @P@ *, int, @A@, @P@ *, int);
extern "C" void cblas_@L@her2k(int, int, int, int, int, @A@, const @P@ *, int, const @P@ *, int, @R@, @P@ *, int);
static void dacec_cblas_syr2k_@S@(int64_t n, int64_t k, int64_t conj, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                                const @T@ *b, int64_t rsb, int64_t csb, int64_t old, @T@ beta, @T@ *c, int64_t rsc,
                                int64_t csc) {
    const int64_t c0 = dacec_leading_@S@(n, n, rsc, csc), c1 = dacec_leading_@S@(n, n, csc, rsc);
    const dacec_form left =
        dacec_form_of(c0 != 0, dacec_leading_@S@(n, k, rsa, csa), dacec_leading_@S@(k, n, csa, rsa));
    const dacec_form right =
        dacec_form_of(c0 != 0, dacec_leading_@S@(n, k, rsb, csb), dacec_leading_@S@(k, n, csb, rsb));
    // The second factors are conjugate where operands are as they are, the first where they are transposed.
    const bool plain = left.plain && right.plain && conj != 1;
    const bool exchanged = left.exchanged && right.exchanged && conj != 2;
    const bool fits = !conj || __imag__ beta == 0;
    if (n <= 0 || k <= 0 || alpha == (@T@)0 || !(c0 || c1) || !(plain || exchanged) || (old && beta == (@T@)0) || !fits) {
        dacec_syr2k<@T@>(n, k, conj, alpha, a, rsa, csa, b, rsb, csb, old, beta, c, rsc, csc);
        return;
    }
    if (!old) beta = 0;
    const int order = c0 ? 101 : 102, ldc = (int)(c0 ? c0 : c1);
    const int lda = (int)(plain ? left.plain : left.exchanged), ldb = (int)(plain ? right.plain : right.exchanged);
    if (conj) {
        cblas_@L@her2k(order, 122, plain ? 111 : 113, (int)n, (int)k, @V@alpha, a, lda, b, ldb, __real__ beta, c, ldc);
    } else {
        cblas_@L@syr2k(order, 122, plain ? 111 : 112, (int)n, (int)k, @V@alpha, a, lda, b, ldb, @V@beta, c, ldc);
    }
}
