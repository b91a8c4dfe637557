//! Symbol propagation: symbols are replaced by the values that they were given, and assignments that nobody needs
//! disappear.
//!
//! ```text
//! before:  k = N - 1    for i in 0:k: A[i + k] = …     M = 2*N    t: float64[M]
//! after:                for i in 0:N - 1: A[i + N - 1] = …       t: float64[2*N]
//! kept:    k = 0    while …: { A[k] = …   k = k + 1 }              (another value in each iteration)
//! kept:    if c: { k = 1 } else: { k = 2 }   A[k] = …              (another value from each branch)
//! kept:    while …: { n = m   t[0:n] = …   m = 2*m }   t: float64[n]   (`t` would no longer be written as a whole)
//! ```
//!
//! The walk is forward with the values that are known at each place. An assignment takes away what is known of the
//! symbol, and of all symbols whose values are made of it; a loop takes away what its body assigns before the body is
//! entered; after a conditional only what all its branches agree on is left. So a value is only put where evaluating it
//! again gives what it gave when it was assigned.
//!
//! A symbol that is read from an element of which another symbol is known to have the value is that symbol (see
//! `known_loads`), so that sizes that are read twice are one.
//!
//! Shapes have no place of their own in the program. A symbol is replaced in them if it is assigned once, by a value made
//! of symbols that are never assigned. Where that cannot be and the value is just another symbol, the symbol stays
//! everywhere, so that shapes and what is done with the arrays speak of the same; a loop's variable is put in all the same,
//! because it tells iterations apart. **Cost**: one walk; states that use no known symbol are not rewritten.

use super::inline_names::defined_symbols;
use super::known_loads::KnownLoads;
use super::scalar_to_symbol::fold;
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::assigned_symbols;
use dacec_ir::analysis::Aliases;
use dacec_ir::control_flow::{Effect, LoopHeader};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Assignment, Block, Conditional, Expr, Loop, Name, Region, ScalarExpr, Sdfg, State};
use std::collections::{BTreeMap, BTreeSet};

/// Values that are larger are not copied to where they are used.
const MAX_SIZE: usize = 48;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct SymbolPropagation;

impl Pass for SymbolPropagation {
    fn name(&self) -> &'static str {
        "symbol-propagation"
    }

    fn summary(&self) -> &'static str {
        "replaces symbols by the values they were given"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        if !has_assignments(&sdfg.body) {
            return Changed::No;
        }
        let mut changed = substitute_shapes(sdfg);
        let (kept, aliases) = (Kept::of(sdfg), Aliases::of(sdfg));
        let loads = KnownLoads::none(&sdfg.containers, &sdfg.symbols, &aliases);
        let mut walk = Walk { known: BTreeMap::new(), loads, kept, changed: Changed::No };
        walk.region(&mut sdfg.body);
        changed |= walk.changed;
        changed | remove_dead(sdfg)
    }
}

fn has_assignments(body: &Region) -> bool {
    let mut found = false;
    body.visit(&mut |block| found |= matches!(block, Block::Assign(_)));
    found
}

/// Replaces symbols that have one value throughout in the shapes of containers.
fn substitute_shapes(sdfg: &mut Sdfg) -> Changed {
    let defined = defined_symbols(&sdfg.body);
    let mut values: BTreeMap<Name, Option<Expr>> = BTreeMap::new();
    sdfg.body.visit(&mut |block| match block {
        Block::Assign(assignments) => {
            for Assignment { symbol, value } in assignments {
                let value = value.to_symbolic().filter(|value| {
                    is_small(value) && value.symbols().iter().all(|symbol| !defined.contains(symbol))
                });
                let known = values.entry(symbol.clone());
                known.and_modify(|other| *other = None).or_insert(value);
            }
        }
        Block::Loop(it) => {
            if let Some(variable) = it.variable() {
                values.insert(variable.clone(), None);
            }
        }
        _ => {}
    });
    let substitution: Substitution =
        values.into_iter().filter_map(|(symbol, value)| Some((symbol, value?))).collect();
    if substitution.is_empty() {
        return Changed::No;
    }
    let mut changed = Changed::No;
    for data in sdfg.containers.values_mut().filter(|data| data.is_transient()) {
        data.map_exprs(&mut |expr| {
            let new = expr.subs(&substitution);
            changed |= Changed::from(new != *expr);
            new
        });
    }
    changed
}

