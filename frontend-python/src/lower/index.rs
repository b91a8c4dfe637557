//! Subscripts: which elements an index or slice means.
//!
//! An index may be negative, and a slice may reach beyond the array: both are resolved here, by proof where the sign of
//! a bound is known, by a `select` or `min` where it is not. Bounds at a constant distance from an end (`1:-1`, `N - 1`
//! of `N` elements) are taken as they are.

use super::gather::Places;
use super::{GivenArgs, Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::Typed;
use crate::scalar::cast;
use crate::types::{Axis, Items, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Range, ScalarExpr};

/// One part of a subscript.
#[derive(Debug)]
pub(super) enum Item {
    /// A number.
    Index(Scalar, TextRange),
    /// `lower:upper:step`.
    Slice([Option<Expr>; 3], TextRange),
    /// `None`.
    New,
    /// `...`.
    Ellipsis,
    /// An array of integers.
    Array(View, TextRange),
    /// An array of truth values.
    Mask(View, TextRange),
    /// One truth value: a new axis of extent 1 or 0.
    Truth(Scalar, TextRange),
}

impl Item {
    /// How many axes of the array the item is about.
    pub(super) fn axes(&self) -> usize {
        match self {
            Item::Index(..) | Item::Slice(..) | Item::Array(..) => 1,
            Item::Mask(view, _) => view.rank(),
            Item::New | Item::Ellipsis | Item::Truth(..) => 0,
        }
    }

    fn is_advanced(&self) -> bool {
        matches!(self, Item::Array(..) | Item::Mask(..) | Item::Truth(..))
    }
}

/// What is written by an assignment to a subscript.
pub(super) enum Target {
    /// A view.
    View(View),
    /// Elements that arrays choose.
    Places(Places),
}

/// What a subscript means.
enum Place {
    View(View),
    /// One element, at indices that no expression over symbols gives.
    Element(Scalar),
}

impl Lowerer<'_> {
    /// `base[slice]` as a value.
    pub(super) fn subscript(&mut self, base: Value, slice: &ast::Expr, range: TextRange) -> Result<Value> {
        match base {
            Value::Array(view) => {
                let items = self.items(slice)?;
                self.chosen_part(&view, items, range)
            }
            Value::Tuple(items) => self.tuple_subscript(&items, slice, range),
            Value::Dict(items) => {
                let key = self.eval(slice)?;
                let found = items.into_iter().find(|(known, _)| same_key(known, &key));
                found.map(|(_, value)| value).ok_or_else(|| {
                    Diagnostic::error(codes::INDEX, range, "the dictionary has no such key").into()
                })
            }
            Value::DType(dtype) => {
                let extents = match self.eval(slice)? {
                    Value::Tuple(items) => items,
                    one => vec![one].into(),
                };
                let shape: Result<Vec<Expr>> =
                    extents.iter().map(|it| self.integer(it, slice.range())).collect();
                Ok(Value::ArrayType(dtype, shape?))
            }
            Value::Stream(queue) => self.stream_subscript(queue, slice, range),
            Value::Range(start, stop, step) => self.range_subscript([start, stop, step], slice, range),
            Value::Indexer(indexer) => self.indexer_subscript(indexer, slice, range),
            Value::Poison => Err(Stop::Reported),
            other => {
                let message = format!("{} cannot be indexed", other.kind());
                Err(Diagnostic::error(codes::INDEX, range, message).into())
            }
        }
    }

    /// `view[index]` for an index that is a value.
    pub(crate) fn subscript_by(&mut self, view: &View, index: Value, range: TextRange) -> Result<Value> {
        let mut items = Vec::new();
        self.add_item(index, range, &mut items)?;
        self.chosen_part(view, items, range)
    }

    /// The part of an array that the items choose.
    fn chosen_part(&mut self, view: &View, items: Vec<Item>, range: TextRange) -> Result<Value> {
        if items.iter().any(Item::is_advanced) {
            let places = self.places(view, items, range)?;
            return self.read_places(places, range);
        }
        Ok(match self.place(view, items, false, range)? {
            Place::View(view) if view.rank() == 0 => Value::Scalar(view.element(&[])),
            Place::View(view) => Value::Array(view),
            Place::Element(scalar) => Value::Scalar(scalar),
        })
    }

    /// The elements that are written by an assignment to `base[slice]`.
    pub(super) fn target(&mut self, base: Value, slice: &ast::Expr, range: TextRange) -> Result<Target> {
        let view = match base {
            Value::Array(view) => view,
            Value::Poison => return Err(Stop::Reported),
            other => {
                let message = format!("elements of {} cannot be assigned", other.kind());
                return Err(Diagnostic::error(codes::INDEX, range, message)
                    .help("make an array of it: `np.array(...)`")
                    .into());
            }
        };
        let items = self.items(slice)?;
        if items.iter().any(Item::is_advanced) {
            return self.places(&view, items, range).map(Target::Places);
        }
        match self.place(&view, items, true, range)? {
            Place::View(view) => Ok(Target::View(view)),
            Place::Element(_) => {
                Err(Diagnostic::error(codes::INDEX, range, "elements cannot be assigned by such an index")
                    .into())
            }
        }
    }

    /// `range(...)[::k]`, also backwards.
    fn range_subscript(
        &mut self,
        [start, stop, step]: [Expr; 3],
        slice: &ast::Expr,
        range: TextRange,
    ) -> Result<Value> {
        let by = match slice {
            ast::Expr::Slice(ast::ExprSlice { lower: None, upper: None, step: Some(by), .. }) => {
                let by_value = self.eval(by)?;
                self.constant_int(&by_value, by.range())?
            }
            _ => 0,
        };
        match by {
            1.. => Ok(Value::Range(start, stop, step * by)),
            0 => Err(Diagnostic::error(codes::INDEX, range, "a range cannot be indexed, but by `[::step]`")
                .help("write the bounds into the call of `range`")
                .into()),
            _ => {
                let count = dacec_ir::Range::strided(start.clone(), stop, step.clone()).len_clamped();
                let last = &start + (count - 1) * &step;
                Ok(Value::Range(last, start - &step, step * by))
            }
        }
    }

    fn tuple_subscript(&mut self, items: &Items, slice: &ast::Expr, range: TextRange) -> Result<Value> {
        let len = items.len() as i64;
        if let ast::Expr::Slice(it) = slice {
            let mut known = |part: &Option<Box<ast::Expr>>| {
                let part = part.as_ref().map(|part| {
                    let value = self.eval(part)?;
                    self.constant_int(&value, part.range())
                });
                part.transpose()
            };
            let (lower, upper, step) = (known(&it.lower)?, known(&it.upper)?, known(&it.step)?.unwrap_or(1));
            // What the ends are cut to, and are if they are not written, depends on the direction.
            let (least, most) = if step > 0 { (0, len) } else { (-1, len - 1) };
            let bound = |at: i64| (if at < 0 { at.saturating_add(len) } else { at }).clamp(least, most);
            let (first, end) = if step > 0 { (least, most) } else { (most, least) };
            let (mut at, end) = (lower.map_or(first, bound), upper.map_or(end, bound));
            if step == 0 {
                return Err(
                    Diagnostic::error(codes::INDEX, range, "the step of a slice must not be 0").into()
                );
            }
            let mut part = Vec::new();
            while if step > 0 { at < end } else { at > end } {
                part.push(items[at as usize].clone());
                at = at.saturating_add(step);
            }
            return Ok(Value::Tuple(if items.is_list { Items::list(part) } else { part.into() }));
        }
        let value = self.eval(slice)?;
        if let Some(ty) = type_of_any(items, &value) {
            let list = self.list_in_memory(items, ty, range)?;
            let number = match self.subscript_by(&list, value, range)? {
                Value::Scalar(number) => number,
                other => return Err(self.not_a_number(&other, range)),
            };
            return Ok(Value::Scalar(Scalar { ty, ..number }));
        }
        let at = self.constant_int(&value, slice.range())?;
        let index = usize::try_from(if at < 0 { at + len } else { at }).ok();
        index.and_then(|index| items.get(index)).cloned().ok_or_else(|| {
            Diagnostic::error(
                codes::INDEX,
                range,
                format!("index {at} is outside of a tuple of {len} values"),
            )
            .into()
        })
    }

    /// An array of the numbers of a list.
    fn list_in_memory(&mut self, items: &Items, ty: Typed, range: TextRange) -> Result<View> {
        let known: Option<Vec<Scalar>> = items
            .iter()
            .map(|item| match item {
                Value::Scalar(it) => (it.as_int().is_some() || it.as_f64().is_some()).then(|| it.clone()),
                _ => None,
            })
            .collect();
        let Some(known) = known else {
            return match self.as_operand(Value::Tuple(items.clone()), range)? {
                Value::Array(view) => Ok(view),
                other => Err(self.not_a_number(&other, range)),
            };
        };
        if let Some((_, view)) = self.known_lists.iter().find(|(numbers, _)| *numbers == known) {
            return Ok(view.clone());
        }
        let view = self.new_array("__list", ty.dtype, &[Expr::int(known.len() as i64)]).alias();
        self.known_lists.push((known, view.clone()));
        Ok(view)
    }

    fn items(&mut self, slice: &ast::Expr) -> Result<Vec<Item>> {
        let parts: Vec<&ast::Expr> = match slice {
            ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let mut items = Vec::new();
        for part in parts {
            if let ast::Expr::Slice(it) = part {
                items.push(self.slice(it)?);
                continue;
            }
            let value = self.eval(part)?;
            self.add_item(value, part.range(), &mut items)?;
        }
        Ok(items)
    }

    fn add_item(&mut self, value: Value, range: TextRange, items: &mut Vec<Item>) -> Result<()> {
        match value {
            Value::Scalar(scalar) if scalar.dtype().is_integer() => items.push(Item::Index(scalar, range)),
            Value::None => items.push(Item::New),
            Value::Ellipsis => items.push(Item::Ellipsis),
            Value::Slice(bounds) => items.push(Item::Slice(bounds, range)),
            Value::Scalar(scalar) if scalar.dtype() == DType::Bool => items.push(Item::Truth(scalar, range)),
            Value::Range(start, stop, step) => {
                let values = self.known_range(&start, &stop, &step, range)?;
                items.push(self.list_item(values, range)?);
            }
            Value::Tuple(values) if values.is_list => items.push(self.list_item(values.into(), range)?),
            Value::Tuple(values) => {
                for value in values {
                    self.add_item(value, range, items)?;
                }
            }
            Value::Poison => return Err(Stop::Reported),
            Value::Array(view) if view.dtype == DType::Bool => items.push(Item::Mask(view, range)),
            Value::Array(view) if view.dtype.is_integer() => items.push(Item::Array(view, range)),
            Value::Array(view) => {
                let message = format!("an array of {} cannot be an index", view.dtype);
                return Err(Diagnostic::error(codes::INDEX, range, message)
                    .help("indices are integers, masks are truth values")
                    .into());
            }
            other => {
                let what = match other {
                    Value::Scalar(scalar) => format!("a {}", scalar.dtype()),
                    other => other.kind().to_owned(),
                };
                let message = format!("an index must be an integer or a slice, not {what}");
                return Err(Diagnostic::error(codes::INDEX, range, message).into());
            }
        }
        Ok(())
    }

    /// A list of numbers as an index: an array that holds them.
    fn list_item(&mut self, values: Vec<Value>, range: TextRange) -> Result<Item> {
        let rows = values.iter().all(|value| matches!(value, Value::Tuple(_)));
        if rows && !values.is_empty() {
            let given =
                GivenArgs { positional: vec![(Value::Tuple(values.into()), range)], keywords: Vec::new() };
            return match crate::numpy::call_numpy(self, "array", given, range)? {
                Value::Array(view) if view.dtype == DType::Bool => Ok(Item::Mask(view, range)),
                Value::Array(view) if view.dtype.is_integer() => Ok(Item::Array(view, range)),
                other => Err(self.not_an_integer(&other, range)),
            };
        }
        let truth = |value: &Value| matches!(value, Value::Scalar(it) if it.dtype() == DType::Bool);
        let is_mask = !values.is_empty() && values.iter().all(truth);
        let dtype = if is_mask { DType::Bool } else { DType::Int64 };
        let list = self.new_array("__list", dtype, &[Expr::int(values.len() as i64)]);
        for (k, value) in values.iter().enumerate() {
            match value {
                Value::Scalar(scalar) if is_mask || scalar.dtype().is_integer() => {}
                other => return Err(self.not_an_integer(other, range)),
            }
            let mut element = list.clone();
            element.subset.dims[0] = Range::index(Expr::int(k as i64));
            element.axes.clear();
            self.write(&element, value, range)?;
        }
        self.flush();
        Ok(if is_mask { Item::Mask(list, range) } else { Item::Array(list, range) })
    }

    fn slice(&mut self, it: &ast::ExprSlice) -> Result<Item> {
        Ok(Item::Slice(self.slice_bounds(it)?, it.range))
    }

    /// The bounds of `lower:upper:step`.
    pub(super) fn slice_bounds(&mut self, it: &ast::ExprSlice) -> Result<[Option<Expr>; 3]> {
        let mut bounds = [None, None, None];
        for (bound, part) in bounds.iter_mut().zip([&it.lower, &it.upper, &it.step]) {
            if let Some(part) = part {
                *bound = match self.eval(part)? {
                    Value::None => None,
                    value => Some(self.integer(&value, part.range())?),
                };
            }
        }
        Ok(bounds)
    }

    fn place(&mut self, view: &View, items: Vec<Item>, for_store: bool, range: TextRange) -> Result<Place> {
        let items = self.expand(view, items, range)?;
        let all_indices = items.iter().all(|item| matches!(item, Item::Index(..)));
        let unknown = items.iter().any(|item| matches!(item, Item::Index(at, _) if at.as_expr().is_none()));
        if all_indices && unknown && !for_store {
            return self.element(view, &items).map(Place::Element);
        }
        let mut result = view.clone().alias();
        let mut axes = Vec::new();
        let mut old = view.axes.iter().cloned();
        for item in items {
            match item {
                Item::New => axes.push(Axis::New(Expr::one())),
                Item::Ellipsis | Item::Array(..) | Item::Mask(..) | Item::Truth(..) => {}
                Item::Index(at, place) => {
                    let Some(axis) = old.next() else { continue };
                    let at = self.integer(&Value::Scalar(at), place)?;
                    if let Axis::Dim(dim) = axis {
                        let own = &result.subset.dims[dim];
                        let at = self.resolve(&at, &own.len(), place)?;
                        result.subset.dims[dim] = Range::index(own.at(&at));
                    }
                }
                Item::Slice(bounds, place) => {
                    let Some(axis) = old.next() else { continue };
                    axes.push(match axis {
                        Axis::Dim(dim) => {
                            let own = result.subset.dims[dim].clone();
                            let inner = self.slice_range(bounds, &own.len(), place)?;
                            result.subset.dims[dim] = own.compose(&inner);
                            Axis::Dim(dim)
                        }
                        Axis::New(extent) => {
                            let len = self.slice_range(bounds, &extent, place)?.len();
                            // Nothing else says so where the bounds are not known.
                            Axis::New(if extent.is_one() { len.min(&extent) } else { len })
                        }
                    });
                }
            }
        }
        result.axes = axes;
        Ok(Place::View(result))
    }

    /// The items with one for each axis: the ellipsis, and what is missing, written out.
    pub(super) fn expand(&self, view: &View, items: Vec<Item>, range: TextRange) -> Result<Vec<Item>> {
        let given: usize = items.iter().map(Item::axes).sum();
        let rank = view.rank();
        if given > rank {
            let message = format!("`{}` has {rank} dimensions, and is indexed with {given}", view.container);
            return Err(Diagnostic::error(codes::INDEX, range, message).label("too many indices").into());
        }
        let mut expanded = Vec::new();
        let mut missing = rank - given;
        let all = |count: usize| (0..count).map(|_| Item::Slice([None, None, None], range));
        for item in items {
            if matches!(item, Item::Ellipsis) {
                expanded.extend(all(std::mem::take(&mut missing)));
            } else {
                expanded.push(item);
            }
        }
        expanded.extend(all(missing));
        Ok(expanded)
    }

    /// One element, whose indices are computed.
    fn element(&mut self, view: &View, items: &[Item]) -> Result<Scalar> {
        let mut indices: Vec<ScalarExpr> =
            view.subset.start().into_iter().map(ScalarExpr::Symbolic).collect();
        for (axis, item) in view.axes.iter().zip(items) {
            let (Axis::Dim(dim), Item::Index(at, place)) = (axis, item) else { continue };
            let own = &view.subset.dims[*dim];
            indices[*dim] = match at.as_expr() {
                Some(at) => ScalarExpr::Symbolic(own.at(&self.resolve(at, &own.len(), *place)?)),
                None => computed(own, at),
            };
        }
        Ok(Scalar::strong(ScalarExpr::Load { name: view.container.clone(), indices }, view.dtype))
    }

    /// The index from the front of an axis, for one that may count from its end.
    pub(crate) fn resolve(&self, at: &Expr, extent: &Expr, range: TextRange) -> Result<Expr> {
        let from_end = (at - extent).as_int();
        if let (Some(known), Some(size)) = (at.as_int(), extent.as_int())
            && !(-size..size).contains(&known)
        {
            let message = format!("index {known} is outside of an axis of extent {size}");
            return Err(Diagnostic::error(codes::INDEX, range, message).into());
        }
        match (at.as_int(), from_end) {
            (Some(known), _) if known >= 0 => Ok(at.clone()),
            (Some(_), _) => Ok(extent + at),
            (_, Some(distance)) if distance >= 0 => {
                let message = format!("index {at} is outside of an axis of extent {extent}");
                Err(Diagnostic::error(codes::INDEX, range, message).into())
            }
            (_, Some(_)) => Ok(at.clone()),
            _ => Ok(self.counted_from_front(at, extent)),
        }
    }

    fn counted_from_front(&self, at: &Expr, extent: &Expr) -> Expr {
        if self.facts.prove_ge(at, &Expr::zero()) == Some(true) {
            return at.clone();
        }
        let wrapped = at + extent;
        if self.facts.prove_lt(at, &Expr::zero()) == Some(true) {
            return wrapped;
        }
        at.lt(&Expr::zero()).select(&wrapped, at)
    }

    pub(super) fn slice_range(
        &mut self,
        [lower, upper, step]: [Option<Expr>; 3],
        extent: &Expr,
        range: TextRange,
    ) -> Result<Range> {
        let step = step.unwrap_or_else(Expr::one);
        let stride = match step.as_int() {
            Some(0) => {
                let message = "the step of a slice must not be 0";
                return Err(Diagnostic::error(codes::INDEX, range, message).into());
            }
            Some(stride) => stride,
            None => {
                let message = format!("the step {step} of a slice must be positive, as it is no constant");
                self.require(&Expr::one().le(&step), message, range)?;
                1
            }
        };
        if stride > 0 {
            let lower_known = lower.as_ref().map_or(Some(0), Expr::as_int);
            let start = lower.map_or_else(Expr::zero, |at| match (at.as_int(), extent.as_int()) {
                // Beyond the end, the slice has no elements, wherever it starts.
                (Some(known), None) if known >= 0 => at,
                (Some(_), None) => {
                    let start = extent + &at;
                    let inside = self.facts.prove_ge(&start, &Expr::zero()) == Some(true);
                    if inside { start } else { start.max(&Expr::zero()) }
                }
                _ => self.bound(&at, extent),
            });
            let known =
                lower_known.zip(upper.as_ref().and_then(Expr::as_int)).filter(|(a, b)| *a >= 0 && *b >= 0);
            let is_difference = upper.as_ref().is_some_and(|at| at.as_int().is_none());
            let stop = upper.map_or_else(|| extent.clone(), |at| self.bound(&at, extent));
            self.require_bound(&start, range)?;
            if is_difference {
                self.require_bound(&stop, range)?;
            }
            let stop = match known {
                Some((0, 1)) if self.is_of_argument(extent) => {
                    // One that is kept as an axis, such as the first column, goes with any number of others.
                    let message = format!("the slice takes one element of an axis of extent {extent}");
                    self.require(&extent.ge(&Expr::one()), message, range)?;
                    Expr::one()
                }
                Some((first, end)) if first < end => stop,
                Some(_) => start.clone(),
                None => self.not_before(&start, stop, &step),
            };
            return Ok(Range::strided(start, stop, step));
        }
        let start = lower.map_or_else(|| extent - 1, |at| self.bound_back(&at, extent));
        let stop = upper.map_or_else(|| Expr::int(-1), |at| self.bound_back(&at, extent));
        let stop = self.not_before(&start, stop, &step);
        Ok(Range::strided(start, stop, step))
    }

    /// Whether an axis has elements unless an argument is empty.
    fn is_of_argument(&self, extent: &Expr) -> bool {
        let arguments = self.sdfg.containers.values().filter(|data| !data.is_transient());
        let sizes = arguments.flat_map(|data| data.shape()).flat_map(Expr::symbols);
        let facts =
            sizes.fold(self.facts.clone(), |facts, size| facts.with(&Expr::sym(size).ge(&Expr::one())));
        facts.prove_ge(extent, &Expr::one()) == Some(true)
    }

    /// The end of a slice, such that an empty slice has no negative extent. Of an array, a part without its ends
    /// (`x[1:-1]`) is taken to be one: its extent grows with that of the array.
    fn not_before(&self, start: &Expr, stop: Expr, step: &Expr) -> Expr {
        let backwards = step.as_int().is_some_and(|step| step < 0);
        let distance = if backwards { start - &stop } else { &stop - start };
        match self.facts.prove_ge(&distance, &Expr::zero()) {
            Some(true) => stop,
            Some(false) => start.clone(),
            None if grows(&distance) => stop,
            None if backwards => stop.min(start),
            None => stop.max(start),
        }
    }

    /// A bound of a slice that runs backwards: from the front; -1 if it lies before the array, the last index if after.
    fn bound_back(&self, at: &Expr, extent: &Expr) -> Expr {
        let last = extent - 1;
        let at = match (at.as_int(), extent.as_int()) {
            (Some(known), Some(size)) => {
                let known = if known < 0 { known + size } else { known };
                return Expr::int(known.clamp(-1, size - 1));
            }
            (Some(known), None) if known < 0 => extent + at,
            (Some(_), None) => at.clone(),
            (None, _) => self.counted_from_front(at, extent),
        };
        let at = if self.facts.prove_le(&at, &last) == Some(true) { at } else { at.min(&last) };
        if self.facts.prove_ge(&at, &Expr::int(-1)) == Some(true) { at } else { at.max(&Expr::int(-1)) }
    }

    /// A bound at a constant distance from the end is taken as it is; the array must be long enough for that.
    fn require_bound(&mut self, bound: &Expr, range: TextRange) -> Result<()> {
        if self.facts.prove_ge(bound, &Expr::zero()) == Some(true) {
            return Ok(());
        }
        let message = format!("the bound {bound} of a slice must not be negative");
        self.require(&Expr::zero().le(bound), message, range)
    }

    /// A bound of a slice: from the front, and not beyond the end.
    fn bound(&self, at: &Expr, extent: &Expr) -> Expr {
        match (at.as_int(), extent.as_int(), (at - extent).as_int()) {
            (Some(known), Some(size), _) if known >= 0 => Expr::int(known.min(size)),
            (Some(known), Some(size), _) => Expr::int((known + size).max(0)),
            (Some(known), ..) if known >= 0 => {
                if self.facts.prove_le(at, extent) == Some(true) {
                    at.clone()
                } else {
                    at.min(extent)
                }
            }
            (Some(_), ..) => extent + at,
            (.., Some(distance)) if distance <= 0 => at.clone(),
            (.., Some(_)) => extent.clone(),
            _ => {
                let at = self.counted_from_front(at, extent);
                if self.facts.prove_le(&at, extent) == Some(true) { at } else { at.min(extent) }
            }
        }
    }
}

/// Whether an extent is a sum of others and a constant, none of them subtracted.
fn grows(extent: &Expr) -> bool {
    let symbols: Vec<_> = extent.symbols().into_iter().collect();
    extent
        .affine_in(&symbols)
        .is_some_and(|affine| affine.coefficients.iter().all(|it| it.as_int().is_some_and(|it| it >= 0)))
}

/// The index of position `at`, which may count from the end, of a range.
pub(crate) fn computed(own: &Range, at: &Scalar) -> ScalarExpr {
    let position = cast(at, DType::Int64);
    let position = if at.dtype().kind() == dacec_ir::dtype::Kind::Unsigned {
        position
    } else {
        let wrapped = ScalarExpr::binary(BinaryOp::Add, position.clone(), ScalarExpr::Symbolic(own.len()));
        let negative = ScalarExpr::binary(BinaryOp::Lt, position.clone(), ScalarExpr::int(0));
        ScalarExpr::select(negative, wrapped, position)
    };
    let scaled = if own.step.is_one() {
        position
    } else {
        ScalarExpr::binary(BinaryOp::Mul, position, ScalarExpr::Symbolic(own.step.clone()))
    };
    if own.start.is_zero() {
        scaled
    } else {
        ScalarExpr::binary(BinaryOp::Add, scaled, ScalarExpr::Symbolic(own.start.clone()))
    }
}

pub(super) fn same_key(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Scalar(a), Value::Scalar(b)) => a.as_int().is_some() && a.as_int() == b.as_int(),
        _ => false,
    }
}

/// The type of every item, if they are numbers of one type and only the run knows which of them the index chooses.
fn type_of_any(items: &Items, index: &Value) -> Option<Typed> {
    let Value::Scalar(index) = index else { return None };
    let mut types = items.iter().map(|item| match item {
        Value::Scalar(number) => Some(number.ty),
        _ => None,
    });
    let first = types.next()??;
    let is_open = index.dtype().is_integer() && index.as_int().is_none();
    (is_open && types.all(|ty| ty == Some(first))).then_some(first)
}
