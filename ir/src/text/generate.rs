//! Random SDFGs for property tests of text forms: any elements in any combination, not meant to be valid.

use crate::control_flow::{Effect, Format, LoopHeader, Piece};
use crate::interp::Tensor;
use crate::library::{Cost, LibraryOp, MatMul, Reduce};
use crate::node::{CallArgument, ExternalCall, ForeignCode, Language, LibraryNode};
use crate::{
    Array, Assignment, BinaryOp, Block, Branch, Conditional, Connector, Constant, ConstantArray, Consume,
    CustomWcr, DType, Data, Expr, Function, Instrument, Lifetime, Loop, Machine, Memlet, Name, NestedSdfg,
    Node, Range, Region, Scalar, ScalarExpr, Schedule, Sdfg, Span, State, Stmt, Storage, Stream, Structure,
    Subset, Tasklet, TaskletCode, Transition, UnaryOp, Vertex, Wcr,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

pub(crate) fn small_sdfgs() -> impl Strategy<Value = Sdfg> {
    sdfgs(2)
}

fn names() -> impl Strategy<Value = Name> {
    select(
        &[
            "x", "y", "N", "_a1", "out", "to", "if", "a b", "wcr", "n0", "call", "1\"\n\\", "data", "s.m",
            "view",
        ][..],
    )
    .prop_map(Name::from)
}

fn instruments() -> impl Strategy<Value = Instrument> {
    select(&Instrument::ALL[..])
}

fn spans() -> impl Strategy<Value = Span> {
    prop_oneof![
        2 => Just(Span::default()),
        1 => (0u32..9, 0u32..9, 1u32..9).prop_map(|(start, end, line)| Span { start, end, line }),
    ]
}

fn dtypes() -> impl Strategy<Value = DType> {
    let others =
        [DType::vector(DType::Float32, 4), DType::pointer(DType::Int8), DType::opaque("MPI_Request")];
    select([&DType::ALL[..], &others.map(|it| it.expect("these types exist"))].concat())
}

fn numbers() -> impl Strategy<Value = DType> {
    select(&DType::ALL[..])
}

fn exprs() -> impl Strategy<Value = Expr> {
    select(&["0", "1", "N", "N - 1", "2*i + 3", "N//2", "min(i, N % 3)", "-7", "N*i", "int_ceil(N, i)"][..])
        .prop_map(|text| Expr::parse(text).expect("a literal expression"))
}

fn ranges() -> impl Strategy<Value = Range> {
    (exprs(), exprs(), select(&[1i64, 1, 2, -1][..]))
        .prop_map(|(start, stop, step)| Range::strided(start, stop, step))
}

fn tiled() -> impl Strategy<Value = Range> {
    (exprs(), exprs(), 1i64..5, exprs())
        .prop_map(|(start, stop, step, tile)| Range::tiled(start, stop, Expr::int(step), tile))
}

fn subsets() -> impl Strategy<Value = Subset> {
    vec(prop_oneof![4 => ranges(), 4 => exprs().prop_map(Range::index), 1 => tiled()], 0..3)
        .prop_map(Subset::new)
}

pub(crate) fn constants() -> impl Strategy<Value = Constant> {
    let numbers = || prop_oneof![any::<f64>().prop_filter("NaN", |x| !x.is_nan()), Just(f64::INFINITY)];
    prop_oneof![
        any::<bool>().prop_map(Constant::Bool),
        (any::<i64>(), select(&[DType::Int8, DType::UInt16, DType::Int32, DType::Int64][..]))
            .prop_map(|(value, dtype)| Constant::Int(value, dtype)),
        (0u64..9).prop_map(|value| Constant::UInt(u64::MAX - value)),
        (numbers(), select(&[DType::Float32, DType::BFloat16, DType::Float64][..]))
            .prop_map(|(value, dtype)| Constant::Float(value, dtype)),
        (numbers(), numbers(), select(&[DType::Complex64, DType::Complex128][..]))
            .prop_map(|(re, im, dtype)| Constant::Complex(re, im, dtype)),
    ]
}

fn scalars() -> impl Strategy<Value = ScalarExpr> {
    use BinaryOp::*;
    let binary = &[
        Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Min, Max, BitAnd, BitOr, BitXor, Shl, Shr, And, Or, Eq, Ne,
        Lt, Le, Gt, Ge,
    ];
    let leaf = prop_oneof![
        constants().prop_map(ScalarExpr::Constant),
        names().prop_map(ScalarExpr::Name),
        exprs().prop_map(ScalarExpr::Symbolic),
    ];
    leaf.prop_recursive(3, 12, 2, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            1 => (names(), vec(inner.clone(), 1..3)).prop_map(|(name, indices)| ScalarExpr::Load { name, indices }),
            1 => (select(&[UnaryOp::Neg, UnaryOp::Not, UnaryOp::BitNot][..]), inner.clone())
                .prop_map(|(op, operand)| ScalarExpr::unary(op, operand)),
            4 => (select(&binary[..]), pair).prop_map(|(op, (a, b))| ScalarExpr::binary(op, a, b)),
            1 => (select(&Function::ALL[..]), inner.clone(), inner.clone()).prop_map(|(function, a, b)| {
                ScalarExpr::Call(function, if function.arity() == 1 { vec![a] } else { vec![a, b] })
            }),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, a, b)| ScalarExpr::select(condition, a, b)),
            1 => names().prop_map(ScalarExpr::IsNone),
            1 => (dtypes(), inner).prop_map(|(dtype, operand)| ScalarExpr::Cast(dtype, Box::new(operand))),
        ]
    })
}

