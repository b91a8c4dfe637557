//! Map scopes: loops.

use super::conflicts::{self, Write, WriteMode, identity};
use super::expressions::{self, truth};
use super::plan::{BLOCK, Level, Plan};
use super::states::StateContext;
use super::{ExecutionRegion, Function, Result};
use crate::CodegenError;
use crate::tree::{Direction, Escape, For, Parallel, Place, Reduction, Stmt, Value};
use dacec_ir::{BinaryOp, DType, EdgeId, Expr, Map, Name, NodeId, Schedule, State};

/// Maps with at most that many iterations are not worth a team of threads, whatever they do.
const TINY: i64 = 16;

/// The parameters of a map, by its entry.
pub(super) fn parameters(state: &State, entry: NodeId) -> &[Name] {
    state.node(entry).as_map().map(|map| &map.params[..]).unwrap_or_default()
}

/// A range over variables of the emitted code.
struct Bounds {
    start: Expr,
    stop: Expr,
    step: Expr,
}

/// A map that is being lowered.
struct Nest<'a> {
    entry: NodeId,
    map: &'a Map,
    plan: Plan,
    bounds: Vec<Bounds>,
    when: Option<Value>,
    reductions: Vec<Reduction>,
    /// The variables of the loop over blocks: first value and end of the block.
    block: Option<(Name, Name)>,
}

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_map(
        &mut self,
        context: &mut StateContext<'a>,
        entry: NodeId,
        map: &'a Map,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        if map.params.len() != map.ranges.len() || map.params.is_empty() {
            return Err(CodegenError::Invalid(format!(
                "the map `{}` has no range for each parameter",
                map.label
            )));
        }
        if let Some(consume) = &map.consume {
            return self.lower_consume(context, entry, map, consume, out);
        }
        let mut hidden = Vec::new();
        for (symbol, memlet) in context.view.state.range_inputs(entry) {
            let value = expressions::cast(self.start_of(&memlet.data, &memlet.subset)?.value(), DType::Int64);
            let name = self.shared.names.local(symbol);
            out.push(Stmt::Declare {
                name: name.clone(),
                dtype: DType::Int64,
                value: Some(value),
                constant: true,
            });
            hidden.push((symbol, self.symbols.remove(symbol)));
            self.symbols.insert(symbol, Expr::sym(&name));
        }
        self.lower_ranges(context, entry, map, out)?;
        for (symbol, hidden) in hidden {
            self.restore_symbol(symbol, hidden);
        }
        Ok(())
    }

    /// The loops of a map, whose ranges are known.
    fn lower_ranges(
        &mut self,
        context: &mut StateContext<'a>,
        entry: NodeId,
        map: &'a Map,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let (mut spread, when) = self.schedule(map)?;
        let ordered = self.uses_streams(context, entry);
        spread &= !ordered;
        let mut writes = conflicts::writes(context, entry);
        writes.retain(|write| !matches!(context.modes.get(&write.edge), Some(WriteMode::Accumulate(..))));
        let mut plan = Plan::new(context, self.sdfg, entry, map, &writes, spread);
        let bounds = self.bounds(map)?;
        plan.independent &= !ordered;
        let mut nest = Nest { entry, map, plan, bounds, when, reductions: Vec::new(), block: None };
        for write in nest.plan.reductions.clone() {
            let reduction = self.declare_reduction(context, &write, out)?;
            nest.reductions.push(reduction);
        }
        if nest.plan.parallel > 0 {
            for write in &writes {
                let atomic = nest.plan.atomic.contains(&write.edge);
                let mode = if atomic { WriteMode::Atomic } else { WriteMode::Plain };
                context.modes.entry(write.edge).or_insert(mode);
            }
        }
        let body = self.lower_parallel(context, &mut nest)?;
        out.extend(body);
        for (write, reduction) in nest.plan.reductions.iter().zip(&nest.reductions) {
            let place = self.start_of(&write.data, &write.subset)?;
            let value = Value::Variable(reduction.variable.clone(), reduction.dtype);
            out.push(self.update(place, write.wcr, value, false)?);
        }
        Ok(())
    }

    /// Whether a map may run in parallel, and on which condition.
    fn schedule(&self, map: &Map) -> Result<(bool, Option<Value>)> {
        let ExecutionRegion { parallel, in_map, .. } = self.shared.region;
        let iterations = map.ranges.iter().fold(Expr::one(), |product, range| product * range.len());
        let spread = match map.schedule {
            Schedule::Sequential | Schedule::Unrolled => false,
            Schedule::Default => !in_map && iterations.as_int().is_none_or(|count| count > TINY),
            Schedule::CpuMulticore | Schedule::CpuPersistent => true,
            Schedule::GpuDevice | Schedule::GpuThreadBlock | Schedule::Mpi => {
                let what = format!(
                    "has the schedule `{}`, which the C++ backend does not have",
                    map.schedule.name()
                );
                return Err(CodegenError::unsupported(format!("map `{}`", map.label), what));
            }
        };
        if parallel || !spread {
            return Ok((false, None));
        }
        let Some(condition) = &map.parallel_if else { return Ok((true, None)) };
        let condition = self.expr(condition)?;
        Ok(match condition.as_int() {
            Some(value) => (value != 0, None),
            None => (true, Some(truth(Value::Index(condition)))),
        })
    }

    fn bounds(&self, map: &Map) -> Result<Vec<Bounds>> {
        let bounds = map.ranges.iter().map(|range| {
            let (start, stop) = (self.expr(&range.start)?, self.expr(&range.stop)?);
            Ok(Bounds { start, stop, step: self.expr(&range.step)? })
        });
        bounds.collect()
    }

    /// A copy of a reduction's target for each thread.
    fn declare_reduction(
        &mut self,
        context: &mut StateContext<'a>,
        write: &Write,
        out: &mut Vec<Stmt>,
    ) -> Result<Reduction> {
        let dtype = self.data(&write.data)?.dtype();
        let variable = self.shared.names.local(&format!("{}_{}", write.data, write.wcr.name()));
        let value = Some(Value::Constant(identity(write.wcr, dtype)));
        out.push(Stmt::Declare { name: variable.clone(), dtype, value, constant: false });
        context.modes.insert(write.edge, WriteMode::Accumulate(variable.clone(), dtype));
        Ok(Reduction { variable, dtype, wcr: write.wcr })
    }

    /// The loops of a map, with what is special around parallel ones.
    fn lower_parallel(&mut self, context: &mut StateContext<'a>, nest: &mut Nest<'a>) -> Result<Vec<Stmt>> {
        let outer_region = self.shared.region;
        let outer_failure = self.shared.failure.clone();
        self.shared.region.in_map = true;
        if nest.plan.parallel == 0 {
            let body = self.lower_levels(context, nest, 0);
            self.shared.region = outer_region;
            return body;
        }
        self.shared.region.parallel = true;
        self.shared.region.perhaps = nest.when.is_some();
        let label = self.shared.names.global("next_iteration");
        self.shared.failure = Escape::Label(label.clone());
        self.shared.iteration_fails = false;
        self.threads = Some((nest.entry, nest.plan.threads(nest.map)));
        let body = self.lower_levels(context, nest, 0);
        self.threads = None;
        self.shared.region = outer_region;
        self.shared.failure = outer_failure;
        let mut body = body?;
        if self.shared.iteration_fails {
            label_iteration(&mut body, nest.plan.parallel, &label);
            body.push(Stmt::Propagate);
        }
        Ok(body)
    }

    /// The loops from `depth` on.
    fn lower_levels(
        &mut self,
        context: &mut StateContext<'a>,
        nest: &mut Nest<'a>,
        depth: usize,
    ) -> Result<Vec<Stmt>> {
        let mut out = Vec::new();
        let starting = nest.plan.accumulators.iter().filter(|(at, _)| *at == depth);
        let starting: Vec<Write> = starting.map(|(_, write)| write.clone()).collect();
        let mut kept = Vec::new();
        for write in &starting {
            kept.push(self.start_accumulating(context, write, &mut out)?);
        }
        match nest.plan.levels.get(depth).copied() {
            Some(level) => {
                let stmt = self.lower_level(context, nest, depth, level)?;
                out.push(stmt);
            }
            None => {
                for name in context.privates.get(&nest.entry).cloned().unwrap_or_default() {
                    self.allocate(&name, &mut out)?;
                }
                self.lower_scope(context, Some(nest.entry), &mut out)?;
            }
        }
        for (write, (place, variable, atomic)) in starting.iter().zip(kept) {
            let value = Value::Variable(variable, place.dtype());
            out.push(match atomic {
                true => self.update(place, write.wcr, value, atomic)?,
                false => Stmt::Store { place, value },
            });
        }
        Ok(out)
    }

    fn lower_level(
        &mut self,
        context: &mut StateContext<'a>,
        nest: &mut Nest<'a>,
        depth: usize,
        level: Level,
    ) -> Result<Stmt> {
        let at = level.parameter();
        let param = &nest.map.params[at];
        let Bounds { start, stop, step } = &nest.bounds[at];
        let (mut start, mut stop, mut step) = (start.clone(), stop.clone(), step.clone());
        self.shared.names.open();
        let mut prologue = Vec::new();
        let variable = match level {
            Level::Whole(_) => self.shared.names.local(param),
            Level::Blocks(_) => {
                let variable = self.shared.names.local(&format!("{param}_block"));
                let end = self.shared.names.local(&format!("{param}_end"));
                step *= BLOCK;
                let value = Value::Index((Expr::sym(&variable) + &step).min(&stop));
                let dtype = DType::Int64;
                prologue.push(Stmt::Declare { name: end.clone(), dtype, value: Some(value), constant: true });
                nest.block = Some((variable.clone(), end));
                variable
            }
            Level::Within(_) => {
                let (first, end) = nest.block.clone().ok_or_else(|| internal("a block without its loop"))?;
                (start, stop) = (Expr::sym(&first), Expr::sym(&end));
                self.shared.names.local(param)
            }
        };
        let hidden = self.symbols.remove(param);
        if level != Level::Blocks(at) {
            self.symbols.insert(param, Expr::sym(&variable));
        }
        let mut body = prologue;
        body.extend(self.lower_levels(context, nest, depth + 1)?);
        self.restore_symbol(param, hidden);
        self.shared.names.close();
        let parallel = (depth == 0 && nest.plan.parallel > 0).then(|| Parallel {
            collapse: nest.plan.parallel,
            when: worthwhile(nest.when.clone(), [&start, &stop, &step]),
            reductions: nest.reductions.clone(),
            uneven: nest.plan.uneven,
        });
        let independent = nest.plan.independent && depth + 1 == nest.plan.levels.len();
        let [start, stop, step] = [start, stop, step].map(Value::Index);
        let direction = Direction::Up;
        let unordered = true;
        Ok(Stmt::For(Box::new(For {
            variable,
            start,
            stop,
            step,
            direction,
            parallel,
            independent,
            unordered,
            body,
        })))
    }

    /// Keeps the target of a write in a variable from here on; returns the target, the variable, and whether it has to
    /// be combined atomically in the end.
    fn start_accumulating(
        &mut self,
        context: &mut StateContext<'a>,
        write: &Write,
        out: &mut Vec<Stmt>,
    ) -> Result<(Place, Name, bool)> {
        let place = self.start_of(&write.data, &write.subset)?;
        let atomic = self.needs_atomic(context, write.edge, &write.data);
        let variable = self.shared.names.local(&format!("{}_{}", write.data, write.wcr.name()));
        let dtype = place.dtype();
        let value = if atomic { Value::Constant(identity(write.wcr, dtype)) } else { place.value() };
        out.push(Stmt::Declare { name: variable.clone(), dtype, value: Some(value), constant: false });
        context.modes.insert(write.edge, WriteMode::Accumulate(variable.clone(), dtype));
        Ok((place, variable, atomic))
    }

    /// Whether other threads may write the same elements as the write of an edge at the same time.
    pub(super) fn needs_atomic(&self, context: &StateContext<'_>, edge: EdgeId, data: &Name) -> bool {
        match context.modes.get(&edge) {
            Some(WriteMode::Atomic) | None => !self.is_private(data),
            Some(WriteMode::Plain | WriteMode::Accumulate(..)) => false,
        }
    }

    /// Whether no other thread uses the container.
    pub(super) fn is_private(&self, name: &Name) -> bool {
        !self.shared.region.parallel || self.slots.get(name).is_some_and(|slot| slot.private)
    }
}

/// The condition for parallel execution: one that is given, and for a loop in large steps that there is a second one.
fn worthwhile(when: Option<Value>, [start, stop, step]: [&Expr; 3]) -> Option<Value> {
    if step.is_one() {
        return when;
    }
    let second = Value::Index((start + step).lt(stop));
    Some(match when {
        Some(when) => Value::Binary(BinaryOp::And, DType::Bool, Box::new(when), Box::new(second)),
        None => second,
    })
}

/// Puts the body of an iteration into a block that failures can leave.
fn label_iteration(stmts: &mut [Stmt], depth: usize, label: &Name) {
    let Some(Stmt::For(it)) = stmts.iter_mut().find(|stmt| matches!(stmt, Stmt::For(_))) else { return };
    if depth > 1 {
        return label_iteration(&mut it.body, depth - 1, label);
    }
    let body = std::mem::take(&mut it.body);
    it.body = vec![Stmt::Block { body, label: Some(label.clone()) }];
}

fn internal(what: &str) -> CodegenError {
    CodegenError::Invalid(what.to_owned())
}
