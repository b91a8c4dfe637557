
// While it lives, a BLAS of the machine computes on the calling thread: the threads of a loop are the only ones. MKL sees that by itself.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));
extern "C" int openblas_get_num_threads(void) __attribute__((weak));
extern "C" void bli_thread_set_num_threads(int64_t) __attribute__((weak));
extern "C" int64_t bli_thread_get_num_threads(void) __attribute__((weak));
struct dacec_alone {
    int threads = 1;
    int64_t others = 1;
    explicit dacec_alone(bool shared) {
        if (!shared) return;
        if (openblas_get_num_threads && openblas_set_num_threads) threads = openblas_get_num_threads();
        if (bli_thread_get_num_threads && bli_thread_set_num_threads) others = bli_thread_get_num_threads();
        if (threads > 1) openblas_set_num_threads(1);
        if (others > 1) bli_thread_set_num_threads(1);
    }
    ~dacec_alone() {
        if (threads > 1) openblas_set_num_threads(threads);
        if (others > 1) bli_thread_set_num_threads(others);
    }
};
