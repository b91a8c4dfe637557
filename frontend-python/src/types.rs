//! What a name or an expression can stand for while a function is lowered.
//!
//! A [`Scalar`] is *code*: an expression over symbols, scalar containers and array elements that is evaluated where it
//! is needed. A [`View`] is a window on a container, with NumPy's aliasing. Everything else exists at compile time only.

use crate::classes::{Class, Method, Structure};
use crate::numpy::Entry;
use crate::parse::ast;
use crate::promotion::Typed;
use dacec_ir::control_flow::Piece;
use dacec_ir::{Constant, DType, Expr, IndexMap, Name, Range, ScalarExpr, Subset};
use std::sync::Arc;

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// How it is computed. Names are scalar containers, loads are elements of array containers.
    pub(crate) code: ScalarExpr,
    /// Its type; that of `code`.
    pub(crate) ty: Typed,
}

impl Scalar {
    /// A value of NumPy's type `dtype`.
    pub(crate) fn strong(code: ScalarExpr, dtype: DType) -> Self {
        Scalar { code, ty: Typed::strong(dtype) }
    }

    /// A value of Python's type that `dtype` stands for.
    pub(crate) fn weak(code: ScalarExpr, dtype: DType) -> Self {
        Scalar { code, ty: Typed { dtype, weak: true } }
    }

    /// A Python integer.
    pub(crate) fn symbolic(expr: Expr) -> Self {
        Scalar::weak(ScalarExpr::Symbolic(expr), DType::Int64)
    }

    /// A Python integer that is known.
    pub(crate) fn int(value: i64) -> Self {
        Scalar::symbolic(Expr::int(value))
    }

    /// A Python float that is known.
    pub(crate) fn float(value: f64) -> Self {
        Scalar::weak(ScalarExpr::float(value), DType::Float64)
    }

    /// A Python truth value that is known.
    pub(crate) fn bool(value: bool) -> Self {
        Scalar::weak(ScalarExpr::Constant(Constant::Bool(value)), DType::Bool)
    }

    /// Type of the value.
    pub(crate) fn dtype(&self) -> DType {
        self.ty.dtype
    }

    /// The value over symbols, if it is a 64-bit integer over symbols.
    pub(crate) fn as_expr(&self) -> Option<&Expr> {
        match &self.code {
            ScalarExpr::Symbolic(expr) => Some(expr),
            _ => None,
        }
    }

    /// The value, if it is known at compile time.
    pub(crate) fn as_constant(&self) -> Option<Constant> {
        self.code.as_constant()
    }

    /// The value as an integer, if it is a known one.
    pub(crate) fn as_int(&self) -> Option<i64> {
        match self.as_constant()? {
            Constant::Int(value, _) => Some(value),
            Constant::Bool(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// The value as a real number, if it is known.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self.as_constant()? {
            Constant::Int(value, _) => Some(value as f64),
            Constant::Bool(value) => Some(f64::from(u8::from(value))),
            Constant::UInt(value) => Some(value as f64),
            Constant::Float(value, _) => Some(value),
            Constant::Complex(..) => None,
        }
    }

    /// The truth value, if it is known.
    pub(crate) fn as_truth(&self) -> Option<bool> {
        match self.as_constant()? {
            Constant::Complex(re, im, _) => Some(re != 0.0 || im != 0.0),
            _ => self.as_f64().map(|value| value != 0.0),
        }
    }

    /// Whether using the value twice costs nothing: a constant, an expression over symbols, one read.
    pub(crate) fn is_leaf(&self) -> bool {
        match &self.code {
            ScalarExpr::Constant(_) | ScalarExpr::Symbolic(_) | ScalarExpr::Name(_) => true,
            ScalarExpr::Load { indices, .. } => {
                indices.iter().all(|it| matches!(it, ScalarExpr::Symbolic(_)))
            }
            ScalarExpr::Cast(_, inner) => {
                matches!(**inner, ScalarExpr::Symbolic(_) | ScalarExpr::Name(_) | ScalarExpr::Load { .. })
            }
            _ => false,
        }
    }

    /// Whether the value depends on no container.
    pub(crate) fn is_pure(&self) -> bool {
        containers_read(&self.code).is_empty()
    }
}

/// Containers that a computation reads.
pub(crate) fn containers_read(code: &ScalarExpr) -> Vec<Name> {
    let mut names = Vec::new();
    code.visit(&mut |part| {
        if let ScalarExpr::Name(name) | ScalarExpr::Load { name, .. } = part {
            names.push(name.clone());
        }
    });
    names
}

/// One axis of a view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Axis {
    /// Runs along the subset of that dimension of the container.
    Dim(usize),
    /// Repeats the same elements so many times: 1 for `np.newaxis`.
    New(Expr),
}

