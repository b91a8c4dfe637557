//! Wavefronts: a nest of loops of which each iteration needs its neighbours runs diagonal by diagonal, if that pays.
//!
//! ```text
//! before:  for i in N - 2:-1:-1 { for j in i + 1:N { T[i, j] = max(T[i, j - 1], T[i + 1, j], …) } }
//! after:   if N*work > threshold { for w in 1:N { map i in 0:N - w { nested { T[i, w + i] = … } } } }
//!          else                  { … as before … }
//! kept:    for t in 0:T { A[1:N - 1] = A[0:N - 2] + A[2:N] }       no nest; the inner map is parallel as it is
//! ```
//!
//! Diagonals visit memory in a bad order and end with a barrier, so few of them pay: those with much work each. The sizes
//! decide when the program runs.
//!
//! **Legal when** [`LoopSkewing`](super::LoopSkewing) is, iterations of one diagonal are those of a map
//! ([`LoopNestToMap`](super::LoopNestToMap)), and nothing outside of the nest uses symbols that it assigns. **Cost**: the
//! nest is there twice.

use super::loop_nest_to_map::{self, assigned_outside_headers};
use super::loop_skewing::{find_skew, skewed};
use super::nest::Nest;
use super::outside_in::{Rewrite, rewrite_blocks};
use super::symbols::SymbolUses;
use crate::Refusal;
use crate::map::{WORTHWHILE, work};
use crate::pass::{Changed, Context, Pass};
use crate::simplify::{Renaming, relabel};
use crate::surroundings::{Surroundings, Uses, facts_of_loop};
use dacec_ir::control_flow::{Branch, Conditional};
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{Block, DType, Expr, IndexMap, Name, Region, ScalarExpr, Sdfg};

/// Runs nests along their diagonals where that pays; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Wavefront {
    /// Memory accesses and simple operations that a diagonal has at least where it is worthwhile.
    pub work: i64,
}

impl Default for Wavefront {
    fn default() -> Self {
        Wavefront { work: WORTHWHILE }
    }
}

impl Pass for Wavefront {
    fn name(&self) -> &'static str {
        "wavefront"
    }

    fn summary(&self) -> &'static str {
        "Runs nests of dependent loops along diagonals in parallel, where these have enough work"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        rewrite_blocks(sdfg, context, "Wavefront", &mut Diagonalize(*self))
    }
}

/// A run of the pass.
struct Diagonalize(Wavefront);

impl Rewrite for Diagonalize {
    type Match = Diagonals;

    fn find(
        &mut self,
        around: &mut Surroundings<'_>,
        block: &Block,
        symbols: &SymbolUses,
    ) -> Result<Diagonals, Refusal> {
        self.0.find(around, block, symbols)
    }

    fn apply(&mut self, around: &mut Surroundings<'_>, block: Block, found: Diagonals) -> Vec<Block> {
        around.uses.extend(&Uses::of_region(&found.diagonals));
        vec![found.choice(block)]
    }
}

/// A nest along its diagonals.
struct Diagonals {
    diagonals: Region,
    /// When it pays; `None` if always.
    condition: Option<Expr>,
}

impl Diagonals {
    /// The one or the other.
    fn choice(mut self, nest: Block) -> Block {
        let Some(condition) = self.condition else {
            return self.diagonals.blocks.pop().unwrap_or(nest);
        };
        let span = match &nest {
            Block::Loop(it) => it.span,
            _ => Default::default(),
        };
        let branches = vec![
            Branch { condition: Some(ScalarExpr::from(condition)), body: self.diagonals },
            Branch { condition: None, body: Region::new([nest]) },
        ];
        Block::Conditional(Conditional { branches, span })
    }
}

