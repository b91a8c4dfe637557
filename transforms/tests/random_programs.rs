//! Random small programs mean the same after optimization, by the reference interpreter.
//!
//! Programs are sequences of loops and maps over a few arrays with indices at constant distances, which is where
//! fusion, parallelization and privatization have to say no most often.

use dacec_ir::builder::{Code, SdfgBuilder, name, value};
use dacec_ir::interp::testing::assert_same;
use dacec_ir::{DType, Expr, Memlet, Range, ScalarExpr, Sdfg, Subset, Wcr};
use dacec_transforms::{Context, Options, auto_optimize};
use proptest::prelude::*;

const ARRAYS: [&str; 5] = ["A", "B", "C", "t", "u"];

/// One element of an array: `array[scale*i + shift]`, or a fixed one.
#[derive(Clone, Debug)]
struct Element {
    array: usize,
    scale: i64,
    shift: i64,
}

#[derive(Clone, Debug)]
enum Statement {
    /// `for i in 2:8: target = a + 2*b; …`, as a loop or as a map where that is known to be one.
    Loop { body: Vec<(Element, Element, Element)>, down: bool },
    /// `map i in 2:8 { target[i + shift] = a + 2*b }`
    Map { target: Element, a: Element, b: Element },
    /// `s += a`, in a loop.
    Sum { a: Element },
    /// `target[2:8] = source[2 + shift:8 + shift]`
    Copy { target: usize, source: usize, shift: i64 },
    /// `for i in 2:8: for j in 0:6: D[i, j] = E[i, j + shift]`, the arrays perhaps transposed.
    Nest { transposed: bool, shift: i64, same: bool },
}

fn element() -> impl Strategy<Value = Element> {
    (0..ARRAYS.len(), prop_oneof![4 => Just(1), 1 => Just(0), 1 => Just(2)], -2_i64..=2)
        .prop_map(|(array, scale, shift)| Element { array, scale, shift })
}

fn statement() -> impl Strategy<Value = Statement> {
    let assignment = || (element(), element(), element());
    prop_oneof![
        4 => (prop::collection::vec(assignment(), 1..3), any::<bool>())
            .prop_map(|(body, down)| Statement::Loop { body, down }),
        4 => assignment().prop_map(|(target, a, b)| Statement::Map { target, a, b }),
        1 => element().prop_map(|a| Statement::Sum { a }),
        1 => (0..5_usize, 0..5_usize, -2_i64..=2)
            .prop_map(|(target, source, shift)| Statement::Copy { target, source, shift }),
        1 => (any::<bool>(), 0_i64..=2, any::<bool>())
            .prop_map(|(transposed, shift, same)| Statement::Nest { transposed, shift, same }),
    ]
}

impl Element {
    fn subset(&self) -> String {
        format!("{}*i + {}", self.scale, self.shift + 2)
    }

    fn array(&self) -> &'static str {
        ARRAYS[self.array]
    }
}

fn sum_of(a: &str, b: &str) -> Code {
    name(a) + name(b) * value(2.0)
}

/// Whether all iterations of a map with this statement are independent.
fn is_map(target: &Element, sources: &[&Element]) -> bool {
    let same = |source: &&&Element| {
        source.array != target.array || (source.scale, source.shift) == (target.scale, target.shift)
    };
    target.scale != 0 && sources.iter().filter(same).count() == sources.len()
}

