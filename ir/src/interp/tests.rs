//! Whole SDFGs: what each construct means.

use super::testing::{assert_same, random_arguments};
use super::*;
use crate::text::generate::small_sdfgs;
use crate::{BinaryOp, DType, text};
use proptest::prelude::*;

fn parsed(text: &str) -> Sdfg {
    let sdfg = text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let violations = crate::validate::validate(&sdfg).err().unwrap_or_default();
    assert!(violations.is_empty(), "{violations:#?}");
    sdfg
}

fn doubles(values: &[f64]) -> Tensor {
    Tensor::vector(values.to_vec())
}

/// What the SDFG leaves in `result`, whatever the order of what is not ordered.
#[track_caller]
fn result_of(sdfg: &Sdfg, arguments: &[(&str, Tensor)], result: &str) -> Tensor {
    let [forward, backward] = [Order::Forward, Order::Backward].map(|order| {
        let mut values = named(arguments);
        run_with(sdfg, &mut values, &[], &Options { order, ..Options::thorough() })
            .unwrap_or_else(|error| panic!("{error}"));
        values
    });
    assert_eq!(forward, backward);
    forward[result].clone()
}

fn named(arguments: &[(&str, Tensor)]) -> Arguments {
    arguments.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

#[track_caller]
fn fault_of(sdfg: &Sdfg, arguments: &[(&str, Tensor)], options: &Options) -> String {
    let mut arguments = named(arguments);
    match run_with(sdfg, &mut arguments, &[], options) {
        Ok(()) => panic!("no fault"),
        Err(error) => error.to_string(),
    }
}

/// `y[i] = value of x[at]` in a map over `y`.
fn gather(at: &str, code: &str) -> Sdfg {
    parsed(&format!(
        "sdfg f(x, y) {{ symbol N: int64\n symbol M: int64\n data x: float64[M]\n data y: float64[N]\n state s {{\n\
         n0 = access x\n n0 -> n1.IN_x: x[0:M]\n n1 = map m(i in 0:N) {{\n n1.OUT_x -> n2.a: x[{at}]\n\
         n2 = tasklet t(a: float64) -> (o: float64) {{ o = {code} }}\n n2.o -> n3.IN_y: y[i]\n}} n3\n\
         n3.OUT_y -> n4: y[0:N]\n n4 = access y\n}} }}"
    ))
}

#[test]
fn a_map_computes_every_element() {
    let sdfg = gather("i", "a*a + float64($i)");
    let arguments = [("x", doubles(&[1.0, 2.0, 3.0])), ("y", doubles(&[0.0; 3]))];
    assert_eq!(result_of(&sdfg, &arguments, "y"), doubles(&[1.0, 5.0, 11.0]));
}

#[test]
fn an_access_outside_tells_its_place() {
    let arguments = [("x", doubles(&[1.0, 2.0])), ("y", doubles(&[0.0; 3]))];
    assert_eq!(
        fault_of(&gather("i", "a"), &arguments, &Options::default()),
        "`x` has no element [2] here: the shape is [2] in tasklet `t` (n2), i = 2, map `m` (n1), state `s`, `f`"
    );
}

#[test]
fn arguments_are_checked() {
    let sdfg = gather("i", "a");
    let fault = |arguments: &[(&str, Tensor)]| fault_of(&sdfg, arguments, &Options::default());
    let x = || ("x", doubles(&[1.0]));
    assert!(fault(&[x()]).starts_with("the symbol `N` has no value"));
    assert!(fault(&[x(), ("y", doubles(&[1.0])), ("z", doubles(&[1.0]))]).contains("has no argument `z`"));
    assert!(fault(&[x(), ("y", Tensor::vector(vec![1_i32]))]).contains("is declared as float64[1]"));
    assert!(
        fault(&[x(), ("y", Tensor::zeros(DType::Float64, &[1, 1]))])
            .contains("the argument is float64[1, 1]")
    );
}

#[test]
fn copies_correspond_in_c_order() {
    let sdfg = parsed(
        "sdfg f(x, y) { data x: float64[2, 3]\n data y: float64[7]\n state s {\n n0 = access x\n n1 = access y\n\
         n0 -> n1: x[1:-1:-1, 0:3:2] to [1:5]\n } }",
    );
    let x = Tensor::new(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).expect("six numbers");
    let arguments = [("x", x), ("y", doubles(&[0.0; 7]))];
    assert_eq!(result_of(&sdfg, &arguments, "y"), doubles(&[0.0, 4.0, 6.0, 1.0, 3.0, 0.0, 0.0]));
}

#[test]
fn an_overlapping_copy_reads_first() {
    let sdfg = parsed(
        "sdfg f(x) { data x: float64[4]\n state s {\n n0 = access x\n n1 = access x\n n0 -> n1: x[0:3] to [1:4]\n } }",
    );
    let mut arguments = Arguments::from_iter([("x".into(), doubles(&[1.0, 2.0, 3.0, 4.0]))]);
    run(&sdfg, &mut arguments, &[]).expect("a valid program");
    assert_eq!(arguments["x"], doubles(&[1.0, 1.0, 2.0, 3.0]));
}

#[test]
fn strided_arguments_are_dense_outside() {
    let sdfg = parsed(
        "sdfg f(x, y) { data x: float64[2, 2] strides [1, 2]\n data y: float64[2, 2]\n state s {\n n0 = access x\n\
         n1 = access y\n n0 -> n1: x[0:2, 0:2]\n } }",
    );
    let x = Tensor::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]).expect("four numbers");
    let arguments = [("x", x.clone()), ("y", Tensor::zeros(DType::Float64, &[2, 2]))];
    assert_eq!(result_of(&sdfg, &arguments, "y"), x);
}

