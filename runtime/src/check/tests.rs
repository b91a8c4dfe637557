use super::*;
use crate::{array::ArrayBuf, scalar::ScalarValue};
use dacec_ir::DType;
use miette::Diagnostic;
use ndarray::{Array1, Array2, s};

fn n() -> Expr {
    Expr::sym("N")
}

fn k() -> Expr {
    Expr::sym("K")
}

/// `f(a: float64, A: float64[N, K], x: float64[K], y: float64[N]) -> float64[N, 2*K]`, writing `y`.
fn checker() -> Checker {
    Checker::new(Signature {
        name: "f".into(),
        arguments: vec![
            Argument::scalar("a", DType::Float64),
            Argument::input("A", DType::Float64, [n(), k()]),
            Argument::input("x", DType::Float64, [k()]),
            Argument::in_out("y", DType::Float64, [n()]),
        ],
        returns: vec![Argument::output("__return", DType::Float64, [n(), k() * 2])],
        symbols: vec!["K".into(), "N".into()],
    })
}

struct Data {
    matrix: Array2<f64>,
    x: Array1<f64>,
    y: Array1<f64>,
}

impl Data {
    fn new() -> Data {
        Data { matrix: Array2::zeros((4, 3)), x: Array1::zeros(3), y: Array1::zeros(4) }
    }

    fn arguments(&mut self) -> Arguments<'_> {
        Arguments::default()
            .scalar("a", 1)
            .array("A", &self.matrix)
            .array("x", &self.x)
            .array("y", &mut self.y)
    }
}

/// The message and the help of a refused call.
fn refusal(checker: &Checker, arguments: Arguments<'_>) -> (String, String) {
    let error = checker.check(&arguments).unwrap_err();
    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
    assert!(error.code().is_some() && !help.is_empty(), "{error}");
    (error.to_string(), help)
}

fn message(arguments: Arguments<'_>) -> String {
    refusal(&checker(), arguments).0
}

#[test]
fn symbols_and_result_shapes_follow_from_the_arguments() {
    let mut data = Data::new();
    let bound = checker().check(&data.arguments()).unwrap();
    assert_eq!(bound.symbols[..], [3, 4]);
    assert_eq!(bound.returns[0][..], [4, 6]);
    assert_eq!(bound.scalars[0], ScalarValue::Float(1.0).to_bytes(DType::Float64).unwrap());
}

#[test]
fn names_must_be_known_and_complete() {
    let mut data = Data::new();
    let mut without = Arguments::default().scalar("a", 1).array("A", &data.matrix);
    without.insert("y", Value::Array((&mut data.y).into()));
    assert_eq!(message(without), "the argument `x` is missing; it is float64[K]");
    let mut data = Data::new();
    let (text, help) = refusal(&checker(), data.arguments().scalar("B", 1));
    assert_eq!(text, "`f` has no argument `B`");
    assert_eq!(help, "its arguments and symbols are a, A, x, y, K, N");
    let long = Checker::new(Signature {
        name: "f".into(),
        arguments: vec![Argument::scalar("alpha", DType::Float64)],
        returns: Vec::new(),
        symbols: Vec::new(),
    });
    assert_eq!(refusal(&long, Arguments::default().scalar("alhpa", 1)).1, "did you mean `alpha`?");
}

#[test]
fn kinds_and_types_must_be_right() {
    let mut data = Data::new();
    let text = message(data.arguments().scalar("x", 2.5));
    assert_eq!(text, "`x` is float64[K], but the value 2.5 was passed");
    let single = Array1::<f64>::zeros(1);
    let text = message(data.arguments().array("a", &single));
    assert_eq!(text, "`a` is float64, but an array of shape [1] was passed");
    let wrong = Array1::<f32>::zeros(3);
    let (text, help) = refusal(&checker(), data.arguments().array("x", &wrong));
    assert_eq!(text, "`x` is an array of float64, but one of float32 was passed");
    assert_eq!(help, "convert it first; in NumPy: `x.astype(np.float64)`");
    let text =
        message(data.arguments().scalar("a", ScalarValue::Complex(num_complex::Complex64::new(0.0, 1.0))));
    assert_eq!(text, "`a`: 0.0+1.0j is not a value of float64");
}

