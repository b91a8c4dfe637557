
// The lower triangle of C = alpha * A @ B.T + beta * C; with `twice`, plus the same with A and B exchanged.
// conj: 1 if the first factor is conjugate, 2 if the second is.
template <typename T>
static void dacec_lower(int64_t n, int64_t k, int64_t conj, bool twice, T alpha, const T *a, int64_t rsa, int64_t csa,
                        const T *b, int64_t rsb, int64_t csb, T beta, T *c, int64_t rsc, int64_t csc) {
    const int64_t first = conj & 1, second = conj >> 1;
    const T other = dacec_conj_if(conj, alpha);
    enum { TILE = 48 };
    if (n > TILE) {
        // Two triangles, and the square between them.
        const int64_t half = (n / 2 + 7) / 8 * 8, rest = n - half;
        dacec_lower<T>(half, k, conj, twice, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
        dacec_lower<T>(rest, k, conj, twice, alpha, a + half * rsa, rsa, csa, b + half * rsb, rsb, csb, beta,
                       c + half * (rsc + csc), rsc, csc);
        dacec_one(rest, half, k, first, second, alpha, a + half * rsa, rsa, csa, b, csb, rsb, beta, c + half * rsc, rsc,
                  csc);
        if (twice) {
            dacec_one(rest, half, k, first, second, other, b + half * rsb, rsb, csb, a, csa, rsa, (T)1, c + half * rsc,
                      rsc, csc);
        }
        return;
    }
    T tile[TILE * TILE];
    dacec_one(n, n, k, first, second, alpha, a, rsa, csa, b, csb, rsb, (T)0, tile, (int64_t)TILE, (int64_t)1);
    if (twice) {
        dacec_one(n, n, k, first, second, other, b, rsb, csb, a, csa, rsa, (T)1, tile, (int64_t)TILE, (int64_t)1);
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            T *const place = c + i * rsc + j * csc;
            const int64_t real = conj && i == j;
            const T sum = tile[i * TILE + j];
            *place = dacec_real_if(real, beta == (T)0 ? sum : sum + beta * dacec_real_if(real, *place));
        }
    }
}

// The same on all threads: blocks of the triangle.
template <typename T>
static void dacec_update(int64_t n, int64_t k, int64_t conj, bool twice, T alpha, const T *a, int64_t rsa, int64_t csa,
                         const T *b, int64_t rsb, int64_t csb, int64_t old, T beta, T *c, int64_t rsc, int64_t csc) {
    if (old && beta == (T)0) {
        const T factor = dacec_unknown(beta);
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j <= i; j++) c[i * rsc + j * csc] *= factor;
        }
        beta = 1;
    }
    const int64_t threads = dacec_team((double)n * (double)n * (double)k * (twice ? 1.0 : 0.5));
    const int64_t fine = (n / (3 * threads) + 7) / 8 * 8;
    const int64_t size = threads == 1 ? n : fine < 64 ? 64 : fine > 256 ? 256 : fine;
    const int64_t blocks = size > 0 ? (n + size - 1) / size : 0;
    dacec_each(blocks * (blocks + 1) / 2, (int64_t)1, threads, [=](int64_t task) {
        int64_t row = 0, column = task;
        while (column > row) column -= ++row;
        const int64_t i = row * size, j = column * size, height = n - i < size ? n - i : size;
        const T *const left = a + i * rsa, *const right = b + i * rsb;
        T *const place = c + i * rsc + j * csc;
        if (i == j) {
            dacec_lower<T>(height, k, conj, twice, alpha, left, rsa, csa, right, rsb, csb, beta, place, rsc, csc);
            return;
        }
        dacec_one(height, size, k, conj & 1, conj >> 1, alpha, left, rsa, csa, b + j * rsb, csb, rsb, beta, place, rsc,
                  csc);
        if (twice) {
            dacec_one(height, size, k, conj & 1, conj >> 1, dacec_conj_if(conj, alpha), right, rsb, csb, a + j * rsa, csa,
                      rsa, (T)1, place, rsc, csc);
        }
    });
}
