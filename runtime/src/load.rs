//! A shared library in this process.

use miette::Diagnostic;
use std::{
    ffi::{CStr, c_char, c_void},
    path::{Path, PathBuf},
};

/// The function of a program that takes all arguments in one array.
///
/// Entry `i` is the data pointer itself if argument `i` is an array, else a pointer to its value. Zero is success.
pub type CallFunction = unsafe extern "C" fn(*mut *mut c_void) -> i32;

/// The function that returns the message of the thread's last error; null or empty if there was none.
pub type ErrorFunction = unsafe extern "C" fn() -> *const c_char;

/// The function that tells what a timer has measured: runs and nanoseconds. It returns the timer's label, and null after
/// the last timer.
pub type TimerFunction = unsafe extern "C" fn(i32, *mut i64, *mut i64) -> *const c_char;

/// A compiled program's library, loaded.
///
/// The library is unloaded when this is dropped, except where it was linked to stay: one that started OpenMP threads
/// must not vanish under them, and the compile step marks such libraries.
#[derive(Debug)]
pub struct LoadedLibrary {
    library: libloading::Library,
    path: PathBuf,
}

/// A library cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LoadError {
    /// The system's loader refuses it.
    #[error("cannot load `{}`: {reason}", path.display())]
    #[diagnostic(
        code(R030),
        help(
            "if a library is missing, install it or build with the built-in matrix product; if the file is damaged, run `dacec cache clear`"
        )
    )]
    Refused {
        /// The library.
        path: PathBuf,
        /// The loader's words.
        reason: String,
    },
    /// It has no such function.
    #[error("`{}` has no function `{function}`", path.display())]
    #[diagnostic(
        code(R031),
        help("the library was not built by this version of dacec, or not for this program: build it again")
    )]
    NoFunction {
        /// The library.
        path: PathBuf,
        /// What was looked for.
        function: String,
    },
}

impl LoadedLibrary {
    /// Loads a library.
    ///
    /// # Safety
    ///
    /// The library's initialization runs. It must come from a source that may run code in this process.
    pub unsafe fn open(path: &Path) -> Result<LoadedLibrary, LoadError> {
        // SAFETY: the caller trusts the library.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|error| LoadError::Refused { path: path.to_owned(), reason: loader_message(&error) })?;
        Ok(LoadedLibrary { library, path: path.to_owned() })
    }

    /// Where it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The function that runs a program.
    pub fn call_function(&self, program: &str) -> Result<CallFunction, LoadError> {
        // SAFETY: emitted libraries define the function with this type.
        unsafe { self.function::<CallFunction>(&format!("dacec_call_{program}")) }
    }

    /// The function that tells a program's last error.
    pub fn error_function(&self, program: &str) -> Result<ErrorFunction, LoadError> {
        // SAFETY: emitted libraries define the function with this type.
        unsafe { self.function::<ErrorFunction>(&format!("dacec_error_{program}")) }
    }

    /// The function that tells what a program's timers have measured; `None` if nothing in it is instrumented.
    pub fn timer_function(&self, program: &str) -> Option<TimerFunction> {
        // SAFETY: emitted libraries define the function with this type.
        unsafe { self.function::<TimerFunction>(&format!("dacec_timer_{program}")) }.ok()
    }

    /// A function by name.
    ///
    /// # Safety
    ///
    /// `F` is the type of the function in the library, and the result is not used after `self` is dropped.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> Result<F, LoadError> {
        // SAFETY: the caller promises the type.
        let found = unsafe { self.library.get::<F>(name.as_bytes()) };
        found
            .map(|symbol| *symbol)
            .map_err(|_| LoadError::NoFunction { path: self.path.clone(), function: name.to_owned() })
    }
}

/// The loader's own words, which `libloading` keeps as the source of its error.
fn loader_message(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The text that an error function returned.
///
/// # Safety
///
/// The pointer is null or points to a text that ends with zero.
pub(crate) unsafe fn message(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "not a library").unwrap();
        // SAFETY: nothing of the file runs.
        let error = unsafe { LoadedLibrary::open(file.path()) }.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("file too short") || text.contains("invalid ELF header"), "{text}");
    }

    #[test]
    fn an_empty_message_is_none() {
        // SAFETY: null, and literals that end with zero.
        unsafe {
            assert_eq!(message(std::ptr::null()), None);
            assert_eq!(message(c"".as_ptr()), None);
            assert_eq!(message(c"bad".as_ptr()).as_deref(), Some("bad"));
        }
    }
}
