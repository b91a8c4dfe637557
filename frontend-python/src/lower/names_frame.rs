//! What names mean at a point of the function: looking up, assigning, and joining after control flow.

use super::{Decisions, Lowerer, Result, Stop, Storage, lists};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Global;
use crate::numpy;
use crate::parse::{TextRange, ast};
use crate::promotion::Typed;
use crate::scalar::{beside, cast, join};
use crate::types::{Scalar, Value, View};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Assignment, Block, DType, Expr, IndexMap, IndexSet, Memlet, Name, Region, ScalarExpr};
use std::sync::Arc;

/// A loop around the current statement.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Names whose value from before the iteration was read.
    read: IndexSet<String>,
    /// Names that the iteration has assigned, on some path.
    assigned: IndexSet<String>,
    /// Those that it has assigned on every path to the present point.
    certain: IndexSet<String>,
    /// Those of them that it has given more than one meaning.
    varied: IndexSet<String>,
    /// Names that were read where the iteration may not have assigned them.
    carried: IndexSet<String>,
    /// Names that refer to arrays which the iteration has made under other names, and whether the iteration may have ended
    /// before.
    borrowed: IndexMap<String, bool>,
    /// Whether iterations follow each other.
    again: bool,
    /// Names that the statements of a loop whose iterations follow each other assign, and the number of regions around it.
    changing: Option<(IndexSet<String>, usize)>,
    /// Whether the iteration may have ended already.
    left: bool,
    /// Number of storages that existed before, if the loop is parallel: those its iterations cannot assign.
    outside: Option<usize>,
    /// Number of containers that existed before.
    containers: usize,
    /// Number of parameters of the parallel loops around it.
    params: usize,
    /// Number of open regions in its body.
    regions: usize,
    /// The condition under which a parallel loop has no iterations.
    empty: Option<Expr>,
}

impl Frame {
    /// The frame of a loop whose iterations follow each other, and which assigns these names.
    pub(super) fn sequential(lowerer: &Lowerer<'_>, assigned: IndexSet<String>) -> Self {
        Frame {
            again: true,
            changing: Some((assigned, lowerer.regions.len())),
            containers: lowerer.sdfg.containers.len(),
            ..Frame::default()
        }
    }

    /// The frame of a parallel loop that has no iterations where `empty` holds.
    pub(super) fn parallel(lowerer: &Lowerer<'_>, empty: Option<Expr>) -> Self {
        Frame {
            outside: Some(lowerer.storages.len()),
            containers: lowerer.sdfg.containers.len(),
            params: lowerer.params.len(),
            regions: lowerer.regions.len() + 1,
            empty,
            ..Frame::default()
        }
    }

    /// From here on, the iteration may have ended.
    pub(super) fn leave(&mut self) {
        self.left = true;
    }

    /// Number of storages that existed before a parallel loop.
    pub(super) fn storages_before(&self) -> Option<usize> {
        self.outside
    }
}