#[test]
fn shapes_must_agree() {
    let mut data = Data::new();
    data.y = Array1::zeros(5);
    let text = message(data.arguments());
    assert_eq!(text, "`y` has extent 5 along dimension 0, but must have 4 there (N = 4 from `A`)");
    let mut data = Data::new();
    let text = message(data.arguments().scalar("N", 6));
    assert_eq!(text, "`A` has extent 4 along dimension 0, but must have 6 there (N = 6 as passed)");
    let flat = Array1::<f64>::zeros(12);
    let text = message(data.arguments().array("A", &flat));
    assert_eq!(text, "`A` is float64[N, K], but an array of shape [12] was passed");
    let square = Array2::<f64>::zeros((3, 3));
    let text = message(data.arguments().array("x", &square));
    assert_eq!(text, "`x` is float64[K], but an array of shape [3, 3] was passed");
}

#[test]
fn column_vectors_are_vectors() {
    let mut data = Data::new();
    let column = Array2::<f64>::zeros((3, 1));
    let arguments = data.arguments().array("x", &column);
    assert_eq!(checker().check(&arguments).unwrap().symbols[..], [3, 4]);
    // A column of a matrix is one too, but its elements are apart.
    let matrix = Array2::<f64>::zeros((3, 5));
    let (text, help) = refusal(&checker(), data.arguments().array("x", matrix.slice(s![.., 1..2])));
    assert_eq!(text, "`x` has stride 5 along dimension 0, but the program was compiled for 1");
    assert!(help.contains("np.ascontiguousarray(x)"), "{help}");
}

#[test]
fn elements_must_lie_as_compiled() {
    let mut data = Data::new();
    let matrix = Array2::<f64>::zeros((3, 4));
    let text = message(data.arguments().array("A", matrix.t()));
    assert_eq!(text, "`A` has stride 4 along dimension 1, but the program was compiled for 1");
    let wide = Array2::<f64>::zeros((4, 6));
    let text = message(data.arguments().array("A", wide.slice(s![.., ..3])));
    assert_eq!(text, "`A` has stride 6 along dimension 0, but the program was compiled for 3");
    // Along a dimension of extent one nobody steps, and without elements nobody looks.
    let row = Array2::<f64>::zeros((6, 3));
    let (x, mut y) = (Array1::<f64>::zeros(3), Array1::<f64>::zeros(1));
    let one = Arguments::default()
        .scalar("a", 1)
        .array("A", row.slice(s![..1;3, ..]))
        .array("x", &x)
        .array("y", &mut y);
    checker().check(&one).unwrap();
    let (x, mut y) = (Array1::<f64>::zeros(0), Array1::<f64>::zeros(4));
    let none = Arguments::default()
        .scalar("a", 1)
        .array("A", wide.slice(s![.., ..0]))
        .array("x", &x)
        .array("y", &mut y);
    assert_eq!(checker().check(&none).unwrap().returns[0][..], [4, 0]);
}

#[test]
fn declared_strides_are_solved_and_checked() {
    let mut argument = Argument::input("A", DType::Int32, [n(), Expr::int(4)]);
    let ArgumentKind::Array(array) = &mut argument.kind else { unreachable!("an input is an array") };
    array.strides = Some(vec![Expr::sym("S"), Expr::int(1)]);
    let checker = Checker::new(Signature {
        name: "f".into(),
        arguments: vec![argument],
        returns: Vec::new(),
        symbols: vec!["N".into(), "S".into()],
    });
    let wide = Array2::<i32>::zeros((5, 9));
    let bound = checker.check(&Arguments::default().array("A", wide.slice(s![.., ..4]))).unwrap();
    assert_eq!(bound.symbols[..], [5, 9]);
    let text = refusal(&checker, Arguments::default().array("A", wide.slice(s![.., ..8;2]))).0;
    assert_eq!(text, "`A` has stride 2 along dimension 1, but the program was compiled for 1");
}

