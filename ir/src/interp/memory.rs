//! Memory of a running program: buffers, and bounds-checked views of them.
//!
//! Every access goes through [`Memory::read`], [`Memory::write`] or [`Memory::update`], which is where elements that
//! nothing has written and races are found. Positions come from a [`View`], which cannot leave its buffer.

use super::Options;
use super::arithmetic::combine;
use super::error::{Fault, InterpretError};
use super::race::{Kind, Races};
use super::tensor::Elements;
use super::value::Value;
use crate::{DType, Name, Wcr};
use smallvec::SmallVec;

/// What an element holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A value.
    Value(Value),
    /// Nothing: no one has written it. Copies keep it so; computing with it is a fault.
    Unwritten(Box<Fault>),
}

impl Content {
    /// The value, for a computation.
    pub(super) fn value(self) -> Result<Value, InterpretError> {
        match self {
            Content::Value(value) => Ok(value),
            Content::Unwritten(fault) => Err((*fault).into()),
        }
    }
}

/// A block of memory.
#[derive(Debug)]
struct Buffer {
    /// Never used twice, unlike the slot that the buffer is in.
    id: u64,
    /// The container that the memory was allocated for.
    name: Name,
    elements: Elements,
    /// Which elements have been written; `None` if all have or nobody asks.
    written: Option<Vec<bool>>,
    /// Whether the elements stay as they are.
    frozen: bool,
}

/// One dimension of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dim {
    pub(super) extent: i64,
    /// Distance of neighbours, in elements.
    pub(super) stride: i64,
}

/// A box of elements of a buffer. Every index below the extents lies in the buffer.
#[derive(Clone, Debug)]
pub(super) struct View {
    slot: usize,
    /// That of the buffer, which tells whether the slot still holds it.
    id: u64,
    pub(super) dtype: DType,
    pub(super) offset: i64,
    pub(super) dims: SmallVec<[Dim; 4]>,
}

/// Indices of one dimension of a box: `start`, `start + step`, … `len` times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) start: i64,
    pub(super) len: i64,
    pub(super) step: i64,
    /// Whether the dimension is a single index whatever the symbols are, and so is absent from the slice.
    pub(super) single: bool,
}

impl View {
    /// The extents.
    pub(super) fn shape(&self) -> Vec<i64> {
        self.dims.iter().map(|dim| dim.extent).collect()
    }

    /// Number of elements.
    pub(super) fn len(&self) -> usize {
        self.dims.iter().map(|dim| dim.extent as usize).product()
    }

    /// Whether the first element is the same.
    pub(super) fn starts_with(&self, other: &View) -> bool {
        (self.slot, self.offset) == (other.slot, other.offset)
    }

    /// Position in the buffer of the element at `indices`.
    pub(super) fn position(&self, name: &Name, indices: &[i64]) -> Result<usize, InterpretError> {
        let inside = indices.len() == self.dims.len()
            && indices.iter().zip(&self.dims).all(|(&at, dim)| (0..dim.extent).contains(&at));
        if !inside {
            let fault = Fault::OutOfBounds {
                container: name.clone(),
                indices: indices.to_vec(),
                shape: self.shape(),
            };
            return Err(fault.into());
        }
        let steps = indices.iter().zip(&self.dims).map(|(at, dim)| at * dim.stride);
        Ok((self.offset + steps.sum::<i64>()) as usize)
    }

    /// Positions in the buffer of all elements, in C order.
    pub(super) fn positions(&self) -> Vec<usize> {
        let mut positions = vec![self.offset];
        for dim in &self.dims {
            positions = positions
                .iter()
                .flat_map(|&base| (0..dim.extent).map(move |k| base + k * dim.stride))
                .collect();
        }
        positions.into_iter().map(|position| position as usize).collect()
    }

