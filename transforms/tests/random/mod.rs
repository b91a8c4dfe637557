//! Random small programs: sequences of loops, maps, copies, products, calls and branches over a few arrays, with indices at
//! constant distances, which is where fusion, parallelization and privatization have to say no most often.

#![allow(dead_code, reason = "each of the tests that include this uses a part of it")]

pub(crate) mod scopes;

use dacec_ir::builder::{Code, SdfgBuilder, StateBuilder, name, value};
use dacec_ir::interp::testing;
use dacec_ir::library::{LibraryOp, MatMul, Reduce};
use dacec_ir::node::LibraryNode;
use dacec_ir::{
    Assignment, Block, DType, Data, Expr, Memlet, NestedSdfg, Node, Range, ScalarExpr, Sdfg, Subset, Wcr,
};
use dacec_transforms::{Context, Options, Pipeline};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use scopes::{BOUND, BOUNDS, Scope, scope};
use std::sync::Arc;

/// As many cases as `PROPTEST_CASES` asks for, else `few`. The same programs are made in every run, unless
/// `PROPTEST_RNG_SEED` asks for others.
pub(crate) fn config(few: u32) -> ProptestConfig {
    let asked = |variable: &str| std::env::var(variable).is_ok();
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if !asked("PROPTEST_CASES") {
        config.cases = few;
    }
    if !asked("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

/// How arguments that may be `None` are called.
const OPTIONAL: &str = "optional";

pub(crate) const ARRAYS: [&str; 5] = ["A", "B", "C", "t", "u"];

/// One element of an array: `array[scale*i + shift]`, or a fixed one.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) array: usize,
    pub(crate) scale: i64,
    pub(crate) shift: i64,
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
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
    /// `for i in 2:8: c = A[i]; if c < 0.5: B[i] = c; p = i + 1; for j in 0:p: D[i, j] = (D or E)[i - shift, j]`, without the
    /// branch or with it.
    Triangle { shift: i64, same: bool, branch: bool },
    /// `for i in 2:8: for j in 1:6: D[i, j] = D[i - 1, j + ahead] + 2*D[i, j - 1]`, with the columns up to `i` perhaps.
    Diagonals { ahead: i64, triangle: bool },
    /// `for i in 0:6: D[i, 0:i + 1] *= 1.5; for m in 0:4: D[i, 0:i + 1] += 0.5*E[i, m]*E[0:i + 1, m + shift]`
    Update { scaled: bool, shift: i64 },
    /// `for i in 0:6: B[i] = A[i] - E[i, 0:i] @ B[0:i]`, or backward, or with columns of E.
    Solve { down: bool, by_columns: bool },
    /// `v = a + 1; target = v*v + b`, by two tasklets in a state.
    Chain { target: Element, a: Element, b: Element },
    /// `B[shift:shift + 6] += sums of E's rows or columns`, by a map or by a library node.
    Rows { transposed: bool, library: bool, shift: i64 },
    /// `D[0:6, 1:5] = factor * (D or E)[0:6, 3:12] @ E[1:10, 0:4] (+ D[0:6, 1:5])`
    Product { factor: bool, same: bool, more: bool },
    /// `target[2:8] = f(source[2 + shift:8 + shift])`, a call.
    Call { target: usize, source: usize, shift: i64 },
    /// `x[0:6] = source[2 + shift:8 + shift]; target[2:8] = 2*x`, through a new array that is computed and copied, or
    /// copied and read; what is computed last may also never be used.
    Through { target: usize, source: usize, shift: i64, copy_first: bool, used: bool },
    /// `x[0:8] = 2*source[1:9]; target[2:8] = x[0:6] + 2*x[shift + 1:shift + 7]`, through a new array.
    Stencil { target: usize, source: usize, shift: i64 },
    /// `x = E[0:6, 0:4] * A[0:4]; B[shift:shift + 6] (+)= sums or largest elements of the rows or columns of x`.
    Totals { columns: bool, largest: bool, accumulate: bool, shift: i64 },
    /// `x = E[0:5, 0:6] @ E[6:12, 0:7]; B[0:5] = x @ A[0:7]`, or `B[0:7] = A[0:5] @ x`, and perhaps `B[0:7] = x[0]`.
    Chained { on_the_left: bool, used: bool },
    /// `B[at:at + 5] = (d*E[0:5, 1:8]) @ A[0:7]`, where `d` is one number or one for each row.
    ScaledVector { by_rows: bool, at: i64 },
    /// A call of the graph in a file of `tests/passes`, by position in [`WRITTEN`], on arrays of its own; the result goes to D.
    Written { file: usize },
    /// `for step in 0:5: B[2:16] = A[1:15] + A[2 + ahead:16 + ahead]; A[low:18] = B[low:18] + B[low - 1:17]`, each halved.
    Steps { ahead: i64, low: i64 },
    /// `if O is None: target[3] = 1 else: target[3] = O[1]`, and `B[5] = O[2]` where that is `certain`.
    Optional { target: usize, certain: bool },
    /// `if A[0] < 0.5: if 0.25 < A[0]: …` or `if A[0] < 0.5: …  if A[0] < 0.5: …`
    Decisions { nested: bool, first: Vec<Statement>, second: Vec<Statement> },
    /// `p = 3 + shift; target[p] = source[p + 1]`, with an integer in a container.
    Index { target: usize, source: usize, shift: i64 },
    /// Something with scopes, views or symbolic bounds.
    Scope(Scope),
    /// `if A[0] < 0.5: … else: …`
    Branch { then: Vec<Statement>, otherwise: Vec<Statement> },
    /// `for k in range(n): …`
    Repeat { iterations: i64, body: Vec<Statement> },
}

fn element() -> impl Strategy<Value = Element> {
    (0..ARRAYS.len(), prop_oneof![4 => Just(1), 1 => Just(0), 1 => Just(2)], -2_i64..=2)
        .prop_map(|(array, scale, shift)| Element { array, scale, shift })
}

fn simple() -> impl Strategy<Value = Statement> {
    let array = || 0..ARRAYS.len();
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
        1 => (0_i64..=1, any::<bool>(), any::<bool>())
            .prop_map(|(shift, same, branch)| Statement::Triangle { shift, same, branch }),
        1 => assignment().prop_map(|(target, a, b)| Statement::Chain { target, a, b }),
        1 => (any::<bool>(), 0_i64..=1).prop_map(|(scaled, shift)| Statement::Update { scaled, shift }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(down, by_columns)| Statement::Solve { down, by_columns }),
        1 => (-1_i64..=2, any::<bool>())
            .prop_map(|(ahead, triangle)| Statement::Diagonals { ahead, triangle }),
        1 => (any::<bool>(), any::<bool>(), 0_i64..=2)
            .prop_map(|(transposed, library, shift)| Statement::Rows { transposed, library, shift }),
        1 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(factor, same, more)| Statement::Product { factor, same, more }),
        1 => (array(), array(), -2_i64..=2)
            .prop_filter("what a call reads and writes is apart", |(target, source, _)| target != source)
            .prop_map(|(target, source, shift)| Statement::Call { target, source, shift }),
        2 => (array(), array(), -2_i64..=2, any::<bool>(), any::<bool>()).prop_map(
            |(target, source, shift, copy_first, used)| {
                Statement::Through { target, source, shift, copy_first, used }
            },
        ),
        1 => (array(), array(), -2_i64..=2)
            .prop_map(|(target, source, shift)| Statement::Index { target, source, shift }),
        1 => (array(), array(), -1_i64..=1)
            .prop_map(|(target, source, shift)| Statement::Stencil { target, source, shift }),
        1 => (0..WRITTEN.len()).prop_map(|file| Statement::Written { file }),
        1 => (-1_i64..=3, 2_i64..=4).prop_map(|(ahead, low)| Statement::Steps { ahead, low }),
        1 => (array(), prop::bool::weighted(0.8))
            .prop_map(|(target, certain)| Statement::Optional { target, certain }),
        8 => scope().prop_map(Statement::Scope),
        1 => (any::<bool>(), any::<bool>())
            .prop_map(|(on_the_left, used)| Statement::Chained { on_the_left, used }),
        1 => (any::<bool>(), 0_i64..=2).prop_map(|(by_rows, at)| Statement::ScaledVector { by_rows, at }),
        1 => (any::<bool>(), any::<bool>(), any::<bool>(), 0_i64..=2).prop_map(
            |(columns, largest, accumulate, shift)| {
                Statement::Totals { columns, largest, accumulate, shift }
            },
        ),
    ]
}

