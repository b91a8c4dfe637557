//! Views, constants, machines and conflict resolutions of a program's own: compiled code agrees with the interpreter.

mod support;

use dacec_ir::interp::{Arguments, Tensor, run};
use dacec_ir::{Sdfg, text, validate};
use support::{Argument, compile, emit};

fn program(lines: &str) -> Sdfg {
    let text = format!(
        "sdfg f(x, y, n) {{\n symbol k: int64\n data x: float64[8]\n data y: float64[8]\n data n: int64\n \
         view v: float64[4]\n view w: float64[2, 2]\n view e: float64[2] strides [2]\n transient t: float64[8]\n \
         transient s: float64\n constant c: float64[2, 2] = [1.5, -2.5, 3.5, @inf]\n constant one: int64 = [3]\n \
         constant b: bool[2] = [True, False]\n{lines}\n}}"
    );
    let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(validate::validate(&sdfg), Ok(()));
    sdfg
}

const X: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

/// The compiled program leaves in `y` what the interpreter leaves, and that is `expected`.
#[track_caller]
fn agree(lines: &str, expected: &[f64]) {
    let sdfg = program(lines);
    let (x, y) = (Tensor::vector(X.to_vec()), Tensor::vector(vec![0.5; 8]));
    let mut arguments =
        Arguments::from_iter([("x".into(), x), ("y".into(), y), ("n".into(), Tensor::scalar(7_i64))]);
    run(&sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}"));
    let interpreted = arguments["y"].as_slice::<f64>().expect("doubles").to_vec();
    assert_eq!(interpreted[..expected.len()], *expected);
    let (mut x, mut y) = (X, [0.5; 8]);
    let library = compile(&sdfg);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)]), 0);
    assert_eq!(y[..], interpreted[..], "{}", emit(&sdfg).kernel_unit);
}

#[test]
fn views_are_pointers() {
    agree(
        "state s { n0 = access x\n n0 -> n1.views: x[2:6]\n n1 = access v\n n1 -> n2.views: v[0:4]\n n2 = access w\n\
         n3 = access y\n n2 -> n3: w[1, 0:2] to [0:2]\n n0 -> n4.views: x[1]\n n4 = access e\n n4 -> n3: e[0:2] to [4:6] }",
        &[5.0, 6.0, 0.5, 0.5, 2.0, 4.0],
    );
    agree(
        "state s { n0 = access x\n n1 = access v\n n2 = access y\n n0 -> n1: x[0:4]\n n1.views -> n2: y[4:8] }",
        &[0.5, 0.5, 0.5, 0.5, 1.0, 2.0, 3.0, 4.0],
    );
}

#[test]
fn views_in_maps_follow_the_parameters() {
    agree(
        "state s { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map m(i in 0:4) { n1.OUT_x -> n2.views: x[i:i + 4]\n\
         n2 = access v\n n2 -> n3.a: v[3]\n n3 = tasklet t(a: float64) -> (o: float64) { o = a }\n\
         n3.o -> n4.IN_y: y[i] } n4\n n4.OUT_y -> n5: y[0:4]\n n5 = access y }",
        &[4.0, 5.0, 6.0, 7.0, 0.5],
    );
}

/// Both names of the memory are read before either is written.
#[test]
fn a_tasklet_reads_before_it_writes_through_a_view() {
    agree(
        "state s { n0 = access y\n n0 -> n1.views: y[0:4]\n n1 = access v\n n1 -> n2.a: v[0]\n n1 -> n2.b: v[1]\n\
         n2 = tasklet t(a: float64, b: float64) -> (p: float64, q: float64) { p = b + 1.0\n q = a + 2.0 }\n\
         n2.p -> n3: y[0]\n n2.q -> n3: y[1]\n n3 = access y }",
        &[1.5, 2.5, 0.5],
    );
}

