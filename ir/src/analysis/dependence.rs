//! Dependences between iterations of a counted loop.
//!
//! Two accesses of one container, of which one writes, depend on each other if iteration `i` of one and iteration
//! `i'` of the other, with `i != i'`, touch a common element. **All** pairs are tested, of writes with writes and with
//! reads, for `i < i'` and for `i > i'`; an access is paired with itself too. What is not proved to be different is a
//! dependence:
//!
//! ```text
//! A[i] = …; … = A[i]             independent
//! A[2*i] = …; A[2*i + 1] = …     independent
//! A[i] = …; … = A[i + 1]         dependent, in one direction
//! A[i] = 1; A[i + 1] = 2         dependent: the last writer of an element changes
//! A[i:i + 2] = …                 dependent with itself
//! s += …; s += …                 independent: the order of sums is free
//! ```

use crate::propagate::touched_at;
use crate::symbolic::{Facts, Substitution};
use crate::{Data, EdgeId, Expr, IndexMap, Memlet, Name, Node, Range, State, Subset, Wcr, propagate};
use std::collections::BTreeSet;

/// What one iteration does with a container.
#[derive(Clone, Debug)]
pub struct Touch {
    /// The container.
    pub data: Name,
    /// The elements, in terms of the loop's variable.
    pub subset: Subset,
    /// Whether they are written.
    pub is_write: bool,
    /// How a write combines with what is there.
    pub wcr: Option<Wcr>,
    /// The edge; `None` if control flow reads the container.
    pub edge: Option<EdgeId>,
    /// Loops inside of the body around the access, outermost first: their variables and values.
    pub within: Vec<(Name, Range)>,
}

impl Touch {
    /// The access with symbols replaced.
    pub fn subs(&self, values: &Substitution) -> Touch {
        let mut within = self.within.clone();
        for (_, range) in &mut within {
            range.map_exprs(&mut |expr| expr.subs(values));
        }
        Touch { subset: self.subset.subs(values), within, ..self.clone() }
    }

    /// The access as a memlet, to tell people of it.
    pub fn memlet(&self) -> Memlet {
        Memlet { wcr: self.wcr, ..Memlet::new(&self.data, self.subset.clone()) }
    }
}

/// Everything that a state does with containers. What happens inside of scopes counts by the edges at top level, and for
/// a nested SDFG what it touches; an access node inside of a scope counts as an access of the whole container.
pub fn touches(state: &State, containers: &IndexMap<Name, Data>) -> Vec<Touch> {
    let facts = Facts::new();
    let scopes = state.scopes();
    let mut touches = Vec::new();
    for (id, node) in state.nodes() {
        let Node::Access(data) = node else { continue };
        let in_scope = scopes.get(&id).copied().flatten().is_some();
        let ends = state.in_edges(id).into_iter().map(|edge| (edge, true));
        for (edge, is_write) in ends.chain(state.out_edges(id).into_iter().map(|edge| (edge, false))) {
            let Some(memlet) = edge.memlet() else { continue };
            let subset = match touched_at(state, containers, edge.id, !is_write, &facts) {
                Some(subset) if !in_scope => subset,
                _ => Subset::full(containers.get(data).map(Data::shape).unwrap_or_default()),
            };
            let wcr = memlet.wcr.filter(|_| is_write);
            touches.push(Touch {
                data: data.clone(),
                subset,
                is_write,
                wcr,
                edge: Some(edge.id),
                within: Vec::new(),
            });
        }
    }
    touches
}

/// Two accesses in different iterations that may touch a common element.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependence {
    /// What one iteration does.
    pub first: Memlet,
    /// What another one does.
    pub second: Memlet,
}

/// The iterations of a counted loop.
#[derive(Clone, Debug)]
pub struct Iterations<'a> {
    /// The loop's symbol.
    pub variable: &'a Name,
    /// Its values; the step is a constant.
    pub range: &'a Range,
    /// What holds around the loop.
    pub facts: &'a Facts,
    /// Symbols that have values of their own in each iteration, other than the variable.
    pub locals: &'a BTreeSet<Name>,
}

impl Iterations<'_> {
    /// Proves that no two different iterations depend on each other; the error is a pair of accesses that may.
    pub fn independent(&self, touches: &[Touch]) -> Result<(), Box<Dependence>> {
        let mut by_container: IndexMap<&Name, Vec<&Touch>> = IndexMap::default();
        for touch in touches {
            by_container.entry(&touch.data).or_default().push(touch);
        }
        let orders = self.orders();
        for touches in by_container.values() {
            for (at, a) in touches.iter().enumerate() {
                for b in &touches[at..] {
                    if !self.pair_is_independent(a, b, &orders) {
                        return Err(Box::new(Dependence { first: a.memlet(), second: b.memlet() }));
                    }
                }
            }
        }
        Ok(())
    }

    fn pair_is_independent(&self, a: &Touch, b: &Touch, orders: &[Facts; 2]) -> bool {
        if !a.is_write && !b.is_write || a.wcr.is_some() && a.wcr == b.wcr {
            return true;
        }
        let renaming = own_values([self.variable].into_iter().chain(self.locals));
        orders.iter().all(|facts| !shared_element(a, b, &renaming, facts))
    }

    /// What holds for two iterations: the first before the second, and behind it.
    fn orders(&self) -> [Facts; 2] {
        let (this, other) = (self.variable.clone(), other(self.variable));
        let mut both = self.facts.clone();
        propagate::assume_in_range(&mut both, &this, self.range);
        propagate::assume_in_range(&mut both, &other, self.range);
        let distance = self.range.step.as_int().map_or(1, |step| step.saturating_abs());
        let (mut before, mut behind) = (both.clone(), both);
        before.assume(&Expr::sym(&other).ge(&(Expr::sym(&this) + distance)));
        behind.assume(&Expr::sym(&this).ge(&(Expr::sym(&other) + distance)));
        [before, behind]
    }
}

