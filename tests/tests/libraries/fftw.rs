//! The worked example of `docs/libraries.md`: one-dimensional Fourier transforms by FFTW.

use dacec::Library;
use dacec_codegen::Environment;
use dacec_ir::interp::{Tensor, Value};
use dacec_ir::library::defined::Operands;
use dacec_ir::library::{Cost, LibraryOp, Property};
use dacec_ir::node::CallArgument;
use dacec_ir::{DType, Name, State};
use dacec_runtime::Search;
use dacec_transforms::library::{Call, Expansion};
use dacec_transforms::{Refusal, Surroundings};
use num_complex::Complex64;
use std::any::Any;
use std::f64::consts::TAU;
use std::sync::Arc;

/// `_out` is the Fourier transform of the vector `_in`, with the sign of NumPy's `fft` and without a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fft;

impl LibraryOp for Fft {
    fn name(&self) -> &'static str {
        "example.Fft"
    }

    fn inputs(&self) -> Vec<Name> {
        vec!["_in".into()]
    }

    fn outputs(&self) -> Vec<Name> {
        vec!["_out".into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        Vec::new()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    /// Five operations for each element and each halving.
    fn cost(&self, operands: &Operands) -> Option<Cost> {
        Some(Cost::new(operands, operands.elements("_in") * (5 * Cost::LOGARITHM)))
    }

    /// The definition, for the interpreter and as what implementations are compared with.
    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        let ([input], [output]) = (inputs, outputs) else {
            return Err("takes one operand and gives one result".into());
        };
        let n = input.len();
        for k in 0..n {
            let term =
                |j: usize| input.get(j).to_complex() * Complex64::cis(-TAU * ((j * k) % n) as f64 / n as f64);
            output.set(k, Value::complex((0..n).map(term).sum(), DType::Complex128));
        }
        Ok(())
    }
}

/// A call of FFTW. **Requires** vectors of `complex128`.
#[derive(Debug)]
struct Fftw;

impl Expansion for Fftw {
    fn op(&self) -> &'static str {
        "example.Fft"
    }

    fn name(&self) -> &'static str {
        "fftw"
    }

    fn summary(&self) -> &'static str {
        "A call of FFTW"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let (input, output) = (call.input("_in"), call.output("_out"));
        if [input, output].iter().any(|it| it.rank() != 1 || it.dtype != DType::Complex128) {
            return Err(Refusal::unproved("FFTW takes vectors of complex128"));
        }
        Ok(())
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let (input, output) = (call.input("_in"), call.output("_out"));
        let arguments = vec![
            CallArgument::Int(input.shape[0].clone()),
            CallArgument::Pointer("_in".into()),
            CallArgument::Int(input.strides[0].clone()),
            CallArgument::Pointer("_out".into()),
            CallArgument::Int(output.strides[0].clone()),
        ];
        call.by_routine(state, "example_fft", arguments);
    }
}

/// What emitted code calls. FFTW's sizes are `int`; its planner is not safe for threads, its plans are.
const CODE: &str = r#"
extern "C" void *fftw_plan_many_dft(int, const int *, int, void *, const int *, int, int,
                                    void *, const int *, int, int, int, unsigned);
extern "C" void fftw_execute(const void *);
extern "C" void fftw_destroy_plan(void *);

static int32_t example_fft(int64_t n, const void *in, int64_t in_stride, void *out, int64_t out_stride) {
    const int64_t most = 2147483647;
    if (n > most || in_stride > most || out_stride > most)
        return 1;
    if (n == 0)
        return 0;
    const int size = (int)n, forward = -1;
    const unsigned estimate = 1u << 6;
    void *plan;
    #pragma omp critical(example_fftw)
    plan = fftw_plan_many_dft(1, &size, 1, const_cast<void *>(in), nullptr, (int)in_stride, 0,
                              out, nullptr, (int)out_stride, 0, forward, estimate);
    if (plan == nullptr)
        return 2;
    fftw_execute(plan);
    #pragma omp critical(example_fftw)
    fftw_destroy_plan(plan);
    return 0;
}
"#;

/// FFTW, for [`dacec::Compiler::with_library`].
pub(crate) fn library() -> Library {
    Library {
        environment: Environment {
            code: CODE.into(),
            routines: vec!["example_fft".into()],
            ..Environment::new("fftw")
        },
        search: Some(Search {
            files: vec!["libfftw3.so".into(), "libfftw3.so.3".into()],
            variable: Some("DACEC_FFTW".into()),
            folders: Vec::new(),
        }),
        expansions: vec![Arc::new(Fftw)],
    }
}