/// `v[0]` and `y[1]` are one element: the sum must not be kept in a variable while the other name is read.
#[test]
fn sums_through_two_names_meet() {
    let sdfg = program(
        "state s { n0 = map m(i in 0:4) sequential { n0 -> n1\n n1 = tasklet t() -> (o: float64) { o = 1.0 }\n\
         n1.o -> n2.IN_v: v[0] wcr sum\n n0 -> n3\n n3 = tasklet u() -> (o: float64) { o = 2.0 }\n\
         n3.o -> n2.IN_y: y[1] wcr sum } n2\n n2.OUT_v -> n4: v[0] wcr sum\n n4 = access v\n n4.views -> n5: y[1:5]\n\
         n5 = access y\n n2.OUT_y -> n6: y[1] wcr sum\n n6 = access y }",
    );
    let (mut x, mut y) = (X, [0.5; 8]);
    let library = compile(&sdfg);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)]), 0);
    assert_eq!(y[..3], [0.5, 12.5, 0.5]);
}

#[test]
fn constants_are_part_of_the_program() {
    agree(
        "state s { n0 = access c\n n1 = access y\n n0 -> n1: c[0:2, 0:2] to [0:4]\n n2 = access one\n n2 -> n3.a: one\n\
         n4 = access b\n n4 -> n3.b: b[1]\n\
         n3 = tasklet t(a: int64, b: bool) -> (o: float64) { o = 0.0 if b else float64(a) }\n n3.o -> n5: y[4]\n\
         n5 = access y\n n1 -> n3 }",
        &[1.5, -2.5, 3.5, f64::INFINITY, 3.0, 0.5],
    );
}

/// Elements correspond in C order, whatever the shapes.
#[test]
fn copies_reshape() {
    agree(
        "transient m: float64[2, 3]\n transient o: float64[3, 2]\n state s { n0 = access x\n n1 = access m\n n0 -> n1: x[1:7]\n\
         n2 = access o\n n1 -> n2: m[0:2, 0:3] to [0:3, 0:2]\n n3 = access y\n n2 -> n3: o[0:3, 1] to [0:3]\n\
         n1 -> n4: m[0:2, 0:2] to [4:8]\n n4 = access y }",
        &[3.0, 5.0, 7.0, 0.5, 2.0, 3.0, 5.0, 6.0],
    );
}

#[test]
fn programs_combine_in_their_own_way() {
    agree(
        "state s { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map m(i in 0:8) { n1.OUT_x -> n2.a: x[i]\n\
         n2 = tasklet t(a: float64) -> (o: float64) { o = a }\n n2.o -> n3.IN_y: y[i % 2] wcr (old + new*new) } n3\n\
         n3.OUT_y -> n4: y[0:2] wcr (old + new*new)\n n4 = access y }\n\
         state t { n0 = access x\n n1 = access y\n n0 -> n1: x[0:2] to [2:4] wcr (max(old, new)*2.0) }",
        &[84.5, 120.5, 2.0, 4.0, 0.5],
    );
}

/// A number that the whole map combines into: no thread starts from an identity, since there is none.
#[test]
fn a_custom_reduction_of_a_parallel_map_is_exact() {
    agree(
        "state s { n0 = map m(i in 0:1000) multicore { n0 -> n1\n n1 = tasklet t() -> (o: float64) { o = 2.0 }\n\
         n1.o -> n2.IN_y: y[0] wcr (old + new + 1.0) } n2\n n2.OUT_y -> n3: y[0] wcr (old + new + 1.0)\n n3 = access y }",
        &[3000.5, 0.5],
    );
}

#[test]
fn machines_become_loops() {
    agree(
        "machine m { at start { assign k = n\n }\n at test { }\n at even { assign k = $(k//2)\n state e {\n\
         n0 = tasklet t() -> (o: float64) { o = 1.0 }\n n0.o -> n1: y[0] wcr sum\n n1 = access y } }\n\
         at odd { assign k = $(3*k + 1)\n state o { n0 = tasklet t() -> (o: float64) { o = 1.0 }\n\
         n0.o -> n1: y[1] wcr sum\n n1 = access y } }\n at end { return }\n\
         goto start -> test\n goto test -> end if $k <= 1\n goto test -> even if $k % 2 == 0\n goto test -> odd\n\
         goto even -> test\n goto odd -> test }",
        &[11.5, 5.5, 0.5],
    );
}

