//! Sets swept over variables, scopes, loops, and nested graphs.

use super::*;
use crate::builder::{SdfgBuilder, name};
use crate::{DType, Schedule, Wcr};

fn swept(subset: &str, variables: &[(&str, &str)]) -> String {
    let variables: Vec<(Name, Range)> = variables
        .iter()
        .map(|(name, range)| ((*name).into(), Range::parse(range).expect("a valid range")))
        .collect();
    let subset = Subset::parse(subset).expect("a valid subset");
    let shape: Vec<Expr> = (0..subset.rank()).map(|_| Expr::sym("M")).collect();
    let swept = subset_over(&subset, &variables, &shape, &Facts::new());
    format!("{}{}", swept.subset, if swept.exact { "" } else { " ~" })
}

#[test]
fn affine_indices_are_exact() {
    assert_eq!(swept("i", &[("i", "1:N - 1")]), "[1:N - 1]");
    assert_eq!(swept("2*i", &[("i", "0:N")]), "[0:2*N - 1:2]");
    assert_eq!(swept("N - 1 - i", &[("i", "0:N")]), "[0:N]");
    assert_eq!(swept("i - 1:i + 2", &[("i", "1:N - 1")]), "[0:N]");
    assert_eq!(swept("i, j + 1", &[("i", "0:N"), ("j", "0:K")]), "[0:N, 1:K + 1]");
    assert_eq!(swept("32*t + l", &[("t", "0:4"), ("l", "0:32")]), "[0:128]");
}

#[test]
fn triangles_are_swept_inside_out() {
    assert_eq!(swept("0:i", &[("i", "0:N")]), "[0:N - 1]");
    assert_eq!(swept("i, j", &[("i", "0:N"), ("j", "0:i + 1")]), "[0:N, 0:N] ~");
}

#[test]
fn what_is_too_large_is_marked() {
    assert_eq!(swept("i, i", &[("i", "0:N")]), "[0:N, 0:N] ~");
    assert_eq!(swept("i % 7", &[("i", "0:N")]), "[0:M] ~");
    assert_eq!(swept("4*i:4*i + 2", &[("i", "0:N")]), "[0:4*N - 2] ~");
}

#[test]
fn loops_that_run_down_are_swept_too() {
    assert_eq!(swept("i", &[("i", "N - 1:-1:-1")]), "[0:N]");
}

#[test]
fn the_outer_memlets_of_a_state_follow_the_inner_ones() {
    let n = Expr::sym("N");
    let mut builder = SdfgBuilder::new("p");
    builder.array("A", DType::Float64, [n.clone()]);
    builder.array("B", DType::Float64, [n.clone()]);
    builder.state("s").map(
        "m",
        &[("i", "1:N - 1")],
        &[("a", "A", "i - 1"), ("b", "A", "i")],
        name("a") + name("b"),
        ("B", "i"),
    );
    let mut sdfg = builder.build();
    let (containers, facts) = (sdfg.containers.clone(), sdfg.facts());
    sdfg.body.visit_states_mut(&mut |it| state(it, &containers, &facts));
    let after = sdfg.body.states()[0];
    let outer: Vec<String> = after
        .edges()
        .filter(|edge| [edge.src, edge.dst].iter().any(|&id| after.node(id).as_access().is_some()))
        .filter_map(|edge| edge.memlet().map(ToString::to_string))
        .collect();
    assert_eq!(outer, ["A[0:N - 1]", "B[1:N - 1]"]);
}

#[test]
fn a_scope_keeps_the_conflict_resolution() {
    let map = {
        let mut state = State::new("s");
        let (entry, _) = state.add_map("m", [("i".into(), Range::new(0, 8))], Schedule::Default);
        state.node(entry).as_map().expect("an entry").clone()
    };
    let inside = Memlet::scalar("s").with_wcr(Wcr::Sum);
    assert_eq!(memlet_over(&inside, &map, &[], &Facts::new()), inside);
}

// --- loops and nested graphs -------------------------------------------------------------------------------------------

/// What blocks touch of `A` (M by M, read and written) and `s`, as text; `~` where it may be less.
fn of_blocks(body: &str) -> String {
    let text = format!(
        "sdfg f(A, s) {{\n symbol M: int64\n symbol n: int64\n data A: float64[M, M]\n data s: float64\n {body}\n }}"
    );
    let sdfg = parsed(&text);
    let of = |data: &str, writes: bool| {
        let touched = region(&sdfg.body.blocks, &sdfg.containers, (&data.into(), writes), &sdfg.facts());
        touched.map(|it| format!("{data}{}{}", it.subset, if it.exact { "" } else { " ~" }))
    };
    let all = [of("A", false), of("s", false), of("A", true), of("s", true)];
    let [reads, writes] =
        [&all[..2], &all[2..]].map(|part| part.iter().flatten().cloned().collect::<Vec<_>>().join(", "));
    format!("reads {reads}; writes {writes}")
}

