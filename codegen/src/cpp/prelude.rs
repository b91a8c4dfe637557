//! Helpers of emitted code: operations whose meaning differs from that of C++'s operators.
//!
//! A unit holds only those that it uses, in the order of this table, so that each one comes after what it needs.

use super::types::c_type;
use dacec_ir::{DType, Wcr};
use std::collections::BTreeSet;

/// The number of elements of an array with these extents, which cannot wrap; uses `dacec_elements` if there are several.
pub(crate) fn elements(extents: Vec<String>) -> String {
    let product = extents.into_iter().reduce(|a, b| format!("dacec_elements({a}, {b})"));
    product.unwrap_or_else(|| "1".to_owned())
}

/// A helper: name, other helpers that it needs, text.
type Helper = (&'static str, &'static [&'static str], &'static str);

const HELPERS: &[Helper] = &[
    ("dacec_to_uint64", &[], "\
// A float below the largest signed integer goes through that, so that negative ones wrap.
static inline uint64_t dacec_to_uint64(double a) { return a < 0x1p63 ? (uint64_t)(int64_t)a : (uint64_t)a; }
"),
    ("dacec_floordiv", &[], "\
// Rounds towards negative infinity; a division by zero gives 0.
template <typename T> static inline T dacec_floordiv(T a, T b) {
    if (b == 0) return 0;
    if ((T)-1 < (T)0 && b == (T)-1) return (T)(0 - a);
    T quotient = (T)(a / b);
    return a % b != 0 && (a < 0) != (b < 0) ? (T)(quotient - 1) : quotient;
}
"),
    ("dacec_mod", &[], "\
// The remainder with the sign of the divisor; a division by zero gives 0.
template <typename T> static inline T dacec_mod(T a, T b) {
    if (b == 0 || ((T)-1 < (T)0 && b == (T)-1)) return 0;
    T remainder = (T)(a % b);
    return remainder != 0 && (remainder < 0) != (b < 0) ? (T)(remainder + b) : remainder;
}
"),
    ("dacec_rem", &[], "\
// The remainder with the sign of the dividend; a division by zero gives 0.
template <typename T> static inline T dacec_rem(T a, T b) {
    if (b == 0 || ((T)-1 < (T)0 && b == (T)-1)) return 0;
    return (T)(a % b);
}
"),
    ("dacec_float_mod", &[], "\
// The remainder with the sign of the divisor.
template <typename T> static inline T dacec_float_mod(T a, T b) {
    T remainder = (T)(sizeof(T) == 8 ? __builtin_fmod(a, b) : __builtin_fmodf(a, b));
    if (remainder == 0) return (T)__builtin_copysign(0.0, b);
    return (remainder < 0) != (b < 0) ? (T)(remainder + b) : remainder;
}
"),
    ("dacec_float_floordiv", &[], "\
// The quotient rounded towards negative infinity, as far as it can be told from rounded operands.
template <typename T> static inline T dacec_float_floordiv(T a, T b) {
    if (b == 0) return (T)(a / b);
    T remainder = (T)(sizeof(T) == 8 ? __builtin_fmod(a, b) : __builtin_fmodf(a, b));
    T quotient = (T)((a - remainder) / b);
    if (remainder != 0 && (remainder < 0) != (b < 0)) quotient -= (T)1;
    if (quotient == 0) return (T)__builtin_copysign(0.0, (double)a / (double)b);
    T rounded = (T)__builtin_floor(quotient);
    return quotient - rounded > (T)0.5 ? (T)(rounded + 1) : rounded;
}
"),
    ("dacec_ipow", &[], "\
// A power of integers, which wraps; a negative exponent gives 0 unless the base is 1 or -1.
template <typename T> static inline T dacec_ipow(T base, T exponent) {
    if (exponent < 0) return base == 1 ? 1 : base == (T)-1 ? (exponent % 2 != 0 ? (T)-1 : 1) : 0;
    T result = 1;
    for (; exponent != 0; exponent = (T)(exponent / 2)) {
        if (exponent % 2 != 0) result = (T)(result * base);
        base = (T)(base * base);
    }
    return result;
}
"),
    ("dacec_min", &[], "\
// The smaller one; NaN if either is. One instruction chooses, which yields b where they do not compare; another mends that.
template <typename T> static inline T dacec_min(T a, T b) {
    const T smaller = a < b ? a : b;
    return a != a ? a : smaller;
}
"),
    ("dacec_max", &[], "\
// The larger one; NaN if either is. One instruction chooses, which yields b where they do not compare; another mends that.
template <typename T> static inline T dacec_max(T a, T b) {
    const T larger = a > b ? a : b;
    return a != a ? a : larger;
}
"),
    ("dacec_extreme", &[], "\
// What `choose` (dacec_min or dacec_max) leaves of numbers that lie side by side, and of what was found before. Lanes that do not
// wait for each other take turns. Compiled once, and not anew into each loop around it.
template <typename T, T choose(T, T)>
static __attribute__((noinline, pure)) T dacec_extreme(T found, const T *x, int64_t n) {
    const int64_t width = 256 / sizeof(T), quarter = width / 4;
    int64_t k = 0;
    if (n >= 2 * width) {
        T lanes[width];
        for (int64_t l = 0; l < width; l++) lanes[l] = found;
        for (; k + width <= n; k += width)
            for (int64_t l = 0; l < width; l++) lanes[l] = choose(lanes[l], x[k + l]);
        for (int64_t l = 0; l < quarter; l++)
            lanes[l] = choose(choose(lanes[l], lanes[l + quarter]), choose(lanes[l + 2 * quarter], lanes[l + 3 * quarter]));
        for (int64_t l = 0; l < quarter; l++) found = choose(found, lanes[l]);
    }
    for (; k < n; k++) found = choose(found, x[k]);
    return found;
}
"),
    ("dacec_shl", &[], "\
// Bits beyond the width are lost.
template <typename T> static inline T dacec_shl(T a, T b) {
    return b >= 0 && (uint64_t)b < 8 * sizeof(T) ? (T)((uint64_t)a << b) : 0;
}
"),
    ("dacec_shr", &[], "\
// Keeps the sign.
template <typename T> static inline T dacec_shr(T a, T b) {
    return b >= 0 && (uint64_t)b < 8 * sizeof(T) ? (T)(a >> b) : a < 0 ? (T)-1 : 0;
}
"),
    ("dacec_times_zero", &[], "\
// 0 times a; some compilers that need not keep the sign of zeros forget NaN and infinities in loops.
template <typename T> static inline T dacec_times_zero(T a) {
    return __builtin_isfinite(a) ? (T)__builtin_copysign(0.0, (double)a) : (T)__builtin_nan(\"\");
}
"),
    ("dacec_abs", &[], "\
template <typename T> static inline T dacec_abs(T a) { return a < 0 ? (T)(0 - a) : a; }
"),
    ("dacec_sign", &[], "\
// -1, 0, 1 or NaN.
template <typename T> static inline T dacec_sign(T a) { return a > 0 ? (T)1 : a < 0 ? (T)-1 : a; }
"),
    ("dacec_gcd", &[], "\
// The greatest common divisor.
template <typename T> static inline T dacec_gcd(T a, T b) {
    while (b != 0) {
        T rest = b == (T)-1 ? 0 : (T)(a % b);
        a = b;
        b = rest;
    }
    return a < 0 ? (T)(0 - a) : a;
}
"),
    ("dacec_python", &[], "\
// Calls back into Python: the caller of the program passes a function for that, and its context.
static inline int32_t dacec_python(const int64_t *python, const char *what, void **data, const int64_t *extents) {
    typedef int32_t (*caller)(int64_t, const char *, void **, const int64_t *);
    return python[0] == 0 ? -1 : ((caller)python[0])(python[1], what, data, extents);
}
"),
    ("dacec_print", &[], "\
extern \"C\" int printf(const char *, ...);
extern \"C\" int snprintf(char *, __SIZE_TYPE__, const char *, ...);
extern \"C\" double strtod(const char *, char **);
extern \"C\" float strtof(const char *, char **);
extern \"C\" int fflush(void *);

// The number that a text is, as the type has it.
static inline double dacec_read(const char *text, double) { return strtod(text, 0); }
static inline float dacec_read(const char *text, float) { return strtof(text, 0); }
template <typename F> static inline F dacec_read(const char *text, F) { return (F)strtod(text, 0); }

// A number for printf, which shows signs of what is no number and Python does not.
static inline double dacec_shown(double value) { return __builtin_isnan(value) ? __builtin_fabs(value) : value; }

// Writes the shortest number that reads back as the value, as Python does; a whole one with a point if asked to.
template <typename F> static inline void dacec_print_float(F number, bool point) {
    const double value = (double)number;
    if (__builtin_isnan(value) || __builtin_isinf(value)) {
        printf(\"%s\", __builtin_isnan(value) ? \"nan\" : value > 0 ? \"inf\" : \"-inf\");
        return;
    }
    char text[40];
    int digits = 0;
    bool exact = false;
    while (!exact && digits < 17) {
        snprintf(text, sizeof text, \"%.*e\", digits++, value);
        exact = dacec_read(text, number) == number;
    }
    int mark = 0;
    while (text[mark] != 'e') ++mark;
    int exponent = 0;
    for (int at = mark + 2; text[at] != 0; ++at) exponent = 10 * exponent + (text[at] - '0');
    if (text[mark + 1] == '-') exponent = -exponent;
    if (exponent < -4 || exponent >= 16) {
        printf(\"%s\", text);
    } else if (exponent < digits - 1) {
        printf(\"%.*f\", digits - 1 - exponent, value);
    } else {
        int written = 0;
        for (int at = 0; at < mark; ++at) {
            if (text[at] == '.') continue;
            if (text[at] != '-') ++written;
            printf(\"%c\", text[at]);
        }
        for (; written <= exponent; ++written) printf(\"0\");
        if (point) printf(\".0\");
    }
}
"),
    ("dacec_print_complex", &["dacec_print"], "\
// Writes a complex number as Python does.
template <typename F, typename T> static inline void dacec_print_complex(T value) {
    const F re = __real__ value, im = __imag__ value;
    const bool whole = re != 0 || __builtin_signbit(re);
    if (whole) {
        printf(\"(\");
        dacec_print_float(re, false);
        if (__builtin_isnan(im) || !__builtin_signbit(im)) printf(\"+\");
    }
    dacec_print_float(im, false);
    printf(whole ? \"j)\" : \"j\");
}
"),
    ("dacec_print_array", &["dacec_print"], super::array_text::HELPER),
    ("dacec_complex", &[], "\
static inline complex64_t dacec_complex(float re, float im) {
    complex64_t z;
    __real__ z = re;
    __imag__ z = im;
    return z;
}
static inline complex128_t dacec_complex(double re, double im) {
    complex128_t z;
    __real__ z = re;
    __imag__ z = im;
    return z;
}
"),
    ("dacec_complex_isnan", &[], "\
template <typename T> static inline bool dacec_complex_isnan(T z) {
    return __real__ z != __real__ z || __imag__ z != __imag__ z;
}
"),
    ("dacec_complex_isinf", &[], "\
template <typename T> static inline bool dacec_complex_isinf(T z) {
    return __builtin_isinf(__real__ z) || __builtin_isinf(__imag__ z);
}
"),
    ("dacec_complex_isfinite", &[], "\
template <typename T> static inline bool dacec_complex_isfinite(T z) {
    return __builtin_isfinite(__real__ z) && __builtin_isfinite(__imag__ z);
}
"),
    ("dacec_complex_sign", &[], "\
// z divided by its magnitude.
template <typename T> static inline T dacec_complex_sign(T z) {
    const double re = (double)__real__ z, im = (double)__imag__ z;
    T direction = 0;
    if (__builtin_isinf(re) != __builtin_isinf(im)) {
        // What is infinite along one axis lies on it.
        if (__builtin_isinf(re)) __real__ direction = re > 0 ? 1 : -1;
        else __imag__ direction = im > 0 ? 1 : -1;
        return direction;
    }
    const double magnitude = __builtin_cabs((complex128_t)z);
    return magnitude == 0 ? z : (T)((complex128_t)z / magnitude);
}
"),
    ("dacec_complex_pow", &[], "\
// A power; what C leaves to rounding or to the library is as in NumPy: z**0 is 1, and 0**z is 0 or NaN.
template <typename T> static inline T dacec_complex_pow(T a, T b) {
    T result = 0;
    if (__real__ b == 0 && __imag__ b == 0) {
        __real__ result = 1;
        return result;
    }
    if (__real__ a == 0 && __imag__ a == 0) {
        if (!(__real__ b > 0)) __real__ result = __imag__ result = __builtin_nanf(\"\");
        return result;
    }
    return sizeof(T) == 16 ? (T)__builtin_cpow(a, b) : (T)__builtin_cpowf(a, b);
}
"),
    ("dacec_complex_expm1", &[], "\
// exp(z) - 1, with all digits near 0.
template <typename T> static inline T dacec_complex_expm1(T z) {
    const double re = (double)__real__ z, im = (double)__imag__ z, half = __builtin_sin(im / 2);
    T result;
    __real__ result = __builtin_expm1(re) * __builtin_cos(im) - 2 * half * half;
    __imag__ result = __builtin_exp(re) * __builtin_sin(im);
    return result;
}
"),
    ("dacec_complex_less", &[], "\
// Complex numbers compare by real parts, then by imaginary parts.
template <typename T> static inline bool dacec_complex_less(T a, T b) {
    return __real__ a < __real__ b || (__real__ a == __real__ b && __imag__ a < __imag__ b);
}
"),
    ("dacec_complex_less_equal", &[], "\
template <typename T> static inline bool dacec_complex_less_equal(T a, T b) {
    return __real__ a < __real__ b || (__real__ a == __real__ b && __imag__ a <= __imag__ b);
}
"),
    ("dacec_complex_min", &["dacec_complex_isnan", "dacec_complex_less"], "\
template <typename T> static inline T dacec_complex_min(T a, T b) {
    return dacec_complex_isnan<T>(a) || (dacec_complex_less<T>(a, b) && !dacec_complex_isnan<T>(b)) ? a : b;
}
"),
    ("dacec_complex_max", &["dacec_complex_isnan", "dacec_complex_less"], "\
template <typename T> static inline T dacec_complex_max(T a, T b) {
    return dacec_complex_isnan<T>(a) || (dacec_complex_less<T>(b, a) && !dacec_complex_isnan<T>(b)) ? a : b;
}
"),
    ("dacec_elements", &[], "\
// The number of elements of an array, from its extents; one that is too large stays so.
static inline int64_t dacec_elements(int64_t a, int64_t b) {
    int64_t product = 0;
    if (a <= 0 || b <= 0) return 0;
    return __builtin_mul_overflow(a, b, &product) ? 0x7fffffffffffffff : product;
}
"),
    ("dacec_kept", &[], "\
extern \"C\" void free(void *);

// Large blocks that were given back, for whoever takes memory next: the system makes pages of zeros of new ones, which takes
// as long as writing them once or twice. Eight blocks are kept at most, of 512 MiB in all; each begins with its size.
static void *dacec_kept[8];
static uint64_t dacec_kept_bytes;

static inline void dacec_drop(void *block) {
    if (block == 0) return;
    __atomic_fetch_sub(&dacec_kept_bytes, *(const uint64_t *)block, __ATOMIC_RELAXED);
    free(block);
}

// When the library is unloaded, and when too much is kept.
__attribute__((destructor)) static void dacec_drop_all() {
    for (int at = 0; at < 8; at++) dacec_drop(__atomic_exchange_n(&dacec_kept[at], (void *)0, __ATOMIC_ACQ_REL));
}

// A block of at least that size, less than twice as large, and its real size; null if there is none. Nobody else has it, which
// the compiler does not see in the exchange.
__attribute__((malloc, noinline)) static void *dacec_take(__SIZE_TYPE__ *size) {
    for (int at = 0; at < 8; at++) {
        void *const block = __atomic_exchange_n(&dacec_kept[at], (void *)0, __ATOMIC_ACQ_REL);
        if (block == 0) continue;
        const uint64_t room = *(const uint64_t *)block;
        if (room >= *size && room / 2 < *size) {
            __atomic_fetch_sub(&dacec_kept_bytes, room, __ATOMIC_RELAXED);
            *size = room;
            return block;
        }
        dacec_drop(__atomic_exchange_n(&dacec_kept[at], block, __ATOMIC_ACQ_REL));
    }
    return 0;
}

static inline void dacec_keep(void *block, uint64_t size) {
    *(uint64_t *)block = size;
    const uint64_t most = (uint64_t)512 << 20;
    if (__atomic_add_fetch(&dacec_kept_bytes, size, __ATOMIC_RELAXED) > most) dacec_drop_all();
    for (int at = 0; size <= most && at < 8; at++) {
        void *none = 0;
        if (__atomic_compare_exchange_n(&dacec_kept[at], &none, block, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
    }
    // The first one has been kept for the longest time.
    dacec_drop(size <= most ? __atomic_exchange_n(&dacec_kept[0], block, __ATOMIC_ACQ_REL) : block);
}
"),
    ("dacec_buffer", &["dacec_kept"], "\
extern \"C\" void *aligned_alloc(__SIZE_TYPE__ alignment, __SIZE_TYPE__ size);
#ifdef __linux__
extern \"C\" int madvise(void *, __SIZE_TYPE__, int);
#endif

template <typename T> struct dacec_small {
    alignas(64) T data[1024 / sizeof(T)];
};

// Memory until the end of the block; null if there is none. Small blocks are on the stack, as loops take them in each
// iteration. Large blocks ask for large pages, since the first touch of each page is what costs, and are kept.
//
// Nothing here is at an address that others know: or else the compiler thinks that threads may change `data`, that it may then be
// any array, and reads elements again in loops that write another one.
template <typename T> struct dacec_buffer {
    T *data, *const small;
    __SIZE_TYPE__ size;
    dacec_buffer(int64_t count, T *small) : small(small), size(0) {
        if (count <= (int64_t)(1024 / sizeof(T))) {
            data = small;
            return;
        }
        __SIZE_TYPE__ alignment = 64;
        const bool too_large = __builtin_mul_overflow(count, sizeof(T), &size) || size > (__SIZE_TYPE__)1 << 62;
        if (size >= (__SIZE_TYPE__)4 << 20) alignment = (__SIZE_TYPE__)2 << 20;
        size = (size + alignment - 1) / alignment * alignment;
        if (!too_large && is_large()) {
            __SIZE_TYPE__ room = size;
            data = (T *)dacec_take(&room);
            if (data != 0) {
                size = room;
                return;
            }
        }
        data = too_large ? (T *)0 : (T *)aligned_alloc(alignment, size);
#ifdef __linux__
        if (data != 0 && alignment > 64) madvise(data, size, 14 /* MADV_HUGEPAGE */);
#endif
    }
    bool is_large() const { return size >= (__SIZE_TYPE__)1 << 20; }
    ~dacec_buffer() {
        if (data == small) return;
        if (data != 0 && is_large()) dacec_keep(data, size);
        else free(data);
    }
    dacec_buffer(const dacec_buffer &) = delete;
    dacec_buffer &operator=(const dacec_buffer &) = delete;
};
"),
    ("dacec_queues", &["dacec_buffer"], "\
extern \"C\" void *realloc(void *, __SIZE_TYPE__);

// Elements that are added at the end and taken at the front. What was taken is given back when the queue is empty, or when
// half of the memory is behind the front.
template <typename T> struct dacec_queue {
    T *data;
    int64_t first, count, room, capacity;
    bool push(T value) {
        if (capacity >= 0 && count - first >= capacity) return false;
        if (first > 64 && first > room / 2) {
            __builtin_memmove(data, data + first, (__SIZE_TYPE__)(count - first) * sizeof(T));
            count -= first;
            first = 0;
        }
        if (count == room) {
            const int64_t larger = room > 0 ? 2 * room : 16;
            T *const moved = (T *)realloc(data, (__SIZE_TYPE__)larger * sizeof(T));
            if (moved == 0) return false;
            data = moved;
            room = larger;
        }
        data[count++] = value;
        return true;
    }
    bool pop(T *value) {
        if (first == count) return false;
        *value = data[first++];
        if (first == count) first = count = 0;
        return true;
    }
};

// Queues until the end of the block.
template <typename T> struct dacec_queues {
    dacec_small<dacec_queue<T>> small;
    dacec_buffer<dacec_queue<T>> queues;
    const int64_t size;
    dacec_queues(int64_t count, int64_t capacity) : queues(count, small.data), size(queues.data == 0 ? 0 : count) {
        for (int64_t k = 0; k < size; k++) queues.data[k] = {0, 0, 0, 0, capacity};
    }
    ~dacec_queues() {
        for (int64_t k = 0; k < size; k++) free(queues.data[k].data);
    }
    dacec_queue<T> &operator[](int64_t at) { return queues.data[at]; }
    dacec_queues(const dacec_queues &) = delete;
    dacec_queues &operator=(const dacec_queues &) = delete;
};
"),
];

/// The text of helpers and of those that they need.
pub(crate) fn print(names: &BTreeSet<&'static str>) -> String {
    let mut wanted = names.clone();
    for (name, needs, _) in HELPERS.iter().rev() {
        if wanted.contains(name) {
            wanted.extend(needs.iter());
        }
    }
    let mut text = String::new();
    for (_, _, body) in HELPERS.iter().filter(|(name, ..)| wanted.contains(name)) {
        text.push('\n');
        text.push_str(body);
    }
    text
}

/// The name of a way to combine that OpenMP does not have.
pub(super) fn reduction_name(wcr: Wcr, dtype: DType) -> String {
    format!("dacec_{}_{}", wcr.name(), dtype.name())
}

/// Declarations of ways to combine that OpenMP does not have. The variable that is combined holds the identity before
/// the loop, so each thread's copy begins with that.
pub(super) fn print_reductions(reductions: &BTreeSet<(Wcr, DType)>) -> String {
    let mut text = String::new();
    for &(wcr, dtype) in reductions {
        let (name, of) = (reduction_name(wcr, dtype), c_type(dtype));
        let combined = match wcr {
            Wcr::Sum => "omp_out + omp_in".to_owned(),
            Wcr::Product => "omp_out * omp_in".to_owned(),
            Wcr::Min if dtype.is_complex() => format!("dacec_complex_min<{of}>(omp_out, omp_in)"),
            Wcr::Max if dtype.is_complex() => format!("dacec_complex_max<{of}>(omp_out, omp_in)"),
            Wcr::Min => format!("dacec_min<{of}>(omp_out, omp_in)"),
            Wcr::Max => format!("dacec_max<{of}>(omp_out, omp_in)"),
            Wcr::LogicalAnd => "omp_out && omp_in".to_owned(),
            Wcr::LogicalOr => "omp_out || omp_in".to_owned(),
            Wcr::BitAnd => "omp_out & omp_in".to_owned(),
            Wcr::BitOr => "omp_out | omp_in".to_owned(),
            // Threads have no copies of what a program combines itself.
            Wcr::BitXor | Wcr::Custom(_) => "omp_out ^ omp_in".to_owned(),
        };
        text.push_str(&format!(
            "\n#pragma omp declare reduction({name} : {of} : omp_out = {combined}) initializer(omp_priv = omp_orig)\n"
        ));
    }
    text
}