#[test]
fn streams_are_first_in_first_out() {
    agree(
        "transient S: stream float64\n transient Q: stream float64[4] capacity (2)\n\
         state s { n0 = access x\n n1 = access S\n n0 -> n1: x[0:4] }\n\
         state t { n0 = access S\n n1 = access Q\n n0 -> n2.a: S\n n2 = tasklet t(a: float64) -> (o: float64) { o = -a }\n\
         n2.o -> n1: Q[2] }\n\
         state u { n0 = access S\n n1 = access y\n n0 -> n1: y[0:3] }\n\
         state v { n0 = access Q\n n1 = access y\n n0 -> n1: Q[2] to [3:5] dynamic }\n\
         state w { n0 = access x\n n1 = access S\n n2 = access Q\n n0 -> n1: x[6:8]\n n1 -> n2: S to [3]\n\
         n3 = access y\n n2 -> n3: Q[3] to [5:7] }",
        &[2.0, 3.0, 4.0, -1.0, 0.5, 7.0, 8.0, 0.5],
    );
}

/// Many elements, and more taken than added in between, so that memory is moved and given back.
#[test]
fn queues_grow_and_shrink() {
    agree(
        "transient S: stream float64\n loop l for i in 0:300 { state a { n0 = map m(j in 0:3) { n0 -> n1\n\
         n1 = tasklet t() -> (o: float64) { o = float64($(3*i + j)) }\n n1.o -> n2.IN_S: S } n2\n n2.OUT_S -> n3: S\n\
         n3 = access S }\n state b { n0 = access S\n n0 -> n1.a: S\n n0 -> n1.b: S\n\
         n1 = tasklet t(a: float64, b: float64) -> (o: float64) { o = a + b }\n n1.o -> n2: y[0] wcr sum\n\
         n2 = access y } }\n\
         state c { n0 = access S\n n0 -> n1.a: S\n n1 = tasklet t(a: float64) -> (o: float64) { o = a }\n\
         n1.o -> n2: y[1]\n n2 = access y }",
        // 0 + 1 + … + 599, then 600.
        &[179_700.5, 600.0, 0.5],
    );
}

#[test]
fn a_consume_scope_takes_what_its_iterations_push() {
    let consume = "transient S: stream float64\n state a { n0 = access x\n n1 = access S\n n0 -> n1: x[5:8:2] }\n\
         state s { n0 = access S\n n0 -> n1.IN_stream: S\n n1 = consume m(p in 0:3) { n1.OUT_stream -> n2.a: S\n\
         n2 = tasklet t(a: float64) -> (o: float64, n: float64) { if a > 1.0 { o = a*0.5 }\n n = 1.0 }\n\
         n2.o -> n3.IN_S: S dynamic\n n2.n -> n3.IN_y: y[p] wcr sum } n3\n\
         n3.OUT_S -> n4: S dynamic\n n4 = access S\n n3.OUT_y -> n5: y[0:3] wcr sum\n n5 = access y }";
    agree(consume, &[3.5, 3.5, 2.5, 0.5]);
    agree(&consume.replace("(p in 0:3)", "(p in 0:3) until (y[1] >= 2.0)"), &[2.5, 2.5, 1.5]);
}

/// The last of several values is pushed once, and nothing where none is given; what is taken may be stored as it is.
#[test]
fn what_is_given_is_pushed_once() {
    agree(
        "transient S: stream float64\n transient R: stream float64\n state a { n0 = map m(i in 0:4) { n0 -> n1\n\
         n1 = tasklet t() -> (o: float64) { if $i > 0 { o = 1.0\n if $i > 1 { o = float64($i)*2.0 } } }\n\
         n1.o -> n2.IN_S: S dynamic } n2\n n2.OUT_S -> n3: S dynamic\n n3 = access S }\n\
         state s { n0 = access S\n n0 -> n1.IN_stream: S\n n1 = consume m(p in 0:1) { n1.OUT_stream -> n2: S\n\
         n2 = access s\n n2 -> n4.v: s\n n4 = tasklet t(v: float64) -> (o: float64) { o = v*10.0 }\n\
         n4.o -> n3.IN_R: R } n3\n n3.OUT_R -> n5: R\n n5 = access R }\n\
         state u { n0 = access R\n n1 = access y\n n0 -> n1: y[0:3]\n n2 = access R\n n1 -> n3.a: y[0]\n\
         n3 = tasklet t(a: float64) -> (o: float64) { o = a }\n n3.o -> n2: R }",
        &[10.0, 40.0, 60.0, 0.5],
    );
}

