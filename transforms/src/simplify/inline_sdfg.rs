//! Inlining: the blocks of a nested SDFG take the place of the state that calls it.
//!
//! ```text
//! before:  state call { (A) ─A[k, 0:N]─▶ x [ for i: y[i] = x[i] + s ] y ─B[0:N]─▶ (B) }      with N = N, s = 2*M
//! after:   for i: B[i] = A[k, i] + 2*M
//! kept:    state call { (A) ─A[0:N]─▶ x [ … ] y ─A[1:N + 1]─▶ (A) }        (x and y would be one container)
//! kept:    state call { … [ if c: return; … ] … }                          (would leave the caller)
//! ```
//!
//! A container of the callee that was given becomes the window of the caller's container that was passed; the callee's
//! own containers, symbols and states get names of their own.
//!
//! **Legal when** the call is alone in its state, every container that the callee is given has the shape of what is
//! passed for it, no two of them that may overlap are bound to one container unless both are only read, and the callee
//! returns at its end only, and prints no array that it is given: a window has no name. An argument by value that the
//! callee changes is copied first. **Cost**: the size of the callee.

use super::alias::Alias;
use super::inline_names::{Renaming, defined_symbols, relabel, rewrite_reads};
use crate::pass::{Changed, Context, Pass};
use crate::transformation::{Transformation, with_places};
use crate::{Refusal, Surroundings, Uses};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{
    Block, Data, Memlet, Name, NestedSdfg, Node, NodeId, Region, ScalarExpr, Sdfg, State, Subset,
};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct InlineSdfg;

/// A call that may be inlined; made only by [`InlineSdfg`].
#[derive(Debug)]
pub struct Inlinable {
    block: usize,
    node: NodeId,
    bindings: Vec<Binding>,
}

/// What is passed for a container of the callee.
#[derive(Debug)]
struct Binding {
    alias: Alias,
    /// Whether the callee changes a value that its caller keeps.
    is_local_copy: bool,
}

impl Transformation for InlineSdfg {
    type Place = Region;
    type Match = Inlinable;

    fn name(&self) -> &'static str {
        "InlineSdfg"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, block: usize) -> Result<Inlinable, Refusal> {
        let Some(Block::State(state)) = region.blocks.get(block) else {
            return Err(Refusal::NoMatch("not a state"));
        };
        let (node, bindings) = find(around, state)?;
        Ok(Inlinable { block, node, bindings })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Inlinable) {
        let Block::State(state) = region.blocks.remove(found.block) else { return };
        let blocks = inline(around, state, found.node, found.bindings);
        region.blocks.splice(found.block..found.block, blocks);
    }
}

impl Pass for InlineSdfg {
    fn name(&self) -> &'static str {
        "inline-sdfg"
    }

    fn summary(&self) -> &'static str {
        "puts the blocks of a nested SDFG in place of its call"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut changed = Changed::No;
        with_places::<Region>(sdfg, &mut |around, region| {
            if !region.blocks.iter().any(calls) {
                return;
            }
            let mut blocks = Vec::with_capacity(region.blocks.len());
            for block in std::mem::take(&mut region.blocks) {
                let Block::State(state) = block else {
                    blocks.push(block);
                    continue;
                };
                match find(around, &state) {
                    Ok((node, bindings)) if context.permit("InlineSdfg") => {
                        blocks.extend(inline(around, state, node, bindings));
                        context.applied("InlineSdfg");
                        changed = Changed::Yes;
                        continue;
                    }
                    Ok(_) => {}
                    Err(refusal) => {
                        context.refused("InlineSdfg", || format!("state {}", state.label), refusal);
                    }
                }
                blocks.push(Block::State(state));
            }
            region.blocks = blocks;
        });
        changed
    }
}

fn calls(block: &Block) -> bool {
    block.as_state().is_some_and(|state| state.nodes().any(|(_, node)| matches!(node, Node::Nested(_))))
}

fn find(around: &Surroundings<'_>, state: &State) -> Result<(NodeId, Vec<Binding>), Refusal> {
    let mut calls = state.nodes().filter_map(|(id, node)| match node {
        Node::Nested(nested) => Some((id, nested.as_ref())),
        _ => None,
    });
    let Some((node, nested)) = calls.next() else { return Err(Refusal::NoMatch("no call")) };
    let joins_call = |edge: dacec_ir::state::EdgeView<'_>| {
        let other = if edge.src == node { edge.dst } else { edge.src };
        (edge.src == node || edge.dst == node) && state.node(other).as_access().is_some()
    };
    if !state.edges().all(joins_call) || calls.next().is_some() {
        return Err(Refusal::node(node, "is not alone in its state"));
    }
    check_control_flow(node, nested)?;
    let bindings = bind(around, state, node, nested)?;
    check_overlap(around, node, nested, &bindings)?;
    Ok((node, bindings))
}