const SUM: &str = "sdfg f(x) -> (r) { symbol N: int64\n data x: int32[N]\n data r: int32\n state zero {\n\
    n0 = tasklet z() -> (o: int32) { o = 0i32 }\n n0.o -> n1: r\n n1 = access r\n }\n state s {\n\
    n0 = access x\n n0 -> n1.IN_x: x[0:N]\n n1 = map m(i in 0:N) {\n n1.OUT_x -> n2.a: x[i]\n\
    n2 = tasklet t(a: int32) -> (o: int32) { o = a }\n n2.o -> n3.IN_r: r wcr sum\n } n3\n\
    n3.OUT_r -> n4: r wcr sum\n n4 = access r\n } }";

#[test]
fn writes_combine() {
    let sdfg = parsed(SUM);
    let arguments = [("x", Tensor::vector(vec![3_i32, 4, 5]))];
    assert_eq!(result_of(&sdfg, &arguments, "r"), Tensor::scalar(12_i32));
}

#[test]
fn combining_with_nothing_is_found() {
    let sdfg = text::parse(
        &SUM.replace("n0.o -> n1: r\n n1 = access r", "n0.o -> n1: u\n n1 = access u")
            .replace("data r:", "transient u: int32\n data r:"),
    );
    let arguments = [("x", Tensor::vector(vec![3_i32]))];
    let fault = fault_of(&sdfg.expect("a text"), &arguments, &Options::default());
    assert!(fault.starts_with("`r` is read before it is written"), "{fault}");
}

#[test]
fn unwritten_memory_may_be_copied_but_not_used() {
    let text = "sdfg f(y) -> (r) { data y: float64\n data r: float64[2]\n transient t: float64[2]\n state s {\n\
        n0 = access y\n n1 = access t\n n2 = access r\n n0 -> n1: y to [0]\n n1 -> n2: t[0:2]\n } }";
    let arguments = [("y", Tensor::scalar(7.0))];
    assert_eq!(result_of(&parsed(text), &arguments, "r"), doubles(&[7.0, 0.0]));
    let used = text
        .replace(
            "n2 = access r\n",
            "n2 = access r\n n3 = tasklet t(a: float64) -> (o: float64) { o = a + 1.0 }\n",
        )
        .replace("n1 -> n2: t[0:2]", "n1 -> n3.a: t[1]\n n3.o -> n2: r[1]");
    let fault = fault_of(&parsed(&used), &arguments, &Options::default());
    assert!(fault.starts_with("`t` is read before it is written, at element 1"), "{fault}");
    let zeros = Options { uninitialized: false, ..Options::default() };
    let mut values = Arguments::from_iter([("y".into(), Tensor::scalar(7.0))]);
    run_with(&parsed(&used), &mut values, &[], &zeros).expect("unwritten memory is zero");
    assert_eq!(values["r"], doubles(&[0.0, 1.0]));
}

#[test]
fn races_are_found_whatever_the_order() {
    // Iteration i reads what iteration i + 1 writes.
    let sdfg = parsed(
        "sdfg f(x) { symbol N: int64\n data x: float64[N]\n state s {\n n0 = access x\n n0 -> n1.IN_x: x[1:N]\n\
         n1 = map m(i in 0:N - 1) {\n n1.OUT_x -> n2.a: x[i + 1]\n\
         n2 = tasklet t(a: float64) -> (o: float64) { o = a }\n n2.o -> n3.IN_x: x[i]\n } n3\n\
         n3.OUT_x -> n4: x[0:N - 1]\n n4 = access x\n } }",
    );
    for order in [Order::Forward, Order::Backward] {
        let fault =
            fault_of(&sdfg, &[("x", doubles(&[1.0, 2.0, 3.0]))], &Options { order, ..Options::thorough() });
        assert!(fault.starts_with("iterations of map `m`") && fault.contains("of `x`"), "{fault}");
    }
    let mut arguments = Arguments::from_iter([("x".into(), doubles(&[1.0, 2.0, 3.0]))]);
    run(&sdfg, &mut arguments, &[]).expect("no one looks for races");
}

