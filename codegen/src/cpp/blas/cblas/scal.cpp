extern "C" void cblas_@L@scal(int, @A@, @P@ *, int);
static void dacec_cblas_scal_@S@(int64_t n, @T@ alpha, @T@ *x, int64_t sx) {
    // Some do not look at x where alpha is 0.
    if (n > 0x7fffffff || !dacec_is_step(sx) || alpha == (@T@)0) {
        dacec_scal<@T@>(n, alpha, x, sx);
        return;
    }
    cblas_@L@scal((int)n, @V@alpha, x, (int)sx);
}
