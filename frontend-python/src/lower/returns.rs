//! `return`: results become containers of their own, `__return` or `__return_0`, `__return_1`, ….

use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{TextRange, ast};
use crate::promotion::Typed;
use crate::scalar::{beside, cast, join};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Block, DType, Memlet, Name, Region};

/// What the function returns, known from its first `return`.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    names: Vec<Name>,
    tuple: bool,
    /// Which of them share elements with arguments.
    parts: Vec<Shared>,
}

/// What a result of a function shares with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shared {
    /// Nothing.
    Nothing,
    /// It is a part of an argument: to a caller it is that part, not the copy that is returned.
    Part(View),
    /// It is a part of an argument in another shape.
    Reshaped(View),
    /// Elements of that argument; which ones a caller cannot say.
    Some(Name),
}

impl Shared {
    /// What is shared if it is either of both.
    fn or(&self, other: Shared) -> Shared {
        match (self.container(), other.container()) {
            _ if *self == other => other,
            (Some(argument), _) | (None, Some(argument)) => Shared::Some(argument.clone()),
            (None, None) => Shared::Nothing,
        }
    }

    /// The argument.
    pub(super) fn container(&self) -> Option<&Name> {
        match self {
            Shared::Nothing => None,
            Shared::Part(view) | Shared::Reshaped(view) => Some(&view.container),
            Shared::Some(name) => Some(name),
        }
    }
}

/// The part of an argument that a function returns, as its caller sees it; `None` if the caller cannot say which it is.
///
/// ```text
/// def row(A, i):          row(B[2:], k)  is  B[2 + k]
///     return A[i]
/// ```
pub(super) fn part_of_argument(argument: &View, part: &View, known: &Substitution) -> Option<View> {
    let mut part = part.clone();
    part.map_exprs(&mut |expr| expr.subs(known));
    if argument.axes.len() != part.subset.dims.len() {
        return None;
    }
    let mut subset = argument.subset.clone();
    let mut places = Vec::new();
    for (axis, inner) in argument.axes.iter().zip(&part.subset.dims) {
        let Axis::Dim(dim) = axis else { return None };
        subset.dims[*dim] = argument.subset.dims[*dim].compose(inner);
        places.push(*dim);
    }
    let place = |axis: &Axis| match axis {
        Axis::Dim(dim) => Axis::Dim(places[*dim]),
        Axis::New(extent) => Axis::New(extent.clone()),
    };
    let axes = part.axes.iter().map(place).collect();
    Some(View { container: argument.container.clone(), dtype: part.dtype, subset, axes, fresh: false })
}

