//! Assignments.

use super::index::Target;
use super::operate::Dest;
use super::{GivenArgs, Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::{Typed, rank};
use crate::scalar::{self, cast};
use crate::types::{Items, Outcome, Value, View, containers_read};
use ast::comparable::ComparableExpr;
use dacec_ir::{Expr, Memlet, Name, Wcr};

impl Lowerer<'_> {
    /// `target = value`, `a = b = value`, `a, b = value`.
    pub(super) fn assign(&mut self, it: &ast::StmtAssign) -> Result<()> {
        if let Some(value) = self.popped(&it.value)? {
            return it.targets.iter().try_for_each(|target| self.assign_next(target, value.clone()));
        }
        if let [target] = it.targets.as_slice() {
            return self.assign_one(target, &it.value);
        }
        let value = self.eval(&it.value)?;
        let value = self.settle(value);
        for target in &it.targets {
            self.assign_next(target, value.clone())?;
        }
        Ok(())
    }

    fn assign_one(&mut self, target: &ast::Expr, value: &ast::Expr) -> Result<()> {
        match target {
            ast::Expr::Name(name) if self.is_outside(&name.id) && extremum_of(target, value).is_some() => {
                self.accumulate_extremum(name, target, value)
            }
            ast::Expr::Name(name) => {
                let dest = match self.shared_array(&name.id) {
                    Some(storage) if !self.aliased.contains(&storage.container) => Dest::Into(storage),
                    _ => Dest::Named(name.id.to_string()),
                };
                let value = self.eval_to(value, &dest)?;
                self.bind(&name.id, value, target.range())
            }
            ast::Expr::Subscript(it) if self.assign_item(it, |lowerer, _| lowerer.eval(value))? => Ok(()),
            // Python finds the value before the place.
            ast::Expr::Subscript(it) if self.is_value_first(&it.slice, value) => {
                let value = self.eval(value)?;
                let value = self.settle(value);
                self.flush();
                self.assign_value(target, value)
            }
            ast::Expr::Subscript(it) => {
                if let Some(part) = self.part_of_complex(target)? {
                    let value = self.eval(value)?;
                    let value = self.as_operand(value, it.range)?;
                    return self.assign_part(&part, value, it.range);
                }
                let base = self.target_base(&it.value)?;
                let value_range = value.range();
                match self.target(base, &it.slice, it.range)? {
                    Target::Places(places) => {
                        let value = self.eval(value)?;
                        let value = self.as_operand(value, value_range)?;
                        self.write_places(places, value, it.range)
                    }
                    Target::View(view) => {
                        let shared = !self.covers_params(&view);
                        if let Some((wcr, other)) = extremum_of(target, value).filter(|_| shared) {
                            return self.combine_extremum(&view, wcr, other);
                        }
                        self.check_race(&view, it.range)?;
                        let value = self.eval_to(value, &Dest::Into(view.clone()))?;
                        let value = self.as_operand(value, value_range)?;
                        self.write(&view, &value, it.range)
                    }
                }
            }
            _ => {
                let value = self.eval(value)?;
                self.assign_value(target, value)
            }
        }
    }

    /// Whether it makes a difference that Python finds the value before the index of a target.
    fn is_value_first(&self, index: &ast::Expr, value: &ast::Expr) -> bool {
        let reads = ast::helpers::any_over_expr(index, &|part: &ast::Expr| part.is_subscript_expr());
        self.calls_program(index) || reads && self.calls_program(value)
    }

    /// The elements of an array in C order, to be written.
    fn flat_target(&mut self, it: &ast::ExprAttribute) -> Result<Value> {
        let value = self.eval(&it.value)?;
        if matches!(&value, Value::Array(view) if !self.is_contiguous(view)) {
            let message = "elements of `.flat` of a part of an array cannot be assigned";
            return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, it.range, message)
                .help("assign the elements of the part itself")
                .into());
        }
        let flat = self.attribute(value, &it.attr, it.range)?;
        self.flush();
        self.name_mirror(&flat);
        Ok(flat)
    }

    /// The array whose elements are assigned.
    fn target_base(&mut self, base: &ast::Expr) -> Result<Value> {
        if let ast::Expr::Attribute(it) = base
            && it.attr.as_str() == "flat"
        {
            return self.flat_target(it);
        }
        let value = self.eval(base)?;
        if let ast::Expr::Attribute(part) = base
            && matches!(part.attr.as_str(), "real" | "imag")
            && matches!(&value, Value::Array(view) if view.fresh)
        {
            let message = format!("elements of `.{}` cannot be assigned", part.attr);
            return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, part.range, message)
                .help("assign complex numbers to the elements of the array itself")
                .into());
        }
        Ok(value)
    }

    /// The value as a number or array: a list of numbers becomes an array.
    pub(super) fn as_operand(&mut self, value: Value, range: TextRange) -> Result<Value> {
        let Value::Tuple(items) = value else { return Ok(value) };
        if items.iter().any(|item| !matches!(item, Value::Scalar(_))) {
            let given = GivenArgs { positional: vec![(Value::Tuple(items), range)], keywords: Vec::new() };
            return crate::numpy::call_numpy(self, "array", given, range);
        }
        let mut ty: Option<Typed> = None;
        let mut numbers = Vec::new();
        for item in items {
            let Value::Scalar(scalar) = item else { return Err(self.not_a_number(&item, range)) };
            ty = Some(ty.map_or(scalar.ty, |ty| ty.with(scalar.ty)));
            numbers.push(self.hoist(&scalar));
        }
        let dtype = ty.map_or(dacec_ir::DType::Float64, |ty| ty.dtype);
        let list = self.new_array("__list", dtype, &[Expr::int(numbers.len() as i64)]);
        for (k, number) in numbers.into_iter().enumerate() {
            let mut element = list.clone();
            element.subset.dims[0] = dacec_ir::Range::index(Expr::int(k as i64));
            element.axes.clear();
            self.write(&element, &Value::Scalar(number), range)?;
        }
        self.flush();
        Ok(Value::Array(list))
    }

    /// Assigns an evaluated value.
    pub(super) fn assign_value(&mut self, target: &ast::Expr, value: Value) -> Result<()> {
        if let Some(part) = self.part_of_complex(target)? {
            let value = self.as_operand(value, target.range())?;
            return self.assign_part(&part, value, target.range());
        }
        match target {
            ast::Expr::Name(name) => self.bind(&name.id, value, name.range),
            ast::Expr::Subscript(it) => {
                let item = value.clone();
                if self.assign_item(it, |_, _| Ok(item))? {
                    return Ok(());
                }
                let base = self.target_base(&it.value)?;
                let value = self.as_operand(value, it.range)?;
                self.check_index_order(&it.slice, None)?;
                match self.target(base, &it.slice, it.range)? {
                    Target::Places(places) => self.write_places(places, value, it.range),
                    Target::View(view) => {
                        self.check_race(&view, it.range)?;
                        self.write(&view, &value, it.range)
                    }
                }
            }
            ast::Expr::Starred(it) => self.assign_value(&it.value, value),
            ast::Expr::Tuple(it) => self.unpack(&it.elts, value, it.range),
            ast::Expr::List(it) => self.unpack(&it.elts, value, it.range),
            ast::Expr::Attribute(it) if self.is_member(it)? => self.assign_member(it, value),
            ast::Expr::Attribute(it) if it.attr.as_str() == "flat" => {
                let Value::Array(view) = self.flat_target(it)? else { return Ok(()) };
                self.write(&view, &value, it.range)
            }
            other => Err(Diagnostic::error(
                codes::UNSUPPORTED_EXPRESSION,
                other.range(),
                "this cannot be assigned",
            )
            .into()),
        }
    }

    /// `a, b = value`: every value is found before the first is assigned.
    fn unpack(&mut self, targets: &[ast::Expr], value: Value, range: TextRange) -> Result<()> {
        let mut values = self.elements(value, range)?;
        let starred = targets.iter().position(ast::Expr::is_starred_expr);
        if let Some(at) = starred.filter(|_| values.len() + 1 >= targets.len()) {
            let rest = values.len() + 1 - targets.len();
            let middle: Vec<Value> = values.drain(at..at + rest).collect();
            values.insert(at, Value::Tuple(Items::list(middle)));
        }
        if values.len() != targets.len() {
            let message = format!("{} values are assigned to {} names", values.len(), targets.len());
            return Err(Diagnostic::error(codes::NO_VALUE, range, message).into());
        }
        // Arrays are views, which see what the assignments before have changed; numbers are found before.
        let settled: Vec<Value> = values
            .into_iter()
            .map(|value| if matches!(value, Value::Array(_)) { value } else { self.settle(value) })
            .collect();
        for (target, value) in targets.iter().zip(settled) {
            self.assign_next(target, value)?;
        }
        Ok(())
    }

    /// Assigns to one target of several, each of which sees what the assignments before have changed.
    fn assign_next(&mut self, target: &ast::Expr, value: Value) -> Result<()> {
        self.flush();
        self.assign_value(target, value)?;
        self.sync_mirrors(target.range())
    }

    /// The values in a tuple, or along the first axis of an array.
    pub(super) fn elements(&mut self, value: Value, range: TextRange) -> Result<Vec<Value>> {
        match value {
            Value::Tuple(items) => Ok(items.into()),
            Value::Array(view) => {
                let extent =
                    view.shape().first().and_then(Expr::as_int).filter(|extent| (0..=64).contains(extent));
                let Some(extent) = extent else { return Err(self.not_iterable(&Value::Array(view), range)) };
                Ok((0..extent).map(|k| row(&view, &Expr::int(k))).collect())
            }
            Value::Dict(items) => Ok(items.into_iter().map(|(key, _)| key).collect()),
            other => Err(self.not_iterable(&other, range)),
        }
    }

    /// `name: type = value`.
    pub(super) fn ann_assign(&mut self, it: &ast::StmtAnnAssign) -> Result<()> {
        let Some(value) = &it.value else { return Ok(()) };
        let declared = self.eval(&it.annotation)?;
        if value.is_call_expr() {
            self.declared = match &declared {
                Value::DType(dtype) => Some(Outcome::Number(Typed::strong(*dtype))),
                Value::ArrayType(dtype, shape) => Some(Outcome::Array(*dtype, shape.clone())),
                _ => None,
            };
        }
        match (declared, &*it.target) {
            (Value::DType(dtype), target @ ast::Expr::Name(_)) => {
                let value = self.eval(value)?;
                let value = self.as_dtype(&value, dtype, &Dest::Temp, it.range)?;
                self.assign_value(target, value)
            }
            (_, target) => self.assign_one(target, value),
        }
    }

    /// `target op= value`.
    pub(super) fn aug_assign(&mut self, it: &ast::StmtAugAssign) -> Result<()> {
        if let Some(part) = self.part_of_complex(&it.target)? {
            return self.aug_part(&part, it);
        }
        match &*it.target {
            ast::Expr::Name(name) => self.aug_name(name, it),
            ast::Expr::Subscript(target) => {
                self.check_index_order(&target.slice, Some(&it.value))?;
                let update = |lowerer: &mut Self, item: Value| match item {
                    Value::Array(view) => lowerer.aug_view(&view, it).map(|()| Value::Array(view)),
                    item => {
                        let value = lowerer.eval(&it.value)?;
                        lowerer.operation(it.op, item, value, &Dest::Temp, it.range)
                    }
                };
                if self.assign_item(target, update)? {
                    return Ok(());
                }
                let base = self.target_base(&target.value)?;
                match self.target(base, &target.slice, target.range)? {
                    Target::Places(places) => self.aug_places(places, it),
                    Target::View(view) => self.aug_view(&view, it),
                }
            }
            ast::Expr::Attribute(target) if self.is_member(target)? => self.aug_member(target, it),
            other => Err(Diagnostic::error(
                codes::UNSUPPORTED_EXPRESSION,
                other.range(),
                "this cannot be assigned",
            )
            .into()),
        }
    }

    /// Whether `target` is a member of a structure or object.
    fn is_member(&mut self, target: &ast::ExprAttribute) -> Result<bool> {
        Ok(matches!(self.eval(&target.value)?, Value::Namespace(_) | Value::Instance(..)))
    }

    fn aug_name(&mut self, name: &ast::ExprName, it: &ast::StmtAugAssign) -> Result<()> {
        if self.is_outside(&name.id)
            && matches!(self.env.get(name.id.as_str()), Some(Value::Scalar(_) | Value::Stale))
        {
            return self.accumulate(name, it);
        }
        let old = self.lookup(&name.id, name.range)?;
        if let Value::Array(view) = &old {
            return self.aug_view(view, it);
        }
        let value = self.eval(&it.value)?;
        if let (Value::Tuple(items), ast::Operator::Add) = (&old, it.op)
            && items.is_list
            && self.extend_list(items, &value, it.range)?
        {
            return Ok(());
        }
        let dest = Dest::Named(name.id.to_string());
        let value = self.operation(it.op, old, value, &dest, it.range)?;
        self.bind(&name.id, value, it.range)
    }

    /// An update of a variable outside of a parallel loop, by one of its iterations.
    fn accumulate(&mut self, name: &ast::ExprName, it: &ast::StmtAugAssign) -> Result<()> {
        let value = self.eval(&it.value)?;
        let (wcr, value) = self.combining(it, value)?;
        let Value::Scalar(value) = value else { return Err(self.not_a_number(&value, it.range)) };
        let (container, dtype) = self.accumulator(&name.id, value.ty)?;
        self.emit("accumulate", Vec::new(), &cast(&value, dtype), Memlet::scalar(&container).with_wcr(wcr));
        Ok(())
    }

    /// `name = max(name, value)` in a parallel loop: iterations may come in any order.
    fn accumulate_extremum(
        &mut self,
        name: &ast::ExprName,
        target: &ast::Expr,
        value: &ast::Expr,
    ) -> Result<()> {
        let Some((wcr, other)) = extremum_of(target, value) else { return Ok(()) };
        match self.eval(other)? {
            Value::Scalar(value) => {
                let (container, dtype) = self.accumulator(&name.id, value.ty)?;
                self.emit(
                    "accumulate",
                    Vec::new(),
                    &cast(&value, dtype),
                    Memlet::scalar(&container).with_wcr(wcr),
                );
                Ok(())
            }
            value => Err(self.not_a_number(&value, other.range())),
        }
    }

    /// `x[i] = max(x[i], value)` in a parallel loop of which several iterations assign the element.
    fn combine_extremum(&mut self, view: &View, wcr: Wcr, value: &ast::Expr) -> Result<()> {
        let range = value.range();
        let value = match self.eval(value)? {
            Value::Scalar(scalar) if rank(scalar.dtype()) <= rank(view.dtype) => {
                Value::Scalar(self.materialize("__tmp", &scalar))
            }
            Value::Scalar(scalar) => {
                let message = format!("elements of type {} cannot take a {}", view.dtype, scalar.dtype());
                return Err(Diagnostic::error(codes::TYPE, range, message).into());
            }
            other => return Err(self.not_a_number(&other, range)),
        };
        self.combine(view, &value, wcr, range)
    }

    /// The conflict resolution that `target op= value` is, and the value that it takes.
    fn combining(&mut self, it: &ast::StmtAugAssign, value: Value) -> Result<(Wcr, Value)> {
        let negate = |lowerer: &mut Self, value: Value| {
            lowerer.elementwise("negate", &[value], &Dest::Temp, it.range, &|of| {
                scalar::unary(dacec_ir::UnaryOp::Neg, &of[0])
            })
        };
        match it.op {
            ast::Operator::Add => Ok((Wcr::Sum, value)),
            ast::Operator::Sub => Ok((Wcr::Sum, negate(self, value)?)),
            ast::Operator::Mult => Ok((Wcr::Product, value)),
            ast::Operator::BitAnd => Ok((Wcr::BitAnd, value)),
            ast::Operator::BitOr => Ok((Wcr::BitOr, value)),
            ast::Operator::BitXor => Ok((Wcr::BitXor, value)),
            other => {
                let message =
                    format!("iterations of a parallel loop cannot combine values with `{}=`", other.as_str());
                Err(Diagnostic::error(codes::MAP, it.range, message)
                    .label("several iterations write the same element, in no order")
                    .help("`+=`, `-=`, `*=`, `&=`, `|=` and `^=` can be combined in any order")
                    .into())
            }
        }
    }

    pub(super) fn aug_view(&mut self, view: &View, it: &ast::StmtAugAssign) -> Result<()> {
        if !self.covers_params(view) {
            return self.accumulate_view(view, it);
        }
        let target =
            if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view.clone()) };
        let target = self.before(target, std::slice::from_ref(&it.value));
        let value = self.eval(&it.value)?;
        let result = self.operation(it.op, target, value, &Dest::Into(view.clone()), it.range)?;
        // `x[0] += v` is `x[0] = x[0] + v`, since an element is no array: it converts like any assignment.
        if view.rank() > 0 {
            self.check_in_place(&result, view, it)?;
        }
        self.write(view, &result, it.range)
    }

    fn accumulate_view(&mut self, view: &View, it: &ast::StmtAugAssign) -> Result<()> {
        let value = self.eval(&it.value)?;
        let (wcr, value) = self.combining(it, value)?;
        self.check_in_place(&value, view, it)?;
        let (value, reads) = match value {
            Value::Scalar(value) if view.rank() > 0 => {
                let value = self.hoist(&value);
                (Value::Scalar(value.clone()), containers_read(&value.code))
            }
            Value::Scalar(value) => {
                let reads = containers_read(&value.code);
                (Value::Scalar(value), reads)
            }
            Value::Array(value) if value.container == view.container => {
                (Value::Array(self.copied(&value, "__tmp")), Vec::new())
            }
            other => (other, Vec::new()),
        };
        let value = match value {
            Value::Scalar(value) if reads.contains(&view.container) => {
                Value::Scalar(self.materialize("__tmp", &value))
            }
            other => other,
        };
        self.combine(view, &value, wcr, it.range)
    }

    /// NumPy's in-place operations do not change the kind of the elements.
    fn check_in_place(&self, value: &Value, view: &View, it: &ast::StmtAugAssign) -> Result<()> {
        let dtype = match value {
            Value::Scalar(scalar) => scalar.dtype(),
            Value::Array(array) => array.dtype,
            other => return Err(self.not_a_number(other, it.range)),
        };
        if rank(dtype) <= rank(view.dtype) {
            return Ok(());
        }
        let message =
            format!("the result is {dtype}, which elements of type {} cannot take in place", view.dtype);
        Err(Diagnostic::error(codes::TYPE, it.range, message)
            .help(format!("convert the value: `.astype(np.{})`", view.dtype))
            .into())
    }

    /// Whether different iterations of the parallel loops that share the view's container write different elements.
    pub(super) fn covers_params(&self, view: &View) -> bool {
        let indices: Vec<&Expr> = view.subset.dims.iter().filter_map(|dim| dim.as_index()).collect();
        let sharing = self.sharing(&view.container);
        sharing.iter().all(|param| indices.iter().any(|index| depends_only_on(index, param, sharing)))
    }
}

