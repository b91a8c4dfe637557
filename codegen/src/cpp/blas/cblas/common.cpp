
// What the C interface of BLAS can express of a product: rows first (101) or columns first (102), and for an operand whether
// it is as it is (111) or transposed (112, conjugate 113). A distance of 0 says that there is no such form.
struct dacec_form {
    int64_t plain, exchanged;
};
static inline dacec_form dacec_form_of(bool rows, int64_t by_rows, int64_t by_columns) {
    return rows ? dacec_form{by_rows, by_columns} : dacec_form{by_columns, by_rows};
}
static inline bool dacec_is_step(int64_t step) { return step > 0 && step <= 0x7fffffff; }