impl Wavefront {
    /// Makes the diagonals of a nest and proves that they are right; containers that they need are added to the SDFG.
    fn find(
        &self,
        around: &mut Surroundings<'_>,
        block: &Block,
        symbols: &SymbolUses,
    ) -> Result<Diagonals, Refusal> {
        let nest = Nest::of(block)?;
        symbols.check_local(block, &assigned_outside_headers(nest.body))?;
        let skew = find_skew(around, &nest)?;
        let condition = self.worthwhile(around, &nest)?;
        let (copy, containers) = copy_of(around, block);
        let wave = around.names.fresh("wave");
        let mut diagonals = skewed(around, copy, skew, wave);
        if let Err(refusal) = make_map(around, &mut diagonals) {
            containers.iter().for_each(|name| drop(around.sdfg.containers.shift_remove(name)));
            return Err(refusal);
        }
        Ok(Diagonals { diagonals: Region::new([diagonals]), condition })
    }

    /// When a diagonal has enough work to be spread over cores; `None` if always.
    fn worthwhile(&self, around: &Surroundings<'_>, nest: &Nest<'_>) -> Result<Option<Expr>, Refusal> {
        let facts = nest.facts(&around.facts);
        let locals = assigned_outside_headers(nest.body);
        let known = |expr: &Expr| expr.symbols().is_disjoint(&locals);
        let mut body = work::region_work(&around.sdfg.containers, nest.body, &facts, &known);
        for dim in [&nest.inner, &nest.outer] {
            body = work::largest(&body, (dim.variable, &dim.range), &facts);
        }
        let work = nest.outer.range.len() * body;
        if !known(&work) || work.uses(nest.outer.variable) || work.uses(nest.inner.variable) {
            return Err(Refusal::unproved("how much an iteration does is not known before it runs"));
        }
        let condition = work.ge(&Expr::int(self.work));
        match around.facts.prove(&condition) {
            Some(false) => Err(Refusal::unproved("a diagonal has little work")),
            Some(true) => Ok(None),
            None => Ok(Some(condition)),
        }
    }
}

/// Makes a map of each diagonal.
fn make_map(around: &mut Surroundings<'_>, diagonals: &mut Block) -> Result<(), Refusal> {
    let copy = Region::new([diagonals.clone()]);
    let symbols = SymbolUses::of(&copy);
    let Block::Loop(waves) = diagonals else { return Err(Refusal::NoMatch("not a loop")) };
    let outside = std::mem::replace(&mut around.facts, Facts::new());
    around.facts = facts_of_loop(waves, &outside);
    around.uses.extend(&Uses::of_region(&copy));
    let found = loop_nest_to_map::find(around, &waves.body.blocks[0], &symbols);
    let made = found.map(|found| {
        let inner = std::mem::replace(&mut waves.body.blocks[0], Block::Break);
        let Block::Loop(inner) = inner else { unreachable!("a nest is two loops") };
        Block::State(loop_nest_to_map::apply(around, *inner, found))
    });
    around.facts = outside;
    // What is counted is what the program has: the caller counts the result.
    let now = match &made {
        Ok(state) => Region::new([state.clone()]),
        Err(_) => copy,
    };
    around.uses.discount(&Uses::of_region(&now));
    waves.body.blocks[0] = made?;
    Ok(())
}

