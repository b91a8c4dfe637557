//! Types of C++, and what every emitted unit begins with.

use dacec_ir::DType;

/// Declarations that every unit begins with, instead of headers.
pub(crate) const PREAMBLE: &str = "\
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __complex__ float complex64_t;
typedef __complex__ double complex128_t;
#ifdef __FLT16_MAX__
typedef _Float16 float16_t;
#endif
";

/// The instruction sets that a library asks the CPU for: the macro that a compiler predefines when it may use the set,
/// and the set's name for `__builtin_cpu_supports`.
pub(crate) const CHECKED_FEATURES: [(&str, &str); 25] = [
    ("__SSE3__", "sse3"),
    ("__SSSE3__", "ssse3"),
    ("__SSE4_1__", "sse4.1"),
    ("__SSE4_2__", "sse4.2"),
    ("__POPCNT__", "popcnt"),
    ("__SSE4A__", "sse4a"),
    ("__AVX__", "avx"),
    ("__FMA4__", "fma4"),
    ("__XOP__", "xop"),
    ("__AVX2__", "avx2"),
    ("__FMA__", "fma"),
    ("__BMI__", "bmi"),
    ("__BMI2__", "bmi2"),
    ("__AVX512F__", "avx512f"),
    ("__AVX512CD__", "avx512cd"),
    ("__AVX512BW__", "avx512bw"),
    ("__AVX512DQ__", "avx512dq"),
    ("__AVX512VL__", "avx512vl"),
    ("__AVX512IFMA__", "avx512ifma"),
    ("__AVX512VBMI__", "avx512vbmi"),
    ("__AVX512VBMI2__", "avx512vbmi2"),
    ("__AVX512VNNI__", "avx512vnni"),
    ("__AVX512BITALG__", "avx512bitalg"),
    ("__AVX512VPOPCNTDQ__", "avx512vpopcntdq"),
    ("__GFNI__", "gfni"),
];

/// The name of a type.
pub(crate) fn c_type(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::Int8 => "int8_t",
        DType::Int16 => "int16_t",
        DType::Int32 => "int32_t",
        DType::Int64 => "int64_t",
        DType::UInt8 => "uint8_t",
        DType::UInt16 => "uint16_t",
        DType::UInt32 => "uint32_t",
        DType::UInt64 => "uint64_t",
        DType::Float16 | DType::BFloat16 => "float16_t",
        DType::Float32 => "float",
        DType::Float64 => "double",
        DType::Complex64 => "complex64_t",
        DType::Complex128 => "complex128_t",
        // What `handles` declares.
        DType::Pointer(_) | DType::Opaque(_) => dtype.name(),
        // Programs with these are refused.
        DType::Vector(_) => dtype.name(),
    }
}

/// Names for the types of addresses and handles that a program has.
pub(super) fn handles(types: &[DType]) -> String {
    let declaration = |dtype: &DType| match dtype {
        DType::Pointer(it) => format!("typedef {} *{dtype};\n", c_type(it.element())),
        DType::Opaque(it) => format!("typedef {} {dtype};\n", it.name()),
        _ => String::new(),
    };
    types.iter().map(declaration).collect()
}

/// Whether arithmetic is done in a wider type and has to be brought back.
pub(super) fn is_promoted(dtype: DType) -> bool {
    use DType::*;
    matches!(dtype, Int8 | Int16 | UInt8 | UInt16)
}