fn parsed(text: &str) -> crate::Sdfg {
    let sdfg = crate::text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{text}");
    sdfg
}

/// A state that reads and writes one element each.
fn one(label: &str, read: &str, written: &str) -> String {
    let name = |memlet: &str| memlet.split(['[', ' ']).next().unwrap_or_default().to_owned();
    let (from, to) = (name(read), name(written));
    format!(
        "state {label} {{\n n0 = access {from}\n n0 -> n1.a: {read}\n \
         n1 = tasklet t(a: float64) -> (b: float64) {{ b = a }}\n n1.b -> n2: {written}\n n2 = access {to}\n }}\n"
    )
}

#[test]
fn loops_sweep_what_their_bodies_touch() {
    let column = format!("loop l for k in 0:M {{\n {} }}", one("x", "A[k, 0]", "A[0, k]"));
    assert_eq!(of_blocks(&column), "reads A[0:M, 0]; writes A[0, 0:M]");
    let down = format!("loop l for k in M - 1:0:-2 {{\n {} }}", one("x", "A[k, 0]", "s"));
    assert_eq!(of_blocks(&down), "reads A[M - 2*(M//2) + 1:M:2, 0]; writes s");
    let stencil = format!(
        "loop l for k in 1:M - 1 {{\n {} {} }}",
        one("x", "A[k - 1, 0]", "s"),
        one("y", "A[k, 0]", "s")
    );
    assert_eq!(of_blocks(&stencil), "reads A[0:M - 1, 0]; writes s");
}

#[test]
fn triangles_are_boxes_that_may_hold_more() {
    let lower =
        format!("loop l for k in 0:M {{\n loop m for j in 0:k + 1 {{\n {} }}\n }}", one("x", "A[k, j]", "s"));
    assert_eq!(of_blocks(&lower), "reads A[0:M, 0:M] ~; writes s");
    let edge =
        format!("loop l for k in 0:M {{\n loop m for j in 0:k + 1 {{\n {} }}\n }}", one("x", "A[0, j]", "s"));
    assert_eq!(of_blocks(&edge), "reads A[0, 0:M]; writes s");
}

#[test]
fn what_need_not_happen_may_be_less() {
    let guarded =
        format!("loop l for k in 0:M {{\n if s > 0.0 {{\n {} }}\n }}", one("x", "A[k, 0]", "A[0, k]"));
    assert_eq!(of_blocks(&guarded), "reads A[0:M, 0] ~, s; writes A[0, 0:M] ~");
    let counted = format!("loop l while $n < $M {{\n {} assign n = $(n + 1)\n }}", one("x", "A[n, 1]", "s"));
    assert_eq!(of_blocks(&format!("assign n = 0\n {counted}")), "reads A[0:M, 1] ~; writes s ~");
    let left = format!(
        "loop l for k in 0:M {{\n if s > 0.0 {{\n break\n }}\n {} }}",
        one("x", "A[k, 0]", "A[0, k]")
    );
    assert_eq!(of_blocks(&left), "reads A[0:M, 0] ~, s ~; writes A[0, 0:M] ~");
}

#[test]
fn a_shape_that_changes_on_the_way_says_nothing() {
    let body = format!("assign n = 0\n loop l for M in 1:4 {{\n {} }}", one("x", "A[n, 0]", "s"));
    assert_eq!(of_blocks(&body), "reads ; writes s");
}

/// The order of bounds that only a loop knows is not used for what happens outside of it: without an iteration, `A[5, 0]`
/// is read all the same.
#[test]
fn what_a_loop_knows_holds_inside() {
    let body =
        format!("{} loop l for k in 0:n {{\n {} }}", one("x", "A[5, 0]", "s"), one("y", "A[6*k, 0]", "s"));
    let reads = of_blocks(&body);
    assert!(reads.starts_with("reads A[0:M, 0:M] ~"), "{reads}");
}

/// What a map over `i` reads of `A` (N by N) and writes of `B`, where a call is passed the windows, and the memlets outside
/// of the map: first what is claimed, then what is touched.
fn through_call(windows: [&str; 2], shapes: [&str; 2], body: &str) -> [String; 4] {
    let text = format!(
        "sdfg f(A, B) {{\n symbol N: int64\n data A: float64[N, N]\n data B: float64[N, N]\n state s {{\n n0 = access A\n \
         n0 -> n1.IN_A: A[0:N, 0:N]\n n1 = map m(i in 0:N) {{\n n1.OUT_A -> n2.a: A{}\n \
         n2 = nested (a) -> (b) with [N = N, k = i] sdfg g(a) -> (b) {{\n symbol N: int64\n symbol k: int64\n symbol n: int64\n \
         data a: float64{}\n data b: float64{}\n {body} }}\n n2.b -> n3.IN_B: B{}\n }} n3\n n3.OUT_B -> n4: B[0:N, 0:N]\n \
         n4 = access B\n }}\n }}",
        windows[0], shapes[0], shapes[1], windows[1]
    );
    let mut sdfg = parsed(&text);
    let (containers, facts) = (sdfg.containers.clone(), sdfg.facts());
    sdfg.body.visit_states_mut(&mut |it| state(it, &containers, &facts));
    assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{sdfg}");
    let after = sdfg.body.states()[0];
    let read = after.out_edges(after.accesses(&"A".into())[0])[0].id;
    let write = after.in_edges(after.accesses(&"B".into())[0])[0].id;
    let claimed = |edge| after.edge(edge).memlet.as_ref().map(ToString::to_string).unwrap_or_default();
    let touched = |edge, at_source| {
        touched_at(after, &containers, edge, at_source, &facts).map(|it| it.to_string()).unwrap_or_default()
    };
    [claimed(read), claimed(write), touched(read, true), touched(write, false)]
}