/// A window on a container: what NumPy calls a view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// What is looked at.
    pub(crate) container: Name,
    /// Type of the elements.
    pub(crate) dtype: DType,
    /// The elements; dimensions that no axis names are single indices.
    pub(crate) subset: Subset,
    /// The axes of the view, in its order.
    pub(crate) axes: Vec<Axis>,
    /// Whether nothing else refers to the container: the result of an operation.
    pub(crate) fresh: bool,
}

impl View {
    /// All of an array.
    pub(crate) fn whole(container: Name, dtype: DType, shape: &[Expr]) -> Self {
        let axes = (0..shape.len()).map(Axis::Dim).collect();
        View { container, dtype, subset: Subset::full(shape), axes, fresh: false }
    }

    /// Extents.
    pub(crate) fn shape(&self) -> Vec<Expr> {
        self.axes.iter().map(|axis| self.extent(axis)).collect()
    }

    fn extent(&self, axis: &Axis) -> Expr {
        match axis {
            Axis::Dim(dim) => self.subset.dims[*dim].len(),
            Axis::New(extent) => extent.clone(),
        }
    }

    /// Number of axes.
    pub(crate) fn rank(&self) -> usize {
        self.axes.len()
    }

    /// Indices into the container of the element at a position of the view.
    pub(crate) fn indices(&self, position: &[Expr]) -> Vec<Expr> {
        let mut indices = self.subset.start();
        for (axis, at) in self.axes.iter().zip(position) {
            if let Axis::Dim(dim) = axis {
                indices[*dim] = self.subset.dims[*dim].at(at);
            }
        }
        indices
    }

    /// The element at a position of the view.
    pub(crate) fn element(&self, position: &[Expr]) -> Scalar {
        let indices = self.indices(position).into_iter().map(ScalarExpr::Symbolic).collect();
        Scalar::strong(ScalarExpr::Load { name: self.container.clone(), indices }, self.dtype)
    }

    /// The part of the view from `start` to before `stop` along an axis.
    pub(crate) fn part(&self, axis: usize, start: &Expr, stop: &Expr) -> Self {
        let mut part = self.clone();
        match &mut part.axes[axis] {
            Axis::Dim(dim) => {
                let range = &mut part.subset.dims[*dim];
                *range = range.compose(&Range::new(start.clone(), stop.clone()));
            }
            Axis::New(extent) => *extent = stop - start,
        }
        part
    }

    /// Whether the view's elements in C order are those of its subset: no axis is new, moved or run backwards.
    pub(crate) fn is_plain(&self) -> bool {
        let dims: Option<Vec<usize>> =
            self.axes.iter().map(|axis| if let Axis::Dim(dim) = axis { Some(*dim) } else { None }).collect();
        let positive = |dim: &usize| self.subset.dims[*dim].step.as_int().is_some_and(|step| step > 0);
        dims.is_some_and(|dims| dims.windows(2).all(|pair| pair[0] < pair[1]) && dims.iter().all(positive))
    }

    /// The same view with another reading of its axes, no longer the owner of the container.
    pub(crate) fn alias(mut self) -> Self {
        self.fresh = false;
        self
    }

    /// Rewrites every symbolic expression.
    pub(crate) fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        self.subset.map_exprs(f);
        for axis in &mut self.axes {
            if let Axis::New(extent) = axis {
                *extent = f(extent);
            }
        }
    }
}

/// A stream of a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Queue {
    /// The stream, or array of streams.
    pub(crate) container: Name,
    /// Type of the elements.
    pub(crate) dtype: DType,
    /// Which queue it is; empty for a stream without dimensions, and for all of them.
    pub(crate) index: Vec<Expr>,
}

/// An array that a function refers to without having it as a parameter.
#[derive(Clone, Debug)]
pub(crate) struct OuterArray {
    /// The argument that carries it.
    pub(crate) argument: Name,
    /// The element type.
    pub(crate) dtype: DType,
    /// The extents.
    pub(crate) shape: Vec<Expr>,
}

/// An object of a running interpreter that compiled code can only hand back: call it, or pass it to such a call.
#[derive(Clone, Debug)]
pub(crate) struct PythonObject {
    /// The name under which the interpreter knows it.
    pub(crate) key: String,
    /// What it is, in words.
    pub(crate) what: String,
    /// What a call gives, if that is known.
    pub(crate) outcome: Option<Outcome>,
}

/// What a call of a Python function gives.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// `None`.
    Nothing,
    /// A number.
    Number(Typed),
    /// An array of that type and those extents.
    Array(DType, Vec<Expr>),
}

/// What makes something of a subscript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indexer {
    /// `np.mgrid`: an array of the coordinates of a grid.
    Grid,
    /// `np.ogrid`: vectors that broadcast to the coordinates.
    OpenGrid,
    /// `np.r_`: what is given, one after the other along the first axis.
    Rows,
    /// `np.c_`: what is given, side by side.
    Columns,
    /// `np.s_`: the subscript itself.
    Itself,
}