fn is_small(value: &Expr) -> bool {
    value.size() <= MAX_SIZE && value.loads().is_empty() && value.is_total()
}

/// Goes forward through the program with the values that are known.
struct Walk<'a> {
    known: BTreeMap<Name, Expr>,
    loads: KnownLoads<'a>,
    kept: Kept,
    changed: Changed,
}

/// What tells other names for symbols that are better kept.
struct Kept {
    /// Symbols of which shapes are made.
    in_shapes: BTreeSet<Name>,
    variables: BTreeSet<Name>,
}

impl Kept {
    fn of(sdfg: &Sdfg) -> Self {
        let mut variables = BTreeSet::new();
        sdfg.body.visit(&mut |block| {
            if let Block::Loop(it) = block {
                variables.extend(it.variable().cloned());
            }
        });
        Kept { in_shapes: sdfg.containers.values().flat_map(|data| data.symbols()).collect(), variables }
    }

    fn contains(&self, symbol: &Name, value: &Expr) -> bool {
        self.in_shapes.contains(symbol)
            && value.as_symbol().is_some_and(|other| !self.variables.contains(other))
    }
}

impl Walk<'_> {
    fn region(&mut self, region: &mut Region) {
        for block in &mut region.blocks {
            match block {
                Block::State(state) => {
                    self.state(state);
                    self.loads.run(state);
                }
                Block::Assign(assignments) => self.assign(assignments),
                Block::Loop(it) => self.loop_(it),
                Block::Conditional(it) => self.conditional(it),
                // Which vertex runs after which is not known.
                Block::Machine(it) => {
                    self.known.clear();
                    for vertex in &it.vertices {
                        self.loads.may_run(&vertex.body);
                    }
                    let outside = self.loads.clone();
                    for vertex in &mut it.vertices {
                        self.region(&mut vertex.body);
                        self.known.clear();
                        self.loads = outside.clone();
                    }
                }
                Block::Effect(it) => self.effect(it),
                Block::Break | Block::Continue | Block::Return => {}
            }
        }
    }

    fn state(&mut self, state: &mut State) {
        if self.known.is_empty() {
            return;
        }
        let used = state.free_symbols();
        let mut wanted: BTreeMap<&Name, &Expr> =
            self.known.iter().filter(|(symbol, _)| used.contains(*symbol)).collect();
        if wanted.is_empty() {
            return;
        }
        // A map's parameter must not capture a symbol of a value.
        let params: BTreeSet<Name> = state
            .nodes()
            .filter_map(|(_, node)| node.as_map())
            .flat_map(|map| map.params.iter().cloned())
            .collect();
        wanted.retain(|symbol, value| !params.contains(*symbol) && value.symbols().is_disjoint(&params));
        let substitution: Substitution =
            wanted.into_iter().map(|(symbol, value)| (symbol.clone(), value.clone())).collect();
        if !substitution.is_empty() {
            state.map_exprs(&mut |expr| expr.subs(&substitution));
            self.changed = Changed::Yes;
        }
    }

    fn scalar(&mut self, scalar: &mut ScalarExpr) {
        if scalar.symbols().iter().any(|symbol| self.known.contains_key(symbol)) {
            let substitution = self.substitution();
            scalar.map_exprs(&mut |expr| expr.subs(&substitution));
            self.changed = Changed::Yes;
        }
        fold(scalar);
    }

    fn expr(&mut self, expr: &mut Expr) {
        if expr.symbols().iter().any(|symbol| self.known.contains_key(symbol)) {
            *expr = expr.subs(&self.substitution());
            self.changed = Changed::Yes;
        }
    }

    fn substitution(&self) -> Substitution {
        self.known.iter().map(|(symbol, value)| (symbol.clone(), value.clone())).collect()
    }

    fn assign(&mut self, assignments: &mut [Assignment]) {
        let symbols: BTreeSet<Name> = assignments.iter().map(|it| it.symbol.clone()).collect();
        for Assignment { symbol, value } in assignments.iter_mut() {
            self.scalar(value);
            if let Some(other) = self.loads.symbol_of(symbol, value).filter(|it| !symbols.contains(*it)) {
                *value = Expr::sym(other).into();
                self.changed = Changed::Yes;
            }
        }
        self.forget(&symbols);
        if let [Assignment { symbol, value }] = assignments {
            self.loads.remember(symbol, value);
        }
        for Assignment { symbol, value } in assignments {
            if let Some(value) = value.to_symbolic()
                && is_small(&value)
                && value.symbols().is_disjoint(&symbols)
                && !self.kept.contains(symbol, &value)
            {
                self.known.insert(symbol.clone(), value);
            }
        }
    }

    /// Drops what is known of symbols, and of those whose values are made of them.
    fn forget(&mut self, symbols: &BTreeSet<Name>) {
        self.known.retain(|symbol, value| !symbols.contains(symbol) && value.symbols().is_disjoint(symbols));
        self.loads.forget(symbols);
    }

    fn loop_(&mut self, it: &mut Loop) {
        // The bounds are found once, before anything in the body happens.
        if let LoopHeader::For { start, stop, step, .. } = &mut it.header {
            [start, stop, step].into_iter().for_each(|bound| self.expr(bound));
        }
        self.forget(&assigned_symbols(&it.body));
        if let Some(variable) = it.variable() {
            self.forget(&BTreeSet::from([variable.clone()]));
        }
        self.loads.may_run_states(&it.body);
        if let LoopHeader::While { condition } | LoopHeader::DoWhile { condition } = &mut it.header {
            self.scalar(condition);
        }
        let outside = (self.known.clone(), self.loads.clone());
        self.region(&mut it.body);
        (self.known, self.loads) = outside;
    }

    fn effect(&mut self, it: &mut Effect) {
        for value in it.scalars_mut() {
            self.scalar(value);
        }
    }

    fn conditional(&mut self, it: &mut Conditional) {
        for branch in &mut it.branches {
            if let Some(condition) = &mut branch.condition {
                self.scalar(condition);
            }
        }
        let (before, loads) = (self.known.clone(), self.loads.clone());
        let has_default = it.branches.iter().any(|branch| branch.condition.is_none());
        let mut after = (!has_default).then(|| before.clone());
        for branch in &mut it.branches {
            (self.known, self.loads) = (before.clone(), loads.clone());
            self.region(&mut branch.body);
            if leaves(&branch.body) {
                continue;
            }
            let mut known = std::mem::take(&mut self.known);
            if let Some(after) = &after {
                known.retain(|symbol, value| after.get(symbol) == Some(value));
            }
            after = Some(known);
        }
        self.known = after.unwrap_or_default();
        self.loads = loads;
        for branch in &it.branches {
            self.loads.may_run(&branch.body);
        }
    }
}