#[test]
fn empty_and_full_streams_end_the_program() {
    let message = |lines: &str| {
        let sdfg = program(&format!(
            "transient S: stream float64\n transient Q: stream float64 capacity (2)\n{lines}"
        ));
        let (mut x, mut y) = (X, [0.5; 8]);
        let library = compile(&sdfg);
        assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)]), 6);
        library.error()
    };
    let empty = message("state s { n0 = access S\n n1 = access y\n n0 -> n1: y[0:1] }");
    assert!(empty.contains("the stream `S` is empty"), "{empty}");
    let full = message("state s { n0 = access x\n n1 = access Q\n n0 -> n1: x[0:3] }");
    assert!(full.contains("the stream `Q` is full"), "{full}");
}

/// An output that need not be given a value is left as it is, also where the body reads what it gave.
#[test]
fn what_is_not_given_is_not_written() {
    agree(
        "state s { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map m(i in 0:8) { n1.OUT_x -> n2.a: x[i]\n\
         n2 = tasklet t(a: float64) -> (o: float64) { if a > 4.0 { o = a\n o = o*2.0 } }\n\
         n2.o -> n3.IN_y: y[i] dynamic } n3\n n3.OUT_y -> n4: y[0:8] dynamic\n n4 = access y }",
        &[0.5, 0.5, 0.5, 0.5, 10.0, 12.0, 14.0, 16.0],
    );
}

/// A reference stands for the memory that it was set to last.
#[test]
fn references_are_pointers() {
    agree(
        "reference r: float64[4]\n reference q: float64[2, 2] strides [1, 2]\n\
         loop l for i in 0:3 { if $i == 1 { state a { n0 = access x\n n0 -> n1.set: x[4:8]\n n1 = access r } }\n\
         else { state b { n0 = access y\n n0 -> n1.set: y[i:i + 4]\n n1 = access r } }\n\
         state c { n0 = access r\n n0 -> n1.a: r[0]\n n1 = tasklet t(a: float64) -> (o: float64) { o = a + 1.0 }\n\
         n1.o -> n2: y[i + 1]\n n2 = access y } }\n\
         state d { n0 = access r\n n0 -> n1.set: r[2:4]\n n1 = access q }\n\
         state e { n0 = tasklet t() -> (o: float64) { o = 7.0 }\n n0.o -> n1: q[0, 1]\n n1 = access q\n n2 = access r\n n1 -> n2\n\
         n2 -> n3.IN_r: r[0:4]\n n3 = map m(j in 0:2) { n3.OUT_r -> n4.a: r[j]\n\
         n4 = tasklet t(a: float64) -> (o: float64) { o = a*10.0 }\n n4.o -> n5.IN_y: y[6 + j] } n5\n\
         n5.OUT_y -> n6: y[6:8]\n n6 = access y }",
        &[0.5, 1.5, 6.0, 7.0, 0.5, 0.5, 60.0, 70.0],
    );
}

/// What a reference stands for lives as long as the reference, and is not one iteration's own.
#[test]
fn what_a_reference_stands_for_is_kept() {
    agree(
        "symbol N: int64\n reference r: float64[2]\n transient u: float64[2*k]\n assign k = n\n\
         state a { n0 = access x\n n1 = access u\n n0 -> n1: x[0:2] to [3:5]\n n1 -> n2.set: u[3:5]\n n2 = access r }\n\
         state b { n0 = access r\n n1 = access y\n n0 -> n1: r[0:2] to [0:2] }",
        &[1.0, 2.0, 0.5],
    );
}

#[test]
fn a_reference_that_is_not_set_is_an_error() {
    let sdfg = program(
        "reference r: float64[4]\n if n < 3 { state a { n0 = access x\n n0 -> n1.set: x[0:4]\n n1 = access r } }\n\
         state b { n0 = access r\n n1 = access y\n n0 -> n1: r[0:4] to [0:4] }",
    );
    let (mut x, mut y) = (X, [0.5; 8]);
    let library = compile(&sdfg);
    let mut arguments = [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)];
    assert_ne!(library.call(&mut arguments), 0);
    assert!(library.error().contains("the reference `r` is used before it is set"), "{}", library.error());
}

