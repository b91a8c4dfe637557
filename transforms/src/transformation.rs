//! Transformations: rewrites of one place, with the proof apart from the deed.
//!
//! A [`Transformation`] looks at a *site*, a node of a state or a block of a region, and either proves that it applies
//! there or says why not. The proof is a value, the match, and only `find` makes one; so `apply` has nothing left to
//! decide and cannot fail.
//!
//! ```text
//! for every place (state, region), for every site in it:
//!     find(site) ── Err(refusal) ──▶ next site
//!         └──────── Ok(match) ─────▶ apply(match), then the sites of this place again
//! ```
//!
//! A crate of its own can define transformations and run them with those of this one:
//!
//! ```
//! use dacec_ir::{NodeId, Node, Schedule, Sdfg, State};
//! use dacec_transforms::{Context, Pipeline, Refusal, Surroundings, Transformation, everywhere, simplify};
//!
//! /// Takes the threads from every map: `map i (multicore)` becomes `map i (sequential)`.
//! struct OneThread;
//!
//! impl Transformation for OneThread {
//!     type Place = State;
//!     type Match = NodeId;
//!
//!     fn name(&self) -> &'static str {
//!         "OneThread"
//!     }
//!
//!     fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<NodeId, Refusal> {
//!         match state.node(site) {
//!             Node::MapEntry(map) if map.schedule != Schedule::Sequential => Ok(site),
//!             _ => Err(Refusal::NoMatch("not a map that may be parallel")),
//!         }
//!     }
//!
//!     fn apply(&self, _: &mut Surroundings<'_>, state: &mut State, entry: NodeId) {
//!         if let Node::MapEntry(map) = state.node_mut(entry) {
//!             map.schedule = Schedule::Sequential;
//!         }
//!     }
//! }
//!
//! let pipeline = simplify().then(everywhere("one-thread", "Takes the threads from every map", OneThread));
//! let mut context = Context::default();
//! let _ = pipeline.run(&mut Sdfg::new("program"), &mut context)?;
//! assert!(context.history().is_empty()); // the program has no map
//! # Ok::<(), dacec_transforms::InvalidAfter>(())
//! ```
//!
//! While a place is being rewritten it is detached from its SDFG, so that both can be changed; the rest of the SDFG is
//! the transformation's [`Surroundings`].

use crate::Refusal;
use crate::pass::{Changed, Context, Pass, Selection};
use crate::surroundings::{Surroundings, Uses};
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::Facts;
use dacec_ir::{Feature, NodeId, Region, Sdfg, State};

/// A rewrite of one place.
pub trait Transformation {
    /// What is rewritten as a unit: a [`State`] or a [`Region`].
    type Place: Place;
    /// What was proved about a site; made only by [`find`](Transformation::find).
    type Match;

    /// The well-known name, for example `StateFusion`.
    fn name(&self) -> &'static str;

    /// Whether the rewrite keeps the meaning of programs that use the feature; see [`Pass::handles`].
    fn handles(&self, _feature: Feature) -> bool {
        false
    }

    /// Proves that the rewrite applies at the site and keeps the meaning, or says why not.
    fn find(
        &self,
        around: &Surroundings<'_>,
        place: &Self::Place,
        site: <Self::Place as Place>::Site,
    ) -> Result<Self::Match, Refusal>;

    /// Rewrites; the match is of the place as it is.
    fn apply(&self, around: &mut Surroundings<'_>, place: &mut Self::Place, found: Self::Match);
}

/// What transformations rewrite as a unit.
pub trait Place: Sized {
    /// Names a spot in the place.
    type Site: Copy + std::fmt::Debug;

    /// Every spot, in a fixed order.
    fn sites(&self) -> Vec<Self::Site>;

    /// Whether the spot is still there after a rewrite.
    fn has(&self, site: Self::Site) -> bool;

    /// What people call the place.
    fn label(&self) -> String;

    /// Calls `f` on every place of this kind in the region, inside out, with what holds there.
    fn for_each(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Self, &Facts));
}

impl Place for State {
    type Site = NodeId;

    fn sites(&self) -> Vec<NodeId> {
        self.node_ids()
    }

    fn has(&self, site: NodeId) -> bool {
        self.contains(site)
    }

    fn label(&self) -> String {
        format!("state {}", self.label)
    }

    fn for_each(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Self, &Facts)) {
        crate::surroundings::visit_with_facts(region, facts, &mut |region, facts| {
            for block in &mut region.blocks {
                if let dacec_ir::Block::State(state) = block {
                    f(state, facts);
                }
            }
        });
    }
}

impl Place for Region {
    type Site = usize;

    fn sites(&self) -> Vec<usize> {
        (0..self.blocks.len()).collect()
    }

    fn has(&self, site: usize) -> bool {
        site < self.blocks.len()
    }

    fn label(&self) -> String {
        "region".to_owned()
    }

    fn for_each(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Self, &Facts)) {
        crate::surroundings::visit_with_facts(region, facts, f);
    }
}

