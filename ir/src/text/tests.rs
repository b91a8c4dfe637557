use super::generate::small_sdfgs;
use super::*;
use crate::builder::{SdfgBuilder, name};
use crate::library::{MatMul, Reduce};
use crate::node::LibraryNode;
use crate::{BinaryOp, Constant, DType, Expr, Memlet, Node, Subset, UnaryOp, Wcr};
use proptest::prelude::*;
use std::sync::Arc;

fn axpy() -> Sdfg {
    let n = Expr::sym("N");
    let mut axpy = SdfgBuilder::new("axpy");
    axpy.scalar("a", DType::Float64);
    axpy.array("x", DType::Float64, [n.clone()]);
    axpy.array("y", DType::Float64, [n]);
    axpy.state("compute").map(
        "axpy",
        &[("i", "0:N")],
        &[("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")],
        name("a") * name("xi") + name("yi"),
        ("y", "i"),
    );
    axpy.build()
}

#[test]
fn a_map_is_an_indented_scope() {
    let expected = "\
sdfg axpy(a, x, y) {
  symbol N: int64
  data a: float64
  data x: float64[N]
  data y: float64[N]

  state compute {
    n0 = access a
    n1 = access x
    n2 = access y
    n0 -> n3.IN_a: a
    n1 -> n3.IN_x: x[0:N]
    n2 -> n3.IN_y: y[0:N]
    n3 = map axpy(i in 0:N) {
      n3.OUT_a -> n4.a: a
      n3.OUT_x -> n4.xi: x[i]
      n3.OUT_y -> n4.yi: y[i]
      n4 = tasklet axpy(a: float64, xi: float64, yi: float64) -> (out: float64) { out = a*xi + yi }
      n4.out -> n5.IN_y: y[i]
    } n5
    n5.OUT_y -> n6: y[0:N]
    n6 = access y
  }
}
";
    assert_eq!(print(&axpy()), expected);
    assert_eq!(parse(expected), Ok(normalize(&axpy())));
}

#[test]
fn control_flow_and_libraries_round_trip() {
    let text = r#"sdfg main(A, n) -> (__return) {
  symbol N: int64
  symbol k: int32
  data A: complex64[N, 2*N + 1] strides [1, N] heap
  data n: int32
  data __return: float64
  transient "my array": float32[4] register call
  transient t: bool persistent

  assign k = n, N = $(N//2 + 1) if t else A[$N, 0]
  loop outer for i in N - 1:-1:-1 {
    loop inner while not (t and n < 3i32) {
      if n == 1i32 {
        break
      } elif t {
        continue
      } else {
      }
      state s0 {
      }
    }
    loop last do {
      return
    } while t
  }
  state s1 {
    n0 = access A
    n0 -> n1._in: A[0:N, 3] dynamic
    n1 = library sum Reduce(wcr = "max", axes = [0, 2], accumulate = True) as pure
    n1._out -> n2: __return
    n2 = access __return
    n2 -> n3.c: __return
    n3 = nested (c) -> (d) with [M = N + 1, K = 3] sdfg inner(c) -> (d) {
      data c: float64
      data d: float64

      state s {
        n0 = access c
        n0 -> n1.c: c
        n1 = tasklet "a b"(c: float64) -> (d: float64, e: int8[2]) {
          u = -c**-2.0
          if u > 1e-7 {
            d = u
          } else {
            e[0, $(i + 1)] = 3i8
          }
        }
        n1.d -> n2: d wcr sum
        n2 = access d
        n3 = tasklet c(c: float64) -> (d: float64) { call cblas_dgemm(&c, (M*N), float64: c*2.5, &d) }
      }
    }
    n3.d -> n4.IN_1: "my array"[1:4:2]
    n4 = map m(i in 0:N, j in 0:i + 1:4) multicore collapse 2 if (N >= 101) {
      n4.OUT_1 -> n5.IN_1: "my array"[1:4:2]
      n4 -> n5
    } n5
    n5.OUT_1 -> n6: "my array"[0:4] to [] wcr min dynamic
    n6 = access t
  }
}
"#;
    let sdfg = parse(text).unwrap();
    assert_eq!(print(&sdfg), text);
    assert_eq!(normalize(&sdfg), sdfg);
}

