use super::*;
use crate::load::LoadedLibrary;
use std::{fs, process::Command};

const AXPY: &str = r#"
typedef long int64_t;
extern "C" __attribute__((visibility("default"))) int axpy(int64_t n, double a, const double *x, double *y) {
    #pragma omp parallel for
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
    return 0;
}
"#;

fn unit(text: &str) -> Unit {
    Unit { file_name: "kernel.cpp".to_owned(), text: text.to_owned(), march: None }
}

fn job(text: &str) -> CompileJob {
    CompileJob {
        name: "kernel".to_owned(),
        units: vec![unit(text)],
        opt: OptLevel::O3,
        fp: FpMode::Default,
        openmp: false,
        blas: BlasProvider::None,
        dense: false,
        libraries: Vec::new(),
        description: serde_json::Value::Null,
    }
}

struct Tools {
    cache: Cache,
    toolchain: Toolchain,
}

impl Tools {
    fn new() -> Tools {
        let cache = Cache::private().unwrap();
        let toolchain = Toolchain::find(&cache).unwrap();
        Tools { cache, toolchain }
    }

    fn build(&self, job: &CompileJob) -> Result<Built, CompileError> {
        job.build(&self.toolchain, &self.cache)
    }

    fn load(&self, job: &CompileJob) -> LoadedLibrary {
        let built = self.build(job).unwrap();
        // SAFETY: built from the text in this file.
        unsafe { LoadedLibrary::open(&built.library) }.unwrap()
    }
}

type Function = unsafe extern "C" fn(f64, f64) -> f64;

/// Compiles `double f(double a, double b)` in a floating-point mode and calls it.
fn evaluate(body: &str, fp: FpMode, a: f64, b: f64) -> f64 {
    let text = format!(
        r#"extern "C" __attribute__((visibility("default"))) double f(double a, double b) {{ {body} }}"#
    );
    let tools = Tools::new();
    let library = tools.load(&CompileJob { fp, ..job(&text) });
    // SAFETY: the text defines it so.
    unsafe { library.function::<Function>("f").unwrap()(a, b) }
}

#[test]
fn a_parallel_kernel_runs() {
    let tools = Tools::new();
    let library = tools.load(&CompileJob { openmp: true, ..job(AXPY) });
    let (x, mut y) = (vec![2.0; 1000], vec![1.0; 1000]);
    // SAFETY: the text defines it so, and the vectors have that many elements.
    unsafe {
        let axpy =
            library.function::<unsafe extern "C" fn(i64, f64, *const f64, *mut f64) -> i32>("axpy").unwrap();
        assert_eq!(axpy(1000, 3.0, x.as_ptr(), y.as_mut_ptr()), 0);
    }
    assert!(y.iter().all(|value| *value == 7.0));
}

#[test]
fn the_second_build_is_found() {
    let tools = Tools::new();
    let first = tools.build(&job(AXPY)).unwrap();
    assert_eq!(first.origin, Origin::Built);
    let second = tools.build(&job(AXPY)).unwrap();
    assert_eq!((second.origin, &second.library), (Origin::Found, &first.library));
    let mut files: Vec<_> = second.entry.manifest().files.keys().map(String::as_str).collect();
    files.sort_unstable();
    assert_eq!(files, ["kernel.cpp", "libkernel.so"]);
}

#[test]
fn whatever_changes_the_result_changes_the_key() {
    let tools = Tools::new();
    let key = |change: &dyn Fn(&mut CompileJob)| {
        let mut changed = job(AXPY);
        change(&mut changed);
        changed.key(&tools.toolchain)
    };
    let keys = [
        key(&|_| {}),
        key(&|job| job.name = "other".to_owned()),
        key(&|job| job.units[0].text.push('\n')),
        key(&|job| job.units[0].file_name = "other.cpp".to_owned()),
        key(&|job| job.units[0].march = Some("native".to_owned())),
        key(&|job| job.units.push(unit(""))),
        key(&|job| job.opt = OptLevel::O1),
        key(&|job| job.fp = FpMode::Strict),
        key(&|job| job.openmp = true),
        key(&|job| job.blas = BlasProvider::BuiltIn),
        key(&|job| job.libraries.push(Library { path: "/usr/lib/libz.so".into(), on_loader_path: true })),
        key(&|job| job.description = serde_json::json!(1)),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key), "change {index} does not change the key");
    }
    assert_eq!(key(&|_| {}), keys[0]);
}