/// Names of the text are connectors and symbols, whatever they are called outside.
#[test]
fn code_in_cpp_runs_as_it_stands() {
    let sdfg = program(
        "state s { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map m(i in 0:4) { n1.OUT_x -> n2.y: x[i]\n\
         n1.OUT_x -> n2.x: x[0:8]\n n2 = tasklet t(y: float64, x: float64[1]) -> (o: float64) {\n\
         cpp \"// a comment\\nif (i > 1) o = y + x[7 - i];\\nelse o = n*10.0;\" }\n\
         n2.o -> n3.IN_y: y[i] } n3\n n3.OUT_y -> n4: y[0:4]\n n4 = access y }",
    );
    let (mut x, mut y) = (X, [0.5; 8]);
    let library = compile(&sdfg);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)]), 0);
    assert_eq!(y[..5], [70.0, 70.0, 9.0, 9.0, 0.5], "{}", emit(&sdfg).kernel_unit);
}

/// Members are arguments of their own, under names that C has.
#[test]
fn members_of_structures_are_arguments() {
    let text = "sdfg f(m.values, m.columns, y) { structure m { values, columns }\n data m.values: float64[3]\n\
        data m.columns: int64[3]\n data y: float64[3]\n state s { n0 = access m.values\n n1 = access m.columns\n\
        n0 -> n2.IN_v: m.values[0:3]\n n1 -> n2.IN_c: m.columns[0:3]\n n2 = map t(i in 0:3) { n2.OUT_v -> n3.v: m.values[i]\n\
        n2.OUT_c -> n3.c: m.columns[i]\n n3 = tasklet t(v: float64, c: int64) -> (y: float64[1]) { y[c] = v }\n\
        n3.y -> n4.IN_y: y[0:3] dynamic } n4\n n4.OUT_y -> n5: y[0:3] dynamic\n n5 = access y } }";
    let sdfg = text::parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(validate::validate(&sdfg), Ok(()));
    let generated = emit(&sdfg);
    assert!(generated.header.contains("m_values"), "{}", generated.header);
    assert!(!generated.kernel_unit.contains("m.values") && !generated.abi_unit.contains("m.values,"));
    assert!(generated.wrapper.contains("def f(m_values, m_columns, y):"), "{}", generated.wrapper);
    let (mut values, mut columns, mut y) = ([1.0, 2.0, 3.0], [2, 0, 1], [0.0; 3]);
    let library = compile(&sdfg);
    let mut arguments = [Argument::F64s(&mut values), Argument::I64s(&mut columns), Argument::F64s(&mut y)];
    assert_eq!(library.call(&mut arguments), 0, "{}", library.error());
    assert_eq!(y, [2.0, 3.0, 1.0]);
}

#[test]
fn ranges_are_read_from_data() {
    let rows = "state s {
      n0 = access n
      n0 -> n2.count: n
      n1 = access x
      n1 -> n2.IN_x: x[0:8]
      n2 = map m(i in 0:count - 2) {
        n2.OUT_x -> n3.a: x[i]
        n3 = tasklet t(a: float64) -> (b: float64) { b = a + float64($count) }
        n3.b -> n4.IN_y: y[i]
      } n4
      n4.OUT_y -> n5: y[0:8] dynamic
      n5 = access y
    }";
    agree(rows, &[8.0, 9.0, 10.0, 11.0, 12.0, 0.5, 0.5, 0.5]);
    let inside = "state s {
      n0 = access x
      n1 = access n
      n0 -> n2.IN_x: x[0:8]
      n1 -> n2.IN_n: n
      n2 = map m(i in 0:2) {
        n2.OUT_n -> n3.last: n
        n2.OUT_x -> n3.IN_x: x[i:8]
        n3 = map r(k in i:last) {
          n3.OUT_x -> n4.a: x[k]
          n4 = tasklet t(a: float64) -> (b: float64) { b = a }
          n4.b -> n5.IN_y: y[i] wcr sum
        } n5
        n5.OUT_y -> n6.IN_y: y[i] wcr sum
      } n6
      n6.OUT_y -> n7: y[0:2] wcr sum
      n7 = access y
    }";
    agree(inside, &[28.5, 27.5]);
}

