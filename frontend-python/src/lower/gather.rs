//! Arrays as indices: `x[indices]`, `x[mask]`, and both mixed with slices and numbers.
//!
//! ```text
//! y = x[k]             y[i] = x[k[i]]                                  a map that loads
//! x[k] = y             for i: x[k[i]] = y[i]                           a loop: the last write to an element stays
//! A[k, 1:]             B[i, j] = A[k[i], 1 + j]
//! x[m] = y             x[i] = y if m[i] else x[i]                      a map that selects; y is a number
//! x[m] op= y           x[i] = x[i] op y if m[i] else x[i]
//! x[m]                 x[nonzero(m)]                                   any other use of a mask
//! ```
//!
//! One truth value is an index array too, of no axis: `x[True]` has a new axis of extent 1, and `x[False]` of extent 0.
//!
//! As in NumPy, the axes of the index arrays' common shape replace the axes that they index where these are next to each
//! other, and come first where they are not; numbers beside arrays count as arrays.

use super::index::{Item, computed};
use super::operate::{Dest, broadcast_element};
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{TextRange, ast};
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::control_flow::Loop;
use dacec_ir::{Block, Branch, Conditional, DType, Expr, Name, Range, Region, ScalarExpr};

/// What happens to one axis of the array that is indexed.
#[derive(Debug)]
enum Choice {
    /// One index.
    At(Scalar),
    /// A range.
    Along(Range),
    /// The indices of an array.
    By(View),
}

/// An axis of the result that no index array makes.
#[derive(Debug)]
enum Kept {
    /// Runs along that axis of the array that is indexed.
    Axis(usize),
    /// `np.newaxis`.
    New,
}

/// Elements of an array that other arrays choose.
#[derive(Debug)]
pub(super) struct Places {
    base: View,
    /// One for each axis of the base.
    choices: Vec<Choice>,
    /// The other axes of the result, in order.
    kept: Vec<Kept>,
    /// The common shape of the index arrays.
    selection: Vec<Expr>,
    /// Which axis of the result is the first one of the selection.
    at: usize,
    /// The mask, if that is the only index and covers the whole array.
    mask: Option<View>,
}

impl Places {
    /// The shape of what is chosen.
    fn shape(&self) -> Vec<Expr> {
        let extent = |kept: &Kept| match kept {
            Kept::New => Expr::one(),
            Kept::Axis(axis) => match &self.choices[*axis] {
                Choice::Along(range) => range.len(),
                Choice::At(_) | Choice::By(_) => Expr::one(),
            },
        };
        let mut shape: Vec<Expr> = self.kept.iter().map(extent).collect();
        shape.splice(self.at..self.at, self.selection.iter().cloned());
        shape
    }

    /// The element at a position of the result.
    fn element(&self, position: &[Expr]) -> Scalar {
        let (selected, others) = self.split(position);
        let mut indices: Vec<ScalarExpr> =
            self.base.subset.start().into_iter().map(ScalarExpr::Symbolic).collect();
        for (k, (axis, choice)) in self.base.axes.iter().zip(&self.choices).enumerate() {
            let Axis::Dim(dim) = axis else { continue };
            let own = &self.base.subset.dims[*dim];
            indices[*dim] = match choice {
                Choice::At(at) => match at.as_expr() {
                    Some(at) => ScalarExpr::Symbolic(own.at(at)),
                    None => computed(own, at),
                },
                Choice::Along(range) => {
                    let along =
                        self.kept.iter().position(|kept| matches!(kept, Kept::Axis(axis) if *axis == k));
                    let at = along.map_or_else(Expr::zero, |along| others[along].clone());
                    ScalarExpr::Symbolic(own.at(&range.at(&at)))
                }
                Choice::By(view) => computed(own, &broadcast_element(view, &selected, &self.selection)),
            };
        }
        Scalar::strong(ScalarExpr::Load { name: self.base.container.clone(), indices }, self.base.dtype)
    }

    /// A position of the result as one of the selection and one along the other axes.
    fn split(&self, position: &[Expr]) -> (Vec<Expr>, Vec<Expr>) {
        let end = self.at + self.selection.len();
        let others = position[..self.at].iter().chain(&position[end..]).cloned().collect();
        (position[self.at..end].to_vec(), others)
    }
}