fn stmts() -> impl Strategy<Value = Stmt> {
    let leaf = prop_oneof![
        (names(), scalars()).prop_map(|(target, value)| Stmt::Assign { target, value }),
        (names(), vec(scalars(), 1..3), scalars()).prop_map(|(target, indices, value)| Stmt::Store {
            target,
            indices,
            value
        }),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        (scalars(), vec(inner.clone(), 0..3), vec(inner, 0..2))
            .prop_map(|(condition, then, otherwise)| Stmt::If { condition, then, otherwise })
    })
}

fn data() -> impl Strategy<Value = Data> {
    let lifetime = || select(&Lifetime::ALL[..]);
    let storage = select(&Storage::ALL[..]);
    let stream = (dtypes(), vec(exprs(), 0..2), option::of(exprs()), any::<bool>(), lifetime(), spans());
    let constant = (numbers(), vec(0usize..3, 0..3), any::<u64>(), spans());
    prop_oneof![
        stream.prop_map(|(dtype, shape, capacity, transient, lifetime, span)| {
            Stream { dtype, shape, capacity, transient, lifetime, span }.into()
        }),
        constant.prop_map(|(dtype, shape, seed, span)| {
            let mut constant = ConstantArray::new(Tensor::random(dtype, &shape, seed));
            constant.span = span;
            constant.into()
        }),
        (dtypes(), any::<bool>(), any::<bool>(), lifetime(), spans()).prop_map(
            |(dtype, transient, zeroed, lifetime, span)| {
                Scalar { dtype, zeroed, transient, lifetime, span }.into()
            }
        ),
        (dtypes(), vec((exprs(), option::of(exprs())), 1..3), 0u8..7, storage, lifetime(), spans()).prop_map(
            |(dtype, dims, kind, storage, lifetime, span)| {
                let (shape, strides): (Vec<_>, Vec<_>) = dims.into_iter().unzip();
                let transient = kind > 0;
                let mut array = Array { transient, storage, lifetime, span, ..Array::new(dtype, shape) };
                array.zeroed = kind == 4;
                array.optional = kind == 0;
                if kind > 4 {
                    array.offset = array.shape.clone();
                }
                for (stride, given) in array.strides.iter_mut().zip(strides) {
                    *stride = given.unwrap_or_else(|| stride.clone());
                }
                match kind {
                    2 => Data::View(array),
                    3 => Data::Reference(array),
                    _ => Data::Array(array),
                }
            }
        ),
    ]
}

fn tasklets() -> impl Strategy<Value = Tasklet> {
    let connectors = || {
        let connector = (dtypes(), 0usize..3).prop_map(|(dtype, rank)| Connector { dtype, rank });
        vec((names(), connector), 0..3).prop_map(|all| all.into_iter().collect())
    };
    let argument = prop_oneof![
        names().prop_map(CallArgument::Pointer),
        exprs().prop_map(CallArgument::Int),
        (dtypes(), scalars()).prop_map(|(dtype, value)| CallArgument::Value(dtype, value)),
        Just(CallArgument::Text("f(\"x\",\n1)".to_owned())),
    ];
    let code = prop_oneof![
        4 => vec(stmts(), 0..3).prop_map(TaskletCode::Native),
        1 => (names(), vec(argument, 0..3), option::of((exprs(), exprs()))).prop_map(|(routine, arguments, cost)| {
            let cost = cost.map(|(operations, bytes)| Cost { operations, bytes });
            TaskletCode::External(ExternalCall { routine, arguments, cost })
        }),
        1 => (select(&Language::ALL[..]), names())
            .prop_map(|(language, code)| TaskletCode::Foreign(ForeignCode { language, code: code.to_string() })),
    ];
    (names(), connectors(), connectors(), code, spans())
        .prop_map(|(label, inputs, outputs, code, span)| Tasklet { label, inputs, outputs, code, span })
}