#[test]
fn units_see_each_other_and_only_marked_functions_are_seen() {
    let tools = Tools::new();
    let mut job = job("int helper(int x) { return x + 1; }");
    job.units[0].march = Some("native".to_owned());
    job.units.push(Unit {
        file_name: "entry.cpp".to_owned(),
        text: r#"int helper(int); extern "C" __attribute__((visibility("default"))) int entry(int x) { return helper(x); }"#
            .to_owned(),
        march: None,
    });
    let library = tools.load(&job);
    // SAFETY: the text defines it so.
    unsafe {
        assert_eq!(library.function::<unsafe extern "C" fn(i32) -> i32>("entry").unwrap()(41), 42);
        assert!(library.function::<usize>("_Z6helperi").is_err());
    }
}

const PRODUCT: &str = r#"
typedef long int64_t;
extern "C" void dacec_gemm_f64(int64_t, int64_t, int64_t, double, const double *, int64_t, int64_t,
                               const double *, int64_t, int64_t, double, double *, int64_t, int64_t);
extern "C" __attribute__((visibility("default"))) void product(int64_t n, const double *a, const double *b, double *c) {
    #pragma omp parallel for
    for (int64_t block = 0; block < 2; block++) {
        int64_t first = block * (n / 2), rows = block ? n - first : n / 2;
        dacec_gemm_f64(rows, n, n, 1.0, a + first * n, n, 1, b, n, 1, 0.0, c + first * n, n, 1);
    }
}
"#;

type ProductFunction = unsafe extern "C" fn(i64, *const f64, *const f64, *mut f64);

#[test]
fn the_built_in_product_is_linked_and_hidden() {
    let tools = Tools::new();
    let job = CompileJob { openmp: true, blas: BlasProvider::BuiltIn, ..job(PRODUCT) };
    let library = tools.load(&job);
    let n = 65;
    let a: Vec<f64> = (0..n * n).map(|i| (i % 7) as f64).collect();
    let mut c = vec![f64::NAN; n * n];
    // SAFETY: the text defines it so, and the vectors have that many elements.
    unsafe {
        library.function::<ProductFunction>("product").unwrap()(
            n as i64,
            a.as_ptr(),
            a.as_ptr(),
            c.as_mut_ptr(),
        );
        assert!(library.function::<usize>("dacec_gemm_f64").is_err());
        assert!(library.function::<usize>("rust_eh_personality").is_err());
    }
    for i in 0..n {
        for j in 0..n {
            let expected: f64 = (0..n).map(|k| a[i * n + k] * a[k * n + j]).sum();
            assert_eq!(c[i * n + j], expected);
        }
    }
}

/// Threads that the Rust standard library did not start have packing buffers too, and give them back when they end.
#[test]
fn foreign_threads_can_multiply_and_leave_nothing() {
    let text = format!(
        r#"{PRODUCT}
        extern "C" int pthread_create(unsigned long *, const void *, void *(*)(void *), void *);
        extern "C" int pthread_join(unsigned long, void **);
        static double a[64 * 300], b[300 * 64], c[8][64 * 64];
        static void *work(void *result) {{
            dacec_gemm_f64(64, 64, 300, 1.0, a, 1, 64, b, 1, 300, 0.0, (double *)result, 64, 1);
            return nullptr;
        }}
        extern "C" __attribute__((visibility("default"))) double rounds(int count) {{
            for (int i = 0; i < 64 * 300; i++) a[i] = b[i] = 1.0;
            for (int round = 0; round < count; round++) {{
                unsigned long threads[8];
                for (int t = 0; t < 8; t++) if (pthread_create(&threads[t], nullptr, work, c[t])) return -1.0;
                for (int t = 0; t < 8; t++) pthread_join(threads[t], nullptr);
            }}
            return c[7][64 * 64 - 1];
        }}"#
    );
    let tools = Tools::new();
    let library = tools.load(&CompileJob { blas: BlasProvider::BuiltIn, ..job(&text) });
    // SAFETY: the text defines it so.
    let rounds = unsafe { library.function::<unsafe extern "C" fn(i32) -> f64>("rounds") }.unwrap();
    // SAFETY: as above.
    let run = |count| assert_eq!(unsafe { rounds(count) }, 300.0);
    run(20);
    let before = resident_pages();
    run(200);
    // 1600 threads with a megabyte each would be 400 000 pages.
    let grown = resident_pages().saturating_sub(before);
    assert!(grown < 20_000, "{grown} pages more than before");
}