impl Lowerer<'_> {
    /// The elements that the indices choose, of which at least one is an array.
    pub(super) fn places(&mut self, base: &View, items: Vec<Item>, range: TextRange) -> Result<Places> {
        let whole = match items.as_slice() {
            [Item::Mask(mask, _)] if mask.rank() == base.rank() => Some(mask.clone()),
            _ => None,
        };
        if let Some(mask) = whole {
            self.broadcast_shapes(&base.shape(), &mask.shape(), range)?;
            let (base, selection) = (base.clone(), Vec::new());
            return Ok(Places {
                base,
                choices: Vec::new(),
                kept: Vec::new(),
                selection,
                at: 0,
                mask: Some(mask),
            });
        }
        let items = self.expand(base, items, range)?;
        let items = self.without_masks(base, items)?;
        let advanced = |item: &Item| matches!(item, Item::Index(..) | Item::Array(..) | Item::Truth(..));
        let positions: Vec<usize> = (0..items.len()).filter(|k| advanced(&items[*k])).collect();
        let together = positions.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let first = positions.first().copied().unwrap_or(0);
        let (mut choices, mut kept, mut at) = (Vec::new(), Vec::new(), 0);
        let mut selection: Vec<Expr> = Vec::new();
        for (k, item) in items.into_iter().enumerate() {
            if k == first && together {
                at = kept.len();
            }
            let extent = base.shape().get(choices.len()).cloned().unwrap_or_else(Expr::one);
            match item {
                Item::New => kept.push(Kept::New),
                Item::Ellipsis | Item::Mask(..) => {}
                Item::Slice(bounds, place) => {
                    kept.push(Kept::Axis(choices.len()));
                    choices.push(Choice::Along(self.slice_range(bounds, &extent, place)?));
                }
                Item::Index(scalar, place) => choices.push(Choice::At(match scalar.as_expr() {
                    Some(at) => Scalar::symbolic(self.resolve(at, &extent, place)?),
                    None => self.hoist(&scalar),
                })),
                Item::Truth(truth, place) => {
                    let count = Scalar::strong(cast(&truth, DType::Int64), DType::Int64);
                    let count = match truth.as_truth() {
                        Some(known) => Expr::int(known.into()),
                        None => self.integer(&Value::Scalar(count), place)?,
                    };
                    selection = self.broadcast_shapes(&selection, &[count], place)?;
                }
                Item::Array(view, place) => {
                    selection = self.broadcast_shapes(&selection, &view.shape(), place)?;
                    choices.push(Choice::By(view));
                }
            }
        }
        Ok(Places { base: base.clone(), choices, kept, selection, at, mask: None })
    }

    /// The items with the indices of what is true in place of masks.
    fn without_masks(&mut self, base: &View, items: Vec<Item>) -> Result<Vec<Item>> {
        let mut result = Vec::new();
        let mut axis = 0;
        for item in items {
            let Item::Mask(mask, place) = item else {
                axis += item.axes();
                result.push(item);
                continue;
            };
            let own = base.shape();
            for extent in mask.shape() {
                self.broadcast_shapes(&[own[axis].clone()], &[extent], place)?;
                axis += 1;
            }
            let indices = self.nonzero(&mask, place)?;
            result.extend(indices.into_iter().map(|view| Item::Array(view, place)));
        }
        Ok(result)
    }

    /// The indices of what is not zero, in C order: a vector for each axis. Their length is a new symbol.
    pub(crate) fn nonzero(&mut self, mask: &View, range: TextRange) -> Result<Vec<View>> {
        let shape = mask.shape();
        let at: Vec<Name> = shape.iter().map(|_| self.fresh("__at")).collect();
        let position: Vec<Expr> = at.iter().map(Expr::sym).collect();
        let chosen = scalar::truth(&mask.element(&position)).code;
        let count = self.new_symbol("__count");
        self.meanings.insert(&count, &format!("count({})", self.globals.source(range)));
        self.set_symbol(&count, ScalarExpr::Symbolic(Expr::zero()));
        let counted = self.loop_where(&at, &shape, &chosen, range, |lowerer| {
            lowerer.set_symbol(&count, ScalarExpr::Symbolic(Expr::sym(&count) + 1));
            Ok(())
        })?;
        self.push(counted);
        // From here on, the number is fixed.
        self.mutable.shift_remove(&count);
        self.facts.assume_ge(&count, Expr::zero());
        let length = Expr::sym(&count);
        let out: Vec<View> = shape
            .iter()
            .map(|_| self.new_array("__nonzero", DType::Int64, std::slice::from_ref(&length)))
            .collect();
        let next = self.new_symbol("__next");
        self.set_symbol(&next, ScalarExpr::Symbolic(Expr::zero()));
        let filled = self.loop_where(&at, &shape, &chosen, range, |lowerer| {
            for (view, at) in out.iter().zip(&position) {
                let target = View {
                    subset: dacec_ir::Subset::new(vec![Range::index(Expr::sym(&next))]),
                    axes: Vec::new(),
                    ..view.clone()
                };
                lowerer.write(&target, &Value::Scalar(Scalar::symbolic(at.clone())), range)?;
            }
            lowerer.set_symbol(&next, ScalarExpr::Symbolic(Expr::sym(&next) + 1));
            Ok(())
        })?;
        self.push(filled);
        Ok(out)
    }

    /// Nested loops over all positions, with what happens where the condition holds.
    fn loop_where(
        &mut self,
        at: &[Name],
        shape: &[Expr],
        condition: &ScalarExpr,
        range: TextRange,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<Block> {
        let body = self.nested(fill)?;
        let span = self.span(range);
        let branch = Branch { condition: Some(condition.clone()), body };
        let mut block = Block::Conditional(Conditional { branches: vec![branch], span });
        for (symbol, extent) in at.iter().zip(shape).rev() {
            let bounds = (Expr::zero(), extent.clone(), Expr::one());
            let mut counted = Loop::counted("nonzero", symbol, bounds, Region::new([block]));
            counted.span = span;
            block = Block::Loop(Box::new(counted));
        }
        Ok(block)
    }

    /// `x[places]`.
    pub(super) fn read_places(&mut self, places: Places, range: TextRange) -> Result<Value> {
        let places = self.indices_of(places, range)?;
        let out = self.new_array("__tmp", places.base.dtype, &places.shape());
        self.fill("gather", &out, &|position| places.element(position).code);
        Ok(Value::Array(out))
    }

    /// The places, with indices instead of a mask.
    fn indices_of(&mut self, places: Places, range: TextRange) -> Result<Places> {
        let Some(mask) = places.mask else { return Ok(places) };
        let indices = self.nonzero(&mask, range)?;
        let selection = indices[0].shape();
        let choices = indices.into_iter().map(Choice::By).collect();
        Ok(Places { choices, selection, mask: None, ..places })
    }

    /// `x[places] = value`.
    pub(super) fn write_places(&mut self, places: Places, value: Value, range: TextRange) -> Result<()> {
        match (&places.mask, &value) {
            (Some(mask), Value::Scalar(_)) => {
                let (base, mask) = (places.base.clone(), mask.clone());
                self.select_into(&base, mask, value, range)
            }
            _ => {
                let places = self.indices_of(places, range)?;
                self.scatter(&places, value, range)
            }
        }
    }

    /// `x[places] op= value`.
    pub(super) fn aug_places(&mut self, places: Places, it: &ast::StmtAugAssign) -> Result<()> {
        let value = self.eval(&it.value)?;
        if let (Some(mask), Value::Scalar(_)) = (&places.mask, &value) {
            let (base, mask) = (places.base.clone(), mask.clone());
            let new = self.operation(it.op, Value::Array(base.clone()), value, &Dest::Temp, it.range)?;
            return self.select_into(&base, mask, new, it.range);
        }
        // As in NumPy, an element that is chosen twice changes once.
        let places = self.indices_of(places, it.range)?;
        let old = self.new_array("__tmp", places.base.dtype, &places.shape());
        self.fill("gather", &old, &|position| places.element(position).code);
        let new = self.operation(it.op, Value::Array(old), value, &Dest::Temp, it.range)?;
        self.scatter(&places, new, it.range)
    }

    /// Gives the elements under the mask the value.
    fn select_into(&mut self, base: &View, mask: View, value: Value, range: TextRange) -> Result<()> {
        let operands = [Value::Array(mask), value, Value::Array(base.clone())];
        let (dtype, dest) = (base.dtype, Dest::Into(base.clone()));
        let result = self.elementwise("select", &operands, &dest, range, &|of| {
            Ok(scalar::select(&of[0], &Scalar::strong(cast(&of[1], dtype), dtype), &of[2]))
        })?;
        self.write(base, &result, range)
    }

    /// Elements are written in order, so that of several writes to one element the last one stays.
    fn scatter(&mut self, places: &Places, value: Value, range: TextRange) -> Result<()> {
        let base = &places.base;
        if !self.params.is_empty() && !self.is_private(&base.container) {
            let message = "elements that an array chooses cannot be assigned in a parallel loop";
            return Err(Diagnostic::error(codes::MAP, range, message)
                .label("iterations might assign the same elements")
                .help("loop with `range`")
                .into());
        }
        let value = match value {
            Value::Array(view) if view.container == base.container => {
                Value::Array(self.copied(&view, "__tmp"))
            }
            Value::Scalar(scalar) => Value::Scalar(self.hoist(&scalar)),
            other => other,
        };
        let shape = places.shape();
        if let Value::Array(view) = &value {
            let fitted = self.broadcast_shapes(&shape, &view.shape(), range)?;
            if fitted.len() > shape.len() {
                return Err(self.does_not_fit(&view.shape(), &shape, range));
            }
        }
        let places = self.apart_from_base(places);
        let symbols: Vec<Name> = places.selection.iter().map(|_| self.fresh("__place")).collect();
        self.scatter_loop(&places, &symbols, 0, &value, range)
    }

    /// The places, with copies of index arrays that are part of what is written.
    fn apart_from_base(&mut self, places: &Places) -> Places {
        let mut choices = Vec::new();
        for choice in &places.choices {
            choices.push(match choice {
                Choice::At(scalar) => Choice::At(scalar.clone()),
                Choice::Along(range) => Choice::Along(range.clone()),
                Choice::By(view) if view.container == places.base.container => {
                    Choice::By(self.copied(view, "__tmp"))
                }
                Choice::By(view) => Choice::By(view.clone()),
            });
        }
        let kept = places.kept.iter().map(|kept| match kept {
            Kept::Axis(axis) => Kept::Axis(*axis),
            Kept::New => Kept::New,
        });
        Places {
            base: places.base.clone(),
            choices,
            kept: kept.collect(),
            selection: places.selection.clone(),
            at: places.at,
            mask: None,
        }
    }

    fn scatter_loop(
        &mut self,
        places: &Places,
        symbols: &[Name],
        depth: usize,
        value: &Value,
        range: TextRange,
    ) -> Result<()> {
        let Some(symbol) = symbols.get(depth) else {
            let position: Vec<Expr> = symbols.iter().map(Expr::sym).collect();
            return self.scatter_one(places, &position, value, range);
        };
        let facts = self.facts.clone();
        let extent = places.selection[depth].clone();
        self.facts.assume_range(symbol, Expr::zero(), &extent - 1);
        let body = self.nested(|lowerer| lowerer.scatter_loop(places, symbols, depth + 1, value, range));
        self.facts = facts;
        let bounds = (Expr::zero(), extent, Expr::one());
        let mut counted = Loop::counted("scatter", symbol, bounds, body?);
        counted.span = self.span(range);
        self.push(Block::Loop(Box::new(counted)));
        Ok(())
    }

    /// Writes what one position of the selection chooses.
    fn scatter_one(&mut self, places: &Places, at: &[Expr], value: &Value, range: TextRange) -> Result<()> {
        let mut target = places.base.clone().alias();
        for (axis, choice) in places.base.axes.iter().zip(&places.choices) {
            let Axis::Dim(dim) = axis else { continue };
            let own = places.base.subset.dims[*dim].clone();
            let index = match choice {
                Choice::Along(inner) => {
                    target.subset.dims[*dim] = own.compose(inner);
                    continue;
                }
                Choice::At(scalar) => scalar.clone(),
                Choice::By(view) => broadcast_element(view, at, &places.selection),
            };
            let index = self.integer(&Value::Scalar(index), range)?;
            let index = self.resolve(&index, &own.len(), range)?;
            target.subset.dims[*dim] = Range::index(own.at(&index));
        }
        let kept = places.kept.iter().map(|kept| match kept {
            Kept::Axis(axis) => places.base.axes[*axis].clone(),
            Kept::New => Axis::New(Expr::one()),
        });
        target.axes = kept.collect();
        let part = match value {
            Value::Array(view) => part_at(view, places, at),
            other => other.clone(),
        };
        self.write(&target, &part, range)
    }

    fn does_not_fit(&self, from: &[Expr], to: &[Expr], range: TextRange) -> Stop {
        use super::operate::tuple;
        let message = format!("a value of shape {} does not fit into shape {}", tuple(from), tuple(to));
        Diagnostic::error(codes::SHAPE, range, message).into()
    }
}

/// The part of a value that goes to one position of the selection.
fn part_at(value: &View, places: &Places, at: &[Expr]) -> Value {
    let mut part = value.clone().alias();
    let lead = (places.kept.len() + places.selection.len()).saturating_sub(value.rank());
    let shape = value.shape();
    let mut axes = Vec::new();
    for (k, axis) in value.axes.iter().enumerate() {
        let selected = (lead + k).checked_sub(places.at).filter(|k| *k < places.selection.len());
        match (selected, axis) {
            (None, axis) => axes.push(axis.clone()),
            (Some(selected), Axis::Dim(dim)) => {
                let broadcast = shape[k].is_one() && !places.selection[selected].is_one();
                let at = if broadcast { Expr::zero() } else { at[selected].clone() };
                part.subset.dims[*dim] = Range::index(value.subset.dims[*dim].at(&at));
            }
            (Some(_), Axis::New(_)) => {}
        }
    }
    part.axes = axes;
    if part.rank() == 0 { Value::Scalar(part.element(&[])) } else { Value::Array(part) }
}
