//! Containers: what holds values. A container's name is its key in [`Sdfg::containers`](crate::Sdfg); it holds no
//! computation.
//!
//! | Kind | Memory | Its own? |
//! |---|---|---|
//! | [`Array`], [`Scalar`] | a strided block, one value | yes |
//! | [`Constant`](ConstantArray) | a block that never changes | yes, part of the program |
//! | [`Stream`] | queues of elements | yes |
//! | View | a block with another shape and other strides | no: that of the container it shows |
//! | Reference | a block | no: that of the container it was set to last |
//!
//! A **view** is shown by the edge at the connector [`VIEWS`] of its access node: `(A) ─A[2:8]─▶ views (v)` reads through
//! it, `(v) views ─A[2:8]─▶ (A)` writes through it. Nothing moves along that edge. The view's first element is the
//! first of the subset; its shape and strides are those of its descriptor, and every element has to lie in the memory
//! that it shows. It shows that for one execution of the scope that its access node is in.
//!
//! A **reference** is set by an edge into the connector [`SET`] of its access node, and stands for the same memory until
//! it is set again or the SDFG ends.

mod constant;
mod stream;

pub use constant::ConstantArray;
pub use stream::Stream;

use crate::name::inserting;
use crate::{DType, Expr, Name, Span, Subset};
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
    /// Main memory that devices reach directly.
    Pinned,
    /// Memory of each thread.
    ThreadLocal,
    /// Main memory of a graphics processor.
    GpuGlobal,
    /// Memory that the threads of a block share on a graphics processor.
    GpuShared,
}

impl Storage {
    /// Every place.
    pub const ALL: [Storage; 7] = [
        Storage::Default,
        Storage::Register,
        Storage::Heap,
        Storage::Pinned,
        Storage::ThreadLocal,
        Storage::GpuGlobal,
        Storage::GpuShared,
    ];

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        match self {
            Storage::Default => "default",
            Storage::Register => "register",
            Storage::Heap => "heap",
            Storage::Pinned => "pinned",
            Storage::ThreadLocal => "thread_local",
            Storage::GpuGlobal => "gpu_global",
            Storage::GpuShared => "gpu_shared",
        }
    }
}

/// How long a transient container lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lifetime {
    /// The innermost scope that holds all its accesses.
    #[default]
    Scope,
    /// One execution of a state.
    State,
    /// One call of the SDFG.
    Sdfg,
    /// As long as the program is loaded, and one for all calls of a nested SDFG.
    Global,
    /// From initialization to finalization of the program: kept between calls.
    Persistent,
    /// The program's user allocates and frees it.
    External,
}

impl Lifetime {
    /// Every lifetime.
    pub const ALL: [Lifetime; 6] = [
        Lifetime::Scope,
        Lifetime::State,
        Lifetime::Sdfg,
        Lifetime::Global,
        Lifetime::Persistent,
        Lifetime::External,
    ];

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        match self {
            Lifetime::Scope => "scope",
            Lifetime::State => "state",
            Lifetime::Sdfg => "call",
            Lifetime::Global => "global",
            Lifetime::Persistent => "persistent",
            Lifetime::External => "external",
        }
    }

    /// Whether values may be used by a later call of the SDFG.
    pub fn outlives_call(self) -> bool {
        matches!(self, Lifetime::Global | Lifetime::Persistent | Lifetime::External)
    }
}

/// The connector of a view's access node at which the edge to the memory that it shows is attached.
pub const VIEWS: &str = "views";

/// The connector of a reference's access node at which the edge is attached that sets it.
pub const SET: &str = "set";

/// A strided block of memory with elements of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Type of the elements.
    pub dtype: DType,
    /// Extent of each dimension, in elements. Never empty: a value without dimensions is a [`Scalar`].
    pub shape: Vec<Expr>,
    /// Distance of neighbours along each dimension, in elements.
    pub strides: Vec<Expr>,
    /// What is added to each index to find its element: indices run from `-offset` up to `shape - offset`. Empty for
    /// arrays whose indices begin with 0, which is all that passes and backends know
    /// ([`Sdfg::lower_offsets`](crate::Sdfg::lower_offsets)).
    pub offset: Vec<Expr>,
    /// Whether the elements are 0 when a lifetime begins: [`Sdfg::lower_zeroed`](crate::Sdfg::lower_zeroed) tells when.
    /// Of transients only.
    pub zeroed: bool,
    /// Whether the caller may leave the argument out: `None` in Python, a null pointer in C. Then nothing accesses it, and
    /// [`ScalarExpr::IsNone`](crate::ScalarExpr::IsNone) tells. Of arguments of the outermost SDFG only.
    pub optional: bool,
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
            offset: Vec::new(),
            zeroed: false,
            optional: false,
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
    /// Whether the value is 0 when its lifetime begins, as of an [`Array`].
    pub zeroed: bool,
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
        Scalar { dtype, zeroed: false, transient: false, lifetime: Lifetime::Scope, span: Span::default() }
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
    /// Queues of elements.
    Stream(Stream),
    /// Memory of another container with this shape and these strides; always transient.
    View(Array),
    /// Memory that is chosen while the program runs; always transient.
    Reference(Array),
    /// Elements that never change.
    Constant(ConstantArray),
}

