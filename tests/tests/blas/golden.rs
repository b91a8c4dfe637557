//! What PolyBench's programs in NumPy style become, as it is emitted: each is one call, without temporary arrays.
//!
//! `golden.txt` holds the computations; `UPDATE_EXPECT=1 cargo test -p dacec-tests --test blas golden` writes it again. Read it
//! then.

use super::emitted::kernel;
use dacec_frontend::SourceFile;
use dacec_runtime::BlasProvider;
use std::path::PathBuf;

/// The programs, with how many calls each has, and how many arrays of its own. What is multiplied twice has to be somewhere
/// between, and `3mm` has two such products.
const PROGRAMS: [(&str, usize, usize); 9] = [
    ("gemm", 1, 0),
    ("syrk", 1, 0),
    ("syr2k", 1, 0),
    ("symm", 1, 0),
    ("trmm", 1, 0),
    ("k3mm", 3, 2),
    ("cholesky", 1, 0),
    ("lu", 1, 0),
    ("trisolv", 1, 0),
];

/// Beginnings of the names of routines.
const ROUTINES: [&str; 8] = [
    "dacec_product_",
    "dacec_syrk<",
    "dacec_syr2k<",
    "dacec_symm<",
    "dacec_trmm<",
    "dacec_trsm<",
    "dacec_cholesky_in_place<",
    "dacec_lu_in_place<",
];

fn emitted(program: &str) -> String {
    let path = dacec_tests::root().join(format!("polybench/{program}.py"));
    let text = std::fs::read_to_string(path).expect("the file is part of the repository");
    let file = SourceFile::parse(&format!("{program}.py"), &text).expect("the file is right");
    let text = kernel(file.lower(program).expect("the program is right"), BlasProvider::BuiltIn);
    let end = text.find("\n}\n").map_or(text.len(), |at| at + 3);
    text[..end].to_owned()
}

#[test]
fn loops_of_polybench_are_calls() {
    let mut all = String::new();
    for (program, calls, arrays) in PROGRAMS {
        let text = emitted(program);
        let found: usize = ROUTINES.iter().map(|name| text.matches(name).count()).sum();
        assert_eq!(found, calls, "{text}");
        assert_eq!(text.matches("dacec_buffer<").count(), arrays, "{text}");
        all.push_str(&text);
        all.push('\n');
    }
    let path: PathBuf = dacec_tests::root().join("tests/tests/blas/golden.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it != "0") {
        std::fs::write(&path, &all).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        all == expected,
        "golden.txt is another text: run with UPDATE_EXPECT=1 and read the difference\n{all}"
    );
}