#[test]
fn every_kind_of_container_and_scope_round_trips() {
    let text = r#"sdfg main(p.x, p.m) {
  symbol N: int64
  symbol k: int64
  structure p[N] { x, m }
  data p.x: float64[N, 3]
  data p.m: float64[N] thread_local
  transient S: stream float64[N] capacity (2*N) state
  transient q: stream bool
  view v: float64[4] strides [3]
  reference r: float64[4] global
  constant c: int32[2, 2] = [1i32, -2i32, 3i32, 4i32]
  constant z: complex128 = [complex128(1.0, -0.5)]

  machine m {
    at a {
      assign k = 0
    }
    at "if" {
      state s {
        n0 = access p.x
        n0 -> n1.views: p.x[0, 0]
        n1 = access v
        n2 = access q
        n2 -> n3.IN_stream: q
        n3 = consume c(e in 0:4) until (r[0] > 1.0) unrolled {
          n3.OUT_stream -> n4.x: q
          n4 = tasklet t(x: bool) -> (y: float64) { cpp "y = \"a\" + x;\n" }
          n4.y -> n5.IN_r: r[0] wcr (old*old + new) dynamic
        } n5
        n5.OUT_r -> n6: r[0] wcr (old*old + new)
        n6 = access r
      }
    }
    goto a -> "if" if $k < 3 assign k = $(k + 1), N = 2
    goto "if" -> a
    goto 1 -> 7
  }
}
"#;
    let sdfg = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(print(&sdfg), text.replace("goto 1 ->", "goto \"if\" ->"));
}

#[test]
fn tiles_are_ranges_where_they_can_be() {
    let subset = |range: &str| {
        let text =
            format!("sdfg f() {{ state s {{ n0 = access A\n n1 = access A\n n0 -> n1: A[{range}] }} }}");
        parse(&text).map(|sdfg| {
            let state = sdfg.body.states()[0];
            state.edges().next().and_then(|edge| edge.memlet()).expect("a memlet").subset.to_string()
        })
    };
    assert_eq!(subset("0:N:4:1").expect("single indices"), "[0:N:4]");
    assert_eq!(subset("0:16:4:4").expect("tiles side by side"), "[0:16]");
    assert_eq!(subset("1:8:4:4").expect("a last tile that is complete"), "[1:9]");
    assert_eq!(subset("0:N:4:2").expect("tiles with gaps"), "[0:N:4:2]");
    let in_a_loop = parse("sdfg f() { loop l for i in 0:8:4:2 { } }").unwrap_err();
    assert_eq!(*in_a_loop.kind(), TextErrorKind::Tile);
}

#[test]
fn conflict_resolutions_are_words_or_expressions() {
    for text in ["sum", "bitxor", "(min(old, new) + 1.0)"] {
        assert_eq!(text.parse::<Wcr>().map(|wcr| wcr.to_string()), Ok(text.to_owned()));
    }
    assert!("average".parse::<Wcr>().is_err());
}

#[test]
fn positions_are_printed_on_request() {
    let text = r#"sdfg f(a) @1:0:40 {
  file "dir/f.py"
  data a: float64[4] @1:5:9

  loop l for i in 0:4 @2:10:30 {
    state s @3:20:30 {
      n0 = map m(j in 0:4) @3:20:30 {
        n0 -> n1
        n1 = tasklet t() -> (x: int64) @3:21:22 { x = 1 }
        n1.x -> n2.IN_a: a[j]
      } n2
    }
  }
  if @4:1:2 {
  }
  if True @4:1:2 {
  }
}
"#;
    let sdfg = parse(text).unwrap();
    assert_eq!(print_with_positions(&sdfg), text);
    assert!(!print(&sdfg).contains('@'));
}

