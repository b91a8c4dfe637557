//! What tests of map transformations share.

use crate::pass::{Context, Options};
use crate::{Transformation, apply_everywhere};
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::interp::testing::assert_same;
use dacec_ir::{
    Connector, DType, Expr, Map, Memlet, Range, ScalarExpr, Schedule, Sdfg, Stmt, Subset, Tasklet,
    TaskletCode,
};

/// Applies a transformation everywhere and checks that the meaning is kept.
#[track_caller]
pub(crate) fn apply<T: Transformation>(transformation: &T, before: &Sdfg, symbols: &[(&str, i64)]) -> Sdfg {
    let mut after = before.clone();
    let _ = apply_everywhere(transformation, &mut after, &mut Context::default());
    assert_same(before, &after, symbols);
    after
}

/// The reasons for which a transformation that does not apply anywhere was refused.
#[track_caller]
pub(crate) fn refusals<T: Transformation>(transformation: &T, sdfg: &Sdfg) -> Vec<String> {
    let mut context = Context::new(Options { explain: true, ..Options::default() });
    let changed = apply_everywhere(transformation, &mut sdfg.clone(), &mut context);
    assert!(!changed.any(), "nothing is rewritten");
    context.refusals().iter().map(|it| it.reason.to_string()).collect()
}

/// Every map of an SDFG, in order of the text.
pub(crate) fn maps(sdfg: &Sdfg) -> Vec<Map> {
    let states = sdfg.body.states();
    states.iter().flat_map(|it| it.nodes().filter_map(|(_, node)| node.as_map().cloned())).collect()
}

/// `map i in 0:N { map j in inner { C[i, j] = A[i, j] } }`, perhaps with `B[i] = A[i, 0]` in the outer map.
pub(crate) fn nested_maps(inner: &str, more: bool) -> Sdfg {
    let (n, m) = (Expr::sym("N"), Expr::sym("M"));
    let mut b = SdfgBuilder::new("p");
    b.array("A", DType::Float64, [n.clone(), n.max(&m)]);
    b.array("C", DType::Float64, [n.clone(), n.max(&m)]);
    b.array("B", DType::Float64, [n.clone()]);
    let s = b.state("s").state;
    let memlet = |data: &str, text: &str| Memlet::new(data, Subset::parse(text).expect("a subset"));
    let copy = || Tasklet {
        label: "copy".into(),
        inputs: [("a".into(), Connector::scalar(DType::Float64))].into_iter().collect(),
        outputs: [("out".into(), Connector::scalar(DType::Float64))].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", ScalarExpr::name("a"))]),
        span: Default::default(),
    };
    let range = Range::parse(inner).expect("a range");
    let (a, c) = (s.add_access("A"), s.add_access("C"));
    let (outer, outer_exit) = s.add_map("outer", [("i".into(), Range::full(&n))], Schedule::Default);
    let (entry, exit) = s.add_map("inner", [("j".into(), range.clone())], Schedule::Default);
    let tasklet = s.add_tasklet(copy());
    let row = format!("i, {range}");
    let all = format!("0:N, {}", if inner.contains('i') { "0:N" } else { inner });
    s.connect((a, None), (outer, Some("IN_A")), memlet("A", &all));
    s.connect((outer, Some("OUT_A")), (entry, Some("IN_A")), memlet("A", &row));
    s.connect((entry, Some("OUT_A")), (tasklet, Some("a")), memlet("A", "i, j"));
    s.connect((tasklet, Some("out")), (exit, Some("IN_C")), memlet("C", "i, j"));
    s.connect((exit, Some("OUT_C")), (outer_exit, Some("IN_C")), memlet("C", &row));
    s.connect((outer_exit, Some("OUT_C")), (c, None), memlet("C", &all));
    if more {
        let (extra, target) = (s.add_tasklet(copy()), s.add_access("B"));
        s.connect((outer, Some("OUT_A")), (extra, Some("a")), memlet("A", "i, 0"));
        s.connect((extra, Some("out")), (outer_exit, Some("IN_B")), memlet("B", "i"));
        s.connect((outer_exit, Some("OUT_B")), (target, None), memlet("B", "0:N"));
    }
    b.build()
}
