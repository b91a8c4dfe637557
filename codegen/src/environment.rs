//! What emitted code needs of a library: headers, declarations, and what has to happen before and after.

use dacec_ir::Name;

/// A library as emitted code sees it.
///
/// Its routines are C or C++ functions that [external calls](dacec_ir::node::ExternalCall) name. They take the call's
/// arguments in order: sizes as `int64_t`, numbers as their types, data as pointers to the first element. They return an
/// `int32_t`, which is 0 if all went well; another ends the program with an error that names the source line. Maps call
/// them from several threads at once.
///
/// ```
/// let environment = dacec_codegen::Environment {
///     headers: vec!["fftw3.h".into()],
///     routines: vec!["fftw_forward".into()],
///     code: "static int32_t fftw_forward(int64_t n, const double *in, double *out) { /* … */ return 0; }".into(),
///     ..dacec_codegen::Environment::new("fftw")
/// };
/// assert!(environment.provides("fftw_forward"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// What people call it: letters, digits and underscores.
    pub name: String,
    /// Headers that the code includes, without brackets.
    pub headers: Vec<String>,
    /// Declarations, or short functions around those of the library, at the top level of the C++ file.
    pub code: String,
    /// Names of the routines that programs can call.
    pub routines: Vec<Name>,
    /// Statements that run when a compiled program is loaded, such as `fftw_init_threads();`.
    pub init: String,
    /// Statements that run when it is unloaded, or the process ends.
    pub exit: String,
}

impl Environment {
    /// An environment without anything.
    pub fn new(name: &str) -> Self {
        Environment { name: name.to_owned(), ..Environment::default() }
    }

    /// Whether it has a routine.
    pub fn provides(&self, routine: &str) -> bool {
        self.routines.iter().any(|it| it == routine)
    }
}