/// Any statement.
pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    let block = |at_least: usize| prop::collection::vec(simple(), at_least..3);
    prop_oneof![
        12 => simple(),
        1 => (block(0), block(0)).prop_map(|(then, otherwise)| Statement::Branch { then, otherwise }),
        1 => (0_i64..=2, block(1)).prop_map(|(iterations, body)| Statement::Repeat { iterations, body }),
        1 => (any::<bool>(), block(1), block(1))
            .prop_map(|(nested, first, second)| Statement::Decisions { nested, first, second }),
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

fn add(b: &mut SdfgBuilder, at: &str, statement: &Statement) {
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
        Statement::Triangle { shift, same, branch } => triangle(b, at, *shift, (*same, *branch)),
        Statement::Chain { target, a, b: other } => chain(b, at, target, [a, other]),
        Statement::Update { scaled, shift } => update(b, at, *scaled, *shift),
        Statement::Solve { down, by_columns } => solve(b, at, *down, *by_columns),
        Statement::Diagonals { ahead, triangle } => {
            let end = if *triangle { Expr::sym("i") } else { Expr::int(6) };
            let above = format!("i - 1, j + {ahead}");
            b.for_loop("i", 2, 8, |b| {
                b.for_loop("j", 1, end, |b| {
                    let inputs = [("a", "D", &*above), ("b", "D", "i, j - 1")];
                    b.state(&label("diagonals")).tasklet("t", &inputs, sum_of("a", "b"), ("D", "i, j"));
                });
            });
        }
        Statement::Rows { transposed, library, shift } => {
            rows(b, &label("rows"), (*transposed, *library), *shift)
        }
        Statement::Product { factor, same, more } => product(b, at, (*factor, *same, *more)),
        Statement::Call { target, source, shift } => call(b, &label("call"), (*target, *source), *shift),
        Statement::Through { target, source, shift, copy_first, used } => {
            let used = used.then_some(ARRAYS[*target]);
            through(b, at, (used, ARRAYS[*source]), *shift, *copy_first);
        }
        Statement::Stencil { target, source, shift } => {
            stencil(b, at, (ARRAYS[*target], ARRAYS[*source]), *shift)
        }
        Statement::Totals { columns, largest, accumulate, shift } => {
            totals(b, at, (*columns, *largest, *accumulate), *shift)
        }
        Statement::Chained { on_the_left, used } => chained(b, at, *on_the_left, *used),
        Statement::ScaledVector { by_rows, at: place } => scaled_vector(b, at, *by_rows, *place),
        Statement::Written { file } => written(b, at, WRITTEN[*file]),
        Statement::Steps { ahead, low } => steps(b, at, *ahead, *low),
        Statement::Optional { target, certain } => optional(b, at, ARRAYS[*target], *certain),
        Statement::Decisions { nested, first, second } => {
            b.state(&label("decide")).tasklet("t", &[("a", "A", "0")], name("a"), ("c", ""));
            let small = (name("c") * value(2.0)).op(dacec_ir::BinaryOp::Lt, value(1.0));
            let large = (name("c") * value(4.0)).op(dacec_ir::BinaryOp::Gt, value(1.0));
            let all = |b: &mut SdfgBuilder, part: &str, body: &[Statement]| {
                let numbered = body.iter().enumerate();
                numbered.for_each(|(k, it)| add(b, &format!("{at}_{part}{k}"), it));
            };
            if *nested {
                let inner = |b: &mut SdfgBuilder| {
                    b.conditional(large, |b| all(b, "first", first), |_| {});
                };
                b.conditional(small, inner, |_| {});
                all(b, "second", second);
            } else {
                b.conditional(small.clone(), |b| all(b, "first", first), |_| {});
                b.conditional(small, |b| all(b, "second", second), |_| {});
            }
        }
        Statement::Index { target, source, shift } => {
            index(b, at, (ARRAYS[*target], ARRAYS[*source]), *shift)
        }
        Statement::Scope(scope) => scope.add(b, at),
        Statement::Branch { then, otherwise } => {
            let condition = (name("c") * value(2.0)).op(dacec_ir::BinaryOp::Lt, value(1.0));
            let all = |b: &mut SdfgBuilder, part: &str, body: &[Statement]| {
                let numbered = body.iter().enumerate();
                numbered.for_each(|(k, it)| add(b, &format!("{at}_{part}{k}"), it));
            };
            b.state(&label("condition")).tasklet("t", &[("a", "A", "0")], name("a"), ("c", ""));
            b.conditional(condition, |b| all(b, "then", then), |b| all(b, "else", otherwise));
        }
        Statement::Repeat { iterations, body } => {
            b.for_loop("k", 0, *iterations, |b| {
                let numbered = body.iter().enumerate();
                numbered.for_each(|(k, it)| add(b, &format!("{at}_again{k}"), it));
            });
        }
    }
}

