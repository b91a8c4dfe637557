//! Check hoisting: what only sizes decide is decided first.
//!
//! The front end asks at each use whether extents go together, and whether there are elements to choose the largest of. A
//! check between two states keeps them apart, and one in the body of a loop keeps that sequential. Few of them depend on
//! anything that the statements before them compute:
//!
//! ```text
//! before:  state a   if M < 1: fail   state b              for i in 0:N { if M < 1: fail   state c }
//! after:   if M < 1: fail   state a   state b              if M < 1 and 0 < N: fail   for i in 0:N { state c }
//! kept:    k = …   if k < 1: fail                          (the check is about what was just found)
//! kept:    print(…)   if M < 1: fail                       (people see what is printed before the program ends)
//! kept:    for i in 0:N { if B[i] < 0: fail … }            (only the loop knows)
//! ```
//!
//! **Legal when** the condition is one over symbols that has a value whatever these are, and what the check passes gives none
//! of them a value, prints nothing, ends nothing, and calls nothing that may. Checks keep their order. Out of a loop goes
//! only what its first iteration does first, under the condition that there is one. What a program has computed that ends
//! with an error is undefined ([`Effect::Fail`]), so that nobody misses what the passed blocks write. A check that was made
//! already is not made again.
//!
//! **Cost**: one walk.

use crate::pass::{Changed, Context, Pass};
use crate::surroundings::assigned_symbols;
use dacec_ir::control_flow::{Effect, LoopHeader};
use dacec_ir::node::TaskletCode;
use dacec_ir::{Block, Expr, Loop, Name, Node, Region, ScalarExpr, Sdfg, State};
use std::collections::{BTreeSet, HashMap, HashSet};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckHoisting;

const NAME: &str = "CheckHoisting";

impl Pass for CheckHoisting {
    fn name(&self) -> &'static str {
        "check-hoisting"
    }

    fn summary(&self) -> &'static str {
        "makes checks of sizes before states and loops that do not change these"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut has_checks = false;
        sdfg.body.visit(&mut |block| has_checks |= failure(block).is_some());
        if !has_checks {
            return Changed::No;
        }
        let written = written(&sdfg.body);
        let mut changed = Changed::No;
        sdfg.body.visit_regions_mut(&mut |region| {
            let mut sorted = Sorted::new(&written);
            std::mem::take(&mut region.blocks).into_iter().for_each(|block| sorted.add(block, context));
            changed |= sorted.changed;
            region.blocks = sorted.finish();
        });
        changed
    }
}

/// The blocks of a region, with checks as early as they may be.
struct Sorted<'a> {
    /// Containers that the program writes: a symbol of such a name may have another value later.
    written: &'a HashSet<Name>,
    /// All blocks but the checks that may move.
    blocks: Vec<Block>,
    /// The checks before each of them, and those before the end.
    checks: Vec<Vec<Block>>,
    /// The first place where the next check may be.
    barrier: usize,
    /// The first place where each symbol that a block has assigned has its present value.
    assigned: HashMap<Name, usize>,
    /// The conditions of checks that were made, as long as they are the same.
    made: HashSet<Expr>,
    changed: Changed,
}

impl<'a> Sorted<'a> {
    fn new(written: &'a HashSet<Name>) -> Self {
        Sorted {
            written,
            blocks: Vec::new(),
            checks: vec![Vec::new()],
            barrier: 0,
            assigned: HashMap::new(),
            made: HashSet::new(),
            changed: Changed::No,
        }
    }

    fn add(&mut self, mut block: Block, context: &mut Context) {
        if let Block::Loop(it) = &mut block {
            while let Some(check) = self.taken_out(it, context) {
                self.add(check, context);
            }
        }
        match failure(&block).filter(|failed| self.is_movable(failed)) {
            Some(failed) => self.add_check(block, failed, context),
            None => self.add_other(block),
        }
    }

    /// Whether nothing that the program computes has to come before the condition.
    fn is_movable(&self, failed: &Expr) -> bool {
        is_safe(failed) && !failed.symbols().iter().any(|symbol| self.written.contains(symbol))
    }

    /// The check with which a loop's body begins, if the loop may come after it: under the condition that there is an
    /// iteration.
    fn taken_out(&mut self, it: &mut Loop, context: &mut Context) -> Option<Block> {
        let failed = failure(it.body.blocks.first()?).filter(|failed| self.is_movable(failed))?;
        let runs = first_iteration(&it.header)?;
        let mut changing = assigned_symbols(&it.body);
        changing.extend(it.variable().cloned());
        if failed.symbols().iter().any(|symbol| changing.contains(symbol)) || !context.permit(NAME) {
            return None;
        }
        let mut check = it.body.blocks.remove(0);
        if let Block::Conditional(conditional) = &mut check {
            conditional.branches[0].condition = Some(ScalarExpr::Symbolic(failed.and(&runs)));
        }
        context.applied(NAME);
        self.changed = Changed::Yes;
        Some(check)
    }