fn check_control_flow(node: NodeId, nested: &NestedSdfg) -> Result<(), Refusal> {
    let mut returns = 0_usize;
    nested.sdfg.body.visit(&mut |block| returns += usize::from(matches!(block, Block::Return)));
    let at_end = matches!(nested.sdfg.body.blocks.last(), Some(Block::Return));
    if returns > usize::from(at_end) {
        return Err(Refusal::node(node, "returns before its end"));
    }
    let defined = defined_symbols(&nested.sdfg.body);
    if let Some(symbol) = nested.symbols.keys().find(|symbol| defined.contains(*symbol)) {
        return Err(Refusal::node(node, format!("changes its parameter `{symbol}`")));
    }
    if let Some(symbol) =
        nested.sdfg.free_symbols().iter().find(|symbol| !nested.symbols.contains_key(*symbol))
    {
        return Err(Refusal::node(node, format!("is given no value for `{symbol}`")));
    }
    Ok(())
}

/// Finds what is passed for each container that the callee is given.
fn bind(
    around: &Surroundings<'_>,
    state: &State,
    node: NodeId,
    nested: &NestedSdfg,
) -> Result<Vec<Binding>, Refusal> {
    let mut values = Substitution::new();
    for (symbol, value) in &nested.symbols {
        values.insert(symbol, value.clone());
    }
    let written = Uses::written(&nested.sdfg);
    let mut bindings = Vec::new();
    for (name, data) in nested.sdfg.containers.iter().filter(|(_, data)| !data.is_transient()) {
        let memlet = passed(state, node, name)?;
        let mut inner = data.clone();
        inner.map_exprs(&mut |expr| expr.subs(&values));
        let outer = around.container(&memlet.data);
        let alias = Alias::new((name, &inner), (&memlet.data, outer), memlet.subset.clone(), &around.facts)?;
        for inner_state in nested.sdfg.body.states() {
            let nodes = inner_state.accesses(name);
            alias.check_memlets(inner_state, &nodes)?;
            alias.check_layout(inner_state, &nodes)?;
        }
        let is_local_copy = written.contains(name) && !nested.outputs.contains(name);
        if is_local_copy && matches!(data, Data::Array(_)) {
            return Err(Refusal::node(node, format!("writes its input `{name}`")));
        }
        if matches!(data, Data::Array(_)) && names(&nested.sdfg.body, name) {
            return Err(Refusal::node(node, format!("uses all of `{name}` outside of its states")));
        }
        bindings.push(Binding { alias, is_local_copy });
    }
    Ok(bindings)
}

/// Whether an expression on control flow, like what is printed, names a container as a whole.
fn names(body: &Region, container: &Name) -> bool {
    let mut found = false;
    body.visit(&mut |block| {
        for scalar in block.scalars() {
            scalar.visit(&mut |expr| found |= matches!(expr, ScalarExpr::Name(name) if name == container));
        }
    });
    found
}

/// The one memlet that a container of the callee is bound to, whether as an input, an output or both.
fn passed<'a>(state: &'a State, node: NodeId, name: &Name) -> Result<&'a Memlet, Refusal> {
    let inputs = state.in_edges(node).into_iter().filter(|edge| edge.dst_conn() == Some(name));
    let outputs = state.out_edges(node).into_iter().filter(|edge| edge.src_conn() == Some(name));
    let memlets: Vec<&Memlet> = inputs.chain(outputs).filter_map(|edge| edge.memlet()).collect();
    let Some((first, rest)) = memlets.split_first() else {
        return Err(Refusal::node(node, format!("is given nothing for `{name}`")));
    };
    if memlets.iter().any(|memlet| memlet.wcr.is_some()) {
        return Err(Refusal::node(node, format!("gives `{name}` with a conflict resolution")));
    }
    match rest.iter().find(|memlet| (&memlet.data, &memlet.subset) != (&first.data, &first.subset)) {
        Some(other) => Err(Refusal::SubsetsDiffer {
            data: first.data.clone(),
            first: first.subset.clone(),
            second: other.subset.clone(),
        }),
        None => Ok(first),
    }
}