fn triangle(b: &mut SdfgBuilder, at: &str, shift: i64, (same, branch): (bool, bool)) {
    let (scalar, symbol) = (format!("v{at}"), format!("end{at}"));
    b.local(&scalar, DType::Float64);
    b.for_loop("i", 2, 8, |b| {
        b.state(&format!("value{at}")).tasklet("t", &[("a", "A", "i")], name("a"), (&scalar, ""));
        if branch {
            let condition = (name(&scalar) * value(2.0)).op(dacec_ir::BinaryOp::Lt, value(1.0));
            let then = |b: &mut SdfgBuilder| {
                let inputs = [("v", &*scalar, "")];
                b.state(&format!("then{at}")).tasklet("t", &inputs, name("v"), ("B", "i"));
            };
            b.conditional(condition, then, |_| {});
        }
        let end = ScalarExpr::from(Expr::sym("i") + 1);
        b.push(Block::Assign(vec![Assignment { symbol: symbol.as_str().into(), value: end }]));
        b.for_loop("j", 0, Expr::sym(&*symbol), |b| {
            let (source, from) = (if same { "D" } else { "E" }, format!("i - {shift}, j"));
            let inputs = [("a", source, &*from), ("v", &*scalar, "")];
            b.state(&format!("row{at}")).tasklet("t", &inputs, sum_of("a", "v"), ("D", "i, j"));
        });
    });
}

