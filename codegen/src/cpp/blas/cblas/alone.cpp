
// While it lives, OpenBLAS computes on the calling thread: the threads of a loop are the only ones.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));
extern "C" int openblas_get_num_threads(void) __attribute__((weak));
struct dacec_alone {
    int threads = openblas_get_num_threads && openblas_set_num_threads ? openblas_get_num_threads() : 1;
    dacec_alone() {
        if (threads > 1) openblas_set_num_threads(1);
    }
    ~dacec_alone() {
        if (threads > 1) openblas_set_num_threads(threads);
    }
};
