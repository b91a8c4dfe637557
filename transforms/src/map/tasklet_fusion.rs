//! Tasklet fusion: a tasklet and the one that alone uses its value are one.
//!
//! ```text
//! before:  (a) ─▶ {t = 2*a} ─▶ (t) ─▶ {out = t + b} ─▶ (B)
//! after:   (a) ─▶ {t = 2*a; out = t + b} ─▶ (B)
//! kept:    … ─▶ (t) ─▶ {out = t + b}, and another one reads t
//!          {…} ─ t: float64 ─▶ (t: float32) ─▶ {…}            storing the value rounds it
//! ```
//!
//! **Legal when** the value is one element of a scalar that nothing else reads or writes, both ends and the scalar are of one
//! type, both tasklets are in one scope and made of native statements, and the second does not wait for anything that
//! waits for the first by another way.

use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Data, Name, Node, NodeId, State, Stmt, TaskletCode};
use std::collections::BTreeMap;

/// Makes one tasklet of two; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskletFusion;

/// Two tasklets that can be one; made only by [`TaskletFusion::find`].
#[derive(Clone, Debug)]
pub struct Chain {
    first: NodeId,
    value: NodeId,
    second: NodeId,
    /// The output of the first and the input of the second.
    connectors: (Name, Name),
}

impl Transformation for TaskletFusion {
    type Place = State;
    type Match = Chain;

    fn name(&self) -> &'static str {
        "TaskletFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Chain, Refusal> {
        let Some(data) = state.node(site).as_access() else {
            return Err(Refusal::NoMatch("not a container"));
        };
        let Data::Scalar(scalar) = around.container(data) else {
            return Err(Refusal::NoMatch("not a scalar"));
        };
        let ([write], [read]) = (&state.in_edges(site)[..], &state.out_edges(site)[..]) else {
            return Err(Refusal::NoMatch("not one write and one read"));
        };
        if !around.is_local_to(state, data) || state.num_accesses(data) != 1 {
            return Err(Refusal::used_elsewhere(data, "in the program"));
        }
        let (Node::Tasklet(first), Node::Tasklet(second)) = (state.node(write.src), state.node(read.dst))
        else {
            return Err(Refusal::NoMatch("not between tasklets"));
        };
        let (Some(written), Some(read_memlet)) = (write.memlet(), read.memlet()) else {
            return Err(Refusal::NoMatch("nothing moves"));
        };
        if written.wcr.is_some() || written.dynamic || read_memlet.dynamic {
            return Err(Refusal::node(site, "is not simply written and read"));
        }
        let (Some(output), Some(input)) = (write.src_conn(), read.dst_conn()) else {
            return Err(Refusal::NoMatch("no connectors"));
        };
        let types = (first.outputs.get(output), second.inputs.get(input));
        let (Some(from), Some(to)) = types else { return Err(Refusal::NoMatch("no connectors")) };
        if from.rank != 0 || from != to || from.dtype != scalar.dtype {
            return Err(Refusal::node(site, "is of another type than the tasklets' values"));
        }
        let native = |code: &TaskletCode| matches!(code, TaskletCode::Native(_));
        if !native(&first.code) || !native(&second.code) {
            return Err(Refusal::node(site, "joins tasklets in other languages"));
        }
        // What the first gives to others would be computed after what the second waits for.
        let (from, to) = (write.src, read.dst);
        let detour = state.successors(from).into_iter().any(|next| next != site && state.reaches(next, to));
        if detour {
            return Err(Refusal::node(to, "also waits for something that the first tasklet gives"));
        }
        Ok(Chain { first: from, value: site, second: to, connectors: (output.clone(), input.clone()) })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Chain) {
        let Some(Node::Tasklet(mut first)) = remove(around, state, &found) else {
            unreachable!("the match names a tasklet")
        };
        let (output, input) = found.connectors;
        let Node::Tasklet(second) = state.node_mut(found.second) else {
            unreachable!("the match names a tasklet")
        };
        let (TaskletCode::Native(before), TaskletCode::Native(after)) = (&mut first.code, &mut second.code)
        else {
            unreachable!("the match says that both are native")
        };
        second.inputs.shift_remove(&input);
        let names = Names::new(before, after, &first.inputs, &first.outputs);
        before.iter_mut().for_each(|stmt| stmt.rename(&|name| names.0.get(name).cloned()));
        let value = names.0.get(&output).cloned();
        after.iter_mut().for_each(|stmt| stmt.rename(&|name| value.clone().filter(|_| *name == input)));
        let mut all = std::mem::take(before);
        all.append(after);
        *after = all;
        let renamed = |name: &Name| names.0.get(name).cloned().unwrap_or_else(|| name.clone());
        for (name, connector) in &first.inputs {
            second.inputs.insert(renamed(name), *connector);
        }
        for (name, connector) in first.outputs.iter().filter(|(name, _)| **name != output) {
            second.outputs.insert(renamed(name), *connector);
        }
        for edge in state.in_edges(found.first).iter().map(|edge| edge.id).collect::<Vec<_>>() {
            let connector = state.edge(edge).dst_conn.as_ref().map(renamed);
            state.move_destination(edge, found.second, connector);
        }
        for edge in state.out_edges(found.first).iter().map(|edge| edge.id).collect::<Vec<_>>() {
            let connector = state.edge(edge).src_conn.as_ref().map(renamed);
            state.move_source(edge, found.second, connector);
        }
        state.remove_node(found.first);
    }
}