fn chain(b: &mut SdfgBuilder, at: &str, target: &Element, [x, y]: [&Element; 2]) {
    let scalar = format!("link{at}");
    b.local(&scalar, DType::Float64);
    let place = |element: &Element| element.subset().replace('i', "3");
    let mut s = b.state(&format!("chain{at}"));
    s.tasklet("first", &[("a", x.array(), &*place(x))], name("a") + value(1.0), (&scalar, ""));
    let inputs = [("a", &*scalar, ""), ("b", y.array(), &*place(y))];
    s.tasklet("second", &inputs, name("a") * name("a") + name("b"), (target.array(), &*place(target)));
    let [write, read] = s.state.accesses(&scalar.as_str().into())[..] else { unreachable!("two accesses") };
    for edge in s.state.out_edges(read).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        s.state.move_source(edge, write, None);
    }
    s.state.remove_node(read);
}

fn update(b: &mut SdfgBuilder, at: &str, scaled: bool, shift: i64) {
    let dims = [("j", "0:i + 1")];
    b.for_loop("i", 0, 6, |b| {
        if scaled {
            let code = name("d") * value(1.5);
            b.state(&format!("scale{at}")).map("scale", &dims, &[("d", "D", "i, j")], code, ("D", "i, j"));
        }
        b.for_loop("m", 0, 4, |b| {
            let other = format!("j, m + {shift}");
            let inputs = [("d", "D", "i, j"), ("x", "E", "i, m"), ("y", "E", &*other)];
            let code = name("d") + name("x") * name("y") * value(0.5);
            b.state(&format!("update{at}")).map("update", &dims, &inputs, code, ("D", "i, j"));
        });
    });
}

fn solve(b: &mut SdfgBuilder, at: &str, down: bool, by_columns: bool) {
    let product = format!("known{at}");
    b.local(&product, DType::Float64);
    let others = if down { "i + 1:6" } else { "0:i" };
    let matrix = if by_columns { format!("{others}, i") } else { format!("i, {others}") };
    let bounds = if down { (5, -1, -1) } else { (0, 6, 1) };
    let bounds = (Expr::int(bounds.0), Expr::int(bounds.1), Expr::int(bounds.2));
    b.strided_loop("i", bounds, |b| {
        let inputs = [("_a", "E", &*matrix), ("_b", "B", others)];
        operation(&mut b.state(&format!("product{at}")), Arc::new(MatMul), &inputs, ("_c", &product, ""));
        let inputs = [("a", "A", "i"), ("p", &*product, "")];
        b.state(&format!("solve{at}")).tasklet("t", &inputs, name("a") - name("p"), ("B", "i"));
    });
}

fn rows(b: &mut SdfgBuilder, label: &str, (transposed, library): (bool, bool), shift: i64) {
    let to = format!("{shift}:{}", shift + 6);
    let mut s = b.state(label);
    if library {
        let axis = if transposed { 0 } else { 1 };
        let op = Reduce { wcr: Wcr::Sum, axes: Some(vec![axis]), accumulate: false };
        let from = if transposed { "1:9, 0:6" } else { "0:6, 1:9" };
        operation(&mut s, Arc::new(op), &[("_in", "E", from)], ("_out", "B", &to));
        return;
    }
    let (dims, from) = ([("i", "0:6"), ("j", "1:9")], if transposed { "j, i" } else { "i, j" });
    let at = format!("i + {shift}");
    s.reduction("sum", &dims, &[("e", "E", from)], name("e"), ("B", &at), Wcr::Sum);
}