/// The nest with containers, symbols and labels of its own; the names of the new containers.
fn copy_of(around: &mut Surroundings<'_>, block: &Block) -> (Block, Vec<Name>) {
    let mut copy = Region::new([block.clone()]);
    let inside = Uses::of_region(&copy);
    let mut containers = IndexMap::default();
    for name in inside.containers() {
        let Some(data) = around.sdfg.container(name).filter(|data| data.is_transient()) else { continue };
        if inside.of_container(name) == around.uses.of_container(name) {
            let (data, fresh) = (data.clone(), around.names.fresh(name));
            around.sdfg.containers.insert(fresh.clone(), data);
            containers.insert(name.clone(), fresh);
        }
    }
    let mut symbols = IndexMap::default();
    for symbol in assigned_outside_headers(&copy) {
        let fresh = around.names.fresh(&symbol);
        let dtype = around.sdfg.symbols.get(&symbol).copied().unwrap_or(DType::Int64);
        around.sdfg.symbols.insert(fresh.clone(), dtype);
        symbols.insert(symbol, fresh);
    }
    let values: Substitution = symbols.iter().map(|(old, new)| (old.clone(), Expr::sym(new))).collect();
    for name in containers.values() {
        if let Some(data) = around.sdfg.containers.get_mut(name) {
            data.map_exprs(&mut |expr| expr.subs(&values));
        }
    }
    let made: Vec<Name> = containers.values().cloned().collect();
    Renaming::of(symbols, containers).apply_to(&mut copy);
    relabel(around.names, &mut copy);
    let block = copy.blocks.pop().unwrap_or(Block::Break);
    (block, made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::maps;
    use crate::pass::Options;
    use crate::run_pass;
    use dacec_ir::Assignment;
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::interp::testing::assert_same;

    /// `for i in 1:N: for j in i:N: p = j; A[i, j] = (read of A) + sum of A[i, k] for k in 0:p`
    fn nest(read: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("nest");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).local("sum", DType::Float64);
        b.for_loop("i", 1, n.clone(), |b| {
            b.for_loop("j", Expr::sym("i"), n, |b| {
                b.push(Block::Assign(vec![Assignment {
                    symbol: "p".into(),
                    value: ScalarExpr::from(Expr::sym("j")),
                }]));
                b.state("zero").tasklet("t", &[], value(0.0), ("sum", ""));
                b.for_loop("k", 0, Expr::sym("p"), |b| {
                    let inputs = [("s", "sum", ""), ("a", "A", "i, k")];
                    b.state("add").tasklet("t", &inputs, name("s") + name("a"), ("sum", ""));
                });
                let inputs = [("s", "sum", ""), ("a", "A", read)];
                b.state("store").tasklet("t", &inputs, name("s") + name("a"), ("A", "i, j"));
            });
        });
        let mut sdfg = b.build();
        sdfg.symbols.insert("p".into(), DType::Int64);
        sdfg
    }

    #[track_caller]
    fn run(sdfg: &Sdfg, work: i64) -> (Sdfg, String) {
        let mut after = sdfg.clone();
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        let _ = run_pass(&Wavefront { work }, &mut after, &mut context).expect("no check is set");
        if let Err(violations) = dacec_ir::validate::validate(&after) {
            panic!("{violations:?}");
        }
        for size in [1, 2, 6] {
            assert_same(sdfg, &after, &[("N", size)]);
        }
        let reasons: Vec<String> = context.refusals().iter().map(|it| it.reason.to_string()).collect();
        (after, reasons.join("; "))
    }

    #[test]
    fn the_size_decides_between_rows_and_diagonals() {
        for (work, count) in [(20, 1), (0, 1)] {
            let (after, reasons) = run(&nest("i - 1, j"), work);
            assert_eq!(maps(&after).len(), count, "{reasons}");
        }
        let (after, _) = run(&nest("i - 1, j"), 20);
        let Some(Block::Conditional(it)) = after.body.blocks.first() else { panic!("no choice") };
        assert_eq!(it.branches.len(), 2);
    }

    #[test]
    fn temporaries_of_an_iteration_have_sizes_of_the_diagonals() {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("nest");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("c", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [Expr::sym("j") + 1]);
        b.for_loop("i", 1, n.clone(), |b| {
            b.for_loop("j", 1, n, |b| {
                let twice = name("c") + name("c");
                b.state("fill").map("fill", &[("k", "0:j + 1")], &[("c", "c", "k")], twice, ("t", "k"));
                let inputs = [("a", "A", "i - 1, j"), ("b", "A", "i, j - 1"), ("t", "t", "j")];
                let sum = name("a") + name("b") + name("t");
                b.state("store").tasklet("t", &inputs, sum, ("A", "i, j"));
            });
        });
        let (after, reasons) = run(&b.build(), 0);
        assert!(maps(&after).len() >= 2, "{reasons}");
    }

    #[test]
    fn what_runs_against_the_diagonals_stays() {
        let (after, reasons) = run(&nest("i - 1, N - j"), 0);
        assert!(maps(&after).is_empty() && reasons.contains("may be the same elements"), "{reasons}");
    }

    #[test]
    fn little_work_stays_in_order() {
        let mut sdfg = nest("i - 1, j");
        sdfg.substitute(&[("N", Expr::int(6))].into());
        let (after, reasons) = run(&sdfg, WORTHWHILE);
        assert!(maps(&after).is_empty() && reasons.contains("a diagonal has little work"), "{reasons}");
    }
}