#[test]
fn linear_extents_are_solved() {
    let checker = |shape: Vec<Expr>| {
        Checker::new(Signature {
            name: "f".into(),
            arguments: vec![Argument::input("A", DType::Bool, shape)],
            returns: Vec::new(),
            symbols: vec!["K".into(), "N".into()],
        })
    };
    let bools = Array2::from_elem((7, 10), false);
    let solved = |shape| {
        checker(shape).check(&Arguments::default().array("A", &bools)).map(|bound| bound.symbols.to_vec())
    };
    assert_eq!(solved(vec![n() + 1, k() * 2]), Ok(vec![5, 6]));
    assert_eq!(solved(vec![n(), n() + k()]), Ok(vec![3, 7]));
    assert_eq!(solved(vec![n() + k(), k()]), Ok(vec![10, -3]));
    let odd = solved(vec![k() * 2, n()]).unwrap_err().to_string();
    assert_eq!(odd, "`A` has extent 7 along dimension 0, but must have 6 there (K = 3 from `A`)");
    let unknown = solved(vec![&n() * &k(), Expr::int(10)]).unwrap_err().to_string();
    assert_eq!(unknown, "the value of the symbol `K` does not follow from the shapes of the arguments");
    let arguments = Arguments::default().array("A", &bools).scalar("K", 7);
    assert_eq!(checker(vec![&n() * &k(), Expr::int(10)]).check(&arguments).unwrap().symbols[..], [7, 1]);
}

#[test]
fn integer_arguments_can_be_sizes() {
    let checker = Checker::new(Signature {
        name: "f".into(),
        arguments: vec![
            Argument::scalar("count", DType::Int32),
            Argument::input("A", DType::Int8, [Expr::sym("count")]),
        ],
        returns: vec![Argument::output("__return", DType::Int8, [Expr::sym("count") - 5])],
        symbols: Vec::new(),
    });
    let array = Array1::<i8>::zeros(8);
    let bound = checker.check(&Arguments::default().array("A", &array).scalar("count", 8)).unwrap();
    assert_eq!((bound.symbols.len(), &bound.returns[0][..]), (0, &[3][..]));
    let text = refusal(&checker, Arguments::default().array("A", &array).scalar("count", 9)).0;
    assert_eq!(text, "`A` has extent 8 along dimension 0, but must have 9 there (count = 9 as passed)");
    let small = Array1::<i8>::zeros(2);
    let text = refusal(&checker, Arguments::default().array("A", &small).scalar("count", 2)).0;
    assert_eq!(text, "dimension 0 of `__return` has extent count - 5, which is -3: negative");
}

#[test]
fn sizes_without_a_value_are_refused() {
    let checker = Checker::new(Signature {
        name: "f".into(),
        arguments: vec![Argument::input("A", DType::Int8, [n()])],
        returns: vec![Argument::output("__return", DType::Int8, [Expr::int(10).floor_div(&n())])],
        symbols: vec!["N".into()],
    });
    let empty = Array1::<i8>::zeros(0);
    let text = refusal(&checker, Arguments::default().array("A", &empty)).0;
    assert!(text.starts_with("the extent 10//N has no value: division by zero"), "{text}");
}