fn product(b: &mut SdfgBuilder, at: &str, (factor, same, more): (bool, bool, bool)) {
    let (left, result) = (format!("left{at}"), format!("product{at}"));
    b.transient(&left, DType::Float64, [Expr::int(6), Expr::int(9)]);
    b.transient(&result, DType::Float64, [Expr::int(6), Expr::int(4)]);
    let scaled = if factor { name("d") * value(1.5) } else { name("d") };
    let source = if same { "D" } else { "E" };
    b.state(&format!("left_{at}")).map(
        "scale",
        &[("i", "0:6"), ("j", "0:9")],
        &[("d", source, "i, j + 3")],
        scaled,
        (&left, "i, j"),
    );
    let inputs = [("_a", &*left, "0:6, 0:9"), ("_b", "E", "1:10, 0:4")];
    operation(&mut b.state(&format!("product_{at}")), Arc::new(MatMul), &inputs, ("_c", &result, "0:6, 0:4"));
    let mut inputs = vec![("p", &*result, "i, j")];
    if more {
        inputs.push(("d", "D", "i, j + 1"));
    }
    let code = if more { name("p") + name("d") * value(0.5) } else { name("p") };
    let dims = [("i", "0:6"), ("j", "0:4")];
    b.state(&format!("store_{at}")).map("store", &dims, &inputs, code, ("D", "i, j + 1"));
}

fn through(
    b: &mut SdfgBuilder,
    at: &str,
    (target, source): (Option<&str>, &str),
    shift: i64,
    copy_first: bool,
) {
    let x = format!("x{at}");
    b.transient(&x, DType::Float64, [Expr::int(6)]);
    let (dims, from) = ([("i", "0:6")], format!("{}:{}", 2 + shift, 8 + shift));
    let doubled = || name("a") * value(2.0);
    if copy_first {
        b.state(&format!("copy{at}")).copy((source, &from), (&x, "0:6"));
        let target = target.unwrap_or("B");
        b.state(&format!("double{at}")).map("m", &dims, &[("a", &x, "i")], doubled(), (target, "i + 2"));
        return;
    }
    let read = format!("i + {}", 2 + shift);
    b.state(&format!("double{at}")).map("m", &dims, &[("a", source, &read)], doubled(), (&x, "i"));
    match target {
        Some(target) => b.state(&format!("copy{at}")).copy((&x, "0:6"), (target, "2:8")),
        None => drop(b.state(&format!("empty{at}"))),
    }
}

fn stencil(b: &mut SdfgBuilder, at: &str, (target, source): (&str, &str), shift: i64) {
    let x = format!("x{at}");
    b.transient(&x, DType::Float64, [Expr::int(8)]);
    let doubled = name("a") * value(2.0);
    b.state(&format!("first{at}")).map("f", &[("i", "0:8")], &[("a", source, "i + 1")], doubled, (&x, "i"));
    let other = format!("i + {}", shift - 1);
    let inputs = [("a", &*x, "i - 2"), ("b", &*x, &*other)];
    b.state(&format!("second{at}")).map("g", &[("i", "2:8")], &inputs, sum_of("a", "b"), (target, "i"));
}

fn totals(b: &mut SdfgBuilder, at: &str, (columns, largest, accumulate): (bool, bool, bool), shift: i64) {
    let x = format!("x{at}");
    let (shape, element) = if columns { ([4, 6], "m, i") } else { ([6, 4], "i, m") };
    b.transient(&x, DType::Float64, shape.map(Expr::int));
    let inputs = [("e", "E", "i, m"), ("a", "A", "m")];
    let dims = [("i", "0:6"), ("m", "0:4")];
    b.state(&format!("products{at}")).map("m", &dims, &inputs, name("e") * name("a"), (&x, element));
    let wcr = if largest { Wcr::Max } else { Wcr::Sum };
    let op = Reduce { wcr, axes: Some(vec![if columns { 0 } else { 1 }]), accumulate };
    let from = format!("0:{}, 0:{}", shape[0], shape[1]);
    let to = format!("{shift}:{}", shift + 6);
    operation(&mut b.state(&format!("totals{at}")), Arc::new(op), &[("_in", &x, &from)], ("_out", "B", &to));
}

