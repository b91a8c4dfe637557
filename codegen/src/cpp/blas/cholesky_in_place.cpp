
// The lower triangle of C becomes its Cholesky factor, by columns of blocks: the block on the diagonal, what is below it, and
// what that means for the rest. Where there is no factor there is NaN, as in loops.
template <typename T> static void dacec_cholesky_in_place(int64_t n, T *c, int64_t rsc, int64_t csc) {
    // Of real numbers, conjugates are themselves.
    enum { BLOCK = 64, CONJ = 2 };
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t size = n - at < BLOCK ? n - at : BLOCK, rest = n - at - size;
        T *const corner = c + at * (rsc + csc), *const below = corner + size * rsc;
        T block[BLOCK][BLOCK];
        for (int64_t i = 0; i < size; i++) {
            for (int64_t j = 0; j <= i; j++) {
                T value = corner[i * rsc + j * csc];
                for (int64_t k = 0; k < j; k++) value -= block[i][k] * dacec_conj_if(CONJ, block[j][k]);
                block[i][j] = i == j ? (T)__builtin_sqrt((double)__real__ value) : value / block[j][j];
                corner[i * rsc + j * csc] = block[i][j];
            }
        }
        if (rest == 0) return;
        // Rows of the panel are columns of its transpose.
        dacec_trsm<T>(size, rest, 0, 0, 1, (T)1, corner, rsc, csc, below, csc, rsc);
        dacec_update<T>(rest, size, CONJ, false, (T)-1, below, rsc, csc, below, rsc, csc, 1, (T)1, below + size * csc, rsc, csc);
    }
}
