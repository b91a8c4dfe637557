//! Instruction sets: what `--march` values mean to the compiler, and what this machine's CPU has.
//!
//! A unit compiled for a CPU that it does not find would die by an illegal instruction. So the emitted library checks
//! first, in a unit compiled for the baseline: the unit with the kernels leaves a table of what it was compiled for
//! (from the macros that the compiler predefines), and the check asks the CPU for each entry. [`CHECKED_FEATURES`] is
//! the list of both names.

use std::sync::OnceLock;

/// The instruction sets that a library asks the CPU for before it uses them: the macro that a C++ compiler predefines
/// when it may use the set, and the set's name for `__builtin_cpu_supports`. GCC and Clang know all of them.
pub const CHECKED_FEATURES: [(&str, &str); 25] = [
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

/// Values of `--march` for completions and suggestions; the compiler accepts others too.
pub const COMMON_NAMES: [&str; 14] = [
    "native",
    "x86-64",
    "x86-64-v2",
    "x86-64-v3",
    "x86-64-v4",
    "haswell",
    "skylake",
    "skylake-avx512",
    "icelake-server",
    "sapphirerapids",
    "znver2",
    "znver3",
    "znver4",
    "armv8-a",
];

/// Whether the text can be the name of a CPU: names go to the compiler's command line.
pub fn is_plausible_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte))
}

/// The compiler's flags for a unit; `None` is the baseline, which every CPU of the target has.
pub fn flags(march: Option<&str>, target: &str) -> Vec<String> {
    match march {
        Some(name) => vec![format!("-march={name}")],
        None if target.starts_with("x86_64") => vec!["-march=x86-64".to_owned(), "-mtune=generic".to_owned()],
        None => Vec::new(),
    }
}

/// Whether what is compiled for this name depends on the machine that compiles.
pub fn depends_on_host(march: Option<&str>) -> bool {
    march == Some("native")
}

/// What tells this CPU from others as far as `-march=native` goes; part of the cache key of such builds, because a
/// cache in a home directory may serve several machines.
pub fn identity() -> &'static str {
    static IDENTITY: OnceLock<String> = OnceLock::new();
    IDENTITY.get_or_init(|| format!("{} {}", std::env::consts::ARCH, describe()))
}

/// The names of the instruction sets that this CPU has, out of those that matter for numerical code.
#[cfg(target_arch = "x86_64")]
pub fn host_features() -> Vec<&'static str> {
    macro_rules! detected {
        ($($name:tt),* $(,)?) => {
            [$(($name, std::is_x86_feature_detected!($name))),*]
        };
    }
    let all = detected![
        "sse3",
        "ssse3",
        "sse4.1",
        "sse4.2",
        "popcnt",
        "lzcnt",
        "movbe",
        "f16c",
        "avx",
        "avx2",
        "fma",
        "bmi1",
        "bmi2",
        "adx",
        "aes",
        "pclmulqdq",
        "sha",
        "rdrand",
        "rdseed",
        "gfni",
        "vaes",
        "vpclmulqdq",
        "avx512f",
        "avx512cd",
        "avx512bw",
        "avx512dq",
        "avx512vl",
        "avx512ifma",
        "avx512vbmi",
        "avx512vbmi2",
        "avx512vnni",
        "avx512bitalg",
        "avx512vpopcntdq",
        "avx512vp2intersect",
        "avx512bf16",
        "avx512fp16",
        "sse4a",
        "tbm",
        "xsave",
        "xsaveopt",
        "xsavec",
        "xsaves",
    ];
    all.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
}

/// The names of the instruction sets that this CPU has: not detected on this architecture.
#[cfg(not(target_arch = "x86_64"))]
pub fn host_features() -> Vec<&'static str> {
    Vec::new()
}

/// Vendor, model and features.
#[cfg(target_arch = "x86_64")]
fn describe() -> String {
    use std::arch::x86_64::__cpuid;
    let vendor = __cpuid(0);
    // The signature holds family, model and stepping; the other registers name the core that happened to answer.
    let signature = __cpuid(1).eax;
    format!(
        "{:08x}{:08x}{:08x} {signature:08x} {}",
        vendor.ebx,
        vendor.edx,
        vendor.ecx,
        host_features().join(",")
    )
}

/// What the kernel says about the first CPU, without what changes from boot to boot.
#[cfg(not(target_arch = "x86_64"))]
fn describe() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let stable =
        |line: &&str| ["CPU ", "Features", "isa", "cpu", "model"].iter().any(|key| line.starts_with(key));
    text.split("\n\n").next().unwrap_or_default().lines().filter(stable).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_smuggle_flags() {
        for name in COMMON_NAMES.into_iter().chain(["armv8.2-a+sve"]) {
            assert!(is_plausible_name(name), "{name}");
        }
        for name in ["", "-native", "native -fplugin=x", "x;y", "x86 64", "a/b", "a\nb"] {
            assert!(!is_plausible_name(name), "{name:?}");
        }
    }

    #[test]
    fn the_baseline_is_said_aloud() {
        assert_eq!(flags(None, "x86_64-linux-gnu"), ["-march=x86-64", "-mtune=generic"]);
        assert!(flags(None, "aarch64-linux-gnu").is_empty());
        assert_eq!(flags(Some("znver4"), "x86_64-linux-gnu"), ["-march=znver4"]);
    }

    #[test]
    fn the_identity_is_stable() {
        assert_eq!(describe(), describe());
        assert!(identity().starts_with(std::env::consts::ARCH));
    }
}