/// Graphs that are too particular for a statement, each with its result.
const WRITTEN: [(&str, &str); 10] = [
    (include_str!("../passes/reference_to_view.txt"), "y"),
    (include_str!("../passes/double_buffering.txt"), "B"),
    (include_str!("../passes/factorization_cholesky.txt"), "A"),
    (include_str!("../passes/factorization_lu.txt"), "A"),
    (include_str!("../passes/lift_einsum.txt"), "C"),
    (include_str!("../passes/loop_to_product.txt"), "C"),
    (include_str!("../passes/mat_vec_fusion_chained.txt"), "s"),
    (include_str!("../passes/product_hoisting.txt"), "C"),
    (include_str!("../passes/symmetric_product.txt"), "C"),
    (include_str!("../passes/triangular_product.txt"), "B"),
];

fn written(b: &mut SdfgBuilder, at: &str, (file, result): (&str, &str)) {
    let head = file.split_once("---\n").map_or(file, |(head, _)| head);
    let start = head.find("sdfg ").expect("the file has a graph");
    let callee = dacec_ir::text::parse(&head[start..]).expect("a valid graph");
    let values = |name: &dacec_ir::Name| Expr::int(if name == "M" { 5 } else { 4 });
    let symbols: Vec<_> = callee.symbols.keys().map(|name| (name.clone(), values(name))).collect();
    let substitution = symbols.iter().cloned().collect();
    let mut operands = Vec::new();
    for argument in &callee.arguments {
        let own = format!("{argument}{at}");
        let data = callee.container(argument.as_str()).expect("an argument");
        let shape: Vec<Expr> = data.shape().iter().map(|extent| extent.subs(&substitution)).collect();
        let mut s = match shape.is_empty() {
            true => b.local(&own, DType::Float64),
            false => b.transient(&own, DType::Float64, shape.clone()),
        }
        .state(&format!("operand_{own}"));
        match &shape[..] {
            [rows, columns] => {
                // Large on the diagonal, so that there are factors.
                let dims = [("i", &*format!("0:{rows}")), ("j", &*format!("0:{columns}"))];
                let near = ScalarExpr::Select {
                    condition: Box::new(ScalarExpr::binary(
                        dacec_ir::BinaryOp::Eq,
                        ScalarExpr::from(Expr::sym("i")),
                        ScalarExpr::from(Expr::sym("j")),
                    )),
                    then: Box::new(ScalarExpr::float(4.0)),
                    otherwise: Box::new(ScalarExpr::float(0.0)),
                };
                let value = ScalarExpr::from(name("e") * value(0.25));
                let value = ScalarExpr::binary(dacec_ir::BinaryOp::Add, value, near);
                s.map("operand", &dims, &[("e", "E", "i, j")], value, (&own, "i, j"));
            }
            [length] => {
                let dims = [("i", &*format!("0:{length}"))];
                s.map("operand", &dims, &[("e", "E", "i, 0")], name("e"), (&own, "i"));
            }
            _ => {
                s.tasklet("operand", &[("a", "A", "3")], name("a"), (&own, ""));
            }
        }
        operands.push((argument.clone(), own, shape));
    }
    let call = b.state(&format!("written{at}")).state;
    let node = call.add_node(Node::Nested(Box::new(NestedSdfg {
        inputs: callee.arguments.clone(),
        outputs: vec![result.into()],
        symbols: symbols.into_iter().collect(),
        span: Default::default(),
        sdfg: callee,
    })));
    for (name, own, shape) in &operands {
        let memlet = || Memlet::new(own.as_str(), Subset::full(shape));
        let source = call.add_access(own.as_str());
        call.connect((source, None), (node, Some(name.as_str())), memlet());
        if name == result {
            let target = call.add_access(own.as_str());
            call.connect((node, Some(name.as_str())), (target, None), memlet());
        }
    }
    let (_, own, shape) =
        operands.iter().find(|(name, ..)| name == result).expect("the result is an argument");
    let part = Subset::full(shape).to_string();
    let part = part.trim_matches(['[', ']']);
    let to = if shape.len() == 1 { format!("0, {part}") } else { part.to_owned() };
    b.state(&format!("result{at}")).copy((own, part), ("D", &to));
}

