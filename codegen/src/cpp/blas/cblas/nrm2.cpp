extern "C" @R@ cblas_@L2@nrm2(int, const @P@ *, int);
static void dacec_cblas_nrm2_@S@(int64_t n, const @T@ *x, int64_t sx, @R@ *r) {
    if (n > 0x7fffffff || !dacec_is_step(sx)) {
        dacec_nrm2<@T@>(n, x, sx, r);
        return;
    }
    *r = cblas_@L2@nrm2((int)n, x, (int)sx);
}