impl Lowerer<'_> {
    // --- looking up --------------------------------------------------------------------------------------------

    /// What a name stands for.
    pub(super) fn lookup(&mut self, name: &str, range: TextRange) -> Result<Value> {
        if let Some(value) = self.env.get(name).cloned() {
            match value {
                Value::Poison => return Err(Stop::Reported),
                Value::Deleted => {
                    let message = format!("`{name}` is used after it was deleted");
                    return Err(Diagnostic::error(codes::UNASSIGNED, range, message).into());
                }
                Value::Stale if !self.is_shared(name) => return self.share(name),
                Value::Stale => {
                    let message = format!("what `{name}` is after the loop is not known");
                    return Err(Diagnostic::error(codes::REBIND, range, message)
                        .label("it was given a value in a loop that has ended")
                        .help("assign it before the loop, or use it only inside")
                        .into());
                }
                _ => {}
            }
            let mut on_another_path = false;
            for frame in self.frames.iter_mut().filter(|frame| !frame.certain.contains(name)) {
                frame.read.insert(name.to_owned());
                on_another_path |= frame.again && frame.assigned.contains(name);
            }
            // An iteration before this one may have taken that path; names without a value so far are looked at in the end.
            if on_another_path && !self.is_shared(name) && !self.partial.contains(name) {
                return match value {
                    Value::Scalar(_) | Value::Array(_) => self.share(name),
                    _ => Err(self.cannot_rebind(name, range)),
                };
            }
            if self.partial.contains(name) {
                self.read_partial(name, &value)?;
            }
            return Ok(value);
        }
        if self.locals.contains(name) {
            let message = format!("`{name}` is used before it is assigned");
            return Err(Diagnostic::error(codes::UNASSIGNED, range, message)
                .label("no assignment comes before this")
                .help(format!(
                    "`{name}` is local to the function because it is assigned in it; give it a value first"
                ))
                .into());
        }
        match self.globals.values.get(name) {
            Some(Global::Value(value)) => {
                let value = lists::from_outside(value.clone());
                self.depends_on(name);
                return Ok(self.reached(value));
            }
            Some(Global::Broken(reason)) => {
                let message = format!("the value of `{name}` is not known at compile time");
                return Err(Diagnostic::error(codes::MODULE_VALUE, range, message)
                    .label("used here")
                    .because(reason)
                    .help("pass it as an argument, or assign a number, a symbol or a tuple of these")
                    .into());
            }
            None => {}
        }
        numpy::builtin(name).ok_or_else(|| self.undefined(name, range).into())
    }

    /// A name is read that may have no value yet. A number then needs one storage, which holds what an earlier iteration
    /// has left, and which has a value from the start: the other operand of `c and t > 0` is computed where `c` is false.
    fn read_partial(&mut self, name: &str, value: &Value) -> Result<()> {
        match value {
            Value::Scalar(_) if !self.is_shared(name) => return self.share(name),
            Value::Scalar(_) if self.params.is_empty() => {
                self.initialized.insert(name.to_owned());
            }
            Value::Scalar(_) => {}
            _ => self.frames.iter_mut().for_each(|frame| {
                frame.carried.insert(name.to_owned());
            }),
        }
        Ok(())
    }

    fn undefined(&self, name: &str, range: TextRange) -> Diagnostic {
        let local = self.env.keys().map(String::as_str);
        let global = self.globals.values.keys().map(String::as_str);
        let candidates: Vec<&str> =
            local.chain(global).chain(numpy::builtin_names().map(|it| -> &str { it })).collect();
        Diagnostic::error(codes::UNDEFINED, range, format!("undefined name `{name}`"))
            .label("nothing of this name is visible here")
            .help(
                "assign it before, or define it in the module as a number, a symbol or an annotated function",
            )
            .did_you_mean(name, candidates)
    }

    /// Gives the name one storage, from the start of the function.
    fn share<T>(&mut self, name: &str) -> Result<T> {
        self.decide(|decisions| {
            decisions.shared.insert(name.to_owned());
        })
    }

    /// The name of the variable whose value is in that container.
    pub(super) fn variable_of(&self, container: &Name) -> Option<String> {
        let holds = |value: &Value| matches!(value, Value::Scalar(Scalar { code: ScalarExpr::Name(name), .. }) if name == container);
        self.env.iter().find(|(_, value)| holds(value)).map(|(name, _)| name.clone())
    }

    // --- assigning ---------------------------------------------------------------------------------------------

    /// Whether the name has one storage, so that an assignment must write into it.
    pub(super) fn is_shared(&self, name: &str) -> bool {
        self.decisions.shared.contains(name)
    }

    /// The array in which a shared name's value is.
    pub(super) fn shared_array(&self, name: &str) -> Option<View> {
        let Some(Storage::Array(container)) = self.storages.get(name) else { return None };
        let data = self.sdfg.containers.get(container)?;
        Some(View::whole(container.clone(), data.dtype(), data.shape()))
    }

    /// Gives a name a value.
    pub(super) fn bind(&mut self, name: &str, value: Value, range: TextRange) -> Result<()> {
        // `x = step(x)`, where the function changes its argument and returns it: the name refers to the same array.
        if matches!(value, Value::Array(_)) && self.env.get(name).is_some_and(|known| same(known, &value)) {
            return Ok(());
        }
        self.check_carried_meaning(name, &value, range)?;
        if !self.is_shared(name) && self.frames.iter().any(|frame| frame.read.contains(name)) {
            return self.share(name);
        }
        self.note_borrowed(name, &value);
        let value = match value {
            Value::Scalar(scalar) if self.is_shared(name) => self.bind_shared(name, scalar, range)?,
            Value::Scalar(scalar) => Value::Scalar(self.bind_simple(name, scalar)),
            Value::Array(view) if self.is_shared(name) => self.bind_shared_array(name, view, range)?,
            Value::Array(view) if self.decisions.kept.contains(name) => self.bind_kept(view),
            Value::Array(view) => self.bind_array(view),
            Value::Tuple(items) => {
                let items = items.map(|item| self.settle(item));
                Value::Tuple(self.at_home(items))
            }
            dictionary @ Value::Dict(_) => self.settle(dictionary),
            other => other,
        };
        for frame in &mut self.frames {
            frame.certain.insert(name.to_owned());
            let again = !frame.assigned.insert(name.to_owned());
            if again && !self.env.get(name).is_some_and(|known| same(known, &value)) {
                frame.varied.insert(name.to_owned());
            }
        }
        self.env.insert(name.to_owned(), value);
        self.partial.shift_remove(name);
        Ok(())
    }

    /// Refuses to give a name that the next iteration reads another meaning: only numbers and arrays have a storage that
    /// carries them there.
    fn check_carried_meaning(&self, name: &str, value: &Value, range: TextRange) -> Result<()> {
        let is_stored = |value: &Value| matches!(value, Value::Scalar(_) | Value::Array(_));
        let known = self.env.get(name);
        let carried = self.frames.iter().any(|frame| frame.again && frame.read.contains(name));
        let keeps =
            is_stored(value) && known.is_none_or(is_stored) || known.is_some_and(|known| same(known, value));
        if carried && !keeps { Err(self.cannot_rebind(name, range)) } else { Ok(()) }
    }

    /// Remembers whether a name gets an array that the iteration has made under another name, and which the next
    /// iteration makes anew.
    fn note_borrowed(&mut self, name: &str, value: &Value) {
        let made = match value {
            Value::Array(view) if !view.fresh => self.sdfg.containers.get_index_of(&view.container),
            _ => None,
        };
        for frame in self.frames.iter_mut().filter(|frame| frame.again) {
            match made.is_some_and(|at| at >= frame.containers) {
                true => frame.borrowed.insert(name.to_owned(), frame.left),
                false => frame.borrowed.shift_remove(name),
            };
        }
    }

    fn bind_simple(&mut self, name: &str, scalar: Scalar) -> Scalar {
        match &scalar.code {
            ScalarExpr::Constant(_) => return scalar,
            ScalarExpr::Symbolic(expr) if self.is_fixed(expr) => return scalar,
            ScalarExpr::Name(container) if !self.is_storage(container) => return scalar,
            _ => {}
        }
        let symbolic = scalar.as_expr().is_some() || self.decisions.symbols.contains(name);
        if scalar.dtype() == DType::Int64 && symbolic {
            let symbol = self.new_symbol(name);
            self.set_symbol(&symbol, scalar.code);
            // One assignment defines it, so the value is fixed from here on.
            self.mutable.shift_remove(&symbol);
            return Scalar { code: ScalarExpr::Symbolic(Expr::sym(symbol)), ty: scalar.ty };
        }
        self.materialize(name, &scalar)
    }

    /// Whether the container holds a shared name, whose value may change.
    fn is_storage(&self, container: &Name) -> bool {
        self.storages.values().any(|storage| match storage {
            Storage::Scalar(name, _) | Storage::Array(name) => name == container,
            Storage::Symbol(_) => false,
        })
    }

    /// Adds an assignment of a symbol.
    pub(super) fn set_symbol(&mut self, symbol: &Name, value: ScalarExpr) {
        self.present.shift_remove(symbol);
        self.push(Block::Assign(vec![Assignment { symbol: symbol.clone(), value }]));
    }

    fn bind_shared(&mut self, name: &str, scalar: Scalar, range: TextRange) -> Result<Value> {
        self.check_not_outside(name, range)?;
        let known = self.decisions.types.get(name).copied();
        let ty = known.map_or(scalar.ty, |known| join(known, beside(&scalar, known.dtype).ty));
        self.decisions.types.insert(name.to_owned(), ty);
        let symbolic = scalar.as_expr().is_some() || self.decisions.symbols.contains(name);
        let storage = match self.storages.get(name).cloned() {
            Some(Storage::Scalar(_, declared)) if declared != ty => return Err(Stop::Again),
            Some(Storage::Symbol(_)) if ty.dtype != DType::Int64 => return Err(Stop::Again),
            Some(Storage::Symbol(_)) if !symbolic => return self.need_container(name),
            Some(Storage::Array(_)) => return Err(self.cannot_rebind(name, range)),
            Some(storage) => storage,
            None => {
                let in_container = self.decisions.containers.contains(name);
                if ty.dtype == DType::Int64 && symbolic && !in_container {
                    Storage::Symbol(self.new_symbol(name))
                } else {
                    Storage::Scalar(self.new_scalar(name, ty.dtype), ty)
                }
            }
        };
        self.storages.insert(name.to_owned(), storage.clone());
        self.check_precision(name, scalar.ty, ty, range)?;
        self.warn_of_widening(&format!("`{name}`"), scalar.ty, ty);
        let code = cast(&scalar, ty.dtype);
        let code = match storage {
            Storage::Symbol(symbol) => {
                self.keep_floor(name, &symbol, &code)?;
                self.set_symbol(&symbol, code);
                ScalarExpr::Symbolic(Expr::sym(symbol))
            }
            Storage::Scalar(container, _) | Storage::Array(container) => {
                self.emit(name, Vec::new(), &code, Memlet::scalar(&container));
                ScalarExpr::Name(container)
            }
        };
        Ok(Value::Scalar(Scalar { code, ty }))
    }

    /// Refuses to keep an integer of NumPy as a short float: with a number of Python it would become a short float too, where
    /// NumPy makes one of 64 bits.
    fn check_precision(&self, name: &str, ty: Typed, kept: Typed, range: TextRange) -> Result<()> {
        let is_short = matches!(kept.dtype.real(), DType::Float16 | DType::BFloat16 | DType::Float32);
        if ty.weak || ty.dtype.is_float() || ty.dtype.is_complex() || !is_short {
            return Ok(());
        }
        let (ty, kept) = (ty.dtype, kept.dtype);
        Err(Diagnostic::error(codes::REBIND, range, format!("`{name}` is {ty} here and {kept} elsewhere"))
            .label(format!("as {kept}, it would be rounded where NumPy does not"))
            .help(format!("convert the value (`np.{kept}(...)`), or use another name"))
            .into())
    }

    /// Remarks that a number is kept in a wider type than it has.
    pub(super) fn warn_of_widening(&mut self, what: &str, ty: Typed, kept: Typed) {
        if ty.dtype != kept.dtype {
            let (ty, kept) = (ty.dtype, kept.dtype);
            self.warn(
                codes::WIDENED,
                format!("{what} is {ty} here and {kept} elsewhere: it is {kept} everywhere"),
                &format!("convert the value: `np.{kept}(...)`"),
            );
        }
    }

    /// Finds out whether an integer is never negative, or always positive: its first value is, and each later one is if
    /// the integer was so before. Then loops such as `while i < n: x[i] = 0; i += 1` need not ask which end `i` counts from.
    fn keep_floor(&mut self, name: &str, symbol: &Name, value: &ScalarExpr) -> Result<()> {
        let holds = |floor: &i64| match value {
            ScalarExpr::Symbolic(value) => self.facts.prove_ge(value, &Expr::int(*floor)) == Some(true),
            _ => false,
        };
        let floor = match self.decisions.floors.get(name) {
            None => [1, 0].into_iter().find(holds),
            Some(known) => {
                let kept = known.filter(holds);
                if kept != *known {
                    let lower = known.filter(|floor| *floor == 1).map(|_| 0).filter(holds);
                    return self.decide(|decisions| {
                        decisions.floors.insert(name.to_owned(), lower);
                    });
                }
                kept
            }
        };
        self.decisions.floors.entry(name.to_owned()).or_insert(floor);
        if let Some(floor) = floor {
            self.facts.assume_ge(symbol, floor);
        }
        Ok(())
    }

    fn need_container<T>(&mut self, name: &str) -> Result<T> {
        self.decide(|decisions| {
            decisions.containers.insert(name.to_owned());
        })
    }

    /// The scalar container of a variable that lives outside of the parallel loop, to accumulate into.
    pub(super) fn accumulator(&mut self, name: &str, ty: Typed) -> Result<(Name, DType)> {
        match self.storages.get(name).cloned() {
            Some(Storage::Scalar(container, declared)) => {
                let joined = join(declared, ty);
                if joined.dtype != declared.dtype {
                    self.decisions.types.insert(name.to_owned(), joined);
                    return Err(Stop::Again);
                }
                Ok((container, declared.dtype))
            }
            _ => self.decide(|decisions: &mut Decisions| {
                decisions.shared.insert(name.to_owned());
                decisions.containers.insert(name.to_owned());
            }),
        }
    }

    /// Whether the name was given its value outside of the innermost parallel loop.
    pub(super) fn is_outside(&self, name: &str) -> bool {
        let innermost = self.frames.iter().rposition(|frame| frame.outside.is_some());
        innermost.is_some_and(|at| !self.frames[at..].iter().any(|frame| frame.assigned.contains(name)))
    }

    /// Whether the container is one that each iteration of the innermost parallel loop has for itself.
    pub(super) fn is_private(&self, container: &Name) -> bool {
        self.sharing(container).is_empty()
    }

    /// Parameters of the parallel loops around whose iterations share the container: those that it is outside of.
    pub(super) fn sharing(&self, container: &Name) -> &[Name] {
        let at = self.sdfg.containers.get_index_of(container);
        let outside = |frame: &&Frame| frame.outside.is_some() && at.is_none_or(|at| at < frame.containers);
        self.frames.iter().find(outside).map_or(&[], |frame| &self.params[frame.params..])
    }

    /// Refuses an assignment that every iteration of a parallel loop makes to the same elements.
    pub(super) fn check_race(&self, view: &View, range: TextRange) -> Result<()> {
        let innermost = self.frames.iter().rev().find(|frame| frame.outside.is_some());
        let unconditional = innermost.is_some_and(|frame| frame.regions == self.regions.len());
        let used = view.subset.symbols();
        let sharing = self.sharing(&view.container);
        let Some(param) = sharing.iter().find(|param| !used.contains(*param)) else { return Ok(()) };
        // A symbol that each iteration assigns may differ from one to the other.
        let region = innermost.map_or(0, |frame| frame.regions.saturating_sub(1));
        if !unconditional || used.iter().any(|symbol| self.is_assigned_from(region, symbol)) {
            return Ok(());
        }
        let message =
            format!("the iterations over `{param}` all assign the same elements of `{}`", view.container);
        Err(Diagnostic::error(codes::MAP, range, message)
            .label("which value stays depends on the order of the iterations")
            .help(format!("use `{param}` in the index, accumulate with `+=`, or loop with `range`"))
            .into())
    }

    /// The region around the parallel loops whose bodies are being filled without any control flow in between, and the
    /// condition under which one of them has no iterations.
    pub(super) fn before_map(&self) -> Option<(usize, Expr)> {
        let mut open = self.regions.len();
        let mut empty: Option<Expr> = None;
        for frame in self.frames.iter().rev() {
            let Some(own) = frame.empty.as_ref().filter(|_| frame.regions == open) else { break };
            if self.params.iter().any(|param| own.uses(param)) {
                break;
            }
            empty = Some(empty.map_or(own.clone(), |inner| inner.or(own)));
            open -= 1;
        }
        Some((open.checked_sub(1)?, empty?))
    }

    /// Whether the symbol gets its value in one of the regions from that one on.
    pub(super) fn is_assigned_from(&self, region: usize, symbol: &Name) -> bool {
        self.regions[region..].iter().any(|region| super::returns::assigns(region, symbol))
    }

    fn check_not_outside(&self, name: &str, range: TextRange) -> Result<()> {
        let outside = self.frames.iter().filter_map(|frame| frame.outside).max().unwrap_or(0);
        if self.storages.get_index_of(name).is_some_and(|at| at < outside) {
            let message = format!("an iteration of a parallel loop cannot give `{name}` a value");
            return Err(Diagnostic::error(codes::MAP, range, message)
                .label("the variable lives outside of the loop")
                .help(format!("accumulate with `{name} += ...`, or use `for ... in range(...)`"))
                .into());
        }
        Ok(())
    }

    fn bind_array(&mut self, view: View) -> Value {
        if self.is_storage(&view.container) {
            self.aliased.insert(view.container.clone());
        }
        Value::Array(self.frozen(view).alias())
    }

    /// A part of an array whose place outlives the loop around: the loop's variable at this time gets a symbol of its own.
    fn bind_kept(&mut self, mut view: View) -> Value {
        if self.params.is_empty() {
            let mut symbols = IndexSet::default();
            view.map_exprs(&mut |expr| {
                symbols.extend(expr.symbols());
                expr.clone()
            });
            let mut last = Substitution::new();
            symbols.retain(|symbol| {
                !self.mutable.contains(symbol) && !self.globals.symbols.contains_key(symbol)
            });
            for symbol in symbols {
                let value = ScalarExpr::Symbolic(Expr::sym(&symbol));
                let own = self.new_symbol(&format!("{symbol}_last"));
                self.set_symbol(&own, value);
                self.mutable.shift_remove(&own);
                self.places.insert(own.clone());
                last.insert(symbol, Expr::sym(own));
            }
            view.map_exprs(&mut |expr| expr.subs(&last));
        }
        self.bind_array(view)
    }

    /// The view with symbols that may change replaced by ones that hold their present values.
    fn frozen(&mut self, mut view: View) -> View {
        if self.mutable.is_empty() {
            return view;
        }
        let mut symbols = IndexSet::default();
        view.map_exprs(&mut |expr| {
            symbols.extend(expr.symbols());
            expr.clone()
        });
        let substitution = self.present_values(symbols);
        if !substitution.is_empty() {
            view.map_exprs(&mut |expr| expr.subs(&substitution));
        }
        view
    }

    /// Symbols that hold the present values of those that may change.
    pub(super) fn present_values(&mut self, symbols: IndexSet<Name>) -> Substitution {
        let mut substitution = Substitution::new();
        for symbol in symbols.into_iter().filter(|symbol| self.mutable.contains(symbol)).collect::<Vec<_>>() {
            let present = match self.present.get(&symbol) {
                Some(present) => present.clone(),
                None => {
                    let present = self.new_symbol(&format!("{symbol}_now"));
                    self.keep_present(&symbol, &present);
                    for floor in [1, 0] {
                        if self.facts.prove_ge(&Expr::sym(&symbol), &Expr::int(floor)) == Some(true) {
                            self.facts.assume_ge(&present, floor);
                            break;
                        }
                    }
                    self.present.insert(symbol.clone(), present.clone());
                    present
                }
            };
            substitution.insert(symbol, Expr::sym(present));
        }
        substitution
    }

    /// Gives a symbol the present value of another one, before all loops around that do not change it: an array whose size the
    /// value is may outlive them.
    fn keep_present(&mut self, symbol: &Name, present: &Name) {
        let holds = |storage: &Storage| matches!(storage, Storage::Symbol(own) if own == symbol);
        let name = self.storages.iter().find(|(_, storage)| holds(storage)).map(|(name, _)| name);
        let outside = |frame: &&Frame| {
            frame
                .changing
                .as_ref()
                .is_some_and(|(assigned, _)| name.is_some_and(|name| !assigned.contains(name)))
        };
        let outermost = self.frames.iter().rev().take_while(outside).last();
        let region = outermost.and_then(|frame| frame.changing.as_ref()).map(|(_, regions)| regions - 1);
        self.set_symbol(present, ScalarExpr::Symbolic(Expr::sym(symbol)));
        self.mutable.shift_remove(present);
        if let Some(region) = region
            && let Some(assign) = self.regions.last_mut().and_then(|it| it.blocks.pop())
        {
            self.regions[region].blocks.push(assign);
        }
    }

    fn bind_shared_array(&mut self, name: &str, view: View, range: TextRange) -> Result<Value> {
        self.check_not_outside(name, range)?;
        if self.is_mirror(&view.container) {
            return Err(self.cannot_rebind(name, range));
        }
        if let Some(storage) = self.shared_array(name) {
            let fits = view.dtype == storage.dtype
                && view.rank() == storage.rank()
                && view
                    .shape()
                    .iter()
                    .zip(&storage.shape())
                    .all(|(a, b)| self.facts.prove_eq(a, b) == Some(true));
            let private = !self.aliased.contains(&storage.container);
            if !fits || !private || (!view.fresh && view.container != storage.container) {
                return Err(self.cannot_rebind(name, range));
            }
            self.write(&storage, &Value::Array(view), range)?;
            return Ok(Value::Array(storage));
        }
        let is_bound = matches!(self.env.get(name), Some(Value::Array(_)));
        if !view.fresh
            && !is_bound
            && !self.storages.contains_key(name)
            && !self.decisions.kept.contains(name)
        {
            return self.decide_first(|decisions| {
                decisions.shared.shift_remove(name);
                decisions.kept.insert(name.to_owned());
            });
        }
        if self.storages.contains_key(name) || !view.fresh || is_bound {
            return Err(self.cannot_rebind(name, range));
        }
        let view = self.frozen(view).alias();
        self.storages.insert(name.to_owned(), Storage::Array(view.container.clone()));
        Ok(Value::Array(view))
    }

    /// The value of a name that another name gets: a copy of an array if one of the two has a storage of its own, which an
    /// assignment writes into, and if nobody can tell the copy. That assignment makes the copy itself where it comes first.
    pub(super) fn copied_for_another_name(&mut self, source: &ast::ExprName, value: Value) -> Value {
        let (Some(it), Value::Array(view)) = (self.copies.target(source.range), &value) else { return value };
        let has_storage = self.is_shared(&it.target) && self.storages.contains_key(&it.target);
        if has_storage && it.first {
            return Value::Array(View { fresh: true, ..view.clone() });
        }
        match self.is_shared(&it.target) || self.is_shared(&source.id) {
            true => Value::Array(self.copied(view, &source.id)),
            false => value,
        }
    }

    fn cannot_rebind(&self, name: &str, range: TextRange) -> Stop {
        let message = format!("what `{name}` refers to cannot be told at compile time");
        Diagnostic::error(codes::REBIND, range, message)
            .label("it refers to another array, type or shape elsewhere")
            .help(format!(
                "write into the array (`{name}[:] = ...`), copy it (`... .copy()`), or use another name"
            ))
            .into()
    }

    /// The value, with numbers that are not computed yet computed now.
    pub(super) fn settle(&mut self, value: Value) -> Value {
        match value {
            Value::Scalar(scalar) if !scalar.is_pure() => Value::Scalar(self.materialize("__tmp", &scalar)),
            Value::Scalar(scalar) => Value::Scalar(self.bind_simple("__tmp", scalar)),
            Value::Tuple(items) => Value::Tuple(items.map(|item| self.settle(item))),
            Value::Dict(items) => {
                Value::Dict(items.into_iter().map(|(key, item)| (key, self.settle(item))).collect())
            }
            Value::Array(view) => self.bind_array(view),
            other => other,
        }
    }

    /// Gives storages that may be read before the program writes them a value, and lists in memory their numbers.
    pub(super) fn initialize_storages(&mut self) -> Result<()> {
        let lists = std::mem::take(&mut self.known_lists);
        let names = std::mem::take(&mut self.initialized);
        let storages: Vec<Storage> =
            names.iter().filter_map(|name| self.storages.get(name).cloned()).collect();
        let start = self.nested(|lowerer| {
            for storage in storages {
                match storage {
                    Storage::Symbol(symbol) => lowerer.set_symbol(&symbol, ScalarExpr::int(0)),
                    Storage::Scalar(container, ty) => {
                        let zero = cast(&Scalar::int(0), ty.dtype);
                        lowerer.emit("unassigned", Vec::new(), &zero, Memlet::scalar(&container));
                    }
                    Storage::Array(_) => {}
                }
            }
            for (numbers, list) in lists {
                for (at, number) in numbers.iter().enumerate() {
                    let place = Memlet::element(&list.container, vec![Expr::int(at as i64)]);
                    lowerer.emit("list", Vec::new(), &number.code, place);
                }
            }
            Ok(())
        })?;
        if let Some(function) = self.regions.last_mut() {
            function.blocks.splice(0..0, start.blocks);
        }
        Ok(())
    }

    // --- control flow ------------------------------------------------------------------------------------------

    /// How many names each iteration around has certainly assigned.
    pub(super) fn certain(&self) -> Vec<usize> {
        self.frames.iter().map(|frame| frame.certain.len()).collect()
    }

    /// Takes back what was certainly assigned since then, as at the beginning of another path.
    pub(super) fn take_certain(&mut self, since: &[usize]) -> Vec<IndexSet<String>> {
        self.frames.iter_mut().zip(since).map(|(frame, since)| frame.certain.split_off(*since)).collect()
    }

    /// After two paths, of which each has assigned these names, unless it has left: those of both are certain.
    pub(super) fn join_certain(
        &mut self,
        (then, then_left): (Vec<IndexSet<String>>, bool),
        (otherwise, otherwise_left): (Vec<IndexSet<String>>, bool),
    ) {
        for (frame, (then, otherwise)) in self.frames.iter_mut().zip(then.into_iter().zip(otherwise)) {
            match (then_left, otherwise_left) {
                (true, _) => frame.certain.extend(otherwise),
                (false, true) => frame.certain.extend(then),
                (false, false) => {
                    frame.certain.extend(then.into_iter().filter(|name| otherwise.contains(name)))
                }
            }
        }
    }

    /// After a loop: what its body assigned is known only if nothing else could be there. Where an iteration may end
    /// early, that is what another assignment of the body has left; where there is none, it is what an earlier iteration
    /// has left, in the same place; but not if that place is an array of the iteration with another name.
    ///
    /// `before` is the number of names that there were, `symbols` have values only inside: what was assigned from them is
    /// not known any more.
    pub(super) fn leave_frame(
        &mut self,
        frame: Frame,
        (before, body): (usize, &Region),
        symbols: &[Name],
        early: bool,
    ) -> Result<()> {
        let assigned = assigned_symbols(body);
        if frame.outside.is_none() {
            self.check_carried(&frame, before, &assigned, symbols)?;
        }
        for name in &frame.assigned {
            let Some(value) = self.env.get(name) else { continue };
            let uncertain = self.env.is_among(name, before)
                || early && frame.varied.contains(name)
                || frame.borrowed.get(name).is_some_and(|late| *late || self.partial.contains(name))
                || frame.outside.is_some();
            let kept = self.is_shared(name) && frame.outside.is_none();
            let lost = !kept && !matches!(value, Value::Poison) && uncertain;
            let is_resized =
                frame.again && matches!(value, Value::Array(view) if self.is_sized_by(view, &assigned));
            if lost || is_resized || symbols.iter().any(|symbol| value.uses(symbol)) {
                self.env.insert(name.clone(), Value::Stale);
            }
        }
        // Without any iteration, they have no value.
        self.partial.extend(frame.assigned.into_iter().filter(|name| !self.env.is_among(name, before)));
        Ok(())
    }

    /// Whether one of the symbols is in the size of the memory that an array is in. Where a loop gives the symbol its value, that
    /// memory is made anew in each iteration, and does not outlive it.
    fn is_sized_by(&self, view: &View, symbols: &IndexSet<Name>) -> bool {
        let data = self.sdfg.containers.get(&view.container).filter(|data| data.is_transient());
        let extents = data.into_iter().flat_map(|data| data.shape());
        extents.flat_map(Expr::symbols).any(|symbol| symbols.contains(&symbol))
    }

    /// What an iteration reads where it may not have assigned it is what an earlier one has left: that must be the same
    /// value in the same place.
    fn check_carried(
        &mut self,
        frame: &Frame,
        before: usize,
        assigned: &IndexSet<Name>,
        symbols: &[Name],
    ) -> Result<()> {
        let depends = |value: &Value| {
            let others = assigned.iter().filter(|symbol| !self.places.contains(*symbol));
            symbols.iter().chain(others).any(|symbol| value.uses(symbol))
        };
        for name in frame.carried.iter().filter(|name| !self.is_shared(name)) {
            let is_own = !self.env.is_among(name, before);
            if !is_own && !frame.assigned.contains(name) {
                continue;
            }
            if !is_own
                || frame.varied.contains(name)
                || frame.borrowed.contains_key(name)
                || self.env.get(name).is_some_and(depends)
            {
                return self.share(name);
            }
        }
        Ok(())
    }

    /// After branches, of which each changed what these names mean, and may have left the region: one that means different
    /// things means nothing known, and one that a branch does not know may have no value.
    pub(super) fn merge(
        &mut self,
        (then, then_left): (IndexMap<String, Value>, bool),
        (otherwise, otherwise_left): (IndexMap<String, Value>, bool),
    ) {
        let only: Vec<(String, Value)> = otherwise
            .iter()
            .filter(|(name, _)| !then.contains_key(*name))
            .map(|(a, b)| (a.clone(), b.clone()))
            .collect();
        let is_new = |name: &String| self.env.get(name).is_none();
        let in_then = then.keys().filter(|name| !otherwise_left && !otherwise.contains_key(*name));
        let in_otherwise = only.iter().map(|(name, _)| name).filter(|_| !then_left);
        let partial: Vec<String> = in_then.chain(in_otherwise).filter(|name| is_new(name)).cloned().collect();
        self.partial.extend(partial);
        for (name, value) in then {
            let other = otherwise.get(&name).cloned();
            self.merge_name(name, value, other);
        }
        for (name, value) in only {
            self.merge_name(name, value, None);
        }
    }

    /// A name after branches: the second value is `None` if only one of them has changed it.
    fn merge_name(&mut self, name: String, value: Value, other: Option<Value>) {
        let merged = match other.as_ref().or_else(|| self.env.get(&name)) {
            Some(other) if !same(&value, other) => {
                let poison = matches!(value, Value::Poison) || matches!(other, Value::Poison);
                if poison { Value::Poison } else { Value::Stale }
            }
            _ => value,
        };
        self.env.insert(name, merged);
    }
}