/// Whether nothing runs after the region in sequence.
fn leaves(region: &Region) -> bool {
    matches!(region.blocks.last(), Some(Block::Return | Block::Break | Block::Continue))
}

/// Removes assignments of symbols that are read nowhere.
fn remove_dead(sdfg: &mut Sdfg) -> Changed {
    let mut changed = Changed::No;
    loop {
        let used = used_symbols(sdfg);
        let mut removed = false;
        sdfg.body.visit_regions_mut(&mut |region| {
            for block in &mut region.blocks {
                if let Block::Assign(assignments) = block {
                    let before = assignments.len();
                    assignments.retain(|it| used.contains(&it.symbol));
                    removed |= assignments.len() < before;
                }
            }
            region.blocks.retain(|block| !matches!(block, Block::Assign(it) if it.is_empty()));
        });
        if !removed {
            break;
        }
        changed = Changed::Yes;
    }
    if changed.any() {
        let assigned = assigned_symbols(&sdfg.body);
        let free: BTreeSet<Name> = sdfg.free_symbols().into_iter().collect();
        sdfg.symbols.retain(|symbol, _| assigned.contains(symbol) || free.contains(symbol));
    }
    changed
}

/// Symbols that are read anywhere: by states, on control flow, in shapes.
fn used_symbols(sdfg: &Sdfg) -> BTreeSet<Name> {
    let mut used: BTreeSet<Name> = sdfg.containers.values().flat_map(|data| data.symbols()).collect();
    sdfg.body.visit(&mut |block| {
        used.extend(block.scalars().into_iter().flat_map(|scalar| scalar.symbols()));
        used.extend(block.symbolic().into_iter().flat_map(|expr| expr.symbols()));
        if let Block::State(state) = block {
            used.extend(state.free_symbols());
        }
    });
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::run;
    use dacec_ir::DType;
    use dacec_ir::builder::{SdfgBuilder, value};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).array("I", DType::Int64, [Expr::sym("N")]);
        fill(&mut b);
        let mut sdfg = b.build();
        for symbol in assigned_symbols(&sdfg.body) {
            sdfg.symbols.insert(symbol, DType::Int64);
        }
        sdfg
    }

    fn assign(b: &mut SdfgBuilder, symbol: &str, value: Expr) {
        b.push(Block::Assign(vec![Assignment { symbol: symbol.into(), value: value.into() }]));
    }

    fn store(b: &mut SdfgBuilder, label: &str, at: &str) {
        b.state(label).tasklet("t", &[], value(1.0), ("A", at));
    }

    fn stores(sdfg: &Sdfg) -> Vec<String> {
        let memlets = |state: &&State| {
            state.edges().filter_map(|e| e.memlet()).map(|m| m.to_string()).collect::<Vec<_>>()
        };
        sdfg.body.states().iter().flat_map(memlets).collect()
    }

    fn assignments(sdfg: &Sdfg) -> usize {
        let mut count = 0;
        sdfg.body.visit(&mut |block| count += usize::from(matches!(block, Block::Assign(_))));
        count
    }

    #[test]
    fn values_are_put_in_place() {
        let mut sdfg = program(|b| {
            assign(b, "k", Expr::sym("N") - 3);
            b.for_loop("i", 0, Expr::sym("k"), |b| store(b, "s", "i + N - k"));
        });
        assert!(run(&SymbolPropagation, &mut sdfg).any());
        assert_eq!(stores(&sdfg), ["A[i + 3]"]);
        let Block::Loop(it) = &sdfg.body.blocks[0] else { panic!("a loop, and no assignment") };
        let LoopHeader::For { stop, .. } = &it.header else { panic!("a counted loop") };
        assert_eq!(*stop, Expr::sym("N") - 3);
        assert!(!sdfg.symbols.contains_key("k"));
    }

    #[test]
    fn a_symbol_that_changes_in_a_loop_stays() {
        let mut sdfg = program(|b| {
            assign(b, "k", Expr::zero());
            b.for_loop("i", 0, Expr::sym("N"), |b| {
                store(b, "s", "k");
                assign(b, "k", Expr::sym("k") + 1);
            });
        });
        let _ = run(&SymbolPropagation, &mut sdfg);
        assert_eq!(stores(&sdfg), ["A[k]"]);
        assert_eq!(assignments(&sdfg), 2);
    }

    #[test]
    fn a_shape_and_what_is_done_with_the_array_speak_of_the_same_symbol() {
        let mut sdfg = program(|b| {
            b.transient("t", DType::Float64, [Expr::sym("n")]);
            assign(b, "m", Expr::one());
            b.for_loop("i", 0, Expr::sym("N"), |b| {
                assign(b, "n", Expr::sym("m"));
                b.state("s").tasklet("t", &[], value(1.0), ("t", "n - 1"));
                assign(b, "m", Expr::sym("m") * 2);
            });
        });
        let _ = run(&SymbolPropagation, &mut sdfg);
        assert_eq!(stores(&sdfg), ["t[n - 1]"]);
    }

    #[test]
    fn a_value_of_a_symbol_that_changes_is_dropped() {
        // j = k + 1; k = 5: `j` is not 6.
        let mut sdfg = program(|b| {
            b.push(Block::Assign(vec![Assignment {
                symbol: "k".into(),
                value: ScalarExpr::Load { name: "I".into(), indices: vec![ScalarExpr::int(0)] },
            }]));
            b.conditional(
                Expr::sym("k").ge(&Expr::zero()).and(&Expr::sym("k").lt(&Expr::int(5))),
                |b| {
                    assign(b, "j", Expr::sym("k") + 1);
                    assign(b, "k", Expr::int(5));
                    store(b, "s", "j");
                    store(b, "t", "k");
                },
                |_| {},
            );
        });
        assert!(run(&SymbolPropagation, &mut sdfg).any());
        assert_eq!(stores(&sdfg), ["A[j]", "A[5]"]);
    }

    #[test]
    fn swapped_symbols_are_assigned_at_once() {
        let mut sdfg = program(|b| {
            assign(b, "a", Expr::int(1));
            assign(b, "b", Expr::int(2));
            b.push(Block::Assign(vec![
                Assignment { symbol: "a".into(), value: Expr::sym("b").into() },
                Assignment { symbol: "b".into(), value: Expr::sym("a").into() },
            ]));
            store(b, "s", "a");
            store(b, "t", "b + 2");
        });
        assert!(run(&SymbolPropagation, &mut sdfg).any());
        assert_eq!(stores(&sdfg), ["A[2]", "A[3]"]);
        assert_eq!(assignments(&sdfg), 0);
    }

    #[test]
    fn branches_have_to_agree() {
        let branches = |second: i64| {
            program(|b| {
                let long = Expr::sym("N").gt(&Expr::int(20));
                b.conditional(long, |b| assign(b, "k", Expr::int(1)), |b| assign(b, "k", Expr::int(second)));
                store(b, "s", "k");
            })
        };
        let (mut same, mut different) = (branches(1), branches(2));
        assert!(run(&SymbolPropagation, &mut same).any());
        assert_eq!(stores(&same), ["A[1]"]);
        assert!(!run(&SymbolPropagation, &mut different).any());
    }

    /// `k = I[at]`
    fn read(b: &mut SdfgBuilder, symbol: &str, at: ScalarExpr) {
        let value = ScalarExpr::Load { name: "I".into(), indices: vec![at] };
        b.push(Block::Assign(vec![Assignment { symbol: symbol.into(), value }]));
    }

    /// Whether two reads of an element give one symbol, with something between them.
    fn is_one(between: impl FnOnce(&mut SdfgBuilder)) -> bool {
        let mut sdfg = program(|b| {
            b.for_loop("i", 0, Expr::sym("N"), |b| {
                read(b, "j", Expr::sym("i").into());
                between(b);
                read(b, "k", Expr::sym("i").into());
                store(b, "s", "max(0, min(j, N - 1))");
                store(b, "t", "max(0, min(k, N - 1))");
            });
        });
        let _ = run(&SymbolPropagation, &mut sdfg);
        let stores = stores(&sdfg);
        let [.., first, second] = &stores[..] else { panic!("two stores at least") };
        first == second
    }

    #[test]
    fn what_is_read_twice_is_one_symbol() {
        assert!(is_one(|_| {}));
        assert!(is_one(|b| store(b, "other", "0")));
    }

    #[test]
    fn what_is_written_between_reads_is_another_value() {
        let write = |b: &mut SdfgBuilder| {
            b.state("write").tasklet("t", &[], value(1.0), ("I", "0"));
        };
        assert!(!is_one(write));
        assert!(!is_one(|b| {
            b.conditional(Expr::sym("i").gt(&Expr::one()), write, |_| {});
        }));
        assert!(!is_one(|b| {
            b.for_loop("m", 0, Expr::sym("N"), write);
        }));
        assert!(!is_one(|b| assign(b, "j", Expr::int(3))));
    }

    #[test]
    fn shapes_follow() {
        let mut sdfg = program(|b| {
            b.transient("t", DType::Float64, [Expr::sym("M")]);
            assign(b, "M", Expr::sym("N") * Expr::int(2));
            b.state("s").tasklet("t", &[], value(1.0), ("t", "M - 1"));
            b.state("u").tasklet("t", &[("x", "t", "M - 1")], dacec_ir::builder::name("x"), ("A", "0"));
        });
        sdfg.symbols.insert("M".into(), DType::Int64);
        assert!(run(&SymbolPropagation, &mut sdfg).any());
        assert_eq!(sdfg.containers["t"].shape(), [Expr::sym("N") * Expr::int(2)]);
        assert_eq!(assignments(&sdfg), 0);
    }
}