#[test]
fn a_transient_in_a_map_belongs_to_the_iteration() {
    let sdfg = parsed(
        "sdfg f(x) { symbol N: int64\n data x: float64[N]\n transient t: float64\n state s {\n n0 = access x\n\
         n0 -> n1.IN_x: x[0:N]\n n1 = map m(i in 0:N) {\n n1.OUT_x -> n2: x[i]\n n2 = access t\n n2 -> n3.a: t\n\
         n3 = tasklet t(a: float64) -> (o: float64) { o = 2.0*a }\n n3.o -> n4.IN_x: x[i]\n } n4\n\
         n4.OUT_x -> n5: x[0:N]\n n5 = access x\n } }",
    );
    let mut arguments = Arguments::from_iter([("x".into(), doubles(&[1.0, 2.0, 3.0]))]);
    run_with(&sdfg, &mut arguments, &[], &Options::thorough())
        .expect("no race: each iteration has its own `t`");
    assert_eq!(arguments["x"], doubles(&[2.0, 4.0, 6.0]));
}

#[test]
fn loops_and_conditions_follow_the_data() {
    // Collatz: the number of steps from n to 1.
    let sdfg = parsed(
        "sdfg f(n) -> (steps) { symbol k: int64\n symbol c: int64\n data n: int64\n data steps: int64\n\
         assign k = n, c = 0\n loop l while $k > 1 {\n if $(k % 2) == 0 {\n assign k = $(k//2)\n } else {\n\
         assign k = $(3*k + 1)\n }\n assign c = $(c + 1)\n if $c > 1000 {\n break\n }\n }\n state s {\n\
         n0 = tasklet t() -> (o: int64) { o = $c }\n n0.o -> n1: steps\n n1 = access steps\n } }",
    );
    assert_eq!(result_of(&sdfg, &[("n", Tensor::scalar(27_i64))], "steps"), Tensor::scalar(111_i64));
}

#[test]
fn a_transient_may_change_its_shape_in_a_loop() {
    // The sums of the first 1, 2, … elements.
    let sdfg = parsed(
        "sdfg f(x, y) { symbol N: int64\n data x: float64[N]\n data y: float64[N]\n transient t: float64[k]\n\
         loop l for k in 1:N + 1 {\n state copy {\n n0 = access x\n n1 = access t\n n0 -> n1: x[0:k]\n }\n\
         state sum {\n n0 = access t\n n0 -> n1._in: t[0:k]\n n1 = library sum Reduce(wcr = \"sum\")\n\
         n1._out -> n2: y[k - 1]\n n2 = access y\n } } }",
    );
    let arguments = [("x", doubles(&[1.0, 2.0, 3.0])), ("y", doubles(&[0.0; 3]))];
    assert_eq!(result_of(&sdfg, &arguments, "y"), doubles(&[1.0, 3.0, 6.0]));
}

const NESTED: &str = "sdfg f(A) { symbol N: int64\n data A: float64[N, N]\n state s {\n m0 = access A\n\
    m0 -> m1.x: A[0:N, 1]\n m0 -> m1.y: A[0:N, 0]\n\
    m1 = nested (x, y) -> (y) with [M = N, S = N] sdfg g(x, y) {\n symbol M: int64\n symbol S: int64\n\
    data x: float64[M] strides [S]\n data y: float64[M] strides [S]\n state s {\n n0 = access x\n n5 = access y\n\
    n0 -> n1.IN_x: x[0:M]\n n5 -> n1.IN_y: y[0:M]\n n1 = map m(i in 0:M) {\n n1.OUT_x -> n2.a: x[i]\n\
    n1.OUT_y -> n2.b: y[i]\n n2 = tasklet t(a: float64, b: float64) -> (o: float64) { o = a + b }\n\
    n2.o -> n3.IN_y: y[i]\n } n3\n n3.OUT_y -> n4: y[0:M]\n n4 = access y\n } }\n m1.y -> m2: A[0:N, 0]\n\
    m2 = access A\n } }";