/// Takes the value between the tasklets away; returns the first tasklet.
fn remove(around: &mut Surroundings<'_>, state: &mut State, found: &Chain) -> Option<Node> {
    let data = state.node(found.value).as_access().cloned().unwrap_or_default();
    around.uses.remove(&data);
    state.remove_node(found.value);
    Some(state.node(found.first).clone())
}

/// New names for what the first tasklet calls its values, so that they mean nothing in the second.
struct Names(BTreeMap<Name, Name>);

impl Names {
    fn new<T>(
        before: &[Stmt],
        after: &[Stmt],
        inputs: &dacec_ir::IndexMap<Name, T>,
        outputs: &dacec_ir::IndexMap<Name, T>,
    ) -> Names {
        let mut used: Vec<Name> = Vec::new();
        for stmt in after {
            targets(stmt, &mut used);
            stmt.visit_exprs(&mut |expr| used.extend(expr.names()));
        }
        let mut own: Vec<Name> = inputs.keys().chain(outputs.keys()).cloned().collect();
        before.iter().for_each(|stmt| targets(stmt, &mut own));
        let mut renaming = BTreeMap::new();
        for name in own {
            if renaming.contains_key(&name) {
                continue;
            }
            let free = |name: &Name, renaming: &BTreeMap<Name, Name>| {
                !used.contains(name) && !renaming.values().any(|taken| taken == name)
            };
            let fresh = (0..)
                .map(|count| if count == 0 { name.clone() } else { Name::from(format!("{name}_{count}")) })
                .find(|it| free(it, &renaming));
            renaming.insert(name.clone(), fresh.unwrap_or(name));
        }
        Names(renaming)
    }
}

/// Names that a statement gives values to.
fn targets(stmt: &Stmt, all: &mut Vec<Name>) {
    match stmt {
        Stmt::Assign { target, .. } | Stmt::Store { target, .. } => all.push(target.clone()),
        Stmt::If { then, otherwise, .. } => then.iter().chain(otherwise).for_each(|stmt| targets(stmt, all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{Code, SdfgBuilder, name, value};
    use dacec_ir::{DType, Expr, Sdfg};

    /// `t = first(A[0]); B[0] = second(t)`, and another reader of `t` perhaps.
    fn program(first: Code, second: Code, shared: bool) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::int(2)])
            .array("B", DType::Float64, [Expr::int(2)])
            .local("t", DType::Float64);
        let mut state = b.state("s");
        state.tasklet("first", &[("t", "A", "0")], first, ("t", ""));
        state.tasklet("second", &[("t", "t", ""), ("a", "A", "1")], second.clone(), ("B", "0"));
        if shared {
            state.tasklet("third", &[("t", "t", ""), ("a", "A", "1")], second, ("B", "1"));
        }
        // One access for the write and the reads.
        let accesses = state.state.accesses(&"t".into());
        for &read in &accesses[1..] {
            for edge in state.state.out_edges(read).iter().map(|edge| edge.id).collect::<Vec<_>>() {
                state.state.move_source(edge, accesses[0], None);
            }
            state.state.remove_node(read);
        }
        b.build()
    }

    #[test]
    fn a_chain_is_one_tasklet() {
        let second = name("t") * name("a") + name("t");
        let after = apply(&TaskletFusion, &program(name("t") + value(1.0), second, false), &[]);
        let states = after.body.states();
        let tasklets = states[0].nodes().filter(|(_, node)| matches!(node, Node::Tasklet(_)));
        assert_eq!(tasklets.count(), 1);
    }

    #[test]
    fn a_value_that_others_use_stays() {
        let second = name("t") + name("a");
        assert!(refusals(&TaskletFusion, &program(name("t"), second.clone(), true)).is_empty());
        let mut visible = program(name("t"), second, false);
        visible.containers.get_mut("t").expect("the value").set_transient(false);
        assert_eq!(refusals(&TaskletFusion, &visible), ["`t` is also used in the program"]);
    }
}