    /// The part of the view that a subset names, with all dimensions.
    pub(super) fn part(&self, name: &Name, intervals: &[Interval]) -> Result<View, InterpretError> {
        if intervals.len() != self.dims.len() {
            return Err(Fault::Malformed(format!(
                "a subset of `{name}` has {} dimensions, the container has {}",
                intervals.len(),
                self.dims.len()
            ))
            .into());
        }
        let mut part = View { dims: SmallVec::new(), ..*self };
        let empty = intervals.iter().any(|interval| interval.len <= 0);
        for (interval, dim) in intervals.iter().zip(&self.dims) {
            // The stride of a single index is never used, so it may be any number.
            let stride = dim.stride.wrapping_mul(interval.step);
            part.dims.push(Dim { extent: interval.len.max(0), stride });
            if empty {
                continue;
            }
            let last =
                interval.step.checked_mul(interval.len - 1).and_then(|d| d.checked_add(interval.start));
            let inside = |at: i64| (0..dim.extent).contains(&at);
            if !inside(interval.start) || !last.is_some_and(inside) {
                let indices = intervals.iter().map(|it| {
                    let last = it.start.saturating_add(it.step.saturating_mul(it.len - 1));
                    if it.start < 0 { it.start } else { last }
                });
                return Err(Fault::OutOfBounds {
                    container: name.clone(),
                    indices: indices.collect(),
                    shape: self.shape(),
                }
                .into());
            }
            part.offset += interval.start * dim.stride;
        }
        Ok(part)
    }

    /// The view without the dimensions that are single indices in `intervals`.
    pub(super) fn squeezed(mut self, intervals: &[Interval]) -> View {
        let mut singles = intervals.iter().map(|interval| interval.single);
        self.dims.retain(|_| !singles.next().unwrap_or(false));
        self
    }

    /// The same memory with other dimensions, which the caller has compared with these.
    pub(super) fn with_dims(self, dims: SmallVec<[Dim; 4]>) -> View {
        View { dims, ..self }
    }
}

/// All buffers.
#[derive(Debug)]
pub(super) struct Memory {
    buffers: Vec<Option<Buffer>>,
    free: Vec<usize>,
    next_id: u64,
    track_writes: bool,
    pub(super) races: Option<Races>,
}

impl Memory {
    pub(super) fn new(options: &Options) -> Self {
        Memory {
            buffers: Vec::new(),
            free: Vec::new(),
            next_id: 0,
            track_writes: options.uninitialized,
            races: options.races.then(Races::default),
        }
    }