fn libraries() -> impl Strategy<Value = LibraryNode> {
    let op = prop_oneof![
        Just(Arc::new(MatMul) as Arc<dyn LibraryOp>),
        (select(&Wcr::ALL[..]), option::of(vec(0usize..3, 0..3)), any::<bool>()).prop_map(
            |(wcr, axes, accumulate)| Arc::new(Reduce { wcr, axes, accumulate }) as Arc<dyn LibraryOp>
        ),
    ];
    (names(), op, option::of(names()), spans()).prop_map(|(label, op, implementation, span)| LibraryNode {
        label,
        op,
        implementation,
        span,
    })
}

/// What is added to a state: a node, or a map around the nodes that follow.
#[derive(Clone, Debug)]
enum Part {
    Node(Node),
    Map(Vec<(Name, Range)>, Schedule, usize, Option<Expr>, Option<Consume>, (Instrument, Span), Vec<Part>),
}

fn parts(depth: u32) -> BoxedStrategy<Vec<Part>> {
    let mut node = prop_oneof![
        4 => names().prop_map(Node::Access),
        2 => tasklets().prop_map(Node::Tasklet),
        1 => libraries().prop_map(Node::Library),
    ]
    .boxed();
    if depth > 1 {
        let nested = (sdfgs(depth - 1), vec(names(), 0..2), vec((names(), exprs()), 0..2), spans());
        let nested = nested.prop_map(|(sdfg, names, symbols, span)| {
            let symbols = symbols.into_iter().collect();
            Node::Nested(Box::new(NestedSdfg { sdfg, inputs: names.clone(), outputs: names, symbols, span }))
        });
        node = prop_oneof![6 => node, 1 => nested].boxed();
    }
    let node = node.prop_map(Part::Node);
    if depth == 0 {
        return vec(node, 0..3).boxed();
    }
    let schedules = select(&Schedule::ALL[..]);
    let consume = option::weighted(0.3, consumes());
    let dims = vec((names(), ranges()), 0..3);
    let marks = (instruments(), spans());
    let map = (dims, schedules, 1usize..3, option::of(exprs()), consume, marks, parts(depth - 1)).prop_map(
        |(dims, schedule, collapse, when, consume, marks, inside)| {
            Part::Map(dims, schedule, collapse, when, consume, marks, inside)
        },
    );
    vec(prop_oneof![3 => node, 1 => map], 0..5).boxed()
}

fn consumes() -> impl Strategy<Value = Consume> {
    let chunk = prop_oneof![2 => Just(1usize), 1 => 2usize..9];
    (option::of(scalars()), chunk).prop_map(|(stop, chunk)| Consume { stop, chunk })
}

fn memlets() -> impl Strategy<Value = Memlet> {
    let custom = scalars().prop_map(|value| Wcr::Custom(CustomWcr::new(value)));
    let wcr = option::of(prop_oneof![9 => select(&Wcr::ALL[..]), 1 => custom]);
    let volume = option::weighted(0.2, exprs());
    (names(), subsets(), option::of(subsets()), volume, any::<bool>(), wcr).prop_map(
        |(data, subset, other_subset, volume, dynamic, wcr)| Memlet {
            data,
            subset,
            other_subset,
            volume,
            dynamic,
            wcr,
        },
    )
}

fn states(depth: u32) -> impl Strategy<Value = State> {
    let edge = (any::<(u16, u16)>(), option::of(names()), option::of(names()), option::of(memlets()));
    let marks = (instruments(), spans());
    (names(), marks, parts(depth), vec(edge, 0..8)).prop_map(|(label, (instrument, span), parts, edges)| {
        let mut state = State::new(label);
        (state.instrument, state.span) = (instrument, span);
        add(&mut state, parts, None);
        let ids = state.node_ids();
        for ((src, dst), src_conn, dst_conn, memlet) in edges.into_iter().filter(|_| !ids.is_empty()) {
            let (src, dst) = (ids[usize::from(src) % ids.len()], ids[usize::from(dst) % ids.len()]);
            state.add_edge(src, dst, crate::Edge { src_conn, dst_conn, memlet });
        }
        state
    })
}

fn add(state: &mut State, parts: Vec<Part>, scope: Option<(crate::NodeId, crate::NodeId)>) {
    for part in parts {
        let (first, last) = match part {
            Part::Node(node) => {
                let id = state.add_node(node);
                (id, id)
            }
            Part::Map(dims, schedule, collapse, parallel_if, consume, (instrument, span), inside) => {
                let (entry, exit) = state.add_map("m", dims, schedule);
                if let Node::MapEntry(map) = state.node_mut(entry) {
                    (map.collapse, map.parallel_if, map.span) = (collapse, parallel_if, span);
                    map.consume = consume.map(Box::new);
                    map.instrument = instrument;
                }
                add(state, inside, Some((entry, exit)));
                (entry, exit)
            }
        };
        if let Some((entry, exit)) = scope {
            state.order(entry, first);
            state.order(last, exit);
        }
    }
}

