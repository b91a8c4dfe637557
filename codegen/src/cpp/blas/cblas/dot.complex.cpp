extern "C" void cblas_@L@dotu_sub(int, const @P@ *, int, const @P@ *, int, @P@ *);
extern "C" void cblas_@L@dotc_sub(int, const @P@ *, int, const @P@ *, int, @P@ *);
static void dacec_cblas_dot_@S@(int64_t n, int64_t conj, const @T@ *x, int64_t sx, const @T@ *y, int64_t sy, @T@ *r) {
    if (n > 0x7fffffff || !dacec_is_step(sx) || !dacec_is_step(sy)) {
        dacec_dot<@T@>(n, conj, x, sx, y, sy, r);
        return;
    }
    (conj ? cblas_@L@dotc_sub : cblas_@L@dotu_sub)((int)n, x, (int)sx, y, (int)sy, r);
}
