extern "C" void cblas_@L@axpy(int, @A@, const @P@ *, int, @P@ *, int);
static void dacec_cblas_axpy_@S@(int64_t n, @T@ alpha, const @T@ *x, int64_t sx, @T@ *y, int64_t sy) {
    // BLAS does not look at x where alpha is 0.
    if (n > 0x7fffffff || !dacec_is_step(sx) || !dacec_is_step(sy) || alpha == (@T@)0) {
        dacec_axpy<@T@>(n, alpha, x, sx, y, sy);
        return;
    }
    cblas_@L@axpy((int)n, @V@alpha, x, (int)sx, y, (int)sy);
}