fn regions(depth: u32) -> BoxedStrategy<Region> {
    let assignment = (names(), scalars()).prop_map(|(symbol, value)| Assignment { symbol, value });
    let leaf = prop_oneof![
        4 => states(depth).prop_map(Block::State),
        1 => vec(assignment, 0..3).prop_map(Block::Assign),
        1 => select(&[Block::Break, Block::Continue, Block::Return][..]),
        1 => effects().prop_map(Block::Effect),
    ];
    if depth == 0 {
        return vec(leaf, 0..2).prop_map(Region::new).boxed();
    }
    let header = prop_oneof![
        (names(), ranges()).prop_map(|(variable, range)| LoopHeader::For {
            variable,
            start: range.start,
            stop: range.stop,
            step: range.step
        }),
        scalars().prop_map(|condition| LoopHeader::While { condition }),
        scalars().prop_map(|condition| LoopHeader::DoWhile { condition }),
    ];
    let repeat = (names(), header, regions(depth - 1), spans())
        .prop_map(|(label, header, body, span)| Block::Loop(Box::new(Loop { label, header, body, span })));
    let branch =
        (option::of(scalars()), regions(depth - 1)).prop_map(|(condition, body)| Branch { condition, body });
    let conditional = (vec(branch, 1..3), spans())
        .prop_map(|(branches, span)| Block::Conditional(Conditional { branches, span }));
    vec(prop_oneof![6 => leaf, 2 => repeat, 2 => conditional, 1 => machines(depth)], 0..4)
        .prop_map(Region::new)
        .boxed()
}

/// Machines with vertices of the same label, and transitions to vertices that do not exist.
fn machines(depth: u32) -> impl Strategy<Value = Block> {
    let vertex = (names(), regions(depth - 1)).prop_map(|(label, body)| Vertex { label, body });
    let assignment = (names(), scalars()).prop_map(|(symbol, value)| Assignment { symbol, value });
    let way = (0usize..4, 0usize..4, option::of(scalars()), vec(assignment, 0..3))
        .prop_map(|(from, to, condition, assignments)| Transition { from, to, condition, assignments });
    (names(), vec(vertex, 0..4), vec(way, 0..4), spans()).prop_map(|(label, vertices, transitions, span)| {
        Block::Machine(Box::new(Machine { label, vertices, transitions, span }))
    })
}

fn structures() -> impl Strategy<Value = Structure> {
    (vec(exprs(), 0..2), vec(names(), 0..3), spans()).prop_map(|(shape, members, span)| Structure {
        shape,
        members,
        span,
    })
}

fn effects() -> BoxedStrategy<Effect> {
    let format = select(&["d", "8.3f", "<5d", "+.2e"][..]).prop_map(|text| text.parse::<Format>().ok());
    let piece = prop_oneof![
        select(&["", "a \"b\"\n", "x\\y"][..]).prop_map(|text| Piece::Text(text.to_owned())),
        (scalars(), prop_oneof![Just(None), format]).prop_map(|(value, format)| Piece::Value(value, format)),
        select(&["A", "a b", "x"][..]).prop_map(|name| Piece::Array(ScalarExpr::Name(name.into()))),
    ];
    prop_oneof![
        spans().prop_map(|span| Effect::Fail { message: "not \"so\"".to_owned(), span }),
        (vec(piece, 0..3), spans()).prop_map(|(pieces, span)| Effect::Print { pieces, span }),
    ]
    .boxed()
}

fn sdfgs(depth: u32) -> BoxedStrategy<Sdfg> {
    let symbols = vec((names(), dtypes()), 0..3).prop_map(|all| all.into_iter().collect());
    let containers = vec((names(), data()), 0..4).prop_map(|all| all.into_iter().collect());
    let structures = vec((names(), structures()), 0..2).prop_map(|all| all.into_iter().collect());
    let lists = (vec(names(), 0..3), vec(names(), 0..2));
    (names(), symbols, (containers, structures), lists, regions(depth), names(), spans())
        .prop_map(|(name, symbols, (containers, structures), (arguments, returns), body, file, span)| {
            let file = file.to_string();
            Sdfg {
                name,
                containers,
                structures,
                symbols,
                arguments,
                returns,
                body,
                file,
                span,
                ..Sdfg::default()
            }
        })
        .boxed()
}
