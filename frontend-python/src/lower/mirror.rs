//! Reshaped arrays, which share memory in NumPy.
//!
//! A [`View`] runs along the axes of its container, so it cannot have the elements of a matrix as one vector. A reshaped
//! array is a copy here, which is kept equal: after a statement that writes one of both, the other one is written too.
//! Where nothing is written, which is the usual case, nothing is copied again.
//!
//! ```text
//! v = A.reshape(N * M)       v = copy of A
//! v[5] = 1                   v[5] = 1;  A = copy of v
//! ```
//!
//! In a parallel loop, where statements have no order, such a write is refused.
//!
//! The windows of an array (`sliding_window_view`) are such a copy too. They can only be read, as NumPy's, so only what is
//! written to the array is copied.

use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::TextRange;
use crate::types::{Axis, Value, View};
use dacec_ir::data::c_strides;
use dacec_ir::{Expr, Name, Range};

/// Two arrays with the same elements.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    /// The array that was reshaped.
    pub(super) base: View,
    /// The result.
    copy: View,
    kind: Kind,
}

/// How the elements of a [`Mirror`]'s arrays belong together.
#[derive(Clone, Debug)]
enum Kind {
    /// They are the same in C order.
    Reshaped,
    /// As `Reshaped`, if NumPy has not made a copy.
    Uncertain,
    /// The bytes of the elements are the same.
    Bytes,
    /// The copy holds windows along these axes of the array; the last axes are those of the windows.
    Windows(Vec<usize>),
}

impl Mirror {
    /// Whether the view is the whole result.
    pub(super) fn is_all_of(&self, view: &View) -> bool {
        matches!(self.kind, Kind::Reshaped | Kind::Uncertain)
            && self.copy.container == view.container
            && self.copy.subset == view.subset
            && self.copy.axes == view.axes
    }

    fn is_about(&self, container: &Name) -> bool {
        self.base.container == *container || self.copy.container == *container
    }
}