impl Lowerer<'_> {
    /// `return value`.
    pub(super) fn return_statement(&mut self, it: &ast::StmtReturn) -> Result<()> {
        if !self.params.is_empty() {
            let message = "an iteration of a parallel loop cannot return";
            return Err(Diagnostic::error(codes::MAP, it.range, message).into());
        }
        let value = match &it.value {
            None => Value::None,
            Some(value) => self.eval(value)?,
        };
        if !matches!(value, Value::None) || self.returns.is_some() {
            self.give_back(value, it.range)?;
        }
        self.push(Block::Return);
        Ok(())
    }

    fn give_back(&mut self, value: Value, range: TextRange) -> Result<()> {
        let (values, tuple) = match value {
            Value::Tuple(values) => (Vec::from(values), true),
            Value::None => (Vec::new(), false),
            one => (vec![one], false),
        };
        match self.returns.clone() {
            None => self.first_return(values, tuple, range),
            Some(known) if known.names.len() == values.len() && known.tuple == tuple => {
                for (k, (name, value)) in known.names.iter().zip(values).enumerate() {
                    self.flush();
                    let part = self.part(&value);
                    if let Some(returned) = &mut self.returns {
                        returned.parts[k] = returned.parts[k].or(part);
                    }
                    self.next_return(k, name, value, range)?;
                }
                Ok(())
            }
            Some(known) => {
                let message =
                    format!("{} values are returned here, and {} before", values.len(), known.names.len());
                Err(Diagnostic::error(codes::RETURN, range, message).into())
            }
        }
    }

    /// Types of the numbers that the function returns; those of arrays do not matter.
    pub(super) fn return_types(&self) -> Vec<Typed> {
        let count = self.returns.as_ref().map_or(0, |returned| returned.names.len());
        let ty = |k: usize| self.decisions.types.get(&format!("return {k}")).copied();
        (0..count).map(|k| ty(k).unwrap_or(Typed::strong(DType::Float64))).collect()
    }

    /// What the results share with arguments.
    pub(super) fn returned_parts(&self) -> Vec<Shared> {
        self.returns.as_ref().map(|returned| returned.parts.clone()).unwrap_or_default()
    }

    /// What the value shares with an argument. A caller can name a part if no symbol of it is assigned here.
    fn part(&self, value: &Value) -> Shared {
        let Value::Array(view) = value else { return Shared::Nothing };
        let nameable = |view: &View| {
            let mut fixed = self.sdfg.arguments.contains(&view.container);
            view.clone().map_exprs(&mut |expr| {
                fixed &= expr.symbols().iter().all(|symbol| !self.is_assigned(symbol));
                expr.clone()
            });
            fixed
        };
        if nameable(view) {
            return Shared::Part(view.clone().alias());
        }
        let mut base = view;
        while let Some(mirror) = self.base_of(&base.container) {
            if base == view && mirror.is_all_of(view) && nameable(&mirror.base) {
                return Shared::Reshaped(mirror.base.clone());
            }
            base = &mirror.base;
        }
        match self.sdfg.arguments.contains(&base.container) {
            true => Shared::Some(base.container.clone()),
            false => Shared::Nothing,
        }
    }

    fn first_return(&mut self, values: Vec<Value>, tuple: bool, range: TextRange) -> Result<()> {
        let (mut names, mut parts) = (Vec::new(), Vec::new());
        for (k, value) in values.into_iter().enumerate() {
            parts.push(self.part(&value));
            let prefix = if tuple { format!("__return_{k}") } else { "__return".to_owned() };
            let name = match value {
                Value::Scalar(scalar) => self.return_scalar(k, &prefix, &scalar),
                Value::Array(view) => self.return_array(&prefix, view, range)?,
                other => return Err(self.not_a_number(&other, range)),
            };
            self.sdfg.returns.push(name.clone());
            names.push(name);
        }
        self.returns = Some(Returned { names, tuple, parts });
        Ok(())
    }

    fn return_scalar(&mut self, k: usize, prefix: &str, scalar: &Scalar) -> Name {
        let key = format!("return {k}");
        let known = self.decisions.types.get(&key);
        let ty = known.map_or(scalar.ty, |known| join(*known, beside(scalar, known.dtype).ty));
        self.decisions.types.insert(key, ty);
        self.warn_of_widening("the result", scalar.ty, ty);
        let name = self.new_scalar(prefix, ty.dtype);
        if let Some(data) = self.sdfg.containers.get_mut(&name) {
            data.set_transient(false);
        }
        self.emit("return", Vec::new(), &cast(scalar, ty.dtype), Memlet::scalar(&name));
        name
    }

    fn return_array(&mut self, prefix: &str, view: View, range: TextRange) -> Result<Name> {
        let whole =
            self.sdfg.containers.get(&view.container).is_some_and(|data| data.shape() == view.shape());
        let view = if view.fresh && view.is_plain() && whole {
            let name = self.fresh(prefix);
            self.rename_container(&view.container, &name);
            View { container: name, ..view }
        } else {
            self.copied(&view, prefix)
        };
        let shape = view.shape();
        for symbol in shape.iter().flat_map(dacec_ir::Expr::symbols) {
            let known = self.sdfg.symbols.contains_key(&symbol)
                || self.globals.symbols.contains_key(&symbol)
                || self.sdfg.arguments.contains(&symbol);
            if !known || self.is_assigned(&symbol) {
                let message = "the shape of a returned array must be known to the caller";
                return Err(Diagnostic::error(codes::RETURN, range, message)
                    .label(format!("it depends on `{symbol}`, which the function computes"))
                    .help(
                        "return what is computed from the array, or write it into an array that the caller gives, \
                         and return the count",
                    )
                    .into());
            }
        }
        if let Some(data) = self.sdfg.containers.get_mut(&view.container) {
            data.set_transient(false);
        }
        Ok(view.container)
    }

    fn is_assigned(&self, symbol: &Name) -> bool {
        self.is_assigned_from(0, symbol)
    }

    fn next_return(&mut self, k: usize, name: &Name, value: Value, range: TextRange) -> Result<()> {
        let Some(data) = self.sdfg.containers.get(name).cloned() else { return Ok(()) };
        match value {
            Value::Scalar(scalar) if data.rank() == 0 => {
                let key = format!("return {k}");
                let known = self.decisions.types.get(&key).copied().unwrap_or(scalar.ty);
                let joined = join(known, beside(&scalar, known.dtype).ty);
                if joined.dtype != data.dtype() {
                    self.decisions.types.insert(key, joined);
                    return Err(Stop::Again);
                }
                self.warn_of_widening("the result", scalar.ty, joined);
                self.emit("return", Vec::new(), &cast(&scalar, joined.dtype), Memlet::scalar(name));
                Ok(())
            }
            Value::Array(view) if data.rank() == view.rank() && data.dtype() == view.dtype => {
                let target = View::whole(name.clone(), data.dtype(), data.shape());
                self.write(&target, &Value::Array(view), range)
            }
            _ => Err(Diagnostic::error(
                codes::RETURN,
                range,
                "this is another kind of value than what is returned before",
            )
            .help("all `return` statements must give arrays of the same shape and type, or numbers")
            .into()),
        }
    }
}

/// Whether a block of the region gives the symbol a value.
pub(super) fn assigns(region: &Region, symbol: &Name) -> bool {
    let mut assigned = false;
    region.visit(&mut |block| {
        if let Block::Assign(assignments) = block {
            assigned |= assignments.iter().any(|it| it.symbol == *symbol);
        }
    });
    assigned
}