/// Whether the index grows or falls with `param`, and depends on no other one of the parameters.
fn depends_only_on(index: &Expr, param: &Name, params: &[Name]) -> bool {
    !params.iter().any(|other| other != param && index.uses(other))
        && index.coefficient(param).and_then(|factor| factor.as_int()).is_some_and(|factor| factor != 0)
}

/// Element or subarray `k` along the first axis.
pub(super) fn row(view: &View, k: &Expr) -> Value {
    let mut row = view.clone().alias();
    if let crate::types::Axis::Dim(dim) = row.axes.remove(0) {
        row.subset.dims[dim] = dacec_ir::Range::index(view.subset.dims[dim].at(k));
    }
    if row.rank() == 0 { Value::Scalar(row.element(&[])) } else { Value::Array(row) }
}

/// The other operand of `max(target, other)` or `min(other, target)`, also as `np.maximum` and `np.minimum`.
fn extremum_of<'e>(target: &ast::Expr, value: &'e ast::Expr) -> Option<(Wcr, &'e ast::Expr)> {
    let ast::Expr::Call(call) = value else { return None };
    let function = match &*call.func {
        ast::Expr::Name(function) => function.id.as_str(),
        ast::Expr::Attribute(function) => function.attr.as_str(),
        _ => return None,
    };
    let wcr = match function {
        "max" | "maximum" => Wcr::Max,
        "min" | "minimum" => Wcr::Min,
        _ => return None,
    };
    let target = ComparableExpr::from(target);
    let is_target = |operand: &ast::Expr| ComparableExpr::from(operand) == target;
    match &*call.arguments.args {
        [first, second] if is_target(first) => Some((wcr, second)),
        [first, second] if is_target(second) => Some((wcr, first)),
        _ => None,
    }
}