#[test]
fn code_of_the_author_is_around_the_program() {
    let program = text::parse(
        "sdfg f(y) {\n symbol N: int64\n code global \"#include <cmath>\\nstatic double start;\"\n \
         code init \"start = std::sqrt((double)N); __result = N > 8;\"\n code exit \"start = 0;\"\n data y: float64[N]\n \
         state s {\n n0 = tasklet t() -> (o: float64) { cpp \"o = start + std::floor(0.5);\" }\n n0.o -> n1: y[0]\n \
         n1 = access y\n }\n}",
    );
    let sdfg = program.unwrap_or_else(|error| panic!("{error}"));
    let library = compile(&sdfg);
    let mut y = [0.0; 9];
    assert_eq!(library.call(&mut [Argument::F64s(&mut y), Argument::I64(4)]), 0, "{}", library.error());
    assert_eq!(y[0], 2.0);
    assert_ne!(library.call(&mut [Argument::F64s(&mut y), Argument::I64(9)]), 0);
    assert!(library.error().contains("initialization failed"), "{}", library.error());
    let header = emit(&sdfg).kernel_unit;
    assert!(
        header.starts_with("// f: generated by dacec; do not edit.\n\n// Code of the program's author."),
        "{header}"
    );
}

/// Only code in C++ looks into handles and addresses; the graph moves them.
#[test]
fn handles_and_addresses_are_moved() {
    let sdfg = text::parse(
        "sdfg f(x, y) {\n code global \"struct Handle { double value = 0.5; };\"\n data x: float64[4]\n data y: float64[2]\n \
         transient h: opaque_Handle\n transient g: opaque_Handle[2]\n transient p: pointer_float64\n state s {\n \
         n0 = access x\n n0 -> n1.a: x[2]\n n1 = tasklet make(a: float64) -> (o: opaque_Handle) { cpp \"o.value += a;\" }\n \
         n1.o -> n2: h\n n2 = access h\n n2 -> n3: h to [1]\n n3 = access g\n n3 -> n4.a: g[1]\n \
         n4 = tasklet use(a: opaque_Handle) -> (o: float64) { cpp \"a.value *= 2; o = a.value;\" }\n n4.o -> n5: y[0]\n \
         n5 = access y\n n0 -> n6.a: x[0:4]\n \
         n6 = tasklet take(a: float64[1]) -> (o: pointer_float64) { cpp \"o = a + 1;\" }\n n6.o -> n7: p\n n7 = access p\n \
         n7 -> n8.a: p\n n8 = tasklet look(a: pointer_float64) -> (o: float64) { cpp \"o = a[2];\" }\n n8.o -> n9: y[1]\n \
         n9 = access y\n }\n}",
    );
    let sdfg = sdfg.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(validate::validate(&sdfg), Ok(()));
    let library = compile(&sdfg);
    let (mut x, mut y) = ([1.0, 2.0, 3.0, 4.0], [0.0; 2]);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y)]), 0, "{}", library.error());
    assert_eq!(y, [7.0, 4.0]);
}

#[test]
fn timers_count_and_measure() {
    let sdfg = program(
        "loop l for i in 0:3 { state s timer { n0 = access x\n n0 -> n1.IN_x: x[0:8]\n n1 = map outer(j in 0:8) timer {\n \
         n1.OUT_x -> n2.IN_x: x[0:8]\n n2 = map inner(k in 0:2) sequential timer {\n n2.OUT_x -> n3.a: x[k]\n \
         n3 = tasklet t(a: float64) -> (b: float64) { b = a }\n n3.b -> n4.IN_y: y[j] wcr sum } n4\n \
         n4.OUT_y -> n5.IN_y: y[j] wcr sum } n5\n n5.OUT_y -> n6: y[0:8] wcr sum\n n6 = access y } }",
    );
    let library = compile(&sdfg);
    let (mut x, mut y) = (X, [0.0; 8]);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(7)]), 0);
    type Timer = unsafe extern "C" fn(i32, *mut i64, *mut i64) -> *const std::ffi::c_char;
    // SAFETY: this is the type of the function.
    let timer = unsafe { library.symbol::<Timer>("dacec_timer_f") };
    let read = |number| {
        let (mut runs, mut time) = (-1, -1);
        // SAFETY: this is the type of the function; its texts live as long as the library.
        unsafe {
            let label = timer(number, &raw mut runs, &raw mut time);
            (!label.is_null())
                .then(|| (std::ffi::CStr::from_ptr(label).to_string_lossy().into_owned(), runs, time))
        }
    };
    let all: Vec<_> = (0..).map_while(read).collect();
    let counts: Vec<_> = all.iter().map(|(label, runs, _)| (label.as_str(), *runs)).collect();
    // What a loop that may be parallel runs is not measured.
    assert!(counts.starts_with(&[("state s", 3), ("map outer", 3)]), "{counts:?}");
    assert!(all[0].2 >= all[1].2 && all[1].2 > 0, "{all:?}");
}

