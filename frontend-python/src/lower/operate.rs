//! Operations on values: element by element with broadcasting, copies, and where results go.

use super::dataflow::parameters;
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::TextRange;
use crate::scalar::{Refusal, cast, converted, holds};
use crate::types::{Axis, Scalar, Value, View, containers_read};
use dacec_ir::{DType, Expr, Memlet, ScalarExpr, Wcr};

/// Where an operation may put its result.
#[derive(Clone, Debug)]
pub(crate) enum Dest {
    /// Into a new transient.
    Temp,
    /// Into a new transient with a name like this.
    Named(String),
    /// Into these elements, if type and shape fit and the operation does not read them; else into a new transient.
    Into(View),
}

impl Dest {
    /// What a new container for the result is called.
    pub(crate) fn prefix(&self) -> &str {
        match self {
            Dest::Named(name) => name,
            Dest::Temp | Dest::Into(_) => "__tmp",
        }
    }
}

impl Lowerer<'_> {
    /// The view that an operation with the given result writes, having read `operands` element by element.
    pub(crate) fn output(&mut self, dest: &Dest, shape: &[Expr], dtype: DType, operands: &[&View]) -> View {
        if let Dest::Into(target) = dest {
            let apart =
                operands.iter().all(|it| it.container != target.container || same_elements(it, target));
            if target.dtype == dtype && target.shape() == shape && apart {
                return target.clone();
            }
            if !apart {
                self.warn_of_overlap(target);
            }
        }
        self.new_array(dest.prefix(), dtype, shape)
    }

    /// As [`output`](Self::output), for an operation that may not read what it writes at all.
    pub(crate) fn separate_output(
        &mut self,
        dest: &Dest,
        shape: &[Expr],
        dtype: DType,
        operands: &[&View],
    ) -> View {
        if let Dest::Into(target) = dest
            && operands.iter().any(|it| it.container == target.container)
        {
            return self.new_array("__tmp", dtype, shape);
        }
        self.output(dest, shape, dtype, operands)
    }

    /// Applies `f` to the elements of the operands, with broadcasting. Numbers give a number, which is not computed yet.
    pub(crate) fn elementwise(
        &mut self,
        label: &str,
        operands: &[Value],
        dest: &Dest,
        range: TextRange,
        f: &dyn Fn(&[Scalar]) -> std::result::Result<Scalar, Refusal>,
    ) -> Result<Value> {
        let views: Vec<&View> = operands
            .iter()
            .filter_map(|value| if let Value::Array(view) = value { Some(view) } else { None })
            .collect();
        let shape = self.broadcast(&views, range)?;
        let (dims, position) = parameters(&shape);
        let mut elements = Vec::new();
        let mut loaded = Vec::new();
        for operand in operands {
            let element = match operand {
                Value::Array(view) => broadcast_element(view, &position, &shape),
                Value::Scalar(scalar) if views.is_empty() => scalar.clone(),
                Value::Scalar(scalar) => {
                    let scalar = self.hoist(scalar);
                    loaded.extend(containers_read(&scalar.code));
                    scalar
                }
                other => return Err(self.not_a_number(other, range)),
            };
            elements.push(element);
        }
        let result = f(&elements).map_err(|reason| Diagnostic::error(codes::TYPE, range, reason))?;
        if views.is_empty() {
            return Ok(Value::Scalar(result));
        }
        let dest = match dest {
            Dest::Into(target) if loaded.contains(&target.container) => &Dest::Temp,
            dest => dest,
        };
        let out = self.output(dest, &shape, result.dtype(), &views);
        self.store(label, &out, dims, &position, &result.code, None);
        Ok(Value::Array(out))
    }

    fn store(
        &mut self,
        label: &str,
        out: &View,
        dims: Vec<(dacec_ir::Name, dacec_ir::Range)>,
        position: &[Expr],
        code: &ScalarExpr,
        wcr: Option<Wcr>,
    ) {
        let mut memlet = Memlet::element(&out.container, out.indices(position));
        memlet.wcr = wcr;
        self.emit(label, dims, code, memlet);
    }

    /// Writes a value of the right type to every element of a view; an expression may use `position`.
    pub(crate) fn fill(&mut self, label: &str, out: &View, code: &dyn Fn(&[Expr]) -> ScalarExpr) {
        let (dims, position) = parameters(&out.shape());
        self.store(label, out, dims, &position, &code(&position), None);
    }

    /// Writes a value to the elements of a view that loops of so many steps visit: `place` says which element a position
    /// in the loops is, another one for each.
    pub(crate) fn fill_at(
        &mut self,
        label: &str,
        out: &View,
        steps: &[Expr],
        place: &dyn Fn(&[Expr]) -> Vec<Expr>,
        code: &dyn Fn(&[Expr]) -> ScalarExpr,
    ) {
        let (dims, position) = parameters(steps);
        let target = out.indices(&place(&position));
        self.emit(label, dims, &code(&position), Memlet::element(&out.container, target));
    }

    /// `shift` modulo `extent`, or `extent` itself: a number of elements that an axis has, whatever the program computes.
    pub(crate) fn wrapped(&mut self, shift: &Expr, extent: &Expr) -> Expr {
        if let (Some(shift), Some(extent)) = (shift.as_int(), extent.as_int()) {
            return Expr::int(shift.rem_euclid(extent.max(1)));
        }
        // An axis without elements has none to move, however far.
        let filled = self.facts.with(&extent.ge(&Expr::one()));
        let is_known = |count: &Expr| {
            filled.prove_ge(count, &Expr::zero()) == Some(true)
                && filled.prove_le(count, extent) == Some(true)
                && self.is_fixed(count)
        };
        let moved = |count: &Expr| match self.facts.prove_ge(extent, &Expr::one()) {
            Some(true) => count.clone(),
            _ => count.max(&Expr::zero()).min(extent),
        };
        if is_known(shift) {
            return moved(shift);
        }
        if is_known(&(shift + extent)) {
            return extent - moved(&-shift);
        }
        let symbol = self.new_symbol("__shift");
        let meaning = self.meanings.told(&format!("{shift} % {extent}"));
        self.meanings.insert(&symbol, &meaning);
        // An axis without elements has no remainders.
        let remainder = shift.modulo(&extent.max(&Expr::one()));
        self.set_symbol(&symbol, ScalarExpr::Symbolic(remainder));
        self.mutable.shift_remove(&symbol);
        self.facts.assume_range(&symbol, Expr::zero(), extent.clone());
        Expr::sym(symbol)
    }

    /// Combines a value with the elements of a view, as the conflict resolution says.
    pub(crate) fn accumulate_into(
        &mut self,
        label: &str,
        out: &View,
        wcr: Wcr,
        code: &dyn Fn(&[Expr]) -> ScalarExpr,
    ) {
        let (dims, position) = parameters(&out.shape());
        self.store(label, out, dims, &position, &code(&position), Some(wcr));
    }

    /// A number that is computed once: itself if it costs nothing, else a new container that holds it.
    pub(crate) fn hoist(&mut self, value: &Scalar) -> Scalar {
        if value.is_leaf() && !matches!(value.code, ScalarExpr::Load { .. }) {
            return value.clone();
        }
        self.materialize("__tmp", value)
    }

    /// A new scalar container that holds the number.
    pub(crate) fn materialize(&mut self, prefix: &str, value: &Scalar) -> Scalar {
        let container = self.new_scalar(prefix, value.dtype());
        self.emit(prefix.trim_start_matches('_'), Vec::new(), &value.code, Memlet::scalar(&container));
        Scalar { code: ScalarExpr::Name(container), ty: value.ty }
    }

    /// The shape of the result of an element-wise operation.
    pub(crate) fn broadcast(&mut self, views: &[&View], range: TextRange) -> Result<Vec<Expr>> {
        let mut shape: Vec<Expr> = Vec::new();
        for view in views {
            let other = view.shape();
            shape = self.broadcast_shapes(&shape, &other, range)?;
        }
        Ok(shape)
    }

    /// The shape to which two shapes broadcast.
    ///
    /// Extents that may be equal are checked to be when the program runs.
    pub(crate) fn broadcast_shapes(&mut self, a: &[Expr], b: &[Expr], range: TextRange) -> Result<Vec<Expr>> {
        let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let lead = long.len() - short.len();
        let mut shape = long.to_vec();
        for (k, extent) in short.iter().enumerate() {
            let other = &long[lead + k];
            if other == extent || extent.is_one() {
                continue;
            }
            if other.is_one() {
                shape[lead + k] = extent.clone();
            } else if self.facts.prove_eq(other, extent) == Some(false) || differ(other, extent) {
                let message = format!("shapes {} and {} do not fit together", tuple(a), tuple(b));
                let label = format!("extent {other} meets extent {extent}");
                return Err(Diagnostic::error(codes::SHAPE, range, message)
                    .label(label)
                    .help("shapes are aligned at the last axis; extents must be equal, or one of them 1")
                    .into());
            } else {
                self.require_equal(other, extent, range)?;
                if extent.as_int().is_some() {
                    shape[lead + k] = extent.clone();
                }
            }
        }
        Ok(shape)
    }

    /// Writes a value to a view: what `target[...] = value` does.
    pub(crate) fn write(&mut self, target: &View, value: &Value, range: TextRange) -> Result<()> {
        match value {
            Value::Scalar(scalar) => {
                let scalar = if target.rank() == 0 { scalar.clone() } else { self.hoist(scalar) };
                self.check_assignable(scalar.dtype(), target.dtype, range)?;
                if let (true, Some(value)) = (scalar.ty.weak, scalar.as_int())
                    && target.dtype.is_integer()
                    && !holds(target.dtype, value)
                {
                    let message = format!("{value} is out of the bounds of {}", target.dtype);
                    return Err(Diagnostic::error(codes::TYPE, range, message).into());
                }
                let code = cast(&scalar, target.dtype);
                if target.rank() > 0 && containers_read(&code).contains(&target.container) {
                    let held = self.materialize("__tmp", &scalar);
                    self.fill("assign", target, &|_| cast(&held, target.dtype));
                } else {
                    self.fill("assign", target, &|_| code.clone());
                }
                Ok(())
            }
            Value::Array(view) => self.write_array(target, view, range),
            other => Err(self.not_a_number(other, range)),
        }
    }

    fn write_array(&mut self, target: &View, value: &View, range: TextRange) -> Result<()> {
        if same_elements(target, value) {
            return Ok(());
        }
        self.check_assignable(value.dtype, target.dtype, range)?;
        let value = self.fit(target, value, range)?;
        let target = &self.with_extents_of(target, &value);
        let value = if value.container == target.container {
            self.warn_of_overlap(target);
            self.copied(&value, "__tmp")
        } else {
            value
        };
        let shape = target.shape();
        if value.dtype == target.dtype && target.is_plain() && value.is_plain() && value.shape() == shape {
            self.copy_edge(&value, target);
            return Ok(());
        }
        let (dims, position) = parameters(&shape);
        let element = broadcast_element(&value, &position, &shape);
        self.store("assign", target, dims, &position, &cast(&element, target.dtype), None);
        Ok(())
    }

    /// Combines a value with every element of a view, as `wcr` says.
    pub(crate) fn combine(&mut self, target: &View, value: &Value, wcr: Wcr, range: TextRange) -> Result<()> {
        let shape = target.shape();
        let (dims, position) = parameters(&shape);
        let code = match value {
            Value::Scalar(scalar) => cast(scalar, target.dtype),
            Value::Array(view) => {
                let view = self.fit(target, view, range)?;
                cast(&broadcast_element(&view, &position, &shape), target.dtype)
            }
            other => return Err(self.not_a_number(other, range)),
        };
        self.store("accumulate", target, dims, &position, &code, Some(wcr));
        Ok(())
    }

    /// The value as one that broadcasts to the target's shape; superfluous unit axes are dropped.
    fn fit(&mut self, target: &View, value: &View, range: TextRange) -> Result<View> {
        let mut value = value.clone();
        let shape = target.shape();
        while value.rank() > shape.len() {
            let extents = value.shape();
            let Some(axis) = extents.iter().position(Expr::is_one) else { break };
            value.axes.remove(axis);
        }
        let extents = value.shape();
        let lead = shape.len().checked_sub(extents.len());
        let wrong = |(from, to): (&Expr, &Expr)| {
            from != to && !from.is_one() && (differ(from, to) || self.facts.prove_eq(from, to) == Some(false))
        };
        if lead.is_none_or(|lead| extents.iter().zip(&shape[lead..]).any(wrong)) {
            let message =
                format!("a value of shape {} does not fit into shape {}", tuple(&extents), tuple(&shape));
            return Err(Diagnostic::error(codes::SHAPE, range, message)
                .label(format!("the target has shape {}", tuple(&shape)))
                .help("extents must be equal to those of the target, or 1")
                .into());
        }
        for (from, to) in extents.iter().zip(&shape[shape.len() - extents.len()..]) {
            if !from.is_one() {
                self.require_equal(from, to, range)?;
            }
        }
        Ok(value)
    }

    /// The target with its extents written as those of a new value, where they are equal for reasons that only the run knows:
    /// the loops that compute the value and those that store it are then the same ones. A whole axis stays one.
    fn with_extents_of(&self, target: &View, value: &View) -> View {
        let mut target = target.clone();
        if !value.fresh {
            return target;
        }
        let lead = target.rank() - value.rank();
        for (axis, extent) in target.axes.iter().skip(lead).zip(value.shape()) {
            let Axis::Dim(dim) = axis else { continue };
            let whole = self.sdfg.container(&target.container).and_then(|data| data.shape().get(*dim));
            let range = &mut target.subset.dims[*dim];
            let is_whole = range.start.is_zero() && whole == Some(&range.stop);
            if range.step.is_one() && !is_whole && !extent.is_one() {
                range.stop = &range.start + &extent;
            }
        }
        target
    }

    /// A new array with the view's elements.
    pub(crate) fn copied(&mut self, view: &View, prefix: &str) -> View {
        let shape = view.shape();
        let out = self.new_array(prefix, view.dtype, &shape);
        if view.is_plain() {
            self.copy_edge(view, &out);
        } else {
            let (dims, position) = parameters(&shape);
            let code = broadcast_element(view, &position, &shape).code;
            self.store("copy", &out, dims, &position, &code, None);
        }
        out
    }

    /// The view, or a copy of it, such that its elements in C order are those of its subset.
    pub(crate) fn plain(&mut self, view: &View) -> View {
        if view.is_plain() {
            return view.clone();
        }
        self.warn(
            codes::COPY,
            format!("elements of `{}` are copied into the order of memory", view.container),
            "keep a copy in that order if the operation is repeated: `t = x.T.copy()`",
        );
        self.copied(view, "__tmp")
    }

    /// Remarks that a result is held in an array of its own before it is written.
    fn warn_of_overlap(&mut self, target: &View) {
        self.warn(
            codes::COPY,
            format!(
                "the result is copied: parts of `{}` are read and written, and may overlap",
                target.container
            ),
            "write into another array, and exchange the two after the step",
        );
    }

    /// The value with elements of another type; itself if they have it already.
    pub(crate) fn as_dtype(
        &mut self,
        value: &Value,
        dtype: DType,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        match value {
            Value::Array(view) if view.dtype == dtype => Ok(value.clone()),
            _ => self.elementwise("cast", std::slice::from_ref(value), dest, range, &|of| {
                Ok(converted(&of[0], dtype))
            }),
        }
    }

    /// NumPy refuses to drop an imaginary part or fraction only for in-place operations; assignments convert.
    fn check_assignable(&self, from: DType, to: DType, range: TextRange) -> Result<()> {
        if from.is_complex() && !to.is_complex() {
            let message = format!("a {from} value does not fit into elements of type {to}");
            return Err(Diagnostic::error(codes::TYPE, range, message)
                .help("take the real part with `.real`")
                .into());
        }
        Ok(())
    }

    /// The error for a value that is no number and no array.
    pub(crate) fn not_a_number(&self, value: &Value, range: TextRange) -> super::Stop {
        if matches!(value, Value::Poison) {
            return super::Stop::Reported;
        }
        if let Value::Unknown(what) = value {
            let message = format!("the type of what {what} gives is not known");
            return Diagnostic::error(codes::NO_VALUE, range, message)
                .help("annotate the function (`-> float`) or the variable (`x: dace.float64[N] = ...`), or assign into an array (`x[:] = ...`)")
                .into();
        }
        let message = format!("{} is not a number or an array", value.kind());
        Diagnostic::error(codes::NO_VALUE, range, message).into()
    }
}