fn add(b: &mut SdfgBuilder, at: usize, statement: &Statement) {
    let label = |part: &str| format!("{part}{at}");
    match statement {
        Statement::Map { target, a, b: other } if is_map(target, &[a, other]) => {
            let inputs = [("a", a.array(), &*a.subset()), ("b", other.array(), &*other.subset())];
            let output = (target.array(), &*target.subset());
            b.state(&label("map")).map("m", &[("i", "2:8")], &inputs, sum_of("a", "b"), output);
        }
        Statement::Map { target, a, b: other } => {
            let body = vec![(target.clone(), a.clone(), other.clone())];
            add(b, at, &Statement::Loop { body, down: false });
        }
        Statement::Loop { body, down } => {
            b.for_loop("i", 2, 8, |b| {
                for (k, (target, x, y)) in body.iter().enumerate() {
                    let flipped = |element: &Element| match down {
                        true => format!("{}*(9 - i) + {}", element.scale, element.shift + 2),
                        false => element.subset(),
                    };
                    let (x_at, y_at, to) = (flipped(x), flipped(y), flipped(target));
                    let inputs = [("a", x.array(), &*x_at), ("b", y.array(), &*y_at)];
                    let code = sum_of("a", "b");
                    b.state(&label(&format!("loop{k}_"))).tasklet("t", &inputs, code, (target.array(), &to));
                }
            });
        }
        Statement::Sum { a } => {
            b.for_loop("i", 2, 8, |b| {
                let inputs = [("s", "S", "0"), ("a", a.array(), &*a.subset())];
                b.state(&label("sum")).tasklet("t", &inputs, name("s") + name("a"), ("S", "0"));
            });
        }
        Statement::Copy { target, source, shift } => {
            let source_at = format!("{}:{}", shift + 4, shift + 10);
            let (from, to) = if source == target { ("E", "4:10, 3") } else { (ARRAYS[*source], &*source_at) };
            b.state(&label("copy")).copy((from, to), (ARRAYS[*target], "4:10"));
        }
        Statement::Nest { transposed, shift, same } => {
            let source = if *same { "D" } else { "E" };
            let order = |x: &str, y: &str| match transposed {
                true => format!("{y}, {x}"),
                false => format!("{x}, {y}"),
            };
            let (from, to) = (order("i", &format!("j + {shift}")), order("i", "j"));
            b.for_loop("i", 2, 8, |b| {
                b.for_loop("j", 0, 6, |b| {
                    let inputs = [("a", source, &*from), ("b", "A", "i")];
                    b.state(&label("nest")).tasklet("t", &inputs, sum_of("a", "b"), ("D", &to));
                });
            });
        }
    }
}

fn program(statements: &[Statement]) -> Sdfg {
    let size = || Expr::int(24);
    let mut b = SdfgBuilder::new("p");
    for array in &ARRAYS[..3] {
        b.array(array, DType::Float64, [size()]);
    }
    b.array("S", DType::Float64, [Expr::int(1)]);
    b.array("D", DType::Float64, [size(), size()]).array("E", DType::Float64, [size(), size()]);
    for array in &ARRAYS[3..] {
        b.transient(array, DType::Float64, [size()]);
        b.state(&format!("init_{array}")).map_with(
            "init",
            vec![("i".into(), Range::new(0, 24))],
            &[("a".into(), Memlet::new("A", Subset::element([Expr::sym("i")])))],
            ScalarExpr::from(name("a") * value(3.0)),
            Memlet::new(*array, Subset::element([Expr::sym("i")])),
        );
    }
    for (at, statement) in statements.iter().enumerate() {
        add(&mut b, at, statement);
    }
    // What is left in the temporaries is looked at.
    let inputs = [("x", "t", "i"), ("y", "u", "i")];
    b.state("end").reduction("end", &[("i", "0:24")], &inputs, sum_of("x", "y"), ("S", "0"), Wcr::Sum);
    b.build()
}

fn verify(sdfg: &Sdfg) -> Result<(), String> {
    dacec_ir::validate::validate(sdfg)
        .map(drop)
        .map_err(|violations| violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn optimized(sdfg: &Sdfg) -> (Sdfg, Context) {
    let mut after = sdfg.clone();
    let mut context = Context::new(Options { verify: Some(verify), ..Options::default() });
    let _ = auto_optimize().run(&mut after, &mut context).expect("every pass leaves a valid program");
    (after, context)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn optimization_keeps_the_meaning(statements in prop::collection::vec(statement(), 1..6)) {
        let before = program(&statements);
        prop_assert_eq!(verify(&before), Ok(()));
        let (after, _) = optimized(&before);
        assert_same(&before, &after, &[]);
    }
}

#[test]
fn the_generator_makes_work_for_the_passes() {
    let element = |array, shift| Element { array, scale: 1, shift };
    let statements = [
        Statement::Map { target: element(3, 0), a: element(0, 0), b: element(1, 1) },
        Statement::Loop { body: vec![(element(1, 0), element(3, 0), element(0, 0))], down: true },
        Statement::Sum { a: element(1, 0) },
        Statement::Nest { transposed: true, shift: 0, same: false },
    ];
    let (_, context) = optimized(&program(&statements));
    for transformation in ["LoopToMap", "MapCollapse", "MapInterchange"] {
        assert!(
            context.rewrites().contains_key(transformation),
            "{transformation}: {:?}",
            context.rewrites()
        );
    }
}

#[test]
fn an_element_may_be_written_twice_in_an_iteration() {
    let element = |array, scale, shift| Element { array, scale, shift };
    let first = (element(1, 2, -1), element(2, 1, 0), element(2, 1, 0));
    let second = (element(1, 2, -1), element(1, 2, -1), element(0, 1, 0));
    let before = program(&[Statement::Loop { body: vec![first, second], down: false }]);
    let (after, context) = optimized(&before);
    assert_same(&before, &after, &[]);
    assert!(context.rewrites().contains_key("LoopToMap"));
}
