//! Builds emitted code with the machine's C++ compiler and calls it.

#![allow(dead_code, reason = "each test file uses its part")]

use dacec_codegen::{Generated, Options, generate};
use dacec_ir::Sdfg;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::process::Command;

/// A compiled program.
pub(crate) struct Library {
    library: libloading::Library,
    name: String,
    _folder: tempfile::TempDir,
}

/// One argument of a call.
pub(crate) enum Argument<'a> {
    F64s(&'a mut [f64]),
    I64s(&'a mut [i64]),
    F64(f64),
    I64(i64),
    Null,
}

pub(crate) fn emit(sdfg: &Sdfg) -> Generated {
    generate(sdfg, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Compiles the units of a program, with all warnings that concern correctness as errors.
pub(crate) fn compile(sdfg: &Sdfg) -> Library {
    compile_generated(&sdfg.name, &emit(sdfg), &[])
}

pub(crate) fn compile_generated(name: &str, generated: &Generated, more: &[&str]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let path = |file: &str| folder.path().join(file);
    std::fs::write(path("kernel.cpp"), &generated.kernel_unit).unwrap();
    std::fs::write(path("abi.cpp"), &generated.abi_unit).unwrap();
    let library = path("library.so");
    let mut command = Command::new("g++");
    command.args(["-std=c++17", "-O1", "-fPIC", "-shared", "-fopenmp", "-fwrapv", "-fvisibility=hidden"]);
    command.args(["-fno-exceptions", "-fno-rtti", "-Wall", "-Werror", "-Wno-unknown-pragmas"]);
    command.args(["-Wno-unused-function", "-Wno-psabi", "-Wno-maybe-uninitialized", "-Wno-unused-variable"]);
    command.args([path("kernel.cpp"), path("abi.cpp")]).arg("-o").arg(&library).args(more);
    let output = command.output().expect("the tests need g++");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}\n{}\n{}", generated.kernel_unit, generated.abi_unit);
    open(name, &library, folder)
}

fn open(name: &str, library: &Path, folder: tempfile::TempDir) -> Library {
    // SAFETY: the library was just built from emitted code. OpenMP's threads outlive it, so it is never unloaded.
    let library = unsafe { libloading::os::unix::Library::open(Some(library), 0x1002) }.unwrap();
    Library { library: library.into(), name: name.to_owned(), _folder: folder }
}

impl Library {
    /// Calls the program; arguments, results and symbols in the order of its interface.
    pub(crate) fn call(&self, arguments: &mut [Argument<'_>]) -> i32 {
        let mut pointers: Vec<*mut c_void> = arguments
            .iter_mut()
            .map(|argument| match argument {
                Argument::F64s(values) => values.as_mut_ptr().cast(),
                Argument::I64s(values) => values.as_mut_ptr().cast(),
                Argument::F64(value) => (value as *mut f64).cast(),
                Argument::I64(value) => (value as *mut i64).cast(),
                Argument::Null => std::ptr::null_mut(),
            })
            .collect();
        // SAFETY: the function has this type, and the test passes what the program takes.
        unsafe {
            let call: libloading::Symbol<'_, unsafe extern "C" fn(*mut *mut c_void) -> i32> =
                self.symbol(&format!("dacec_call_{}", self.name));
            call(pointers.as_mut_ptr())
        }
    }

    /// The message of the last error.
    pub(crate) fn error(&self) -> String {
        // SAFETY: the function has this type and returns a text that ends with zero.
        unsafe {
            let error: libloading::Symbol<'_, unsafe extern "C" fn() -> *const c_char> =
                self.symbol(&format!("dacec_error_{}", self.name));
            CStr::from_ptr(error()).to_string_lossy().into_owned()
        }
    }

    /// A function of the library.
    ///
    /// # Safety
    ///
    /// It has the type `F`.
    pub(crate) unsafe fn symbol<F>(&self, name: &str) -> libloading::Symbol<'_, F> {
        // SAFETY: promised by the caller.
        unsafe { self.library.get(name.as_bytes()) }.unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