#[test]
fn a_nested_sdfg_sees_a_part_of_the_memory() {
    let a = Tensor::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]).expect("four numbers");
    let mut arguments = Arguments::from_iter([("A".into(), a)]);
    run(&parsed(NESTED), &mut arguments, &[]).expect("a valid program");
    assert_eq!(arguments["A"].as_slice::<f64>(), Some(&[3.0, 2.0, 7.0, 4.0][..]));
}

#[test]
fn wrong_strides_are_found() {
    let sdfg = parsed(&NESTED.replace("S = N", "S = 1"));
    let a = Tensor::zeros(DType::Float64, &[2, 2]);
    let fault = fault_of(&sdfg, &[("A", a)], &Options::default());
    assert!(fault.contains("is declared with strides [1], its memory has [2]"), "{fault}");
}

#[test]
fn a_scalar_is_passed_by_value() {
    let sdfg = parsed(
        "sdfg f(n, r) { data n: float64\n data r: float64[1]\n state s {\n m0 = access n\n m0 -> m1.v: n\n\
         m1 = nested (v) -> (w) sdfg g(v, w) {\n data v: float64\n data w: float64\n state a {\n\
         n0 = tasklet t() -> (o: float64) { o = 9.0 }\n n0.o -> n1: v\n n1 = access v\n }\n state b {\n\
         n0 = access v\n n1 = access w\n n0 -> n1: v\n } }\n m1.w -> m2: r[0]\n m2 = access r\n }\n\
         state t {\n m0 = access n\n m1 = access r\n m0 -> m1: n wcr sum\n } }",
    );
    let arguments = [("n", Tensor::scalar(1.0)), ("r", doubles(&[0.0]))];
    assert_eq!(result_of(&sdfg, &arguments, "r"), doubles(&[10.0]));
}

const PRODUCT: &str = "sdfg f(a, b, c) { symbol N: int64\n symbol M: int64\n symbol K: int64\n data a: float64[N, K]\n\
    data b: float64[K, M]\n data c: float64[N, M]\n state s {\n n0 = access a\n n1 = access b\n\
    n0 -> n2._a: a[0:N, 0:K]\n n1 -> n2._b: b[0:K, 0:M]\n n2 = NODE\n n2._c -> n3: c[0:N, 0:M]\n n3 = access c\n } }";

#[test]
fn a_library_product_and_a_routine_agree() {
    let library = parsed(&PRODUCT.replace("NODE", "library mm MatMul()"));
    let routine = "tasklet mm(_a: float64[2], _b: float64[2]) -> (_c: float64[2]) { call gemm_f64((N), (M), (K), \
        float64: 1.0, &_a, (K), (1), &_b, (M), (1), float64: 0.0, &_c, (M), (1)) }";
    let call = parsed(&PRODUCT.replace("NODE", routine));
    assert_same(&library, &call, &[("N", 3), ("M", 4), ("K", 5)]);
    let arguments = [
        ("a", Tensor::new(&[1, 2], vec![1.0, 2.0]).expect("two numbers")),
        ("b", Tensor::new(&[2, 1], vec![3.0, 4.0]).expect("two numbers")),
        ("c", Tensor::zeros(DType::Float64, &[1, 1])),
    ];
    let product = result_of(&library, &arguments, "c");
    assert_eq!(product.as_slice::<f64>(), Some(&[11.0][..]));
    let unknown = parsed(&PRODUCT.replace("NODE", &routine.replace("gemm_f64", "dgemm")));
    let fault = fault_of(&unknown, &arguments, &Options::default());
    assert!(fault.starts_with("the external routine `dgemm`"), "{fault}");
    let combined = PRODUCT.replace("NODE", routine).replace("c[0:N, 0:M]", "c[0:N, 0:M] wcr sum");
    let combined = text::parse(&combined).expect("it can be read, and is not valid");
    let fault = fault_of(&combined, &arguments, &Options::default());
    assert!(fault.contains("a routine writes `_c` itself, and cannot combine it"), "{fault}");
}

#[test]
fn tasklets_index_what_their_memlets_name() {
    let sdfg = parsed(
        "sdfg f(A, y) { symbol N: int64\n data A: float64[N, 4]\n data y: float64[2*N]\n state s {\n n0 = access A\n\
         n0 -> n1.IN_A: A[0:N, 0:4]\n n1 = map m(i in 0:N) {\n n1.OUT_A -> n2.row: A[i, 3:-1:-1]\n\
         n2 = tasklet t(row: float64[1]) -> (o: float64[1]) { o[0] = row[0] + row[3]\n\
         if row[1] > row[2] { o[1] = 1.0 } else { o[1] = 0.0 } }\n n2.o -> n3.IN_y: y[2*i:2*i + 2]\n } n3\n\
         n3.OUT_y -> n4: y[0:2*N]\n n4 = access y\n } }",
    );
    let a = Tensor::new(&[2, 4], vec![1.0, 2.0, 3.0, 4.0, 8.0, 7.0, 6.0, 5.0]).expect("eight numbers");
    let arguments = [("A", a), ("y", doubles(&[0.0; 4]))];
    assert_eq!(result_of(&sdfg, &arguments, "y"), doubles(&[5.0, 1.0, 13.0, 0.0]));
}