/// Whether two extents cannot be equal, or only where both are empty.
fn differ(a: &Expr, b: &Expr) -> bool {
    (a - b).as_int().is_some_and(|difference| difference != 0) || a.is_zero() != b.is_zero()
}

/// Whether two views are the same window on the same array.
pub(super) fn same_elements(a: &View, b: &View) -> bool {
    a.container == b.container && a.subset == b.subset && a.axes == b.axes
}

/// The element of a view at a position of a shape that it broadcasts to.
pub(crate) fn broadcast_element(view: &View, position: &[Expr], shape: &[Expr]) -> Scalar {
    let lead = position.len() - view.rank().min(position.len());
    let at: Vec<Expr> = view
        .shape()
        .iter()
        .zip(position[lead..].iter().zip(&shape[lead..]))
        .map(|(own, (at, extent))| if own.is_one() && !extent.is_one() { Expr::zero() } else { at.clone() })
        .collect();
    view.element(&at)
}

/// A shape as Python writes it.
pub(crate) fn tuple(shape: &[Expr]) -> String {
    let inner: Vec<String> = shape.iter().map(ToString::to_string).collect();
    match inner.as_slice() {
        [one] => format!("({one},)"),
        _ => format!("({})", inner.join(", ")),
    }
}

/// A view with an axis of extent 1 for each one that a reduction removed.
pub(crate) fn keep_axes(view: View, axes: &[usize]) -> View {
    let mut view = view;
    for &axis in axes {
        view.axes.insert(axis.min(view.axes.len()), Axis::New(Expr::one()));
    }
    view
}