/// What is printed is read as the same expression, and printed with no more parentheses than needed.
#[test]
fn scalars_round_trip() {
    let texts = [
        "a + b*c",
        "(a + b)*c",
        "a - (b - c)",
        "a**b**c",
        "(a**b)**c",
        "(-2)**a",
        "-2**a",
        "-(2)",
        "-(-2)",
        "--a",
        "a - -1",
        "not a and b or c",
        "not (a and b)",
        "(a < b) == c",
        "a if b else c if d else e",
        "(a if b else c) + 1",
        "min(a, max(b, 1.5))",
        "float32(x)/2.0f32",
        "complex64(1.0, -@inf)",
        "@nan + @inff32 - -@inf",
        "~a & b | c ^ d << 3 >> 1",
        "a//b % c",
        "18446744073709551615u64",
        "-18446744073709551615u64**a",
        "-9223372036854775808",
        "1e300 + 1e-300*0.1",
        "A[$(i - 1), j + 1] + $N",
        "True or False",
        "\"if\" + 1",
    ];
    for text in texts {
        assert_eq!(parse_scalar(text).unwrap().to_string(), text);
    }
    let power = parse_scalar("-2**a").unwrap();
    assert!(matches!(power, ScalarExpr::Unary(UnaryOp::Neg, _)), "{power:?}");
}

#[test]
fn errors_have_a_place() {
    let cases = [
        ("sdfg f(", 1, 8, "expected a name, found the end"),
        ("sdfg f() {\n  data x: float\n}", 2, 11, "expected an element type, found `float`"),
        ("sdfg f() {\n  data x: float64[N +]\n}", 2, 22, "expected"),
        ("sdfg f() {\n  data x: int8\n  data x: int8\n}", 3, 3, "`x` is already defined"),
        ("sdfg f() {\n  state s {\n    n0 -> n1\n  }\n}", 3, 5, "the state has no node `n0`"),
        ("sdfg f() {\n  state s {\n    n0 = map m(i in 0:4)\n  }\n}", 3, 5, "the map `n0` has no exit"),
        ("sdfg f() {\n  state s {\n    n0 = exit n0\n  }\n}", 3, 15, "`n0` opens no map"),
        ("sdfg f() {\n  assign i = 1 < 2 < 3\n}", 2, 20, "parentheses"),
        ("sdfg f() {\n  assign i = 300000000000000000000\n}", 2, 14, "is no number of its type"),
        (
            "sdfg f() {\n  state s {\n    n0 = library l Getrf()\n  }\n}",
            3,
            20,
            "no library operation `Getrf`",
        ),
        ("sdfg f() {\n  machine m {\n    goto a -> b\n  }\n}", 3, 10, "the machine has no vertex `a`"),
        ("sdfg f() {\n  constant c: int8[2] = [1i8]\n}", 2, 19, "as many values as the shape"),
        ("sdfg f() {\n  constant c: int8 = [1]\n}", 2, 20, "a literal of type int8"),
        ("sdfg \"f", 1, 6, "does not end on its line"),
        ("sdfg f() { é }", 1, 12, "unexpected character `é`"),
    ];
    for (text, line, column, message) in cases {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert_eq!((error.line(), error.column()), (line, column), "{text}: {error}");
    }
}

#[test]
fn nesting_is_bounded() {
    let blocks = format!("sdfg f() {{ {}", "loop l do { ".repeat(100_000));
    assert_eq!(*parse(&blocks).unwrap_err().kind(), TextErrorKind::TooDeep);
    let operations = format!("{}x", "-".repeat(100_000));
    assert_eq!(*parse_scalar(&operations).unwrap_err().kind(), TextErrorKind::TooDeep);
    let parentheses = "(".repeat(100_000);
    assert_eq!(*parse_scalar(&parentheses).unwrap_err().kind(), TextErrorKind::TooDeep);
}