fn resident_pages() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn nan_and_infinity_keep_their_meaning_by_default() {
    let nan = evaluate("return a != a ? 1.0 : 0.0;", FpMode::Default, f64::NAN, 0.0);
    assert_eq!(nan, 1.0);
    let difference = evaluate("return a - b;", FpMode::Default, f64::INFINITY, f64::INFINITY);
    assert!(difference.is_nan());
}

#[test]
fn quotients_are_exact_by_default() {
    // By the reciprocal, this would be the number before 1.
    assert_eq!(evaluate("return a / 49.0;", FpMode::Default, 49.0, 0.0), 1.0);
}

#[test]
fn strict_mode_keeps_the_order_and_every_rounding() {
    // (a + b) - a would be b if sums could be reordered.
    assert_eq!(evaluate("return (a + b) - a;", FpMode::Strict, 1e20, 1.0), 0.0);
    // With a fused operation the rounding error of a * a would remain.
    assert_eq!(evaluate("return a * a - b;", FpMode::Strict, 0.1, 0.1 * 0.1), 0.0);
}

#[test]
fn flushing_small_numbers_to_zero_stays_with_nobody() {
    let sum = evaluate("return a + b;", FpMode::Fast, 1.0, 2.0);
    assert_eq!(sum, 3.0);
    // The start file of `-ffast-math` would have switched the whole process.
    let smallest = std::hint::black_box(f64::MIN_POSITIVE);
    assert!(smallest / 2.0 > 0.0);
}

#[test]
fn integers_wrap_around() {
    let text = r#"extern "C" __attribute__((visibility("default"))) int f(int x) { return x + 1 > x; }"#;
    let tools = Tools::new();
    // SAFETY: the text defines it so.
    let result = unsafe {
        tools.load(&job(text)).function::<unsafe extern "C" fn(i32) -> i32>("f").unwrap()(i32::MAX)
    };
    assert_eq!(result, 0);
}

#[test]
fn refused_code_is_kept_for_the_report() {
    let tools = Tools::new();
    let error = tools.build(&job("int f( { return 1; }")).unwrap_err();
    let CompileError::Refused { unit, message, source_path } = &error else { panic!("{error}") };
    assert_eq!(unit, "kernel.cpp");
    assert!(message.starts_with("kernel.cpp:1:"), "{message}");
    assert_eq!(fs::read_to_string(source_path).unwrap(), "int f( { return 1; }");
    assert!(error.help().unwrap().to_string().contains("defect of dacec"));
    assert_eq!(tools.cache.usage().unwrap().entries, 0);
}

#[test]
fn undefined_functions_are_found_when_linking() {
    let text =
        r#"int nobody(); extern "C" __attribute__((visibility("default"))) int f() { return nobody(); }"#;
    let error = Tools::new().build(&job(text)).unwrap_err();
    let CompileError::LinkRefused { message, .. } = &error else { panic!("{error}") };
    assert!(message.contains("nobody"), "{message}");
}