#[test]
fn endless_programs_end_at_the_limit() {
    let sdfg = parsed("sdfg f() { loop l while True {\n } }");
    let options = Options { max_steps: Some(1000), ..Options::default() };
    assert!(fault_of(&sdfg, &[], &options).starts_with("the limit of 1000 steps is reached in loop `l`"));
}

#[test]
fn a_failed_run_leaves_the_arguments() {
    let sdfg = gather("i", "a");
    let before = Arguments::from_iter([("x".into(), doubles(&[5.0])), ("y".into(), doubles(&[0.0; 2]))]);
    let mut arguments = before.clone();
    assert!(run(&sdfg, &mut arguments, &[]).is_err());
    assert_eq!(arguments, before);
}

#[test]
#[should_panic(expected = "the rewrite changes the result")]
fn another_result_is_noticed() {
    assert_same(&gather("i", "a"), &gather("i", "a + 1.0e-6"), &[("N", 3), ("M", 3)]);
}

#[test]
fn rounding_is_no_difference() {
    assert_same(&gather("i", "a*3.0"), &gather("i", "a + a + a"), &[("N", 3), ("M", 3)]);
}

#[test]
fn random_arguments_have_the_declared_shapes() {
    let arguments =
        random_arguments(&gather("i", "a"), &[("N", 3), ("M", 4)], 1).expect("all symbols are given");
    assert_eq!((arguments["x"].shape(), arguments["y"].shape()), (&[4_usize][..], &[3_usize][..]));
    assert!(random_arguments(&gather("i", "a"), &[("N", 3)], 1).is_err());
}

/// Runs a state with some containers on x = [1, 2, …, 8], y = 0.
fn kinds(lines: &str, options: &Options) -> Result<Arguments, InterpretError> {
    let sdfg = with_kinds(lines);
    let x = doubles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let mut arguments = Arguments::from_iter([("x".into(), x), ("y".into(), doubles(&[0.0; 8]))]);
    run_with(&sdfg, &mut arguments, &[], options)?;
    Ok(arguments)
}

fn with_kinds(lines: &str) -> Sdfg {
    let text = format!(
        "sdfg f(x, y) {{\n data x: float64[8]\n data y: float64[8]\n view v: float64[4]\n view w: float64[2, 2]\n \
         reference r: float64[2]\n transient S: stream float64\n transient Q: stream float64[4] capacity (2)\n \
         transient t: float64[4]\n transient c: float64\n constant k: float64[2] = [10.0, 20.0]\n{lines}\n}}"
    );
    text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[track_caller]
fn gives(lines: &str, expected: &[f64]) {
    assert_eq!(crate::validate::validate(&with_kinds(lines)), Ok(()));
    for order in [Order::Forward, Order::Backward] {
        let options = Options { order, ..Options::thorough() };
        let arguments = kinds(lines, &options).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            arguments["y"].as_slice::<f64>().map(|y| &y[..expected.len()]),
            Some(expected),
            "{order:?}"
        );
    }
}