/// A graph with a cycle, or with maps that do not nest, can be looked at.
#[test]
fn malformed_states_are_printed() {
    let mut state = State::new("s");
    let (entry, exit) = state.add_map("m", [("i".into(), crate::Range::new(0, 4))], crate::Schedule::Default);
    let a = state.add_access("a");
    state.order(a, entry);
    state.order(exit, a);
    let text = state.to_string();
    let sdfg = parse(&format!("sdfg f() {{\n{text}\n}}")).unwrap();
    assert_eq!(sdfg.body.states()[0].to_string(), text);
    state.remove_node(entry);
    assert!(state.to_string().contains("exit nowhere"));
}

/// An edge that leaves a scope on a way of its own makes it a matter of taste which scope a node is in.
#[test]
fn states_with_edges_across_scopes_have_one_form() {
    let text = "sdfg f() {
  data a: float64
  data b: float64

  state s {
    n0 = map m(i in 0:4) {
      n0 -> n1
      n1 = map n(j in 0:4) {
        n1 -> n2
        n2 = access a
        n2 -> n3
      } n3
      n3 -> n4
    } n4
    n3 -> n5
    n4 -> n5
    n5 = access b
  }
}
";
    let sdfg = parse(text).unwrap();
    assert!(crate::validate::validate(&sdfg).unwrap_err().iter().any(|it| it.rule.code == "V013"));
    let printed = print(&sdfg);
    assert!(printed.contains("n3 = exit n1"), "{printed}");
    assert_eq!(print(&parse(&printed).unwrap()), printed);
}

#[test]
fn the_order_of_creation_does_not_matter() {
    let mut state = State::new("s");
    let (y, x) = (state.add_access("y"), state.add_access("x"));
    state.connect(
        (x, None),
        (y, None),
        Memlet::new("x", Subset::parse("0:4").unwrap()).to(Subset::default()),
    );
    let library = LibraryNode {
        label: "product".into(),
        op: Arc::new(MatMul),
        implementation: None,
        span: Default::default(),
    };
    state.add_node(Node::Library(library));
    let reduce = Reduce { wcr: Wcr::Sum, axes: None, accumulate: false };
    let library = LibraryNode {
        label: "sum".into(),
        op: Arc::new(reduce),
        implementation: None,
        span: Default::default(),
    };
    state.add_node(Node::Library(library));
    let expected = "state s {
  n0 = access x
  n0 -> n1: x[0:4] to []
  n1 = access y
  n2 = library product MatMul()
  n3 = library sum Reduce(wcr = \"sum\")
}";
    assert_eq!(state.to_string(), expected);
}

#[test]
fn literals_keep_their_type() {
    for dtype in DType::ALL {
        let constant = Constant::of_int(1, dtype);
        let printed = ScalarExpr::Constant(constant).to_string();
        assert_eq!(parse_scalar(&printed), Ok(constant.into()), "{printed}");
    }
    let negated = ScalarExpr::unary(UnaryOp::Neg, ScalarExpr::int(-2));
    let power =
        ScalarExpr::binary(BinaryOp::Pow, ScalarExpr::unary(UnaryOp::Neg, negated), ScalarExpr::int(2));
    assert_eq!(parse_scalar(&power.to_string()), Ok(power));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_sdfgs_round_trip(sdfg in small_sdfgs()) {
        let text = print_with_positions(&sdfg);
        let read = parse(&text);
        prop_assert_eq!(read.as_ref(), Ok(&normalize(&sdfg)), "{}", text);
        prop_assert_eq!(print_with_positions(&read.unwrap()), text);
        let plain = print(&sdfg);
        prop_assert_eq!(print(&parse(&plain).unwrap()), plain);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(sdfg f\\(\\) \\{)?[ -~\\n]{0,80}") {
        let _ = parse(&text);
    }
}