#[test]
fn cpus_are_checked_before_and_by_the_compiler() {
    let tools = Tools::new();
    let build = |march: &str| {
        let mut job = job(AXPY);
        job.units[0].march = Some(march.to_owned());
        tools.build(&job).unwrap_err().to_string()
    };
    let compiler = tools.toolchain.compiler.display();
    assert_eq!(build("no-such-cpu"), format!("`no-such-cpu` is not a CPU that `{compiler}` can compile for"));
    assert_eq!(
        build("x -fplugin=y"),
        format!("`x -fplugin=y` is not a CPU that `{compiler}` can compile for")
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_compiler_knows_every_checked_instruction_set() {
    let checks = cpu::CHECKED_FEATURES.map(|(_, name)| format!("__builtin_cpu_supports(\"{name}\") != 0"));
    let text = format!(
        r#"extern "C" __attribute__((visibility("default"))) int f() {{ __builtin_cpu_init(); return {}; }}"#,
        checks.join(" && ")
    );
    let tools = Tools::new();
    tools.build(&job(&text)).unwrap();
    // Every macro is one that a CPU sets: Intel's, or those that only AMD had.
    let amd = ["sse4a", "fma4", "xop"];
    for (march, of_amd) in [("icelake-server", false), ("bdver4", true)] {
        let known: String = cpu::CHECKED_FEATURES
            .iter()
            .filter(|(_, name)| amd.contains(name) == of_amd)
            .map(|(macro_name, _)| format!("#ifndef {macro_name}\n#error {macro_name}\n#endif\n"))
            .collect();
        let mut job = job(&known);
        job.units[0].march = Some(march.to_owned());
        tools.build(&job).unwrap();
    }
}

#[test]
fn names_stay_in_the_folder() {
    let tools = Tools::new();
    for bad in ["../x", "a/b", "", "-o", "a b"] {
        let error = tools.build(&CompileJob { name: bad.to_owned(), ..job(AXPY) }).unwrap_err();
        assert!(matches!(&error, CompileError::BadName(name) if name == bad), "{error}");
        let mut job = job(AXPY);
        job.units[0].file_name = bad.to_owned();
        assert!(matches!(tools.build(&job), Err(CompileError::BadName(_))));
    }
}

#[test]
fn the_driver_links_as_well() {
    let mut tools = Tools::new();
    tools.toolchain.direct = None;
    let job = CompileJob { openmp: true, blas: BlasProvider::BuiltIn, ..job(PRODUCT) };
    let library = tools.load(&job);
    let mut c = [f64::NAN; 4];
    // SAFETY: the text defines it so, and the arrays have four elements.
    unsafe {
        let product = library.function::<ProductFunction>("product").unwrap();
        product(2, [1.0, 2.0, 3.0, 4.0].as_ptr(), [1.0, 0.0, 0.0, 1.0].as_ptr(), c.as_mut_ptr());
        assert!(library.function::<usize>("dacec_gemm_f64").is_err());
    }
    assert_eq!(c, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn without_openmp_the_error_says_what_to_install() {
    let mut tools = Tools::new();
    tools.toolchain.openmp = None;
    let error = tools.build(&CompileJob { openmp: true, ..job(AXPY) }).unwrap_err();
    assert!(matches!(error, CompileError::NoOpenMp { .. }));
}

/// Not a test of its own: the work of the processes that the next test starts.
#[test]
fn child_process_that_compiles() {
    let Some(folder) = std::env::var_os("DACEC_TEST_COMPILE_CACHE") else { return };
    let cache = Cache::open(Path::new(&folder)).unwrap();
    let toolchain = Toolchain::find(&cache).unwrap();
    let built = CompileJob { openmp: true, ..job(AXPY) }.build(&toolchain, &cache).unwrap();
    // SAFETY: built from the text in this file.
    unsafe { LoadedLibrary::open(&built.library) }.unwrap();
}

#[test]
fn processes_that_compile_the_same_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "compile::tests::child_process_that_compiles", "--nocapture"])
            .env("DACEC_TEST_COMPILE_CACHE", folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut child in [start(), start()] {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(Cache::open(folder.path()).unwrap().usage().unwrap().entries, 1);
}