/// A pass that applies one transformation wherever it can, until it can no more.
#[derive(Clone, Copy, Debug)]
pub struct Everywhere<T> {
    name: &'static str,
    summary: &'static str,
    transformation: T,
}

/// The pass `name` that applies a transformation wherever it can.
pub fn everywhere<T: Transformation>(
    name: &'static str,
    summary: &'static str,
    transformation: T,
) -> Everywhere<T> {
    Everywhere { name, summary, transformation }
}

impl<T: Transformation> Pass for Everywhere<T> {
    fn handles(&self, feature: Feature) -> bool {
        self.transformation.handles(feature)
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        apply_everywhere(&self.transformation, sdfg, context)
    }
}

/// Applies a transformation wherever it can in this SDFG (not in those nested in it), until it can no more.
///
/// After a rewrite only the sites of the same place are looked at again. A transformation makes its place simpler each
/// time, by its own measure, so this ends.
pub fn apply_everywhere<T: Transformation>(
    transformation: &T,
    sdfg: &mut Sdfg,
    context: &mut Context,
) -> Changed {
    let mut changed = Changed::No;
    with_places::<T::Place>(sdfg, &mut |around, place| loop {
        let mut rewritten = Changed::No;
        for site in place.sites() {
            if !place.has(site) {
                continue;
            }
            match transformation.find(around, place, site) {
                Ok(found) if context.permit(transformation.name()) => {
                    transformation.apply(around, place, found);
                    context.applied_in(transformation.name(), place.label());
                    rewritten = Changed::Yes;
                }
                Ok(_) => {}
                Err(refusal) => context.refused(transformation.name(), || place.label(), refusal),
            }
        }
        changed |= rewritten;
        if rewritten == Changed::No {
            break;
        }
    });
    changed
}

/// Where a transformation applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The state or region.
    pub place: String,
    /// The node or the block in it.
    pub site: String,
}

/// Every site of this SDFG (not of those nested in it) where a transformation applies now, in the order in which
/// [`apply_everywhere`] looks at them.
pub fn enumerate_matches<T: Transformation>(transformation: &T, sdfg: &mut Sdfg) -> Vec<Site> {
    let mut matches = Vec::new();
    with_places::<T::Place>(sdfg, &mut |around, place| {
        for site in place.sites() {
            if transformation.find(around, place, site).is_ok() {
                matches.push(Site { place: place.label(), site: format!("{site:?}") });
            }
        }
    });
    matches
}

/// Applies a transformation at the match of a number, as [`enumerate_matches`] counts them from 0.
pub fn apply_at<T: Transformation>(
    transformation: &T,
    sdfg: &mut Sdfg,
    context: &mut Context,
    number: usize,
) -> Changed {
    context.select(Some(Selection { skip: number, count: 1 }));
    let changed = apply_everywhere(transformation, sdfg, context);
    context.select(None);
    changed
}

/// Applies a transformation at the first match.
pub fn apply_once<T: Transformation>(transformation: &T, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
    apply_at(transformation, sdfg, context, 0)
}

/// Calls `f` on every place of a kind, each detached from the SDFG, with its surroundings.
pub fn with_places<P: Place>(sdfg: &mut Sdfg, f: &mut dyn FnMut(&mut Surroundings<'_>, &mut P)) {
    let mut names = NameSupply::new(sdfg);
    let mut uses = Uses::of(sdfg);
    let facts = crate::surroundings::entry_facts(sdfg);
    let mut body = std::mem::take(&mut sdfg.body);
    P::for_each(&mut body, &facts, &mut |place, facts| {
        let mut around = Surroundings { sdfg, facts: facts.clone(), names: &mut names, uses: &mut uses };
        f(&mut around, place);
    });
    sdfg.body = body;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::TrivialMapElimination;
    use dacec_ir::builder::{SdfgBuilder, value};
    use dacec_ir::{DType, Expr};

    /// Three maps of one iteration each, in two states.
    fn program() -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::int(9)]);
        for (state, maps) in [("s", 0..2), ("t", 2..3)] {
            let mut state = b.state(state);
            for at in maps {
                state.map("m", &[("i", &format!("{at}:{at} + 1"))], &[], value(1.0), ("A", "i"));
            }
        }
        b.build()
    }

    #[test]
    fn matches_are_listed_and_applied_by_number() {
        let mut sdfg = program();
        let matches = enumerate_matches(&TrivialMapElimination, &mut sdfg);
        let places: Vec<&str> = matches.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(places, ["state s", "state s", "state t"]);

        let mut context = Context::default();
        assert!(apply_at(&TrivialMapElimination, &mut sdfg, &mut context, 2).any());
        assert_eq!(context.history()[0].place, "state t");
        assert!(apply_once(&TrivialMapElimination, &mut sdfg, &mut context).any());
        assert_eq!(enumerate_matches(&TrivialMapElimination, &mut sdfg).len(), 1);
        assert!(apply_everywhere(&TrivialMapElimination, &mut sdfg, &mut context).any());
        assert_eq!(context.history().len(), 3);
        assert!(!apply_once(&TrivialMapElimination, &mut sdfg, &mut context).any());
    }
}
