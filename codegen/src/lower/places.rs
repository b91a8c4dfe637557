//! Where the containers are, and which element an access means.

use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Index, Place, Value};
use dacec_ir::{BinaryOp, DType, Data, Expr, Name, Range, Subset};

/// Where a container is.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) storage: Storage,
    /// Whether no other thread uses it: declared in the parallel loop, or proved to be one iteration's own.
    pub(super) private: bool,
}

/// The memory of a container.
#[derive(Clone, Debug)]
pub(super) enum Storage {
    /// One value.
    Scalar(Place),
    /// Elements behind a pointer.
    Array {
        /// The first element.
        pointer: Name,
        /// Type of the elements.
        dtype: DType,
        /// Distances of neighbours, over variables of the emitted code.
        strides: Vec<Expr>,
    },
    /// Queues.
    Queues {
        /// The first queue.
        queues: Name,
        /// Type of the elements.
        dtype: DType,
        /// Distances of neighbours, over variables of the emitted code.
        strides: Vec<Expr>,
    },
}

/// What a pointer points to.
pub(super) fn first_element(pointer: &Name, dtype: DType) -> Place {
    Place::Element { array: pointer.clone(), index: Index::default(), dtype }
}

impl Function<'_, '_> {
    /// Finds the strides of arrays that came as arguments, now that all symbols are known.
    pub(super) fn bind_strides(&mut self) -> Result<()> {
        let sdfg = self.sdfg;
        for (name, data) in &sdfg.containers {
            let found = data.strides().iter().map(|stride| self.expr(stride)).collect::<Result<Vec<_>>>();
            if let Some(Slot { storage: Storage::Array { strides, .. }, .. }) = self.slots.get_mut(name) {
                *strides = found?;
            }
        }
        Ok(())
    }

    /// The container of that name.
    pub(super) fn data(&self, name: &Name) -> Result<&Data> {
        self.sdfg
            .container(name)
            .ok_or_else(|| CodegenError::Invalid(format!("there is no container `{name}`")))
    }

    pub(super) fn slot(&self, name: &Name) -> Result<&Slot> {
        self.slots.get(name).ok_or_else(|| {
            CodegenError::Invalid(format!("the container `{name}` is not visible where it is used"))
        })
    }

    /// The element of a container at the given indices.
    pub(super) fn element(&self, name: &Name, indices: Vec<Value>) -> Result<Place> {
        match &self.slot(name)?.storage {
            Storage::Scalar(place) if indices.is_empty() => Ok(place.clone()),
            Storage::Array { pointer, dtype, strides } if strides.len() == indices.len() => {
                let pairs = indices.into_iter().zip(strides.iter().cloned());
                let terms = pairs.filter(|(index, _)| !index.as_index().is_some_and(Expr::is_zero)).collect();
                Ok(Place::Element { array: pointer.clone(), index: Index { terms }, dtype: *dtype })
            }
            _ => {
                let given = indices.len();
                Err(CodegenError::Invalid(format!(
                    "`{name}` is indexed with {given} dimensions, which it has not"
                )))
            }
        }
    }

    /// The element of a subset at a position: one index for each dimension that is not a single index, in steps of the
    /// subset.
    pub(super) fn element_of(&self, name: &Name, subset: &Subset, position: &[Value]) -> Result<Place> {
        let mut positions = position.iter();
        let mut indices = Vec::with_capacity(subset.rank());
        for dim in &subset.dims {
            if dim.as_index().is_some() {
                indices.push(Value::Index(self.expr(&dim.start)?));
            } else {
                let position = positions.next().ok_or_else(|| wrong_rank(name, subset))?;
                indices.push(self.at(dim, position)?);
            }
        }
        if positions.next().is_some() {
            return Err(wrong_rank(name, subset));
        }
        self.element(name, indices)
    }

    /// The first element of a subset.
    pub(super) fn start_of(&self, name: &Name, subset: &Subset) -> Result<Place> {
        let indices = subset.dims.iter().map(|dim| Ok(Value::Index(self.expr(&dim.start)?)));
        let indices = indices.collect::<Result<_>>()?;
        self.element(name, indices)
    }

    /// `start + position*step`.
    fn at(&self, dim: &Range, position: &Value) -> Result<Value> {
        let (start, step) = (self.expr(&dim.start)?, self.expr(&dim.step)?);
        Ok(match position {
            Value::Index(position) => Value::Index(start + position * &step),
            _ => {
                let scaled = if step.is_one() {
                    position.clone()
                } else {
                    integer(BinaryOp::Mul, position.clone(), Value::Index(step))
                };
                if start.is_zero() { scaled } else { integer(BinaryOp::Add, scaled, Value::Index(start)) }
            }
        })
    }
}

/// An operation on 64-bit integers.
pub(super) fn integer(op: BinaryOp, lhs: Value, rhs: Value) -> Value {
    Value::Binary(op, DType::Int64, Box::new(lhs), Box::new(rhs))
}

fn wrong_rank(name: &Name, subset: &Subset) -> CodegenError {
    CodegenError::Invalid(format!("`{name}{subset}` is indexed with the wrong number of dimensions"))
}