#[test]
fn what_is_not_supported_is_named() {
    let refused = |text: &str| {
        let sdfg = text::parse(text).unwrap_or_else(|error| panic!("{error}"));
        dacec_codegen::generate(&sdfg, &Default::default()).expect_err(text)
    };
    let iterations = "sdfg f(x) { data x: float64[4]\n reference r: float64[1]\n state s { n0 = access x\n\
        n0 -> n1.IN_x: x[0:4]\n n1 = map m(i in 0:4) { n1.OUT_x -> n2.set: x[i]\n n2 = access r\n n2 -> n3 } n3 } }";
    let error = refused(iterations).to_string();
    assert!(error.contains("`r`: is set by iterations of a map"), "{error}");
    let shown = "sdfg f(x) { data x: float64[4]\n reference r: float64[2]\n view v: float64[1]\n state s { n0 = access x\n\
        n0 -> n1.set: x[0:2]\n n1 = access r\n n1 -> n2.views: r[1]\n n2 = access v } }";
    assert!(refused(shown).to_string().contains("is set in the state in which a view shows it"));
    let foreign = "sdfg f() { transient x: float64\n state s { n0 = tasklet t() -> (o: float64) { cuda \"o = 1;\" }\n\
        n0.o -> n1: x\n n1 = access x } }";
    assert!(refused(foreign).to_string().contains("is written in cuda"));
    let heap = "sdfg f() { transient h: opaque_Handle[4] heap\n state s { n0 = access h } }";
    assert!(refused(heap).to_string().contains("holds handles on the heap"));
    let queue = "sdfg f() { transient h: stream opaque_Handle\n state s { n0 = access h } }";
    assert!(refused(queue).to_string().contains("holds handles on the heap"));
    let handle = "sdfg f(h) { data h: opaque_Handle\n state s { n0 = access h } }";
    assert!(refused(handle).to_string().contains("of type opaque_Handle, which callers cannot pass"));
    let combined = "sdfg f(x) { data x: float64[4]\n state s { n0 = tasklet t() -> (o: float64[1]) { cpp \"o[0] = 1;\" }\n\
        n0.o -> n1: x[0:4] wcr sum\n n1 = access x } }";
    assert!(refused(combined).to_string().contains("writes elements of `o` itself"));
    for text in [
        "sdfg f(x) { data x: bfloat16[4]\n state s { n0 = access x } }",
        "sdfg f() { transient x: bfloat16\n state s { n0 = access x } }",
        "sdfg f(x) { data x: float32[4]\n state s { n0 = access x\n n0 -> n1.a: x[0]\n n1 = tasklet t(a: float32) -> \
         (o: float32) { o = float32(bfloat16(a)) }\n n2 = access x\n n1.o -> n2: x[1] } }",
    ] {
        let error = refused(text).to_string();
        assert!(error.contains("of type bfloat16, which the C++ backend does not support"), "{error}");
    }
    let passed = "sdfg f(S) { data S: stream float64\n state s { n0 = access S } }";
    assert!(refused(passed).to_string().contains("is a stream, which callers cannot pass"));
    let kept = "sdfg f() { transient S: stream float64 persistent\n state s { n0 = access S } }";
    assert!(refused(kept).to_string().contains("kept between calls"));
    for (option, what) in [("gpu_device", "schedule"), ("mpi", "schedule")] {
        let lines = format!("state s {{ n0 = map m(i in 0:4) {option} {{ n0 -> n1 }} n1 }}");
        let error = dacec_codegen::generate(&program(&lines), &Default::default()).expect_err(option);
        assert!(error.to_string().contains(what), "{error}");
    }
}