/// Symbols of another iteration for those that have a value of their own in each.
pub fn own_values<'a>(symbols: impl Iterator<Item = &'a Name>) -> Substitution {
    symbols.map(|name| (name.clone(), Expr::sym(other(name)))).collect()
}

/// Whether an access of one iteration and one of another may touch a common element. `renaming` are the other iteration's
/// [values](own_values); `facts` hold for both, not inside of loops within them.
pub fn shared_element(a: &Touch, b: &Touch, renaming: &Substitution, facts: &Facts) -> bool {
    let mut facts = facts.clone();
    for (name, range) in &a.within {
        propagate::assume_in_range(&mut facts, name, range);
    }
    for (name, range) in &b.within {
        let mut range = range.clone();
        range.map_exprs(&mut |expr| expr.subs(renaming));
        propagate::assume_in_range(&mut facts, &other(name), &range);
    }
    let moved = b.subset.subs(renaming);
    a.subset.intersects(&moved, &facts) != Some(false) && !disjoint_together(&a.subset, &moved, &facts)
}

/// Whether the dimensions of two subsets exclude each other: `A[i, j]` and `A[i', j']` with `i' = i + 1` and `j' < j`, where
/// the first dimension is the same for `j' = j + 1` only. Where a dimension overlaps, what follows from that holds for the
/// others.
fn disjoint_together(a: &Subset, b: &Subset, facts: &Facts) -> bool {
    let overlaps = |a: &Range, b: &Range, facts: &mut Facts| {
        if let (Some(x), Some(y)) = (a.as_index(), b.as_index()) {
            facts.assume(&x.ge(y));
            facts.assume(&x.le(y));
        } else if a.step.is_one() && b.step.is_one() {
            facts.assume(&a.start.lt(&b.stop));
            facts.assume(&b.start.lt(&a.stop));
        }
    };
    a.rank() == b.rank()
        && a.rank() > 1
        && (0..a.rank()).any(|at| {
            let mut facts = facts.clone();
            for other in (0..a.rank()).filter(|other| *other != at) {
                overlaps(&a.dims[other], &b.dims[other], &mut facts);
            }
            let dim = |subset: &Subset| Subset::new([subset.dims[at].clone()]);
            dim(a).intersects(&dim(b), &facts) == Some(false)
        })
}

/// A symbol of the other iteration; no identifier, so that nothing else has it.
pub fn other(name: &Name) -> Name {
    format!("{name}'").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `w A[…]` or `r A[…]`, separated by `;`, over `i in 0:N`.
    fn independent(text: &str, range: &str) -> bool {
        let mut state = State::new("s");
        let (a, b) = (state.add_access("A"), state.add_access("A"));
        let edge = Some(state.order(a, b));
        let touches: Vec<Touch> = text
            .split(';')
            .map(|part| {
                let (kind, subset) = part.trim().split_once(' ').expect("a kind and a subset");
                Touch {
                    data: "A".into(),
                    subset: Subset::parse(subset).expect("a subset"),
                    is_write: kind != "r",
                    wcr: (kind == "sum").then_some(Wcr::Sum),
                    edge,
                    within: Vec::new(),
                }
            })
            .collect();
        let range = Range::parse(range).expect("a range");
        let mut facts = Facts::new();
        facts.assume_ge(&"N".into(), 1);
        let (variable, locals) = ("i".into(), BTreeSet::new());
        let iterations = Iterations { variable: &variable, range: &range, facts: &facts, locals: &locals };
        iterations.independent(&touches).is_ok()
    }

    #[test]
    fn different_elements_are_independent() {
        for text in [
            "w i; r i",
            "w 2*i; w 2*i + 1",
            "w i, 0:N; r i, 0:N",
            "w 2*i:2*i + 2",
            "sum 0; sum 0",
            "w N - 1 - i",
            "w i; r i + N",
            "w i*N:i*N + N",
            "w i, 0; r 0, i",
            "w i, N - i; r i + 1, N - i",
            "w i, i:i + 2; r i + 1, i + 3:N + 3",
        ] {
            assert!(independent(text, "0:N"), "{text}");
        }
        assert!(independent("w i; w i + 1", "0:N:2"));
        assert!(independent("w i; r i", "N - 1:-1:-1"));
    }

    #[test]
    fn shared_elements_are_dependences() {
        for text in [
            "w i; r i + 1",
            "w i + 1; r i",
            "w i; w i + 1",
            "w i:i + 2",
            "w 0",
            "r 0; w i",
            "sum 0; r 0",
            "w i % 3",
            "w i, 0; r 0, i - 1",
            "w i, N - i; r i + 1, N - i - 1",
            "w i; r k",
            "w 2*i; r i",
        ] {
            assert!(!independent(text, "0:N"), "{text}");
        }
    }
}