fn steps(b: &mut SdfgBuilder, at: &str, ahead: i64, low: i64) {
    let half = || (name("a") + name("b")) * value(0.5);
    b.for_loop("step", 0, 5, |b| {
        let (far, range) = (format!("i + {ahead}"), format!("{low}:18"));
        let inputs = [("a", "A", "i - 1"), ("b", "A", &*far)];
        b.state(&format!("ahead{at}")).map("m", &[("i", "2:16")], &inputs, half(), ("B", "i"));
        let inputs = [("a", "B", "i"), ("b", "B", "i - 1")];
        b.state(&format!("back{at}")).map("m", &[("i", &range)], &inputs, half(), ("A", "i"));
    });
}

fn optional(b: &mut SdfgBuilder, at: &str, target: &str, certain: bool) {
    let array = format!("{OPTIONAL}{at}");
    b.array(&array, DType::Float64, [Expr::int(4)]);
    let without = |b: &mut SdfgBuilder| {
        b.state(&format!("without{at}")).tasklet("t", &[], value(1.0), (target, "3"));
    };
    let with = |b: &mut SdfgBuilder| {
        b.state(&format!("with{at}")).tasklet("t", &[("a", &array, "1")], name("a"), (target, "3"));
    };
    b.conditional(ScalarExpr::IsNone(array.as_str().into()), without, with);
    if certain {
        b.state(&format!("certain{at}")).tasklet("t", &[("a", &array, "2")], name("a"), ("B", "5"));
    }
}

fn scaled_vector(b: &mut SdfgBuilder, at: &str, by_rows: bool, place: i64) {
    let scaled = format!("scaled{at}");
    b.transient(&scaled, DType::Float64, [5, 7].map(Expr::int));
    let dims = [("i", "0:5"), ("j", "0:7")];
    let mut inputs = vec![("e", "E", "i, j + 1")];
    if by_rows {
        inputs.push(("d", "B", "i"));
    }
    let code = if by_rows { name("e") * name("d") } else { name("e") * value(-1.5) };
    b.state(&format!("scale{at}")).map("scale", &dims, &inputs, code, (&scaled, "i, j"));
    let inputs = [("_a", &*scaled, "0:5, 0:7"), ("_b", "A", "0:7")];
    let to = format!("{place}:{}", place + 5);
    operation(&mut b.state(&format!("multiply{at}")), Arc::new(MatMul), &inputs, ("_c", "B", &to));
}

fn chained(b: &mut SdfgBuilder, at: &str, on_the_left: bool, used: bool) {
    let x = format!("x{at}");
    b.transient(&x, DType::Float64, [5, 7].map(Expr::int));
    let inputs = [("_a", "E", "0:5, 0:6"), ("_b", "E", "6:12, 0:7")];
    operation(&mut b.state(&format!("one{at}")), Arc::new(MatMul), &inputs, ("_c", &x, "0:5, 0:7"));
    let whole = (&*x, "0:5, 0:7");
    let ((left, from_left), (right, from_right), to) = match on_the_left {
        true => (whole, ("A", "0:7"), "0:5"),
        false => (("A", "0:5"), whole, "0:7"),
    };
    let inputs = [("_a", left, from_left), ("_b", right, from_right)];
    operation(&mut b.state(&format!("two{at}")), Arc::new(MatMul), &inputs, ("_c", "B", to));
    if used {
        b.state(&format!("use{at}")).copy((&x, "0, 0:7"), ("B", "8:15"));
    }
}

fn index(b: &mut SdfgBuilder, at: &str, (target, source): (&str, &str), shift: i64) {
    let (scalar, symbol) = (format!("n{at}"), format!("p{at}"));
    b.local(&scalar, DType::Int64);
    let code = ScalarExpr::int(3 + shift);
    b.state(&format!("set{at}")).tasklet("set", &[], code, (&scalar, ""));
    let assignment = Assignment { symbol: symbol.as_str().into(), value: ScalarExpr::name(&*scalar) };
    b.push(Block::Assign(vec![assignment]));
    let read = format!("{symbol} + 1");
    b.state(&format!("use{at}")).tasklet("use", &[("a", source, &read)], name("a"), (target, &symbol));
}

fn operation(
    s: &mut StateBuilder<'_>,
    op: Arc<dyn LibraryOp>,
    inputs: &[(&str, &str, &str)],
    (connector, data, subset): (&str, &str, &str),
) {
    let memlet = |data: &str, text: &str| Memlet::new(data, Subset::parse(text).expect("a subset"));
    let node = LibraryNode { label: "op".into(), op, implementation: None, span: Default::default() };
    let node = s.state.add_node(Node::Library(node));
    for (connector, data, subset) in inputs {
        let access = s.state.add_access(*data);
        s.state.connect((access, None), (node, Some(connector)), memlet(data, subset));
    }
    let access = s.state.add_access(data);
    s.state.connect((node, Some(connector)), (access, None), memlet(data, subset));
}