    /// Memory for a container of the given extents and strides.
    pub(super) fn allocate(
        &mut self,
        name: &Name,
        dtype: DType,
        dims: SmallVec<[Dim; 4]>,
    ) -> Result<View, InterpretError> {
        let fault = || Fault::Allocation {
            container: name.clone(),
            shape: dims.iter().map(|dim| dim.extent).collect(),
        };
        if !DType::ALL.contains(&dtype) {
            return Err(Fault::Malformed(format!(
                "`{name}` is of type {dtype}, which nothing here is known of"
            ))
            .into());
        }
        let (low, high) = reach(&dims).ok_or_else(fault)?;
        let len = usize::try_from(high - low + 1).ok().filter(|len| len.checked_mul(dtype.size()).is_some());
        // With strides of 0 there may be more elements than memory.
        dims.iter().try_fold(1_usize, |n, dim| n.checked_mul(dim.extent as usize)).ok_or_else(fault)?;
        let elements = len.and_then(|len| Elements::zeros(dtype, len)).ok_or_else(fault)?;
        let written = self.track_writes.then(|| vec![false; elements.len()]);
        let id = self.next_id;
        let buffer = Buffer { id, name: name.clone(), elements, written, frozen: false };
        self.next_id += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.buffers.push(None);
            self.buffers.len() - 1
        });
        self.buffers[slot] = Some(buffer);
        Ok(View { slot, id, dtype, offset: -low, dims })
    }

    /// Notes from now on which elements of a new buffer are written, even if the options do not ask for it.
    pub(super) fn track_writes(&mut self, view: &View) {
        if let Some(buffer) = self.buffer_mut(view) {
            let len = buffer.elements.len();
            buffer.written.get_or_insert_with(|| vec![false; len]);
        }
    }

    /// Makes every later write to a buffer a fault.
    pub(super) fn freeze(&mut self, view: &View) {
        if let Some(buffer) = self.buffer_mut(view) {
            buffer.frozen = true;
        }
    }

    /// Whether every element of a view lies in its buffer.
    pub(super) fn holds(&self, view: &View) -> bool {
        let (Some((low, high)), Some(buffer)) = (reach(&view.dims), self.buffer(view)) else { return false };
        let is_empty = view.dims.iter().any(|dim| dim.extent == 0);
        let last = view.offset.checked_add(high);
        is_empty
            || view.offset.checked_add(low).is_some_and(|first| first >= 0)
                && last.is_some_and(|last| last < buffer.elements.len() as i64)
    }

    /// Gives the memory of a view back.
    pub(super) fn release(&mut self, view: &View) {
        if self.buffer(view).is_some() {
            self.buffers[view.slot] = None;
            self.free.push(view.slot);
        }
    }

    /// What the element at a position of the view's buffer holds.
    pub(super) fn read(&mut self, view: &View, position: usize) -> Result<Content, InterpretError> {
        self.record(view, position, Kind::Read)?;
        if self.buffer(view).is_none() {
            return Err(Fault::Dangling.into());
        }
        Ok(self.peek(view, position))
    }

    /// Writes what an access has read, or a value.
    pub(super) fn write(
        &mut self,
        view: &View,
        position: usize,
        content: Content,
    ) -> Result<(), InterpretError> {
        self.record(view, position, Kind::Write)?;
        let buffer = self.writable(view)?;
        let is_written = match content {
            Content::Value(value) => {
                buffer.elements.set(position, value);
                true
            }
            Content::Unwritten(_) => false,
        };
        if let Some(written) = &mut buffer.written {
            written[position] = is_written;
        }
        Ok(())
    }

    /// Gives an element its first value, which is no access of the program.
    pub(super) fn initialize(
        &mut self,
        view: &View,
        position: usize,
        value: Value,
    ) -> Result<(), InterpretError> {
        let buffer = self.writable(view)?;
        buffer.elements.set(position, value);
        if let Some(written) = &mut buffer.written {
            written[position] = true;
        }
        Ok(())
    }

    /// Combines a value with the one that is there.
    pub(super) fn update(
        &mut self,
        view: &View,
        position: usize,
        value: Value,
        wcr: Wcr,
    ) -> Result<(), InterpretError> {
        self.record(view, position, Kind::Update(wcr))?;
        let old = self.peek(view, position).value()?;
        let new = combine(wcr, old, value.cast(old.dtype()))?;
        self.writable(view)?.elements.set(position, new);
        Ok(())
    }

    /// [`write`](Memory::write) or [`update`](Memory::update), whichever a memlet asks for.
    pub(super) fn store(
        &mut self,
        view: &View,
        position: usize,
        content: Content,
        wcr: Option<Wcr>,
    ) -> Result<(), InterpretError> {
        match wcr {
            Some(wcr) => self.update(view, position, content.value()?, wcr),
            None => self.write(view, position, content),
        }
    }

    /// What an element holds; no access of the program.
    pub(super) fn peek(&self, view: &View, position: usize) -> Content {
        let Some(buffer) = self.buffer(view) else {
            return Content::Unwritten(Box::new(Fault::Dangling));
        };
        match &buffer.written {
            Some(written) if !written[position] => {
                Content::Unwritten(Box::new(Fault::Unwritten { container: buffer.name.clone(), position }))
            }
            _ => Content::Value(buffer.elements.get(position)),
        }
    }

    /// Number of elements of the view's buffer.
    pub(super) fn buffer_len(&self, view: &View) -> usize {
        self.buffer(view).map_or(0, |buffer| buffer.elements.len())
    }

    fn record(&mut self, view: &View, position: usize, kind: Kind) -> Result<(), InterpretError> {
        let Some(races) = &mut self.races else { return Ok(()) };
        let Some(buffer) = self.buffers[view.slot].as_ref().filter(|buffer| buffer.id == view.id) else {
            return Ok(());
        };
        races.record((buffer.id, position), kind).map_err(|(map, conflict)| {
            Fault::Race { map, container: buffer.name.clone(), position, conflict }.into()
        })
    }

    /// The buffer of a view, as long as it is there: a reference may stand for memory that has been freed.
    fn buffer(&self, view: &View) -> Option<&Buffer> {
        self.buffers.get(view.slot)?.as_ref().filter(|buffer| buffer.id == view.id)
    }

    fn buffer_mut(&mut self, view: &View) -> Option<&mut Buffer> {
        self.buffers.get_mut(view.slot)?.as_mut().filter(|buffer| buffer.id == view.id)
    }

    fn writable(&mut self, view: &View) -> Result<&mut Buffer, InterpretError> {
        match self.buffers.get_mut(view.slot).and_then(Option::as_mut).filter(|buffer| buffer.id == view.id) {
            None => Err(Fault::Dangling.into()),
            Some(buffer) if buffer.frozen => Err(Fault::Constant(buffer.name.clone()).into()),
            Some(buffer) => Ok(buffer),
        }
    }
}

