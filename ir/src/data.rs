//! Containers: what holds values. A container's name is its key in [`Sdfg::containers`](crate::Sdfg); it holds no
//! computation.

use crate::{DType, Expr, Name, Span};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the memory of a container is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// Chosen at lowering: registers or stack for small constant sizes inside scopes, the heap otherwise.
    #[default]
    Default,
    /// Registers or the stack; the size must be constant.
    Register,
    /// Main memory, allocated at run time.
    Heap,
}

/// How long a transient container lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lifetime {
    /// The innermost scope that holds all its accesses.
    #[default]
    Scope,
    /// One call of the SDFG.
    Sdfg,
    /// From initialization to finalization of the program: kept between calls.
    Persistent,
}

/// A strided block of memory with elements of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Type of the elements.
    pub dtype: DType,
    /// Extent of each dimension, in elements. Never empty: a value without dimensions is a [`Scalar`].
    pub shape: Vec<Expr>,
    /// Distance of neighbours along each dimension, in elements.
    pub strides: Vec<Expr>,
    /// Whether the container is internal: allocated by the program, invisible to the caller.
    pub transient: bool,
    /// Where the memory is.
    pub storage: Storage,
    /// How long the memory lives.
    pub lifetime: Lifetime,
    /// Where the container was defined.
    pub span: Span,
}

impl Array {
    /// A C-contiguous array that is an argument or a result of the program.
    pub fn new(dtype: DType, shape: impl Into<Vec<Expr>>) -> Self {
        let shape = shape.into();
        let strides = c_strides(&shape);
        Array {
            dtype,
            shape,
            strides,
            transient: false,
            storage: Storage::Default,
            lifetime: Lifetime::Scope,
            span: Span::default(),
        }
    }

    /// A C-contiguous array that is internal to the program.
    pub fn transient(dtype: DType, shape: impl Into<Vec<Expr>>) -> Self {
        Array { transient: true, ..Array::new(dtype, shape) }
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn num_elements(&self) -> Expr {
        self.shape.iter().fold(Expr::one(), |product, extent| product * extent)
    }

    /// Whether the elements lie in C order (last dimension fastest) without gaps.
    pub fn is_c_contiguous(&self) -> bool {
        self.strides == c_strides(&self.shape)
    }
}

/// Strides, in elements, of a C-ordered array without gaps.
pub fn c_strides(shape: &[Expr]) -> Vec<Expr> {
    let mut strides = vec![Expr::one(); shape.len()];
    for dim in (1..shape.len()).rev() {
        strides[dim - 1] = &strides[dim] * &shape[dim];
    }
    strides
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// Type of the value.
    pub dtype: DType,
    /// Whether the value is internal to the program; a scalar that is not transient is an argument by value.
    pub transient: bool,
    /// How long the value lives.
    pub lifetime: Lifetime,
    /// Where the container was defined.
    pub span: Span,
}

impl Scalar {
    /// An argument, passed by value.
    pub fn new(dtype: DType) -> Self {
        Scalar { dtype, transient: false, lifetime: Lifetime::Scope, span: Span::default() }
    }

    /// A value that is internal to the program.
    pub fn transient(dtype: DType) -> Self {
        Scalar { transient: true, ..Scalar::new(dtype) }
    }
}

/// A container.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A strided block of memory.
    Array(Array),
    /// One value; its subsets have no dimensions.
    Scalar(Scalar),
}

impl Data {
    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        match self {
            Data::Array(array) => array.dtype,
            Data::Scalar(scalar) => scalar.dtype,
        }
    }

    /// Extent of each dimension; empty for a scalar.
    pub fn shape(&self) -> &[Expr] {
        match self {
            Data::Array(array) => &array.shape,
            Data::Scalar(_) => &[],
        }
    }

    /// Distance of neighbours along each dimension, in elements; empty for a scalar.
    pub fn strides(&self) -> &[Expr] {
        match self {
            Data::Array(array) => &array.strides,
            Data::Scalar(_) => &[],
        }
    }

    /// Number of dimensions; 0 for a scalar.
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// Whether the container is internal to the program.
    pub fn is_transient(&self) -> bool {
        match self {
            Data::Array(array) => array.transient,
            Data::Scalar(scalar) => scalar.transient,
        }
    }

    /// Makes the container internal to the program, or visible to its caller.
    pub fn set_transient(&mut self, transient: bool) {
        match self {
            Data::Array(array) => array.transient = transient,
            Data::Scalar(scalar) => scalar.transient = transient,
        }
    }

    /// How long the container lives.
    pub fn lifetime(&self) -> Lifetime {
        match self {
            Data::Array(array) => array.lifetime,
            Data::Scalar(scalar) => scalar.lifetime,
        }
    }

    /// Where the container was defined.
    pub fn span(&self) -> Span {
        match self {
            Data::Array(array) => array.span,
            Data::Scalar(scalar) => scalar.span,
        }
    }

    /// The container as an array, if it is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Data::Array(array) => Some(array),
            Data::Scalar(_) => None,
        }
    }

    /// Rewrites every symbolic expression of the descriptor.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        if let Data::Array(array) = self {
            for expr in array.shape.iter_mut().chain(&mut array.strides) {
                *expr = f(expr);
            }
        }
    }

    /// Symbols that the descriptor's shape and strides depend on.
    pub fn symbols(&self) -> std::collections::BTreeSet<Name> {
        self.shape().iter().chain(self.strides()).flat_map(|expr| expr.symbols()).collect()
    }
}

impl From<Array> for Data {
    fn from(array: Array) -> Self {
        Data::Array(array)
    }
}

impl From<Scalar> for Data {
    fn from(scalar: Scalar) -> Self {
        Data::Scalar(scalar)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dtype())?;
        if let Data::Array(array) = self {
            write!(f, "[{}]", Comma(&array.shape))?;
            if !array.is_c_contiguous() {
                write!(f, " strides [{}]", Comma(&array.strides))?;
            }
        }
        Ok(())
    }
}

/// Prints a list with `, ` between the elements.
pub struct Comma<'a, T>(pub &'a [T]);

impl<T: fmt::Display> fmt::Display for Comma<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, item) in self.0.iter().enumerate() {
            if k > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_products_of_inner_extents() {
        let (n, m) = (Expr::sym("N"), Expr::sym("M"));
        let array = Array::new(DType::Float64, [n.clone(), m.clone(), Expr::int(3)]);
        assert_eq!(array.strides, [&m * Expr::int(3), Expr::int(3), Expr::one()]);
        assert_eq!(array.num_elements(), n * m * Expr::int(3));
        assert!(array.is_c_contiguous());
    }
}