/// A module whose functions are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// `dace`, under any name.
    Dace,
    /// `dace.data`.
    Data,
    /// `numpy`.
    Numpy,
    /// `numpy.linalg`.
    Linalg,
    /// `numpy.random`.
    Random,
    /// `numpy.fft`.
    Fft,
    /// `math`.
    Math,
    /// `cmath`.
    Cmath,
    /// `scipy`.
    Scipy,
    /// `scipy.special`.
    Special,
    /// `scipy.linalg`.
    ScipyLinalg,
    /// `scipy.signal`.
    Signal,
    /// `scipy.integrate`.
    Integrate,
    /// `numpy.lib`.
    Lib,
    /// `numpy.lib.stride_tricks`.
    StrideTricks,
    /// Any other; an error when it is used.
    Other,
}

/// The values of a tuple or list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    values: Vec<Value>,
    /// Whether they are those of a list: it is printed in other brackets, and as an index it chooses elements.
    pub(crate) is_list: bool,
    /// Which list it is, once a name refers to it: a change of the list is seen by all values that have its home.
    pub(crate) home: Option<Arc<Home>>,
}

/// Where a list got its first name. Each list has a home of its own.
#[derive(Debug)]
pub(crate) struct Home {
    /// The stretch of code that runs exactly as often as the list is made; `None` outside of the function.
    pub(crate) stretch: Option<[usize; 3]>,
}

impl Items {
    /// The values of a list.
    pub(crate) fn list(values: Vec<Value>) -> Self {
        Items { values, is_list: true, home: None }
    }

    /// The values of a list that has a home.
    pub(crate) fn list_of(values: Vec<Value>, home: Arc<Home>) -> Self {
        Items { values, is_list: true, home: Some(home) }
    }

    /// What becomes of each value, in a sequence of the same kind.
    pub(crate) fn map(self, change: impl FnMut(Value) -> Value) -> Self {
        let Items { values, is_list, home } = self;
        Items { values: values.into_iter().map(change).collect(), is_list, home }
    }
}

impl std::ops::Deref for Items {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.values
    }
}

impl std::ops::DerefMut for Items {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.values
    }
}

impl From<Vec<Value>> for Items {
    fn from(values: Vec<Value>) -> Self {
        Items { values, is_list: false, home: None }
    }
}

impl From<Items> for Vec<Value> {
    fn from(items: Items) -> Self {
        items.values
    }
}

impl FromIterator<Value> for Items {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Items { values: values.into_iter().collect(), is_list: false, home: None }
    }
}