/// The smallest and the largest distance of an element from the first; `None` for negative extents and overflow. An empty
/// box reaches no further than one element.
fn reach(dims: &[Dim]) -> Option<(i64, i64)> {
    if dims.iter().any(|dim| dim.extent < 0) {
        return None;
    }
    let (mut low, mut high) = (0_i64, 0_i64);
    for dim in dims.iter().filter(|_| dims.iter().all(|dim| dim.extent > 0)) {
        let far = dim.stride.checked_mul(dim.extent - 1)?;
        low = low.checked_add(far.min(0))?;
        high = high.checked_add(far.max(0))?;
    }
    high.checked_sub(low)?.checked_add(1)?;
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    fn matrix(memory: &mut Memory) -> View {
        let dims = smallvec![Dim { extent: 3, stride: 4 }, Dim { extent: 4, stride: 1 }];
        memory.allocate(&"A".into(), DType::Int32, dims).expect("memory for 12 elements")
    }

    fn interval(start: i64, len: i64, step: i64) -> Interval {
        Interval { start, len, step, single: false }
    }

    #[test]
    fn a_part_is_checked_at_both_ends() {
        let mut memory = Memory::new(&Options::default());
        let view = matrix(&mut memory);
        let name = "A".into();
        let part = view.part(&name, &[interval(2, 3, -1), interval(1, 2, 2)]).expect("inside");
        assert_eq!(part.positions(), [9, 11, 5, 7, 1, 3]);
        assert_eq!(part.position(&name, &[1, 1]).expect("inside"), 7);
        assert!(part.position(&name, &[3, 0]).is_err());
        assert!(view.part(&name, &[interval(0, 4, 1), interval(0, 1, 1)]).is_err());
        assert!(view.part(&name, &[interval(2, 4, -1), interval(0, 1, 1)]).is_err());
        assert_eq!(view.part(&name, &[interval(7, 0, 1), interval(0, 1, 1)]).expect("empty").len(), 0);
    }

    #[test]
    fn copies_keep_what_is_not_written() {
        let mut memory = Memory::new(&Options::default());
        let view = matrix(&mut memory);
        let nothing = memory.read(&view, 3).expect("no race");
        memory.write(&view, 4, nothing).expect("no race");
        assert!(memory.read(&view, 4).expect("no race").value().is_err());
        memory.write(&view, 3, Content::Value(Value::int(7, DType::Int32))).expect("no race");
        assert_eq!(memory.read(&view, 3).expect("no race").value(), Ok(Value::int(7, DType::Int32)));
        assert!(memory.update(&view, 5, Value::int(1, DType::Int32), Wcr::Sum).is_err());
    }

    #[test]
    fn sizes_that_no_machine_has_are_refused() {
        let mut memory = Memory::new(&Options::default());
        for extents in [[-1, 4], [i64::MAX, 4], [1 << 40, 1 << 20]] {
            let dims = smallvec![
                Dim { extent: extents[0], stride: extents[1] },
                Dim { extent: extents[1], stride: 1 }
            ];
            assert!(memory.allocate(&"A".into(), DType::Float64, dims).is_err(), "{extents:?}");
        }
    }
}