impl Lowerer<'_> {
    /// The view with another shape, if the same axes in the same order give it, apart from those of extent 1.
    pub(crate) fn with_unit_axes(&self, view: &View, shape: &[Expr]) -> Option<View> {
        let extents = view.shape();
        let wide = |extents: &[Expr]| -> Vec<usize> {
            (0..extents.len()).filter(|axis| !extents[*axis].is_one()).collect()
        };
        let (old, new) = (wide(&extents), wide(shape));
        let equal = |(a, b): (&usize, &usize)| self.facts.prove_eq(&extents[*a], &shape[*b]) == Some(true);
        if old.len() != new.len() || !old.iter().zip(&new).all(equal) {
            return None;
        }
        let mut result = view.clone().alias();
        for (axis, extent) in view.axes.iter().zip(&extents) {
            if let Axis::Dim(dim) = axis
                && extent.is_one()
            {
                result.subset.dims[*dim] = Range::index(view.subset.dims[*dim].start.clone());
            }
        }
        let mut kept = old.into_iter();
        result.axes = shape
            .iter()
            .map(|extent| match extent.is_one() {
                true => Axis::New(Expr::one()),
                false => kept.next().map_or(Axis::New(Expr::one()), |axis| view.axes[axis].clone()),
            })
            .collect();
        Some(result)
    }

    /// Remembers that `copy` holds the elements of `base` in another shape.
    pub(crate) fn add_mirror(&mut self, base: &View, copy: &View) {
        if base.fresh {
            return;
        }
        let several = base.shape().iter().filter(|extent| !extent.is_one()).count() > 1;
        let windows = self.holds_windows(&base.container);
        let contiguity = if several && windows { Some(false) } else { self.contiguity(base) };
        if several && contiguity == Some(false) && copy.rank() == 1 {
            // To run along one axis, elements that are not next to each other are copied.
            return;
        }
        // One axis can always be divided.
        let certain = (contiguity == Some(true) || !several && base.is_plain()) && !windows;
        self.mirror(base, copy, if certain { Kind::Reshaped } else { Kind::Uncertain });
    }

    /// Remembers that `copy` holds the windows of `base` along axes, as [`fill_windows`](Self::fill_windows) writes them.
    pub(crate) fn add_windows(&mut self, base: &View, copy: &View, axes: &[usize]) {
        if !base.fresh {
            self.mirror(base, copy, Kind::Windows(axes.to_vec()));
        }
    }

    /// Writes the windows of `base` along axes: `copy[i, ..., k, ...]` is `base[i + k, ...]`.
    pub(crate) fn fill_windows(&mut self, base: &View, copy: &View, axes: &[usize]) {
        let rank = base.rank();
        self.fill("windows", copy, &|position| {
            let mut place = position[..rank].to_vec();
            for (axis, within) in axes.iter().zip(&position[rank..]) {
                place[*axis] = &place[*axis] + within;
            }
            base.element(&place).code
        });
    }

    /// Remembers that `copy` holds the bytes of `base` as elements of another type.
    pub(super) fn add_bytes(&mut self, base: &View, copy: &View) {
        if !base.fresh {
            let kind = if self.holds_windows(&base.container) { Kind::Uncertain } else { Kind::Bytes };
            self.mirror(base, copy, kind);
        }
    }

    fn mirror(&mut self, base: &View, copy: &View, kind: Kind) {
        // Both are equal now.
        self.written.shift_remove(&copy.container);
        self.mirrors.push(Mirror { base: base.clone(), copy: copy.clone(), kind });
    }

    /// Whether the container holds windows, whose elements lie elsewhere in NumPy.
    fn holds_windows(&self, container: &Name) -> bool {
        let windows = |mirror: &Mirror| matches!(mirror.kind, Kind::Windows(_));
        self.mirrors.iter().any(|mirror| windows(mirror) && mirror.copy.container == *container)
    }

    /// The result is a copy after all.
    pub(crate) fn forget_mirror(&mut self, value: &Value) {
        if let Value::Array(view) = value {
            self.mirrors.retain(|mirror| mirror.copy.container != view.container);
        }
    }

    /// The array that the container was reshaped from.
    pub(super) fn base_of(&self, container: &Name) -> Option<&Mirror> {
        self.mirrors.iter().find(|mirror| mirror.copy.container == *container)
    }

    /// Remembers that an array may share elements with another one.
    pub(super) fn add_relative(&mut self, base: &View, copy: &View) {
        if !base.fresh {
            self.mirror(base, copy, Kind::Uncertain);
        }
    }

    /// Whether the container holds the elements of another array.
    pub(super) fn is_mirror(&self, container: &Name) -> bool {
        self.mirrors.iter().any(|mirror| mirror.copy.container == *container)
    }

    /// Whether two containers hold the same elements.
    pub(super) fn are_mirrors(&self, a: &Name, b: &Name) -> bool {
        self.mirrors.iter().any(|mirror| a != b && mirror.is_about(a) && mirror.is_about(b))
    }

    /// Whether the view's elements lie in memory in C order without gaps, for sure.
    pub(super) fn is_contiguous(&self, view: &View) -> bool {
        self.contiguity(view) == Some(true)
    }

    /// Whether the view's elements lie in memory in C order without gaps; `None` if that depends on sizes. Arrays are taken
    /// to have more than one row: with one, even the rows of a transposed array would.
    fn contiguity(&self, view: &View) -> Option<bool> {
        let data = self.sdfg.containers.get(&view.container)?;
        let mut dims = Vec::new();
        for (axis, extent) in view.axes.iter().zip(view.shape()) {
            match axis {
                _ if extent.is_one() => {}
                Axis::Dim(dim) => dims.push((*dim, extent)),
                Axis::New(_) => return Some(false),
            }
        }
        let steps = |dim: usize| &view.subset.dims[dim].step;
        let forwards = dims.windows(2).all(|pair| pair[0].0 < pair[1].0)
            && dims.iter().all(|(dim, _)| steps(*dim).as_int().is_some_and(|step| step > 0));
        if !forwards {
            return Some(false);
        }
        let strides = data.strides();
        let actual: Vec<Expr> = dims.iter().map(|(dim, _)| &strides[*dim] * steps(*dim)).collect();
        let dense = c_strides(&dims.into_iter().map(|(_, extent)| extent).collect::<Vec<_>>());
        if actual == dense {
            return Some(true);
        }
        let mut facts = self.facts.clone();
        for extent in data.shape().iter().filter(|extent| extent.as_int().is_none()) {
            facts.assume(&extent.ge(&Expr::int(2)));
        }
        let differ = actual.iter().zip(&dense).any(|(a, b)| facts.prove_eq(a, b) == Some(false));
        differ.then_some(false)
    }

    /// After a statement: what it has written is written to the other array too.
    pub(super) fn sync_mirrors(&mut self, range: TextRange) -> Result<()> {
        let mut changed: Vec<Name> = std::mem::take(&mut self.written).into_iter().collect();
        if self.mirrors.is_empty() {
            return Ok(());
        }
        let named = |mirror: &Mirror| self.env.values().any(|value| refers_to(value, &mirror.copy.container));
        let alive: Vec<Mirror> = self.mirrors.iter().filter(|mirror| named(mirror)).cloned().collect();
        self.mirrors = alive.clone();
        let mut done: Vec<Name> = changed.clone();
        while let Some(container) = changed.pop() {
            for mirror in alive.iter().filter(|mirror| mirror.is_about(&container)) {
                let (from, to) = if mirror.base.container == container {
                    (&mirror.base, &mirror.copy)
                } else {
                    (&mirror.copy, &mirror.base)
                };
                if done.contains(&to.container) {
                    continue;
                }
                let uncertain = matches!(mirror.kind, Kind::Uncertain);
                if uncertain || !self.params.is_empty() {
                    return Err(self.cannot_sync(mirror, range));
                }
                self.flush();
                match &mirror.kind {
                    Kind::Windows(_) if mirror.copy.container == container => {
                        return Err(windows_are_read_only(range));
                    }
                    Kind::Windows(axes) => self.fill_windows(from, to, axes),
                    Kind::Bytes => self.reinterpret(from, to),
                    Kind::Reshaped | Kind::Uncertain => self.copy_elements(from, to),
                }
                done.push(to.container.clone());
                changed.push(to.container.clone());
            }
        }
        self.flush();
        self.written.clear();
        if self.env.get(UNNAMED).is_some() {
            self.env.insert(UNNAMED.to_owned(), Value::None);
        }
        Ok(())
    }

    /// Keeps an array that has no name until the end of the statement, so that what is written to it is copied back.
    pub(super) fn name_mirror(&mut self, value: &Value) {
        self.env.insert(UNNAMED.to_owned(), value.clone());
    }

    fn cannot_sync(&self, mirror: &Mirror, range: TextRange) -> super::Stop {
        let name = &mirror.base.container;
        let message = format!("`{name}` and an array that was made of it may share what is written here");
        Diagnostic::error(codes::REBIND, range, message)
            .help(format!("make it of a copy, as in `{name}.copy().reshape(...)`, or write before"))
            .into()
    }

    /// At the end of a region: what was reshaped in it is not known after it.
    pub(super) fn drop_mirrors(&mut self, count: usize) {
        for mirror in self.mirrors.split_off(count.min(self.mirrors.len())) {
            let container = &mirror.copy.container;
            self.env.change(&mut |value| refers_to(value, container).then_some(Value::Stale));
        }
    }

    /// A container has another name.
    pub(super) fn rename_mirrors(&mut self, old: &Name, new: &Name) {
        for mirror in &mut self.mirrors {
            for view in [&mut mirror.base, &mut mirror.copy] {
                if view.container == *old {
                    view.container = new.clone();
                }
            }
        }
    }
}

fn windows_are_read_only(range: TextRange) -> super::Stop {
    let message = "the windows of an array can only be read, as NumPy says";
    Diagnostic::error(codes::REBIND, range, message)
        .help("assign to elements of the array itself, or to a copy of the windows (`.copy()`)")
        .into()
}

/// What an array without a name is called.
const UNNAMED: &str = "__unnamed";

/// Whether a value is, or holds, an array that is or looks at the container.
pub(super) fn refers_to(value: &Value, container: &Name) -> bool {
    match value {
        Value::Array(view) => view.container == *container,
        Value::Tuple(items) => items.iter().any(|item| refers_to(item, container)),
        Value::Zip(items) => items.iter().any(|item| refers_to(item, container)),
        Value::Grid(_, view) => view.as_ref().is_some_and(|view| view.container == *container),
        Value::Dict(items) => items.iter().any(|(_, value)| refers_to(value, container)),
        Value::Method(_, value) | Value::Bound(_, value) => refers_to(value, container),
        Value::Namespace(members) | Value::Instance(_, members) | Value::Defaulted(_, members) => {
            members.values().any(|member| refers_to(member, container))
        }
        _ => false,
    }
}
