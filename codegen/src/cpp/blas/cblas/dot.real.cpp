extern "C" @T@ cblas_@L@dot(int, const @P@ *, int, const @P@ *, int);
static void dacec_cblas_dot_@S@(int64_t n, int64_t conj, const @T@ *x, int64_t sx, const @T@ *y, int64_t sy, @T@ *r) {
    if (n > 0x7fffffff || !dacec_is_step(sx) || !dacec_is_step(sy)) {
        dacec_dot<@T@>(n, conj, x, sx, y, sy, r);
        return;
    }
    *r = cblas_@L@dot((int)n, x, (int)sx, y, (int)sy);
}