const WHOLE: [&str; 2] = ["[0:N, 0:N]", "[0:N, 0:N]"];

#[test]
fn calls_touch_what_their_loops_sweep() {
    // All that is passed is used: the memlets outside say the same.
    let row = format!("loop l for j in 0:N {{\n {} }}", one("x", "a[j]", "b[j]"));
    assert_eq!(
        through_call(["[i, 0:N]", "[i, 0:N]"], ["[N]", "[N]"], &row),
        ["A[0:N, 0:N]", "B[0:N, 0:N]", "[0:N, 0:N]", "[0:N, 0:N]"]
    );
    // A part is: they stay, because they cover the windows, and say that it may be less.
    let one_row = format!("loop l for j in 1:N - 1 {{\n {} }}", one("x", "a[k, j]", "b[k, 0]"));
    assert_eq!(
        through_call(WHOLE, ["[N, N]", "[N, N]"], &one_row),
        ["A[0:N, 0:N] (dynamic)", "B[0:N, 0:N] (dynamic)", "[0:N, 1:N - 1]", "[0:N, 0]"]
    );
    let triangle = format!("loop l for j in 0:k + 1 {{\n {} }}", one("x", "a[0, j]", "b[j, k]"));
    assert_eq!(through_call(WHOLE, ["[N, N]", "[N, N]"], &triangle)[2..], ["[0, 0:N]", "[0:N, 0:N]"]);
    let down = format!("loop l for j in N - 1:-1:-1 {{\n {} }}", one("x", "a[j, 2]", "b[3, j]"));
    assert_eq!(through_call(WHOLE, ["[N, N]", "[N, N]"], &down)[2..], ["[0:N, 2]", "[3, 0:N]"]);
}

#[test]
fn windows_have_offsets_and_steps() {
    let body = format!("loop l for j in 0:2 {{\n {} }}", one("x", "a[j + 1]", "b[2*j]"));
    let [.., read, written] =
        through_call(["[3:7, i]", "[i, 2:10:2]"], ["[4] strides [N]", "[4] strides [2]"], &body);
    assert_eq!([read, written], ["[4:6, 0:N]", "[0:N, 2:8:4]"]);
    // Other strides than those of the window: its memory is walked in another way.
    let [.., read, written] = through_call(["[3:7, i]", "[i, 2:10:2]"], ["[4]", "[4]"], &body);
    assert_eq!([read, written], ["[3:7, 0:N]", "[0:N, 2:10:2]"]);
}

#[test]
fn what_changes_inside_is_not_told_outside() {
    let while_loop = format!(
        "assign n = 0\n loop l while $n < $N {{\n {} assign n = $(n + 1)\n }}",
        one("x", "a[k, n]", "b[k, 0]")
    );
    assert_eq!(through_call(WHOLE, ["[N, N]", "[N, N]"], &while_loop)[2..], ["[0:N, 0:N]", "[0:N, 0]"]);
    // What is written there and read back may be read from anywhere.
    let back = format!("{} {}", one("x", "a[0, 0]", "b[k, 0]"), one("y", "b[k, 1]", "b[k, 0]"));
    assert_eq!(through_call(WHOLE, ["[N, N]", "[N, N]"], &back)[2..], ["[0, 0]", "[0:N, 0:2]"]);
}

#[test]
fn calls_in_calls_are_followed() {
    let body = format!(
        "state c {{\n n0 = access a\n n0 -> n1.c: a[1:N, 0:N]\n n1 = nested (c) -> (d) with [N = N, L = N - 1, r = k] sdfg h(c) -> (d) {{\n \
         symbol N: int64\n symbol L: int64\n symbol r: int64\n data c: float64[L, N]\n data d: float64[N, N]\n \
         loop l for j in 0:L {{\n {} }}\n }}\n n1.d -> n2: b[0:N, 0:N]\n n2 = access b\n }}\n",
        one("x", "c[j, r]", "d[r, j + 1]")
    );
    assert_eq!(
        through_call(WHOLE, ["[N, N]", "[N, N]"], &body),
        ["A[0:N, 0:N] (dynamic)", "B[0:N, 0:N] (dynamic)", "[1:N, 0:N]", "[0:N, 1:N]"]
    );
}