    fn add_check(&mut self, check: Block, failed: Expr, context: &mut Context) {
        if self.made.contains(&failed) && context.permit(NAME) {
            context.applied(NAME);
            self.changed = Changed::Yes;
            return;
        }
        let known = failed.symbols().iter().filter_map(|symbol| self.assigned.get(symbol)).max().copied();
        let mut place = self.barrier.max(known.unwrap_or(0));
        if place < self.blocks.len() {
            match context.permit(NAME) {
                true => {
                    context.applied(NAME);
                    self.changed = Changed::Yes;
                }
                false => place = self.blocks.len(),
            }
        }
        self.checks[place].push(check);
        self.barrier = place;
        self.made.insert(failed);
    }

    fn add_other(&mut self, block: Block) {
        let behind = self.blocks.len() + 1;
        for symbol in assigned(&block) {
            self.made.retain(|failed| !failed.uses(&symbol));
            self.assigned.insert(symbol, behind);
        }
        if !is_passable(&block, false) {
            self.barrier = behind;
        }
        self.blocks.push(block);
        self.checks.push(Vec::new());
    }

    fn finish(self) -> Vec<Block> {
        let blocks = self.blocks.into_iter().map(Some).chain([None]);
        self.checks
            .into_iter()
            .zip(blocks)
            .flat_map(|(checks, block)| checks.into_iter().chain(block))
            .collect()
    }
}

/// The condition under which a block ends the program, if it does nothing else.
fn failure(block: &Block) -> Option<Expr> {
    let Block::Conditional(it) = block else { return None };
    let [branch] = &it.branches[..] else { return None };
    let [Block::Effect(Effect::Fail { .. })] = &branch.body.blocks[..] else { return None };
    match &branch.condition {
        Some(ScalarExpr::Symbolic(failed)) => Some(failed.to_truth()),
        _ => None,
    }
}

/// Whether an expression has a value wherever its symbols have one.
fn is_safe(expr: &Expr) -> bool {
    expr.is_total() && expr.loads().is_empty()
}

/// The condition under which a loop has a first iteration, if it can be asked for before.
fn first_iteration(header: &LoopHeader) -> Option<Expr> {
    let runs = match header {
        LoopHeader::For { start, stop, step, .. } => match step.as_int()? {
            1.. => start.lt(stop),
            0 => return None,
            _ => start.gt(stop),
        },
        LoopHeader::While { condition: ScalarExpr::Symbolic(condition) } => condition.to_truth(),
        LoopHeader::While { .. } => return None,
        LoopHeader::DoWhile { .. } => Expr::truth(true),
    };
    is_safe(&runs).then_some(runs)
}

/// Symbols that a block gives values to.
fn assigned(block: &Block) -> BTreeSet<Name> {
    let own = block.assignments().map(|it| it.symbol.clone());
    let variable = if let Block::Loop(it) = block { it.variable() } else { None };
    own.chain(variable.cloned()).chain(block.regions().into_iter().flat_map(assigned_symbols)).collect()
}

/// Whether nobody can tell that the program has ended before the block: it prints nothing, and what comes after it is
/// always reached.
fn is_passable(block: &Block, in_loop: bool) -> bool {
    match block {
        Block::State(state) => is_quiet(state),
        Block::Assign(_) => true,
        Block::Loop(it) => it.body.blocks.iter().all(|block| is_passable(block, true)),
        Block::Conditional(it) => {
            it.branches.iter().flat_map(|branch| &branch.body.blocks).all(|block| is_passable(block, in_loop))
        }
        Block::Break | Block::Continue => in_loop,
        Block::Return | Block::Effect(_) | Block::Machine(_) => false,
    }
}

/// Whether the state only computes. Nobody knows what code of other languages does.
fn is_quiet(state: &State) -> bool {
    let is_known = |(_, node): (_, &Node)| match node {
        Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::Native(_)),
        _ => true,
    };
    !state.has_effects() && state.nodes().all(is_known)
}