fn call(b: &mut SdfgBuilder, label: &str, (target, source): (usize, usize), shift: i64) {
    let n = Expr::sym("n");
    let mut callee = SdfgBuilder::new("callee");
    callee.array("x", DType::Float64, [n.clone()]).array("y", DType::Float64, [n.clone()]);
    callee.transient("half", DType::Float64, [n]);
    let dims = [("i", "0:n")];
    callee.state("half").map("m", &dims, &[("a", "x", "i")], name("a") * value(0.5), ("half", "i"));
    callee.state("more").map("m", &dims, &[("a", "half", "i")], name("a") + value(1.0), ("y", "i"));
    let s = b.state(label).state;
    let node = s.add_node(Node::Nested(Box::new(NestedSdfg {
        sdfg: callee.build(),
        inputs: vec!["x".into()],
        outputs: vec!["y".into()],
        symbols: [("n".into(), Expr::int(6))].into_iter().collect(),
        span: Default::default(),
    })));
    let memlet = |array: usize, shift: i64| {
        let subset = Subset::parse(&format!("{}:{}", 2 + shift, 8 + shift)).expect("a subset");
        Memlet::new(ARRAYS[array], subset)
    };
    let (from, to) = (s.add_access(ARRAYS[source]), s.add_access(ARRAYS[target]));
    s.connect((from, None), (node, Some("x")), memlet(source, shift));
    s.connect((node, Some("y")), (to, None), memlet(target, 0));
}

/// The program of some statements.
pub(crate) fn program(statements: &[Statement]) -> Sdfg {
    let size = || Expr::int(24);
    let mut b = SdfgBuilder::new("p");
    for array in &ARRAYS[..3] {
        b.array(array, DType::Float64, [size()]);
    }
    b.array("S", DType::Float64, [Expr::int(1)]).local("c", DType::Float64);
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
        add(&mut b, &at.to_string(), statement);
    }
    // One iteration, and a result that is computed somewhere else first.
    b.state("once").map("once", &[("i", "3:4")], &[("x", "A", "i")], name("x"), ("B", "i"));
    b.transient("last", DType::Float64, [Expr::int(3)]).returns("__return", DType::Float64, [Expr::int(3)]);
    b.state("last").map("last", &[("i", "0:3")], &[("x", "A", "i + 2")], name("x"), ("last", "i"));
    b.state("return").copy(("last", "0:3"), ("__return", "0:3"));
    // What is left in the temporaries is looked at.
    let inputs = [("x", "t", "i"), ("y", "u", "i")];
    b.state("end").reduction("end", &[("i", "0:24")], &inputs, sum_of("x", "y"), ("S", "0"), Wcr::Sum);
    let mut sdfg = b.build();
    for (name, data) in &mut sdfg.containers {
        if let Data::Array(array) = data {
            array.optional = name.starts_with(OPTIONAL);
        }
    }
    let mut assigned = Vec::new();
    sdfg.body.visit(&mut |block| assigned.extend(block.assignments().map(|it| it.symbol.clone())));
    sdfg.symbols.insert(BOUND.into(), DType::Int64);
    sdfg.symbols.extend(assigned.into_iter().map(|symbol| (symbol, DType::Int64)));
    sdfg
}

/// Panics unless two programs do the same, whatever the symbolic bound is.
#[track_caller]
pub(crate) fn assert_same(before: &Sdfg, after: &Sdfg) {
    BOUNDS.iter().for_each(|&bound| testing::assert_same(before, after, &[(BOUND, bound)]));
}

/// The violations in an SDFG.
pub(crate) fn verify(sdfg: &Sdfg) -> Result<(), String> {
    dacec_ir::validate::validate(sdfg)
        .map(drop)
        .map_err(|violations| violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A program after the passes of a pipeline, each of which has to leave a valid one.
#[track_caller]
pub(crate) fn after(pipeline: &Pipeline, sdfg: &Sdfg) -> (Sdfg, Context) {
    let mut after = sdfg.clone();
    let mut context = Context::new(Options { verify: Some(verify), ..Options::default() });
    let _ = pipeline.run(&mut after, &mut context).unwrap_or_else(|error| panic!("{error}"));
    (after, context)
}
