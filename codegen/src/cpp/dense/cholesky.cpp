
// The lower triangular factor, on all threads where that pays: a block of the diagonal, what is below it, and what that
// means for the rest.
static int32_t dacec_shared_cholesky_@S@(int64_t n, const @T@ *a, int64_t rsa, int64_t csa, @T@ *l, int64_t rsl, int64_t csl) {
    if (!dacec_is_shared(n)) return dacec_cholesky_@S@(n, a, rsa, csa, l, rsl, csl);
    #pragma omp parallel for
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) l[i * rsl + j * csl] = j <= i ? a[i * rsa + j * csa] : (@T@)0;
    }
    enum { BLOCK = 96 };
    static thread_local @T@ block[BLOCK * BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t size = n - at < BLOCK ? n - at : BLOCK, rest = n - at - size;
        @T@ *const corner = l + at * (rsl + csl), *const below = corner + size * rsl;
        for (int64_t i = 0; i < size; i++) {
            for (int64_t j = 0; j <= i; j++) block[i * BLOCK + j] = corner[i * rsl + j * csl];
        }
        const int32_t status = dacec_cholesky_@S@(size, block, BLOCK, 1, corner, rsl, csl);
        if (status) return status;
        // Rows of the panel are columns of its transpose.
        dacec_trsm<@T@>(size, rest, 0, 0, 1, (@T@)1, corner, rsl, csl, below, csl, rsl);
        dacec_update<@T@>(rest, size, @CONJ@, false, (@T@)-1, below, rsl, csl, below, rsl, csl, 1, (@T@)1, below + size * csl,
                          rsl, csl);
    }
    return 0;
}