#[test]
fn written_arrays_share_nothing() {
    let data = Data::new();
    let mut memory = Array1::<f64>::zeros(7);
    let (x, y) = memory.view_mut().split_at(ndarray::Axis(0), 3);
    let beside = Arguments::default().scalar("a", 1).array("A", &data.matrix).array("x", x).array("y", y);
    checker().check(&beside).unwrap();
    let start = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: the memory lives as long as the descriptions; nothing is accessed through them.
    let part = |offset: usize, length, writable| unsafe {
        ArrayRef::from_raw_parts(start.add(8 * offset), DType::Float64, &[length], &[1], writable)
    };
    let mut overlapping = Arguments::default().scalar("a", 1).array("A", &data.matrix);
    overlapping.insert("x", Value::Array(part(3, 3, false)));
    overlapping.insert("y", Value::Array(part(0, 4, true)));
    let text = message(overlapping);
    assert_eq!(text, "`y`, which the program writes, shares memory with `x`");
    // What is only read may be the same.
    let square = Array2::<f64>::zeros((3, 3));
    let mut y = Array1::<f64>::zeros(3);
    let row = square.slice(s![1, ..]);
    let reads = Arguments::default().scalar("a", 1).array("A", &square).array("x", row).array("y", &mut y);
    checker().check(&reads).unwrap();
}

#[test]
fn arrays_without_elements_share_nothing() {
    let memory = Array1::<f64>::zeros(4);
    let start = memory.as_ptr().cast_mut().cast::<u8>();
    // SAFETY: one part has no elements; nothing is accessed.
    let part = |offset: usize, shape: &[usize], strides: &[isize], writable| unsafe {
        ArrayRef::from_raw_parts(start.add(8 * offset), DType::Float64, shape, strides, writable)
    };
    let arguments = Arguments::default()
        .scalar("a", 1)
        .array("A", part(2, &[4, 0], &[0, 1], false))
        .array("x", part(2, &[0], &[1], false))
        .array("y", part(0, &[4], &[1], true));
    checker().check(&arguments).unwrap();
}

#[test]
fn a_written_array_has_one_index_for_each_element() {
    for (shape, strides, distinct) in [
        (&[4, 3][..], &[3, 1][..], true),
        (&[4, 3], &[1, 4], true),
        (&[4, 3], &[-6, 2], true),
        (&[4, 3], &[0, 1], false),
        (&[4, 3], &[2, 1], false),
        (&[1, 3], &[0, 1], true),
        (&[2, 2, 2], &[1, 1, 8], false),
        (&[], &[], true),
    ] {
        assert_eq!(elements_are_distinct(shape, strides), distinct, "{shape:?} {strides:?}");
    }
    let mut argument = Argument::output("A", DType::Int32, [n()]);
    let ArgumentKind::Array(array) = &mut argument.kind else { unreachable!("an output is an array") };
    array.strides = Some(vec![Expr::sym("S")]);
    let checker = Checker::new(Signature {
        name: "f".into(),
        arguments: vec![argument],
        returns: Vec::new(),
        symbols: vec!["N".into(), "S".into()],
    });
    let mut element = 0i32;
    // SAFETY: all indices lead to the one element.
    let broadcast =
        unsafe { ArrayRef::from_raw_parts((&raw mut element).cast(), DType::Int32, &[5], &[0], true) };
    let text = refusal(&checker, Arguments::default().array("A", broadcast)).0;
    assert_eq!(text, "`A`, which the program writes, has several indices for the same element");
}

#[test]
fn read_only_and_misaligned_arrays_are_refused() {
    let mut data = Data::new();
    let y = ArrayBuf::zeroed(DType::Float64, &[4]).unwrap();
    assert_eq!(message(data.arguments().array("y", &y)), "`y` is read-only, but the program writes to it");
    let bytes = [0u64; 5];
    let odd = bytes.as_ptr().cast::<u8>().wrapping_add(4).cast_mut();
    // SAFETY: inside the array; nothing is accessed.
    let odd = unsafe { ArrayRef::from_raw_parts(odd, DType::Float64, &[3], &[1], false) };
    assert_eq!(
        message(data.arguments().array("x", odd)),
        "`x` does not start at an address that float64 can have (a multiple of 8)"
    );
    // SAFETY: nothing is accessed.
    let null = unsafe { ArrayRef::from_raw_parts(std::ptr::null_mut(), DType::Float64, &[3], &[1], false) };
    assert_eq!(message(data.arguments().array("x", null)), "`x` is a null pointer");
}
