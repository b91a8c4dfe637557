//! What tests of library operations share: a program of many cases is compiled and called, and NumPy does the same.

use dacec::{Compiler, Options};
use dacec_ir::{IndexMap, Name, Sdfg};
use dacec_runtime::npy::{read_archive, write_archive};
use dacec_runtime::{Arguments, ArrayBuf, Cache, CompiledProgram, ScalarValue};
use dacec_tests::{python, run, scratch};
use serde_json::{Value as Json, json};

/// Containers by name.
pub(crate) type Arrays = IndexMap<Name, ArrayBuf>;

/// Sizes by name.
pub(crate) type Sizes = IndexMap<Name, ScalarValue>;

/// Sizes as a program is passed them.
pub(crate) fn sizes<const COUNT: usize>(names: [&str; COUNT], values: [i64; COUNT]) -> Sizes {
    names.into_iter().map(Name::from).zip(values.map(|size| ScalarValue::Int(size.into()))).collect()
}

/// What the containers are after all cases, by the oracle, a script in a folder of these tests; `None` without NumPy.
pub(crate) fn expected(oracle: &str, cases: Vec<Json>, symbols: Json, arrays: &Arrays) -> Option<Arrays> {
    let folder = scratch();
    let text = json!({ "cases": cases, "symbols": symbols }).to_string();
    std::fs::write(folder.path().join("cases.json"), text).expect("the folder can be written");
    let named = arrays.iter().map(|(name, array)| (name.as_str(), array));
    write_archive(&folder.path().join("inputs.npz"), named).expect("the folder can be written");
    let script = dacec_tests::root().join("tests/tests").join(oracle);
    run(python()?.arg(script).arg(folder.path())).success();
    let outputs = read_archive(&folder.path().join("outputs.npz")).expect("the oracle has written it");
    Some(outputs.into_iter().map(|(name, array)| (name.into(), array)).collect())
}

/// The program, compiled without a trace and loaded.
#[track_caller]
pub(crate) fn loaded(what: &str, program: Sdfg, options: Options) -> CompiledProgram {
    let compiler = Compiler::with_cache(options, Cache::private().expect("a private cache can be made"));
    let compiler = compiler.expect("there is a C++ compiler");
    let compiled = compiler.compile(program).unwrap_or_else(|error| panic!("{what}: {error}"));
    compiled.load().expect("it was just compiled")
}

/// The containers after a call.
#[track_caller]
pub(crate) fn called(what: &str, program: &CompiledProgram, before: &Arrays, sizes: Sizes) -> Arrays {
    let mut after = before.clone();
    let mut arguments = Arguments::default();
    for (name, array) in &mut after {
        arguments = arguments.array(name.clone(), array);
    }
    for (name, value) in sizes {
        arguments = arguments.scalar(name, value);
    }
    program.call(&mut arguments).unwrap_or_else(|error| panic!("{what}: {error}"));
    drop(arguments);
    after
}