/// Two containers of the callee that may overlap must both be only read.
fn check_overlap(
    around: &Surroundings<'_>,
    node: NodeId,
    nested: &NestedSdfg,
    bindings: &[Binding],
) -> Result<(), Refusal> {
    let is_output = |binding: &Binding| nested.outputs.contains(&binding.alias.data);
    for (at, first) in bindings.iter().enumerate() {
        for second in &bindings[at + 1..] {
            let (a, b) = (&first.alias, &second.alias);
            if a.target == b.target
                && (is_output(first) || is_output(second))
                && a.window.intersects(&b.window, &around.facts) != Some(false)
            {
                let reason = format!("is given `{}` for both `{}` and `{}`", a.target, a.data, b.data);
                return Err(Refusal::node(node, reason));
            }
        }
    }
    Ok(())
}

/// The blocks that take the place of the state.
fn inline(
    around: &mut Surroundings<'_>,
    mut state: State,
    node: NodeId,
    bindings: Vec<Binding>,
) -> Vec<Block> {
    let Some(Node::Nested(nested)) = state.remove_node(node) else { return vec![Block::State(state)] };
    for name in state.nodes().filter_map(|(_, node)| node.as_access()) {
        around.uses.remove(name);
    }
    let renaming = Renaming::new(&nested, around.names);
    let mut callee = nested.sdfg;
    if callee.body.blocks.last() == Some(&Block::Return) {
        callee.body.blocks.pop();
    }
    renaming.apply(&mut callee);
    relabel(around.names, &mut callee.body);
    let mut blocks = Vec::new();
    for Binding { mut alias, is_local_copy } in bindings {
        alias.data = renaming.containers[&alias.data].clone();
        if is_local_copy {
            blocks.push(Block::State(copy_in(around, &alias, &mut callee, &state)));
        } else {
            bind_to_window(&alias, &mut callee);
        }
    }
    around.uses.extend(&Uses::of(&callee));
    around.sdfg.symbols.extend(callee.symbols);
    around.sdfg.containers.extend(callee.containers);
    blocks.extend(callee.body.blocks);
    blocks
}

/// Replaces a container of the callee by the window that is passed for it.
fn bind_to_window(alias: &Alias, callee: &mut Sdfg) {
    let Sdfg { body, containers, .. } = callee;
    body.visit_states_mut(&mut |state| {
        let nodes = state.accesses(&alias.data);
        if !nodes.is_empty() {
            alias.replace(state, containers, &nodes, &mut Uses::default());
        }
    });
    rewrite_reads(body, &|expr| alias.translate_read(expr));
    containers.shift_remove(&alias.data);
}

