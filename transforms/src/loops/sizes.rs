//! Sizes of containers that depend on the variable of a loop.
//!
//! ```text
//! before:  for i { tmp: float64[N - i]; … }        after:  map i { tmp: float64[N]; … }
//! ```
//!
//! A container's size is made of symbols that are known before it is used. The parameter of a map is no symbol of the
//! SDFG, so a temporary of an iteration gets the size that suits all of them. What is accessed stays the same.
//!
//! **Legal when** the container belongs to one iteration, its elements are dense in row-major order, and nothing that is
//! given it knows its strides, which change with its size.

use crate::Refusal;
use crate::simplify::knows_layout;
use crate::surroundings::Surroundings;
use dacec_ir::analysis::copy_subsets;
use dacec_ir::symbolic::Facts;
use dacec_ir::{Array, Data, Expr, IndexSet, Memlet, Name, Node, Range, State};
use std::collections::BTreeSet;

/// The values of a loop's variable, and what holds around the loop.
pub(super) struct Values<'a> {
    pub(super) variable: &'a Name,
    pub(super) range: &'a Range,
    pub(super) facts: &'a Facts,
}

impl Values<'_> {
    /// An extent that is enough in every iteration.
    fn largest(&self, extent: &Expr) -> Option<Expr> {
        if !extent.uses(self.variable) {
            return Some(extent.clone());
        }
        let (low, high) = self.range.extremes()?;
        let largest = self.facts.max_over(extent, &[(self.variable.clone(), low, high)])?;
        (!largest.uses(self.variable)).then_some(largest)
    }

    fn shape(&self, shape: &[Expr]) -> Option<Vec<Expr>> {
        shape.iter().map(|extent| self.largest(extent)).collect()
    }

    /// Proves that every container of a state, and a new one of each of these shapes, has a size for all iterations.
    pub(super) fn check(
        &self,
        around: &Surroundings<'_>,
        state: &State,
        (private, shapes): (&IndexSet<Name>, &[Vec<Expr>]),
    ) -> Result<(), Refusal> {
        let unknown = |name: &str| {
            Refusal::unproved(format!(
                "the size of `{name}` is not known for all values of `{}`",
                self.variable
            ))
        };
        for name in &dependent(around, state, self.variable) {
            let plain = matches!(around.container(name), Data::Array(array) if array.is_c_contiguous());
            if !plain || !private.contains(name) || self.shape(around.container(name).shape()).is_none() {
                return Err(unknown(name));
            }
            // One dimension has the same stride whatever its extent.
            if around.container(name).shape().len() > 1 {
                check_strides(state, name)?;
            }
        }
        match shapes.iter().all(|shape| self.shape(shape).is_some()) {
            true => Ok(()),
            false => Err(unknown("a part of an array")),
        }
    }

    /// Gives the containers of a state sizes for all iterations; [`Values::check`] has found them.
    pub(super) fn apply(&self, around: &mut Surroundings<'_>, state: &mut State) {
        let names = dependent(around, state, self.variable);
        if names.is_empty() {
            return;
        }
        // A copy of "all of it" means what all of it was.
        let containers = around.sdfg.containers.clone();
        let edges: Vec<_> = state.edges().map(|edge| edge.id).collect();
        for edge in edges {
            let (src, dst) = state.endpoints(edge);
            let at = |node| state.node(node).as_access().is_some_and(|name| names.contains(name));
            if (at(src) || at(dst))
                && let Some((from, to)) = copy_subsets(state, &containers, edge)
                && let (Node::Access(source), Some(memlet)) = (state.node(src), &state.edge(edge).memlet)
            {
                let (near, far) = if memlet.data == *source { (from, to) } else { (to, from) };
                let explicit = Memlet { subset: near, other_subset: Some(far), ..memlet.clone() };
                state.edge_mut(edge).memlet = Some(explicit);
            }
        }
        for name in names {
            let Some(Data::Array(array)) = around.sdfg.containers.get(&name) else { continue };
            let Some(shape) = self.shape(&array.shape) else { continue };
            let plain = Array::transient(array.dtype, shape);
            let larger = Array { shape: plain.shape, strides: plain.strides, ..array.clone() };
            around.sdfg.containers.insert(name, larger.into());
        }
    }
}

/// Refuses containers that are given to something which knows their strides.
fn check_strides(state: &State, name: &Name) -> Result<(), Refusal> {
    let knows = state
        .edges()
        .filter(|edge| edge.memlet().is_some_and(|memlet| memlet.data == *name))
        .find(|edge| knows_layout(state.node(edge.src)) || knows_layout(state.node(edge.dst)));
    match knows {
        Some(edge) => {
            Err(Refusal::node(edge.dst, format!("or its source depends on the strides of `{name}`")))
        }
        None => Ok(()),
    }
}

/// Containers of a state whose size depends on a variable.
fn dependent(around: &Surroundings<'_>, state: &State, variable: &Name) -> BTreeSet<Name> {
    let names = state.nodes().filter_map(|(_, node)| node.as_access());
    let uses =
        |name: &&Name| around.sdfg.container(name).is_some_and(|data| data.symbols().contains(variable));
    names.filter(uses).cloned().collect()
}