#[track_caller]
fn fails(lines: &str, message: &str) {
    let error = kinds(lines, &Options::thorough()).expect_err("a fault");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn views_are_other_names_of_memory() {
    gives(
        "state s { n0 = access x\n n0 -> n1.views: x[2:6]\n n1 = access v\n n1 -> n2.views: v[0:4]\n n2 = access w\n\
         n3 = access y\n n2 -> n3: w[1, 0:2] to [0:2] }",
        &[5.0, 6.0, 0.0],
    );
    gives(
        "state s { n0 = access x\n n1 = access v\n n2 = access y\n n0 -> n1: x[0:4]\n n1.views -> n2: y[4:8] }",
        &[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0],
    );
    fails(
        "state s { n0 = access x\n n0 -> n1.views: x[6:8]\n n1 = access v }",
        "reaches beyond the memory of `x[6:8]`",
    );
    fails(
        "state s { n0 = access v\n n1 = access y\n n0 -> n1: v[0:4] to [0:4] }",
        "before it stands for any memory",
    );
}

#[test]
fn a_view_in_a_map_shows_something_else_each_time() {
    gives(
        "state s { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map m(i in 0:4) { n1.OUT_x -> n2.views: x[i:i + 4]\n\
         n2 = access v\n n2 -> n3.a: v[3]\n n3 = tasklet t(a: float64) -> (o: float64) { o = a }\n\
         n3.o -> n4.IN_y: y[i] } n4\n n4.OUT_y -> n5: y[0:4]\n n5 = access y }",
        &[4.0, 5.0, 6.0, 7.0, 0.0],
    );
}

#[test]
fn views_race_as_what_they_show() {
    fails(
        "state s { n0 = map m(i in 0:4) { n0 -> n1\n n1 = tasklet t() -> (o: float64) { o = 1.0 }\n\
         n1.o -> n2: v[0]\n n2 = access v\n n2.views -> n3.IN_y: y[0:4] } n3\n n3.OUT_y -> n4: y[0:4]\n n4 = access y }",
        "both write element 0 of `y`",
    );
}

#[test]
fn members_of_an_array_of_structures_have_its_extents_first() {
    let sdfg = parsed(
        "sdfg f(p.x, p.y, o) { structure p[3] { x, y }\n data p.x: float64[3, 2]\n data p.y: float64[3]\n \
         data o: float64[3]\n state s { n0 = access p.x\n n1 = access p.y\n n0 -> n2.IN_x: p.x[0:3, 1]\n \
         n1 -> n2.IN_y: p.y[0:3]\n n2 = map m(i in 0:3) { n2.OUT_x -> n3.a: p.x[i, 1]\n n2.OUT_y -> n3.b: p.y[i]\n \
         n3 = tasklet t(a: float64, b: float64) -> (c: float64) { c = a*b }\n n3.c -> n4.IN_o: o[i] } n4\n \
         n4.OUT_o -> n5: o[0:3]\n n5 = access o } }",
    );
    let x = Tensor::new(&[3, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).expect("six numbers");
    let arguments = [("p.x", x), ("p.y", doubles(&[10.0, 20.0, 30.0])), ("o", doubles(&[0.0; 3]))];
    assert_eq!(result_of(&sdfg, &arguments, "o"), doubles(&[20.0, 80.0, 180.0]));
}

#[test]
fn references_stand_for_what_they_were_set_to() {
    let set = |label: &str, from: &str| {
        format!("state {label} {{ n0 = access x\n n0 -> n1.set: x[{from}]\n n1 = access r }}\n")
    };
    let add = |label: &str| {
        format!("state {label} {{ n0 = access r\n n1 = access y\n n0 -> n1: r[0:2] to [0:2] wcr sum }}\n")
    };
    gives(&[set("a", "0:2"), add("b"), set("c", "6:8"), add("d")].concat(), &[8.0, 10.0]);
    fails(&add("b"), "`r` is used before it stands for any memory");
}

#[test]
fn a_reference_to_freed_memory_is_found() {
    fails(
        "state s { n0 = map m(i in 0:2) { n0 -> n1\n n1 = tasklet t() -> (o: float64) { o = 1.0 }\n n1.o -> n2: t[0]\n\
         n2 = access t\n n2 -> n3.set: t[0:2]\n n3 = access r\n n3 -> n4 } n4 }\n\
         state u { n0 = access r\n n1 = access y\n n0 -> n1: r[0:1] to [0:1] }",
        "memory that is no longer there",
    );
}

#[test]
fn streams_are_first_in_first_out() {
    gives(
        "state s { n0 = access x\n n1 = access S\n n0 -> n1: x[0:4] }\n\
         state t { n0 = access S\n n1 = access Q\n n0 -> n2.a: S\n n2 = tasklet t(a: float64) -> (o: float64) { o = -a }\n\
         n2.o -> n1: Q[2] }\n\
         state u { n0 = access S\n n1 = access y\n n0 -> n1: y[0:3] }\n\
         state v { n0 = access Q\n n1 = access y\n n0 -> n1: Q[2] to [3:5] dynamic }",
        &[2.0, 3.0, 4.0, -1.0, 0.0],
    );
    fails("state s { n0 = access S\n n1 = access y\n n0 -> n1: y[0:1] }", "the stream `S` is empty");
    fails("state s { n0 = access x\n n1 = access Q\n n0 -> n1: x[0:3] to [1] }", "the stream `Q` is full");
    fails("state s { n0 = access x\n n1 = access Q\n n0 -> n1: x[0:1] to [4] }", "`Q` has no element [4]");
}

#[test]
fn a_consume_scope_takes_what_its_iterations_push() {
    // Every element above 1 is halved and comes again: 8 4 2 1 and 6 3 1.5 0.75 give 4 + 4 iterations.
    let consume = "state a { n0 = access x\n n1 = access S\n n0 -> n1: x[5:8:2] }\n\
         state s { n0 = access S\n n0 -> n1.IN_stream: S\n n1 = consume m(e in 0:3) { n1.OUT_stream -> n2.a: S\n\
         n2 = tasklet t(a: float64) -> (o: float64, n: float64) { if a > 1.0 { o = a*0.5 }\n n = 1.0 }\n\
         n2.o -> n3.IN_S: S dynamic\n n2.n -> n3.IN_y: y[0] wcr sum } n3\n\
         n3.OUT_S -> n4: S dynamic\n n4 = access S\n n3.OUT_y -> n5: y[0] wcr sum\n n5 = access y }";
    gives(consume, &[8.0, 0.0]);
    gives(&consume.replace("(e in 0:3)", "(e in 0:3) until (y[0] >= 3.0)"), &[3.0]);
}

#[test]
fn a_consume_scope_may_take_several_elements_at_a_time() {
    // 8 elements in threes: the last iteration gets two, and a zero.
    let source = "sdfg f(x, y) { data x: float64[8]\n data y: float64[3]\n transient S: stream float64\n\
         transient c: float64[3] register\n state a { n0 = access x\n n1 = access S\n n0 -> n1: x[0:8] }\n\
         state s { n0 = access S\n n0 -> n1.IN_stream: S\n n1 = consume m(e in 0:2) by 3 { n1.OUT_stream -> n2: S to [0:3]\n\
         n2 = access c\n n2 -> n3.a: c[0:3]\n n3 = tasklet t(a: float64[1]) -> (o: float64, l: float64, n: float64) {\n\
         o = a[0]*a[1] + a[2]\n l = a[2]\n n = 1.0 }\n\
         n3.o -> n4.IN_y: y[0] wcr sum\n n3.n -> n4.IN_n: y[1] wcr sum\n n3.l -> n4.IN_l: y[2] wcr min } n4\n\
         n4.OUT_y -> n5: y[0] wcr sum\n n4.OUT_n -> n5: y[1] wcr sum\n n4.OUT_l -> n5: y[2] wcr min\n n5 = access y } }";
    let sdfg = crate::text::parse(source).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(crate::validate::validate(&sdfg), Ok(()));
    let tensor = |values: Vec<f64>| Tensor::new(&[values.len()], values).expect("as many as needed");
    let x = (1..=8).map(f64::from).collect();
    let mut arguments =
        Arguments::from_iter([("x".into(), tensor(x)), ("y".into(), tensor(vec![0.0, 0.0, 9.0]))]);
    run(&sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}"));
    // 1*2 + 3, 4*5 + 6, 7*8 + 0
    assert_eq!(arguments["y"].as_slice::<f64>(), Some(&[87.0, 3.0, 0.0][..]));
}

#[test]
fn streams_reach_nested_sdfgs() {
    gives(
        "state s { n0 = access Q\n n1 = access y\n n0 -> n2.q: Q[1:3]\n n2 = nested (q) -> (q) sdfg g(q) {\n\
         data q: stream float64[2]\n state g { g0 = tasklet t() -> (o: float64) { o = 7.0 }\n g0.o -> g1: q[1]\n\
         g1 = access q } }\n n2.q -> n3: Q[1:3]\n n3 = access Q\n n3 -> n1: Q[2] to [0:1] }",
        &[7.0],
    );
}

#[test]
fn constants_can_be_read_only() {
    gives(
        "state s { n0 = access k\n n1 = access y\n n0 -> n1: k[0:2] to [0:2] wcr sum }",
        &[10.0, 20.0, 0.0],
    );
    fails("state s { n0 = access x\n n1 = access k\n n0 -> n1: x[0:2] }", "the constant `k` is written");
}

#[test]
fn programs_combine_in_their_own_way() {
    gives(
        "state s { n0 = access x\n n1 = access y\n n0 -> n1: x[0:2] to [0:2] wcr (old*10.0 + new*new) }",
        &[1.0, 4.0],
    );
}

/// Collatz' sequence of 7, counted by a machine that no structure fits: two ways lead back into its middle.
#[test]
fn machines_follow_their_transitions() {
    let text = "sdfg f(y) { symbol n: int64\n symbol k: int64\n data y: int64\n
        machine m { at start { assign n = 7, k = 0\n }\n at test { }\n at even { assign n = $(n//2)\n }\n
        at odd { assign n = $(3*n + 1)\n }\n at end { }\n
        goto start -> test\n goto test -> end if $n <= 1\n goto test -> even if $n % 2 == 0 assign k = $(k + 1)\n
        goto test -> odd assign k = $(k + 1)\n goto even -> test\n goto odd -> test }\n
        state s { n0 = tasklet t() -> (o: int64) { o = $k }\n n0.o -> n1: y\n n1 = access y } }"
        .replace("f(y)", "f() -> (y)");
    let sdfg = parsed(&text);
    assert_eq!(crate::validate::validate(&sdfg), Ok(()));
    let mut structured = sdfg.clone();
    structured.lower_machines();
    assert_eq!(crate::features::features(&structured).len(), 0);
    for sdfg in [sdfg, structured] {
        let mut arguments = Arguments::default();
        run(&sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(arguments["y"].as_slice::<i64>(), Some(&[16][..]));
    }
}

#[test]
fn foreign_code_is_not_interpreted() {
    fails(
        "state s { n0 = tasklet t() -> (o: float64) { cpp \"o = 1;\" }\n n0.o -> n1: y[0]\n n1 = access y }",
        "a tasklet in the language `cpp` has no reference semantics",
    );
}

proptest! {
    /// Whatever a graph looks like, there is a result or an error.
    #[test]
    fn no_graph_breaks_the_interpreter(sdfg in small_sdfgs(), seed in any::<u64>()) {
        let symbols: Vec<(String, i64)> =
            sdfg.free_symbols().iter().map(|name| (name.to_string(), (seed % 5) as i64)).collect();
        let symbols: Vec<(&str, i64)> = symbols.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let options = Options { max_steps: Some(2000), ..Options::thorough() };
        if let Ok(mut arguments) = random_arguments(&sdfg, &symbols, seed) {
            let before = arguments.clone();
            if run_with(&sdfg, &mut arguments, &symbols, &options).is_err() {
                prop_assert_eq!(testing::difference(&before, &arguments), None);
            }
        }
    }
}

/// Doubles what it is passed, and remembers what it was asked for.
#[derive(Debug, Default)]
struct Doubling(std::sync::Mutex<Vec<String>>);

impl Host for Doubling {
    fn call(&self, what: &str, data: &mut [Tensor], extents: &[i64]) -> Result<(), String> {
        self.0.lock().unwrap().push(format!("{what} {extents:?}"));
        if what == "fail" {
            return Err("as asked".to_owned());
        }
        for tensor in data {
            for at in 0..tensor.len() {
                tensor.set(at, binary(BinaryOp::Add, tensor.get(at), tensor.get(at)).unwrap());
            }
        }
        Ok(())
    }

    fn print(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn who_runs_a_program_makes_its_calls_of_python() {
    let text = |what: &str| {
        format!(
            "sdfg f(p, x) {{ symbol N: int64\n data p: int64[2]\n data x: float64[N]\n print text \"before\"\n state s {{\n\
             n0 = access p\n n1 = access x\n n0 -> n2.i: p[0:2]\n n1 -> n2.a: x[0:N]\n\
             n2 = tasklet t(i: int64[1], a: float64[1]) -> (j: int64[1], b: float64[1]) {{ call python(\"{what}\", &i, &a, (N)) }}\n\
             n2.j -> n3: p[0:2]\n n3 = access p\n n2.b -> n4: x[0:N]\n n4 = access x }} }}"
        )
    };
    let run = |what: &str| {
        let host = std::sync::Arc::new(Doubling::default());
        let mut arguments = Arguments::from_iter([
            ("p".into(), Tensor::vector(vec![0i64, 0])),
            ("x".into(), doubles(&[1.0, 2.0])),
        ]);
        let sdfg = parsed(&text(what));
        let result = run_hosted(&sdfg, &mut arguments, &[], &Options::default(), host.clone());
        let seen = host.0.lock().unwrap().clone();
        (result.map_err(|error| error.fault.to_string()), arguments["x"].clone(), seen)
    };
    let (result, x, seen) = run("double");
    assert_eq!((result, x), (Ok(()), doubles(&[2.0, 4.0])));
    assert_eq!(seen, ["before", "double [2]"]);
    assert_eq!(run("fail").0, Err("a Python function has raised an exception: as asked".to_owned()));
    let mut arguments = Arguments::from_iter([
        ("p".into(), Tensor::vector(vec![0i64, 0])),
        ("x".into(), doubles(&[1.0, 2.0])),
    ]);
    let alone = super::run(&parsed(&text("double")), &mut arguments, &[]).unwrap_err();
    assert_eq!(alone.fault.to_string(), "the external routine `python` has no reference semantics");
}