/// Makes a local of a value that the callee changes: a state that copies it.
fn copy_in(around: &mut Surroundings<'_>, alias: &Alias, callee: &mut Sdfg, call: &State) -> State {
    if let Some(local) = callee.containers.get_mut(&alias.data) {
        local.set_transient(true);
    }
    let mut state = State::new(around.names.fresh(&call.label));
    state.span = call.span;
    let (from, to) = (state.add_access(&alias.target), state.add_access(&alias.data));
    let memlet = Memlet::new(&alias.target, alias.window.clone()).to(Subset::default());
    state.connect((from, None), (to, None), memlet);
    around.uses.add(&alias.target);
    around.uses.add(&alias.data);
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{refusals, run, state_labels};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::control_flow::LoopHeader;
    use dacec_ir::{Assignment, BinaryOp, DType, Expr};

    /// `for i in range(n): y[i] = x[i]`, with a local.
    fn callee(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("n");
        let mut b = SdfgBuilder::new("callee");
        b.array("x", DType::Float64, [n.clone()]).array("y", DType::Float64, [n]);
        b.local("t", DType::Float64);
        fill(&mut b);
        b.build()
    }

    fn plain(b: &mut SdfgBuilder) {
        b.for_loop("i", 0, Expr::sym("n"), |b| {
            b.state("get").tasklet("get", &[("v", "x", "i")], name("v"), ("t", ""));
            b.state("set").tasklet("set", &[("v", "t", "")], name("v"), ("y", "i"));
        });
    }

    /// Calls with a row of `A` as `x` and something as `y`.
    fn caller(inner: Sdfg, (y, window): (&str, &str)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("caller");
        b.array("A", DType::Float64, [&n + 1, n.clone()]).array("B", DType::Float64, [n.clone()]);
        b.local("t", DType::Float64);
        b.for_loop("i", 0, n.clone(), |b| {
            let s = b.state("call");
            let nested = NestedSdfg {
                sdfg: inner,
                inputs: vec!["x".into()],
                outputs: vec!["y".into()],
                symbols: [("n".into(), n)].into_iter().collect(),
                span: Default::default(),
            };
            let call = s.state.add_node(Node::Nested(Box::new(nested)));
            let (from, to) = (s.state.add_access("A"), s.state.add_access(y));
            let subset = |text: &str| Subset::parse(text).expect("a subset");
            s.state.connect((from, None), (call, Some("x")), Memlet::new("A", subset("i, 0:N")));
            s.state.connect((call, Some("y")), (to, None), Memlet::new(y, subset(window)));
        });
        b.build()
    }

    #[test]
    fn a_call_becomes_its_blocks() {
        let mut sdfg = caller(callee(plain), ("B", "0:N"));
        assert!(run(&InlineSdfg, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["get", "set"]);
        let Block::Loop(outer) = &sdfg.body.blocks[0] else { panic!("a loop") };
        let Block::Loop(inner) = &outer.body.blocks[0] else { panic!("a loop") };
        // The callee's loop variable is not the caller's, and its local is not the caller's.
        let LoopHeader::For { variable, stop, .. } = &inner.header else { panic!("a counted loop") };
        assert_eq!((variable.as_str(), stop), ("i_1", &Expr::sym("N")));
        assert!(sdfg.containers.contains_key("t_1"));
        let memlets: Vec<String> =
            sdfg.body.states()[0].edges().filter_map(|e| e.memlet()).map(|m| m.to_string()).collect();
        assert_eq!(memlets, ["A[i, i_1]", "t_1"]);
        assert!(!sdfg.containers.contains_key("x"));
    }

    #[test]
    fn a_return_in_between_keeps_the_call() {
        let early = callee(|b| {
            let leave = |b: &mut SdfgBuilder| {
                b.push(Block::Return);
            };
            b.conditional(Expr::sym("n").lt(&Expr::int(3)), leave, |_| {});
            plain(b);
        });
        assert_eq!(refusals(&InlineSdfg, &caller(early, ("B", "0:N"))), ["node n0 returns before its end"]);
        let late = callee(|b| {
            plain(b);
            b.push(Block::Return);
        });
        let mut sdfg = caller(late, ("B", "0:N"));
        assert!(run(&InlineSdfg, &mut sdfg).any());
        let mut returns = 0;
        sdfg.body.visit(&mut |block| returns += usize::from(matches!(block, Block::Return)));
        assert_eq!(returns, 0);
    }

    #[test]
    fn two_names_for_one_memory_keep_the_call() {
        let sdfg = caller(callee(plain), ("A", "i, 0:N"));
        assert_eq!(refusals(&InlineSdfg, &sdfg), ["node n0 is given `A` for both `x` and `y`"]);
        let mut sdfg = caller(callee(plain), ("A", "i + 1, 0:N"));
        assert!(run(&InlineSdfg, &mut sdfg).any(), "another row");
    }

    #[test]
    fn a_wrong_shape_keeps_the_call() {
        let sdfg = caller(callee(plain), ("B", "1:N"));
        assert_eq!(refusals(&InlineSdfg, &sdfg), ["`y` does not have the shape of `B[1:N]`"]);
    }

    #[test]
    fn conditions_read_what_was_passed() {
        let mut sdfg = caller(
            callee(|b| {
                let load = ScalarExpr::Load { name: "x".into(), indices: vec![ScalarExpr::int(2)] };
                b.conditional(ScalarExpr::binary(BinaryOp::Lt, load, ScalarExpr::float(0.0)), plain, |_| {});
            }),
            ("B", "0:N"),
        );
        assert!(run(&InlineSdfg, &mut sdfg).any());
        let mut loads = Vec::new();
        sdfg.body.visit(&mut |block| {
            for scalar in block.scalars() {
                scalar.visit(&mut |expr| {
                    loads.extend(matches!(expr, ScalarExpr::Load { .. }).then(|| expr.clone()))
                });
            }
        });
        let indices = vec![Expr::sym("i").into(), Expr::int(2).into()];
        assert_eq!(loads, [ScalarExpr::Load { name: "A".into(), indices }]);
    }

    #[test]
    fn a_parameter_that_changes_keeps_the_call() {
        let inner = callee(|b| {
            b.push(Block::Assign(vec![Assignment { symbol: "n".into(), value: ScalarExpr::int(1) }]));
            plain(b);
        });
        assert_eq!(
            refusals(&InlineSdfg, &caller(inner, ("B", "0:N"))),
            ["node n0 changes its parameter `n`"]
        );
    }
}
