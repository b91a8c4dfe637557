//! The benchmark programs that dacec is measured and tested with, embedded as source text.
//!
//! Each is an annotated Python file in this folder, written in natural NumPy style, that runs unchanged under CPython
//! (with the stand-in module of `frontend-python/oracle`). A file holds
//!
//! - a docstring: the mathematics;
//! - symbols for the sizes;
//! - `presets`: sizes and scalar arguments by the names `S` (10 to 100 ms in NumPy), `M` (up to about a second, half a
//!   gigabyte), `L` and `paper` (sizes common in the literature);
//! - `initialize`: an annotated program that fills array arguments in place, from their indices;
//! - the kernel, an annotated program named like the file; arguments of the two that have the same name are the same.
//!
//! ```
//! let gemm = dacec_polybench::find("gemm").expect("gemm is a program of this folder");
//! assert_eq!(gemm.path, "polybench/gemm.py");
//! assert!(gemm.source.contains("def gemm("));
//! ```

/// One benchmark program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Name of the kernel, and of the file without its extension.
    pub name: &'static str,
    /// The file, relative to the root of the repository.
    pub path: &'static str,
    /// The file's text.
    pub source: &'static str,
}

macro_rules! programs {
    ($($name:literal),* $(,)?) => {
        &[$(Program {
            name: $name,
            path: concat!("polybench/", $name, ".py"),
            source: include_str!(concat!("../", $name, ".py")),
        }),*]
    };
}

/// Every program, in alphabetical order.
pub const PROGRAMS: &[Program] = programs![
    "adi",
    "arc_distance",
    "atax",
    "azimuthal_integration",
    "bicg",
    "black_scholes",
    "cavity_flow",
    "cholesky",
    "conjugate_gradient",
    "conv2d_bias",
    "convergence",
    "correlation",
    "covariance",
    "crc16",
    "deriche",
    "doitgen",
    "durbin",
    "fdtd_2d",
    "fft2d",
    "floyd_warshall",
    "game_of_life",
    "gemm",
    "gemver",
    "gesummv",
    "go_fast",
    "gramschmidt",
    "hdiff",
    "heat_3d",
    "jacobi_1d",
    "jacobi_2d",
    "k2mm",
    "k3mm",
    "kmeans",
    "lu",
    "ludcmp",
    "mandelbrot",
    "mlp",
    "mvt",
    "nbody",
    "nussinov",
    "scalar_reduction",
    "seidel_2d",
    "softmax",
    "spmv",
    "symm",
    "syr2k",
    "syrk",
    "tridiagonal_columns",
    "trisolv",
    "trmm",
    "two_calls",
];

/// The program of that name.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_listed_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder of this crate can be read")
            .map(|entry| entry.expect("its entries can be read").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .map(|path| path.file_stem().expect("a .py file has a stem").to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, PROGRAMS.iter().map(|program| program.name).collect::<Vec<_>>());
    }

    #[test]
    fn every_program_keeps_the_conventions() {
        for Program { name, source, .. } in PROGRAMS {
            assert!(source.starts_with("\"\"\""), "{name}: a docstring states the mathematics");
            assert!(source.contains("\npresets = {\n"), "{name}: presets");
            assert!(source.contains("\ndef initialize("), "{name}: an initializer");
            assert!(source.contains(&format!("\ndef {name}(")), "{name}: a kernel named like the file");
        }
    }

    #[test]
    fn only_known_names_are_found() {
        assert_eq!(find("lu").map(|program| program.name), Some("lu"));
        assert_eq!(find("LU"), None);
    }
}