/// Containers that states write.
fn written(body: &Region) -> HashSet<Name> {
    let states = body.states();
    let all = states.iter().flat_map(|state| state.nodes().map(move |(id, node)| (state, id, node)));
    let names = all.filter_map(|(state, id, node)| node.as_access().filter(|_| state.in_degree(id) > 0));
    names.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::run;
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::control_flow::Piece;
    use dacec_ir::{Assignment, Branch, Conditional, DType, Span};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).local("c", DType::Float64);
        b.array("K", DType::Int64, [Expr::sym("N")]);
        fill(&mut b);
        let mut sdfg = b.build();
        sdfg.symbols.insert("k".into(), DType::Int64);
        sdfg
    }

    /// A check that holds in tests.
    fn check(b: &mut SdfgBuilder, failed: Expr) {
        let fail = Block::Effect(Effect::Fail { message: "too small".into(), span: Span::default() });
        let branch = Branch { condition: Some(ScalarExpr::Symbolic(failed)), body: Region::new([fail]) };
        b.push(Block::Conditional(Conditional { branches: vec![branch], span: Span::default() }));
    }

    fn small(symbol: &str) -> Expr {
        Expr::sym(symbol).lt(&Expr::one())
    }

    fn store(b: &mut SdfgBuilder, label: &str, at: &str) {
        b.state(label).tasklet("t", &[], value(1.0), ("A", at));
    }

    fn assign(b: &mut SdfgBuilder, value: Expr) {
        let value = ScalarExpr::Symbolic(value);
        b.push(Block::Assign(vec![Assignment { symbol: "k".into(), value }]));
    }

    /// What each block of a region is.
    fn kinds(region: &Region) -> Vec<String> {
        let kind = |block: &Block| match block {
            Block::State(state) => state.label.to_string(),
            Block::Loop(it) => format!("for {{ {} }}", kinds(&it.body).join(" ")),
            Block::Assign(_) => "assign".into(),
            Block::Effect(_) => "print".into(),
            block => failure(block).map_or("other".into(), |failed| format!("fail {failed}")),
        };
        region.blocks.iter().map(kind).collect()
    }

    #[test]
    fn a_check_of_sizes_comes_first_and_once() {
        let mut sdfg = program(|b| {
            store(b, "a", "0");
            check(b, small("N"));
            store(b, "b", "1");
            check(b, Expr::sym("N").lt(&Expr::int(2)));
            check(b, small("N"));
        });
        assert!(run(&CheckHoisting, &mut sdfg).any());
        assert_eq!(kinds(&sdfg.body), ["fail N <= 0", "fail N < 2", "a", "b"]);
        assert!(!run(&CheckHoisting, &mut sdfg).any());
    }

    #[test]
    fn a_check_of_what_was_just_found_follows_it() {
        let mut sdfg = program(|b| {
            store(b, "a", "0");
            assign(b, Expr::sym("N") - 1);
            store(b, "b", "1");
            check(b, small("k"));
        });
        assert!(run(&CheckHoisting, &mut sdfg).any());
        assert_eq!(kinds(&sdfg.body), ["a", "assign", "fail k <= 0", "b"]);
    }

    #[test]
    fn a_check_that_was_made_of_another_value_is_made_again() {
        let mut sdfg = program(|b| {
            assign(b, Expr::sym("N") - 1);
            check(b, small("k"));
            assign(b, Expr::sym("N") - 2);
            check(b, small("k"));
        });
        assert!(!run(&CheckHoisting, &mut sdfg).any());
    }

    #[test]
    fn what_is_printed_is_printed_before() {
        let mut sdfg = program(|b| {
            let pieces = vec![Piece::Text("here".into())];
            b.push(Block::Effect(Effect::Print { pieces, span: Span::default() }));
            store(b, "a", "0");
            check(b, small("N"));
        });
        assert!(run(&CheckHoisting, &mut sdfg).any());
        assert_eq!(kinds(&sdfg.body), ["print", "fail N <= 0", "a"]);
    }

    fn leave(b: &mut SdfgBuilder) {
        b.push(Block::Return);
    }

    #[test]
    fn what_may_not_be_reached_is_not_checked() {
        let mut sdfg = program(|b| {
            b.conditional(Expr::sym("N").gt(&Expr::int(3)), leave, |_| {});
            check(b, small("N"));
        });
        assert!(!run(&CheckHoisting, &mut sdfg).any());
    }

    #[test]
    fn the_first_check_of_an_iteration_is_made_before_the_loop() {
        let mut sdfg = program(|b| {
            b.for_loop("i", 0, Expr::sym("N"), |b| {
                store(b, "a", "i");
                check(b, small("M"));
            });
        });
        assert!(run(&CheckHoisting, &mut sdfg).any());
        let both = small("M").and(&Expr::zero().lt(&Expr::sym("N")));
        assert_eq!(kinds(&sdfg.body), [format!("fail {both}"), "for { a }".into()]);
    }

    #[test]
    fn a_check_of_the_iteration_stays_in_the_loop() {
        let mut sdfg = program(|b| {
            b.for_loop("i", 1, Expr::sym("N"), |b| {
                check(b, small("i"));
                store(b, "a", "i");
            });
        });
        assert!(!run(&CheckHoisting, &mut sdfg).any());
    }

    #[test]
    fn a_check_that_reads_memory_stays() {
        let mut sdfg = program(|b| {
            b.state("a").tasklet("t", &[], value(1.0), ("c", ""));
            check(b, Expr::load("K", vec![Expr::sym("N") + 5]).lt(&Expr::int(-100)));
            let condition = ScalarExpr::from(name("c").op(dacec_ir::BinaryOp::Lt, value(0.5)));
            let fail = Block::Effect(Effect::Fail { message: "small".into(), span: Span::default() });
            let branch = Branch { condition: Some(condition), body: Region::new([fail]) };
            b.push(Block::Conditional(Conditional { branches: vec![branch], span: Span::default() }));
            store(b, "b", "1");
            check(b, small("N"));
        });
        let mut context = Context::default();
        let before = kinds(&sdfg.body);
        let _ = CheckHoisting.run(&mut sdfg, &mut context);
        let after = kinds(&sdfg.body);
        assert_eq!(after[..3], before[..3]);
        assert_eq!(after[3..], ["fail N <= 0", "b"]);
    }
}
