//! The functions of the embedded archives, with the signatures that `dacec-provider` documents.
//!
//! They are linked into a shared library, as compiled programs are, and found by their names.

use libloading::Library;
use num_complex::{Complex32, Complex64};
use std::{path::Path, process::Command, sync::LazyLock};

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libprovider.so");
    let archives = ["products.a", "dense.a"].map(|name| Path::new(env!("OUT_DIR")).join(name));
    let linked = Command::new("c++")
        .args(["-shared", "-Wl,--whole-archive"])
        .args(archives)
        .args(["-Wl,--no-whole-archive", "-o"])
        .arg(&path)
        .status()
        .expect("tests need a C++ compiler");
    assert!(linked.success());
    // SAFETY: the library has no initializers.
    unsafe { Library::new(&path) }.unwrap()
});

/// Why a factorization has no result: `dacec_provider`'s status of this name.
pub(crate) const SINGULAR: i32 = 1;
/// See [`SINGULAR`].
pub(crate) const NOT_POSITIVE_DEFINITE: i32 = 2;

/// Functions of the library under their names.
macro_rules! exports {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {$(
        /// # Safety
        ///
        /// That of the exported function.
        #[allow(clippy::too_many_arguments, reason = "a C interface")]
        #[allow(dead_code, reason = "the code is generic: not every function is tested for every type")]
        pub(crate) unsafe fn $name($($argument: $type),*) $(-> $result)? {
            type Export = unsafe extern "C" fn($($type),*) $(-> $result)?;
            // SAFETY: the signature is the one that the provider documents; the caller's promise is the same.
            unsafe { LIBRARY.get::<Export>(stringify!($name)).unwrap()($($argument),*) }
        }
    )*};
}

/// Declares the functions of one kind for every element type. A matrix is its first element and the distances of rows
/// and of columns.
macro_rules! declare {
    (products: $($element:ty: $gemm:ident;)*) => {
        exports! {$(
            fn $gemm(
                m: i64, n: i64, k: i64,
                alpha: $element,
                a: *const $element, rsa: i64, csa: i64,
                b: *const $element, rsb: i64, csb: i64,
                beta: $element,
                c: *mut $element, rsc: i64, csc: i64,
            );
        )*}
    };
    (transforms: $($element:ty: $($name:ident)*;)*) => {
        exports! {$($(
            fn $name(n: i64, a: *const $element, sa: i64, x: *mut $element, sx: i64) -> i32;
        )*)*}
    };
    (
        dense: $($element:ty, $real:ty:
        $solve:ident $inverse:ident $determinant:ident $cholesky:ident $qr:ident $eigh:ident $svd:ident $lstsq:ident
        $slogdet:ident;)*
    ) => {
        exports! {$(
            fn $solve(
                n: i64, k: i64,
                a: *const $element, rsa: i64, csa: i64,
                b: *const $element, rsb: i64, csb: i64,
                x: *mut $element, rsx: i64, csx: i64,
            ) -> i32;
            fn $inverse(
                n: i64,
                a: *const $element, rsa: i64, csa: i64,
                x: *mut $element, rsx: i64, csx: i64,
            ) -> i32;
            fn $determinant(n: i64, a: *const $element, rsa: i64, csa: i64, d: *mut $element) -> i32;
            fn $cholesky(
                n: i64,
                a: *const $element, rsa: i64, csa: i64,
                l: *mut $element, rsl: i64, csl: i64,
            ) -> i32;
            fn $qr(
                m: i64, n: i64,
                a: *const $element, rsa: i64, csa: i64,
                q: *mut $element, rsq: i64, csq: i64,
                r: *mut $element, rsr: i64, csr: i64,
            ) -> i32;
            fn $eigh(
                n: i64,
                a: *const $element, rsa: i64, csa: i64,
                w: *mut $real, sw: i64,
                v: *mut $element, rsv: i64, csv: i64,
            ) -> i32;
            fn $svd(
                m: i64, n: i64,
                a: *const $element, rsa: i64, csa: i64,
                u: *mut $element, rsu: i64, csu: i64,
                s: *mut $real, ss: i64,
                vh: *mut $element, rsv: i64, csv: i64,
            ) -> i32;
            fn $lstsq(
                m: i64, n: i64, k: i64,
                a: *const $element, rsa: i64, csa: i64,
                b: *const $element, rsb: i64, csb: i64,
                rcond: *const $real,
                x: *mut $element, rsx: i64, csx: i64,
                residuals: *mut $real, sresiduals: i64,
                rank: *mut i64,
                s: *mut $real, ss: i64,
            ) -> i32;
            fn $slogdet(
                n: i64,
                a: *const $element, rsa: i64, csa: i64,
                s: *mut $element, l: *mut $real,
            ) -> i32;
        )*}
    };
}

declare!(
    products:
    f32: dacec_gemm_f32;
    f64: dacec_gemm_f64;
    Complex32: dacec_gemm_c64;
    Complex64: dacec_gemm_c128;
);
declare!(
    transforms:
    Complex32: dacec_fft_c64;
    Complex64: dacec_fft_c128 dacec_ifft_c128;
);
declare!(
    dense:
    f32, f32:
    dacec_solve_f32 dacec_inverse_f32 dacec_determinant_f32 dacec_cholesky_f32 dacec_qr_f32
    dacec_eigh_f32 dacec_svd_f32 dacec_lstsq_f32 dacec_slogdet_f32;
    f64, f64:
    dacec_solve_f64 dacec_inverse_f64 dacec_determinant_f64 dacec_cholesky_f64 dacec_qr_f64
    dacec_eigh_f64 dacec_svd_f64 dacec_lstsq_f64 dacec_slogdet_f64;
    Complex32, f32:
    dacec_solve_c64 dacec_inverse_c64 dacec_determinant_c64 dacec_cholesky_c64 dacec_qr_c64
    dacec_eigh_c64 dacec_svd_c64 dacec_lstsq_c64 dacec_slogdet_c64;
    Complex64, f64:
    dacec_solve_c128 dacec_inverse_c128 dacec_determinant_c128 dacec_cholesky_c128 dacec_qr_c128
    dacec_eigh_c128 dacec_svd_c128 dacec_lstsq_c128 dacec_slogdet_c128;
);
