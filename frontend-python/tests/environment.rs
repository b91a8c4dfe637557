//! What a running interpreter knows takes precedence over what a file's text says.

use dacec_frontend::{Captured, Diagnostic, Environment, Parameter, SourceFile};
use dacec_ir::callback::{Callback, INTERPRETER, Passed, Wanted};
use dacec_ir::{Constant, DType, Data, Expr, Sdfg};
use std::sync::Arc;

/// A vector of ten numbers.
fn vector() -> Parameter {
    Parameter::Array { dtype: DType::Float64, shape: vec![Expr::int(10)], strides: None }
}

fn lower(
    text: &str,
    captured: &[(&str, Captured)],
    parameters: &[(&str, Parameter)],
) -> Result<Sdfg, Vec<Diagnostic>> {
    let environment = Environment {
        captured: captured.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        parameters: parameters.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect(),
        ..Environment::default()
    };
    let line = text.lines().position(|line| line.trim_start().starts_with("def f(")).expect("a function") + 1;
    SourceFile::for_function("f.py", text, "f", line, &environment)?.lower("f")
}

fn lowered(text: &str, captured: &[(&str, Captured)], parameters: &[(&str, Parameter)]) -> Sdfg {
    lower(text, captured, parameters).unwrap_or_else(|all| {
        panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}

fn refusal(text: &str, captured: &[(&str, Captured)], parameters: &[(&str, Parameter)]) -> String {
    lower(text, captured, parameters).expect_err("it is refused")[0].to_string()
}

#[test]
fn a_captured_value_hides_the_one_in_the_text() {
    let text = "factor = 2\ndef f(A):\n    A[:] = A * factor\n";
    let sdfg = lowered(text, &[("factor", Captured::Float(7.5))], &[("A", vector())]);
    assert!(sdfg.to_string().contains("*7.5"), "{sdfg}");
}

#[test]
fn a_function_is_found_wherever_it_is_written() {
    let text =
        "class C:\n    def g(self):\n        if True:\n            def f(A):\n                A[:] = N\n";
    let sdfg = lowered(text, &[("N", Captured::Int(3))], &[("A", vector())]);
    assert_eq!(sdfg.arguments, ["A"]);
    let other = SourceFile::for_function("f.py", text, "f", 1, &Environment::default()).unwrap_err();
    assert_eq!(other[0].to_string(), "no function `f` begins in line 1 of this text");
}

#[test]
fn numbers_of_python_leave_the_type_of_arrays() {
    let text = "def f(A, x):\n    return A * x\n";
    let single = Parameter::Array { dtype: DType::Float32, shape: vec![Expr::int(4)], strides: None };
    let result = |x: Parameter| {
        let sdfg = lowered(text, &[], &[("A", single.clone()), ("x", x)]);
        sdfg.container("__return").map(Data::dtype)
    };
    assert_eq!(result(Parameter::PythonScalar(DType::Float64)), Some(DType::Float32));
    assert_eq!(result(Parameter::Scalar(DType::Float64)), Some(DType::Float64));
}

#[test]
fn numbers_of_numpy_decide_the_type() {
    let text = "def f(A):\n    return A * k\n";
    let single = Parameter::Array { dtype: DType::Float32, shape: vec![Expr::int(4)], strides: None };
    let k = Captured::Number(Constant::Float(2.0, DType::Float64));
    let sdfg = lowered(text, &[("k", k)], &[("A", single)]);
    assert_eq!(sdfg.container("__return").map(Data::dtype), Some(DType::Float64));
}

#[test]
fn a_known_parameter_is_no_argument_and_decides_branches() {
    let text = "def f(A, flag):\n    if flag is None:\n        return A * 2\n    return undefined\n";
    let sdfg = lowered(text, &[], &[("A", vector()), ("flag", Parameter::Constant(Captured::None))]);
    assert_eq!(sdfg.arguments, ["A"]);
}

#[test]
fn an_array_from_outside_is_an_argument_where_it_is_used() {
    let array =
        Captured::Array { argument: "__g_table".into(), dtype: DType::Float64, shape: vec![Expr::int(10)] };
    let object = Captured::Namespace([("table".to_owned(), array.clone())].into_iter().collect());
    let used = lowered("def f(A):\n    A[:] = table\n", &[("table", array.clone())], &[("A", vector())]);
    assert_eq!(used.arguments, ["A", "__g_table"]);
    let unused = lowered("def f(A):\n    A[:] = 1\n", &[("table", array)], &[("A", vector())]);
    assert_eq!(unused.arguments, ["A"]);
    let member = lowered("def f(A):\n    A[:] = it.table\n", &[("it", object)], &[("A", vector())]);
    assert_eq!(member.arguments, ["A", "__g_table"]);
}

#[test]
fn strides_are_those_that_are_given() {
    let strides = Some(vec![Expr::sym("s")]);
    let strided = Parameter::Array { dtype: DType::Float64, shape: vec![Expr::int(10)], strides };
    let sdfg = lowered("def f(A):\n    A[:] = 1\n", &[], &[("A", strided)]);
    assert_eq!(sdfg.container("A").map(Data::strides), Some(&[Expr::sym("s")][..]));
    assert_eq!(sdfg.free_symbols(), ["s"]);
}

#[test]
fn a_graph_is_called_like_a_function_of_the_file() {
    let callee = lowered(
        "def f(B, k):\n    B[:] = B * k\n",
        &[],
        &[("B", vector()), ("k", Parameter::Scalar(DType::Float64))],
    );
    let parameters = vec![("B".to_owned(), None), ("k".to_owned(), Some(Captured::Float(4.0)))];
    let program = Captured::Program { graph: Arc::new(callee), parameters };
    let sdfg = lowered("def f(A):\n    g(A)\n", &[("g", program.clone())], &[("A", vector())]);
    assert!(sdfg.to_string().contains("4.0"), "{sdfg}");
    let message = refusal("def f(A):\n    g()\n", &[("g", program)], &[("A", vector())]);
    assert_eq!(message, "the argument `B` of `f_1` is missing");
}

#[test]
fn what_cannot_be_used_is_named_where_it_is_used() {
    let file = Captured::Other("a file".to_owned());
    let message = refusal("def f(A):\n    A[:] = log\n", &[("log", file.clone())], &[("A", vector())]);
    assert_eq!(message, "the value of `log` is not known at compile time");
    lowered("def f(A):\n    A[:] = 1\n", &[("log", file)], &[("A", vector())]);
    let message = refusal("def f(A):\n    f(A)\n", &[("f", Captured::Recursive)], &[("A", vector())]);
    assert_eq!(message, "`f` calls itself");
    let message = refusal(
        "def f(A):\n    A[:] = it.x\n",
        &[("it", Captured::Namespace(Default::default()))],
        &[("A", vector())],
    );
    assert_eq!(message, "the value of `x` is not known at compile time");
}

/// A function of the interpreter that gives a number.
fn python(key: &str) -> Captured {
    let result = Some(Box::new(Parameter::PythonScalar(DType::Float64)));
    Captured::Object { key: key.to_owned(), what: format!("`{key}`"), result }
}

#[test]
fn functions_of_python_are_called_through_the_interpreter() {
    let text = "def f(A, k):\n    A[0] = read(A, 'x', k=k)\n    read(A)\n";
    let k = Parameter::Scalar(DType::Int64);
    let sdfg = lowered(text, &[("read", python("read"))], &[("A", vector()), ("k", k)]);
    assert_eq!(sdfg.arguments, ["A", "k", INTERPRETER]);
    let calls = Callback::all(&sdfg);
    assert_eq!(calls.len(), 2, "an unused result is no reason to leave a call out");
    assert_eq!((calls[0].function.as_str(), calls[0].line), ("read", 2));
    let passed =
        [Passed::Array(DType::Float64, 1), Passed::Text("x".to_owned()), Passed::PythonNumber(DType::Int64)];
    assert_eq!(calls[0].arguments[..2], passed[..2]);
    assert_eq!(calls[0].keywords, ["k"]);
    assert_eq!(calls[0].result, Wanted::Number(DType::Float64));
}

#[test]
fn helpers_that_cannot_be_compiled_are_called_through_the_interpreter() {
    let text = "def h(A):\n    yield A\ndef g(A):\n    A[0] = 1\ndef f(A):\n    g(A)\n    h(A)\n";
    let environment = Environment {
        captured: [("h".to_owned(), Captured::Function(1)), ("g".to_owned(), Captured::Function(3))]
            .into_iter()
            .collect(),
        parameters: [("A".to_owned(), vector())].into_iter().collect(),
        fallbacks: [(1, python("h")), (3, python("g"))].into_iter().collect(),
        ..Environment::default()
    };
    let file = SourceFile::for_function("f.py", text, "f", 5, &environment).unwrap();
    let lowered = file.lower_and_warn("f").unwrap();
    let calls = Callback::all(&lowered.sdfg);
    assert_eq!(calls.iter().map(|call| call.function.as_str()).collect::<Vec<_>>(), ["h"]);
    assert_eq!(calls[0].reason, "this expression cannot be compiled");
    let mut used = lowered.used_names;
    used.sort();
    assert_eq!(used, ["g", "h"]);
}

#[test]
fn calls_of_python_are_refused_where_they_would_differ() {
    let refused = |text: &str| refusal(text, &[("read", python("read"))], &[("A", vector())]);
    let parallel = "import dace\ndef f(A):\n    for i in dace.map[0:10]:\n        A[i] = read(A[i])\n";
    assert_eq!(refused(parallel), "`read` cannot be called in a parallel loop");
    let shared = "def f(A):\n    read(A, A[2:])\n";
    assert_eq!(refused(shared), "two arguments of a Python function share memory, and it might write them");
    let skipped = "def f(A):\n    if A[0] > 1 and read(A) > 2:\n        A[0] = 1\n";
    assert!(refused(skipped).contains("where it may not be evaluated"));
    let other = "def f(A):\n    read(range(3))\n";
    assert_eq!(refused(other), "a range cannot be passed to a Python function");
}

#[test]
fn objects_are_passed_by_their_members() {
    let members = vec![
        ("values".to_owned(), "p_values".to_owned(), vector()),
        ("scale".to_owned(), "p_scale".to_owned(), Parameter::Scalar(DType::Float64)),
        ("flag".to_owned(), "p_flag".to_owned(), Parameter::Constant(Captured::Bool(true))),
    ];
    let text = "def f(p):\n    if p.flag:\n        p.values[:] = p.values * p.scale\n";
    let sdfg = lowered(text, &[], &[("p", Parameter::Structure(members))]);
    assert_eq!(sdfg.arguments, ["p_values", "p_scale"]);
}

#[test]
fn a_captured_list_chooses_elements_and_a_tuple_is_one_index() {
    let text = "def f(A):\n    return A[k]\n";
    let numbers = || vec![Captured::Int(1), Captured::Int(0)];
    let square =
        || Parameter::Array { dtype: DType::Float64, shape: vec![Expr::int(3), Expr::int(3)], strides: None };
    let shape = |k: Captured| {
        let sdfg = lowered(text, &[("k", k)], &[("A", square())]);
        sdfg.container("__return").map(|data| data.shape().to_vec())
    };
    assert_eq!(shape(Captured::List(numbers())), Some(vec![Expr::int(2), Expr::int(3)]));
    assert_eq!(shape(Captured::Tuple(numbers())), Some(Vec::new()));
}