impl Data {
    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => array.dtype,
            Data::Scalar(scalar) => scalar.dtype,
            Data::Stream(stream) => stream.dtype,
            Data::Constant(constant) => constant.dtype(),
        }
    }

    /// Extent of each dimension; empty for a scalar and for a single stream.
    pub fn shape(&self) -> &[Expr] {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => &array.shape,
            Data::Scalar(_) => &[],
            Data::Stream(stream) => &stream.shape,
            Data::Constant(constant) => constant.shape(),
        }
    }

    /// Distance of neighbours along each dimension, in elements; empty for a scalar and for streams.
    pub fn strides(&self) -> &[Expr] {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => &array.strides,
            Data::Scalar(_) | Data::Stream(_) => &[],
            Data::Constant(constant) => constant.strides(),
        }
    }

    /// What is added to each index; empty where indices begin with 0.
    pub fn offset(&self) -> &[Expr] {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => &array.offset,
            Data::Scalar(_) | Data::Stream(_) | Data::Constant(_) => &[],
        }
    }

    /// All elements.
    pub fn whole(&self) -> Subset {
        let all = Subset::full(self.shape());
        if self.offset().is_empty() { all } else { all.relative_to(self.offset()) }
    }

    /// Whether the caller may leave the argument out.
    pub fn is_optional(&self) -> bool {
        self.as_array().is_some_and(|array| array.optional)
    }

    /// Whether the elements are 0 when a lifetime begins.
    pub fn is_zeroed(&self) -> bool {
        match self {
            Data::Array(array) => array.zeroed,
            Data::Scalar(scalar) => scalar.zeroed,
            _ => false,
        }
    }

    /// Asks for elements that are 0 when a lifetime begins, or for those that nobody has written. Only arrays and
    /// scalars change.
    pub fn set_zeroed(&mut self, zeroed: bool) {
        match self {
            Data::Array(array) => array.zeroed = zeroed,
            Data::Scalar(scalar) => scalar.zeroed = zeroed,
            _ => {}
        }
    }

    /// Number of dimensions; 0 for a scalar and for a single stream.
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// Whether the container is internal to the program.
    pub fn is_transient(&self) -> bool {
        match self {
            Data::Array(array) => array.transient,
            Data::Scalar(scalar) => scalar.transient,
            Data::Stream(stream) => stream.transient,
            Data::View(_) | Data::Reference(_) | Data::Constant(_) => true,
        }
    }

    /// Makes the container internal to the program, or visible to its caller. Views, references and constants stay
    /// internal.
    pub fn set_transient(&mut self, transient: bool) {
        match self {
            Data::Array(array) => array.transient = transient,
            Data::Scalar(scalar) => scalar.transient = transient,
            Data::Stream(stream) => stream.transient = transient,
            Data::View(_) | Data::Reference(_) | Data::Constant(_) => {}
        }
    }

    /// How long the container lives.
    pub fn lifetime(&self) -> Lifetime {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => array.lifetime,
            Data::Scalar(scalar) => scalar.lifetime,
            Data::Stream(stream) => stream.lifetime,
            Data::Constant(_) => Lifetime::Persistent,
        }
    }

    /// Where the container was defined.
    pub fn span(&self) -> Span {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => array.span,
            Data::Scalar(scalar) => scalar.span,
            Data::Stream(stream) => stream.span,
            Data::Constant(constant) => constant.span,
        }
    }

    /// The container as an array with memory of its own, if it is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Data::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The stream, if the container is one.
    pub fn as_stream(&self) -> Option<&Stream> {
        match self {
            Data::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    /// Whether the container stands for memory of another one.
    pub fn is_alias(&self) -> bool {
        matches!(self, Data::View(_) | Data::Reference(_))
    }

    /// Rewrites every symbolic expression of the descriptor.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        match self {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => {
                for expr in array.shape.iter_mut().chain(&mut array.strides).chain(&mut array.offset) {
                    *expr = f(expr);
                }
            }
            Data::Stream(stream) => {
                for expr in stream.shape.iter_mut().chain(&mut stream.capacity) {
                    *expr = f(expr);
                }
            }
            Data::Scalar(_) | Data::Constant(_) => {}
        }
    }

    /// Symbols that the descriptor's shape, strides, offset and capacity depend on.
    pub fn symbols(&self) -> std::collections::BTreeSet<Name> {
        let mut symbols = std::collections::BTreeSet::new();
        self.visit_symbols(&mut inserting(&mut symbols));
        symbols
    }

    /// Calls `f` on each of the [symbols](Data::symbols), repeated ones repeatedly.
    pub(crate) fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        let capacity = self.as_stream().and_then(|stream| stream.capacity.as_ref());
        let all = self.shape().iter().chain(self.strides()).chain(self.offset()).chain(capacity);
        all.for_each(|expr| expr.visit_symbols(f));
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

impl From<Stream> for Data {
    fn from(stream: Stream) -> Self {
        Data::Stream(stream)
    }
}

impl From<ConstantArray> for Data {
    fn from(constant: ConstantArray) -> Self {
        Data::Constant(constant)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.as_stream().is_some() {
            f.write_str("stream of ")?;
        }
        write!(f, "{}", self.dtype())?;
        if self.rank() > 0 {
            write!(f, "[{}]", Comma(self.shape()))?;
        }
        if let Data::Array(array) | Data::View(array) | Data::Reference(array) = self
            && !array.is_c_contiguous()
        {
            write!(f, " strides [{}]", Comma(&array.strides))?;
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
