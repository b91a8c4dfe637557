
// C becomes L and U with L @ U = C, without exchanges of rows, by blocks on the diagonal: their factors, the row of U and
// the column of L that they belong to, and what that means for the rest.
template <typename T> static void dacec_lu_in_place(int64_t n, T *c, int64_t rsc, int64_t csc) {
    enum { BLOCK = 64 };
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t size = n - at < BLOCK ? n - at : BLOCK, rest = n - at - size;
        T *const corner = c + at * (rsc + csc), *const below = corner + size * rsc, *const right = corner + size * csc;
        T block[BLOCK][BLOCK];
        for (int64_t i = 0; i < size; i++) {
            for (int64_t j = 0; j < size; j++) block[i][j] = corner[i * rsc + j * csc];
            for (int64_t k = 0; k < i; k++) {
                const T factor = block[i][k] / block[k][k];
                block[i][k] = factor;
                for (int64_t j = k + 1; j < size; j++) block[i][j] -= factor * block[k][j];
            }
            for (int64_t j = 0; j < size; j++) corner[i * rsc + j * csc] = block[i][j];
        }
        if (rest == 0) return;
        dacec_trsm<T>(size, rest, 0, 1, 0, (T)1, corner, rsc, csc, right, rsc, csc);
        // Rows of the column are columns of its transpose, and U is a lower triangle then.
        dacec_trsm<T>(size, rest, 0, 0, 0, (T)1, corner, csc, rsc, below, csc, rsc);
        dacec_all(rest, rest, size, (T)-1, below, rsc, csc, right, rsc, csc, (T)1, below + size * csc, rsc, csc);
    }
}