/// Symbols that assignments in the region give values to.
fn assigned_symbols(region: &Region) -> IndexSet<Name> {
    let mut assigned = IndexSet::default();
    region.visit(&mut |block| assigned.extend(block.assignments().map(|it| it.symbol.clone())));
    assigned
}

fn same_members(a: &IndexMap<String, Value>, b: &IndexMap<String, Value>) -> bool {
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
}

/// Whether two values are known to be one.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Dict(a), Value::Dict(b)) => {
            let pairs = || a.iter().zip(b);
            a.len() == b.len() && pairs().all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        (Value::Namespace(a), Value::Namespace(b)) => same_members(a, b),
        (Value::Defaulted(a, defaults), Value::Defaulted(b, others)) => {
            same(a, b) && same_members(defaults, others)
        }
        (Value::Instance(class, a), Value::Instance(other, b)) => {
            Arc::ptr_eq(class, other) && same_members(a, b)
        }
        (Value::Class(a), Value::Class(b)) => Arc::ptr_eq(a, b),
        (Value::Bound(a, object), Value::Bound(b, other)) => {
            Arc::ptr_eq(&a.function, &b.function) && same(object, other)
        }
        (Value::Stream(a), Value::Stream(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::DType(a), Value::DType(b)) => a == b,
        (Value::Module(a) | Value::OpenModule(a, _), Value::Module(b) | Value::OpenModule(b, _)) => a == b,
        (Value::Object(a), Value::Object(b)) => a.key == b.key,
        (Value::Program(a), Value::Program(b)) => a == b,
        (Value::Function(a), Value::Function(b)) => std::ptr::eq(*a, *b),
        (Value::Helper(a), Value::Helper(b)) => Arc::ptr_eq(a, b),
        (Value::Lambda(a), Value::Lambda(b)) => Arc::ptr_eq(a, b),
        (Value::None, Value::None)
        | (Value::Poison, Value::Poison)
        | (Value::Stale, Value::Stale)
        | (Value::Deleted, Value::Deleted) => true,
        _ => false,
    }
}
