//! A corpus: programs, their arguments, and NumPy's results, as `tests/conformance/corpus.py` writes them.

use dacec_ir::interp::{Element as Elem, Tensor};
use dacec_ir::{DType, IndexMap};
use dacec_runtime::ArrayBuf;
use dacec_runtime::npy::read_archive;
use dacec_tests::{python, root, run, scratch};
use serde_json::Value as Json;
use tempfile::TempDir;

/// Programs with what they are called with, and what NumPy makes of it.
pub(crate) struct Corpus {
    folder: TempDir,
    /// The programs, those of a file together.
    pub(crate) cases: Vec<Case>,
}

/// One program.
pub(crate) struct Case {
    /// Its text and arguments in one line.
    pub(crate) name: String,
    /// The annotated function.
    pub(crate) function: String,
    /// The file of the corpus that it is in.
    pub(crate) file: String,
    /// Values of symbols.
    pub(crate) symbols: Vec<(String, i64)>,
    /// Number arguments: real and imaginary part.
    pub(crate) numbers: Vec<(String, [f64; 2])>,
    /// Array arguments.
    pub(crate) arrays: Vec<(String, Tensor)>,
    /// Arrays as the program leaves them, and results; or why NumPy refuses.
    pub(crate) expected: Result<Vec<(String, Tensor)>, String>,
    /// Whether floating-point operations must be exactly those that are written.
    pub(crate) strict: bool,
    /// How far floats may be off, relative to the largest of the array; `None` for what their type allows.
    pub(crate) tolerance: Option<f64>,
    /// What the tolerance is relative to if the largest of the array is less.
    pub(crate) least: f64,
}

impl Corpus {
    /// The programs of the tables; `None`, said aloud, without a Python that has NumPy.
    pub(crate) fn of_tables() -> Option<Self> {
        Corpus::written(&[])
    }

    /// A corpus whose files are in a folder.
    pub(crate) fn new(folder: TempDir, cases: Vec<Case>) -> Self {
        Corpus { folder, cases }
    }

    /// So many random programs; `None`, said aloud, without a Python that has NumPy.
    pub(crate) fn random(seed: usize, count: usize) -> Option<Self> {
        Corpus::written(&["--random", &count.to_string(), "--seed", &seed.to_string()])
    }

    fn written(options: &[&str]) -> Option<Self> {
        let folder = scratch();
        let mut python = python()?;
        python.arg(root().join("tests/conformance/corpus.py")).arg("--output").arg(folder.path());
        run(python.args(options)).success();
        let text = std::fs::read_to_string(folder.path().join("cases.json")).expect("it was written");
        let described: Vec<Json> = serde_json::from_str(&text).expect("it is a list");
        let archive = |name: &str| read_archive(&folder.path().join(name)).expect("it was written");
        let (inputs, expected) = (archive("inputs.npz"), archive("expected.npz"));
        let cases = described.iter().map(|entry| Case::described(entry, &inputs, &expected)).collect();
        Some(Corpus { folder, cases })
    }

    /// The text of a file of the corpus.
    pub(crate) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).expect("it was written")
    }
}

impl Case {
    fn described(
        entry: &Json,
        inputs: &IndexMap<String, ArrayBuf>,
        expected: &IndexMap<String, ArrayBuf>,
    ) -> Self {
        let text = |key: &str| entry[key].as_str().expect("a text").to_owned();
        let function = text("function");
        let tensors = |key: &str, archive: &IndexMap<String, ArrayBuf>| {
            let names = entry[key].as_array().expect("a list").iter();
            let names = names.map(|name| name.as_str().expect("a name").to_owned());
            names.map(|name| (name.clone(), tensor(&archive[&format!("{function}.{name}")]))).collect()
        };
        let number = |value: &Json, part: usize| {
            let text = value[part].as_str().expect("a number as text");
            text.parse().expect("a number")
        };
        let object = |key: &str| entry[key].as_object().expect("an object").iter();
        Case {
            name: text("name"),
            file: text("file"),
            symbols: object("symbols")
                .map(|(name, value)| (name.clone(), value.as_i64().expect("an integer")))
                .collect(),
            numbers: object("numbers")
                .map(|(name, value)| (name.clone(), [number(value, 0), number(value, 1)]))
                .collect(),
            arrays: tensors("arrays", inputs),
            expected: match entry["raises"].as_str() {
                Some(error) => Err(error.to_owned()),
                None => Ok(tensors("results", expected)),
            },
            strict: entry["strict"] == true,
            tolerance: entry["tolerance"].as_f64(),
            least: entry["least"].as_f64().unwrap_or_default(),
            function,
        }
    }
}

/// The same elements, for the interpreter.
pub(crate) fn tensor(array: &ArrayBuf) -> Tensor {
    fn of<T: Elem + dacec_runtime::array::Element>(array: &ArrayBuf) -> Tensor {
        let elements = array.as_slice::<T>().expect("the type was asked for").to_vec();
        Tensor::new(array.shape(), elements).expect("as many elements as the shape says")
    }
    with_type!(array.dtype(), of(array))
}

/// The same elements, for a compiled program.
pub(crate) fn buffer(tensor: &Tensor) -> ArrayBuf {
    fn of<T: Elem + dacec_runtime::array::Element>(tensor: &Tensor) -> ArrayBuf {
        let elements = tensor.as_slice::<T>().expect("the type was asked for");
        ArrayBuf::from_slice(tensor.shape(), elements).expect("small arrays fit into memory")
    }
    with_type!(tensor.dtype(), of(tensor))
}

/// Calls a generic function for the Rust type of an element type.
macro_rules! with_type {
    ($dtype:expr, $function:ident($argument:expr)) => {
        match $dtype {
            DType::Bool => $function::<bool>($argument),
            DType::Int8 => $function::<i8>($argument),
            DType::Int16 => $function::<i16>($argument),
            DType::Int32 => $function::<i32>($argument),
            DType::Int64 => $function::<i64>($argument),
            DType::UInt8 => $function::<u8>($argument),
            DType::UInt16 => $function::<u16>($argument),
            DType::UInt32 => $function::<u32>($argument),
            DType::UInt64 => $function::<u64>($argument),
            DType::Float16 => $function::<half::f16>($argument),
            DType::BFloat16 => $function::<half::bf16>($argument),
            DType::Float32 => $function::<f32>($argument),
            DType::Float64 => $function::<f64>($argument),
            DType::Complex64 => $function::<num_complex::Complex32>($argument),
            DType::Complex128 => $function::<num_complex::Complex64>($argument),
            DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => unreachable!("NumPy has numbers"),
        }
    };
}
use with_type;