impl IntoIterator for Items {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'a> IntoIterator for &'a Items {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

/// What a name or an expression stands for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// A text that is known.
    Text(String),
    /// A text with numbers in it that are known when the program runs.
    Message(Vec<Piece>),
    /// A number.
    Scalar(Scalar),
    /// An array.
    Array(View),
    /// A number that has a place: a member of an object that is assigned. The array has one element.
    Cell(View),
    /// A stream, or one queue of an array of them.
    Stream(Queue),
    /// A generator of random numbers, by its state.
    Generator(View),
    /// A tuple or list whose length is known.
    Tuple(Items),
    /// A dictionary that is known.
    Dict(Vec<(Value, Value)>),
    /// A data type; calling it converts.
    DType(DType),
    /// The limits of a data type: `np.finfo(...)`, `np.iinfo(...)`.
    Limits(DType),
    /// The type of an array, as in annotations.
    ArrayType(DType, Vec<Expr>),
    /// An array that becomes an argument where it is used.
    Outer(OuterArray),
    /// An object that is known by its attributes.
    Namespace(IndexMap<String, Value>),
    /// The type of a structure.
    Structure(Arc<Structure>),
    /// A class of the module.
    Class(Arc<Class>),
    /// An object of a class, by its members.
    Instance(Arc<Class>, IndexMap<String, Value>),
    /// A method of an object.
    Bound(Arc<Method>, Box<Value>),
    /// A module.
    Module(Module),
    /// A module, with other members that the interpreter has.
    OpenModule(Module, IndexMap<String, Value>),
    /// A decorator, or the module `dace` called as one.
    Decorator,
    /// A function of the registry.
    Function(&'static Entry),
    /// A function of the registry that is bound to an array or number.
    Method(&'static Entry, Box<Value>),
    /// An annotated function, by name.
    Program(String),
    /// A plain function of the file.
    Helper(Arc<ast::StmtFunctionDef>),
    /// A lambda.
    Lambda(Arc<ast::ExprLambda>),
    /// One of these two, with the defaults of parameters that were found where it was defined.
    Defaulted(Box<Value>, IndexMap<String, Value>),
    /// `range(start, stop, step)`.
    Range(Expr, Expr, Expr),
    /// `slice(start, stop, step)`.
    Slice([Option<Expr>; 3]),
    /// `np.mgrid` and its like, which make something of a subscript.
    Indexer(Indexer),
    /// Values that are iterated together.
    Zip(Vec<Value>),
    /// Places of an array of that shape, in C order: as tuples of indices, or the elements there.
    Grid(Vec<Expr>, Option<View>),
    /// `dace.map`, before its ranges are given.
    Map,
    /// `dace.mapscope`.
    MapScope,
    /// `dace.consume`.
    Consume,
    /// `dace.consumescope`.
    ConsumeScope,
    /// `dace.tasklet`.
    Tasklet,
    /// `dace.compiletime`, the type of what is known when the program is compiled.
    CompileTime,
    /// A word that steers compilation, such as a storage type.
    Hint,
    /// An object of the interpreter.
    Object(Arc<PythonObject>),
    /// What a Python function gave, which is in words: nobody has said of which type it is.
    Unknown(Arc<str>),
    /// A value that depended on a loop that has ended.
    Stale,
    /// What a name means after `del`.
    Deleted,
    /// A value that could not be found; reported already.
    Poison,
}

impl Value {
    /// What the value is called in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Ellipsis => "an ellipsis",
            Value::Text(_) | Value::Message(_) => "a string",
            Value::Scalar(_) | Value::Cell(_) => "a number",
            Value::Array(_) | Value::Outer(_) => "an array",
            Value::Stream(_) => "a stream",
            Value::Generator(_) => "a generator of random numbers",
            Value::Tuple(items) if items.is_list => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Dict(_) => "a dictionary",
            Value::DType(_) | Value::ArrayType(..) | Value::CompileTime => "a type",
            Value::Structure(_) => "the type of a structure",
            Value::Class(_) => "a class",
            Value::Namespace(_) | Value::Instance(..) => "an object",
            Value::Limits(_) => "the limits of a type",
            Value::Module(_) | Value::OpenModule(..) => "a module",
            Value::Decorator | Value::Function(_) | Value::Method(..) | Value::Bound(..) => "a function",
            Value::Program(_) | Value::Helper(_) | Value::Lambda(_) | Value::Defaulted(..) => "a function",
            Value::Range(..) | Value::Map | Value::MapScope => "a range",
            Value::Slice(_) => "a slice",
            Value::Indexer(_) => "what makes arrays of a subscript",
            Value::Consume | Value::ConsumeScope => "a consuming loop",
            Value::Tasklet => "a tasklet",
            Value::Zip(_) | Value::Grid(..) => "an iterator",
            Value::Object(_) => "an object of Python",
            Value::Unknown(_) => "a value of unknown type",
            Value::Hint => "an option of the compiler",
            Value::Stale | Value::Deleted | Value::Poison => "a value",
        }
    }

    /// The function itself, without the defaults that were found for it; any other value as it is.
    pub(crate) fn undefaulted(&self) -> &Value {
        if let Value::Defaulted(function, _) = self { function } else { self }
    }

    /// Whether the value depends on a symbol.
    pub(crate) fn uses(&self, symbol: &Name) -> bool {
        match self {
            Value::Scalar(scalar) => scalar.code.symbols().contains(symbol),
            Value::Stream(queue) => queue.index.iter().any(|at| at.uses(symbol)),
            Value::Array(view) => {
                let new = |axis: &Axis| matches!(axis, Axis::New(extent) if extent.uses(symbol));
                let uses = |range: &Range| {
                    [&range.start, &range.stop, &range.step].iter().any(|expr| expr.uses(symbol))
                };
                view.subset.dims.iter().any(uses) || view.axes.iter().any(new)
            }
            Value::Tuple(items) => items.iter().any(|item| item.uses(symbol)),
            Value::Zip(items) => items.iter().any(|item| item.uses(symbol)),
            Value::Dict(items) => items.iter().any(|(_, value)| value.uses(symbol)),
            Value::Method(_, value) | Value::Bound(_, value) => value.uses(symbol),
            Value::Namespace(members) | Value::Instance(_, members) | Value::Defaulted(_, members) => {
                members.values().any(|member| member.uses(symbol))
            }
            Value::Range(start, stop, step) => [start, stop, step].iter().any(|expr| expr.uses(symbol)),
            Value::Grid(shape, view) => {
                shape.iter().any(|extent| extent.uses(symbol))
                    || view.as_ref().is_some_and(|view| Value::Array(view.clone()).uses(symbol))
            }
            Value::Slice(bounds) => bounds.iter().flatten().any(|expr| expr.uses(symbol)),
            _ => false,
        }
    }
}
