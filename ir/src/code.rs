//! The typed language of tasklets and of conditions.
//!
//! Scalar computation is data, not text: passes look into it, the interpreter evaluates it, every backend prints it.
//! The language has no implicit conversion. Both operands of a [`BinaryOp`] have the same type, and a front end that
//! promotes inserts [`ScalarExpr::Cast`]. So a type is found bottom-up, and means the same everywhere:
//!
//! * integers wrap; `//` and `%` round towards negative infinity, as in Python; shifts by the width or more give 0
//!   (-1 for a negative number shifted right);
//! * division by an integer zero gives 0, as NumPy's arrays do;
//! * floats follow IEEE 754; `min` and `max` return NaN if either operand is NaN (`fmin` and `fmax` do not);
//! * casts from float to integer truncate; from complex to real drop the imaginary part; to bool compare with zero.

use crate::dtype::Kind;
use crate::name::inserting;
use crate::{DType, Expr, Name};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeSet;

/// A literal of a given type.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Constant {
    /// A truth value.
    Bool(bool),
    /// An integer of an integer type.
    Int(i64, DType),
    /// An unsigned 64-bit integer that [`Constant::Int`] cannot hold.
    UInt(u64),
    /// A real number of a floating-point type.
    Float(f64, DType),
    /// A complex number of a complex type: real and imaginary part.
    Complex(f64, f64, DType),
}

impl Constant {
    /// The number `value` as a constant of type `dtype`.
    pub fn of_int(value: i64, dtype: DType) -> Self {
        match dtype {
            DType::Bool => Constant::Bool(value != 0),
            _ if dtype.is_integer() => Constant::Int(value, dtype),
            _ if dtype.is_complex() => Constant::Complex(value as f64, 0.0, dtype),
            _ => Constant::Float(value as f64, dtype),
        }
    }

    /// Type of the literal.
    pub fn dtype(&self) -> DType {
        match self {
            Constant::Bool(_) => DType::Bool,
            Constant::UInt(_) => DType::UInt64,
            Constant::Int(_, dtype) | Constant::Float(_, dtype) | Constant::Complex(_, _, dtype) => *dtype,
        }
    }
}

/// An operation on one operand. The result has the operand's type, except where said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `-x`.
    Neg,
    /// Logical negation of a truth value.
    Not,
    /// `~x` of an integer.
    BitNot,
}

/// An operation on two operands of the same type. Comparisons and logical operations give a truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `a + b`; logical or of truth values.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`; logical and of truth values.
    Mul,
    /// `a / b` of floats and complex numbers.
    Div,
    /// `a // b`, rounded towards negative infinity.
    FloorDiv,
    /// `a % b` with the sign of `b`.
    Mod,
    /// `a ** b`; a negative integer exponent gives 0 unless the base is 1 or -1.
    Pow,
    /// The smaller; NaN if either is.
    Min,
    /// The larger; NaN if either is.
    Max,
    /// `a & b` of integers or truth values.
    BitAnd,
    /// `a | b` of integers or truth values.
    BitOr,
    /// `a ^ b` of integers or truth values.
    BitXor,
    /// `a << b`.
    Shl,
    /// `a >> b`, keeping the sign.
    Shr,
    /// Both truth values. Evaluates both operands.
    And,
    /// Either truth value. Evaluates both operands.
    Or,
    /// `a == b`.
    Eq,
    /// `a != b`.
    Ne,
    /// `a < b`; complex numbers compare lexicographically, as in NumPy.
    Lt,
    /// `a <= b`.
    Le,
    /// `a > b`.
    Gt,
    /// `a >= b`.
    Ge,
}

impl BinaryOp {
    /// Whether the result is a truth value whatever the operands are.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::*;
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }
}

/// A mathematical function. Real functions take and give floats of one type; where a complex form exists in NumPy they
/// take complex numbers too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is the C function of its name, except where said")]
pub enum Function {
    /// Absolute value of any number; of a complex number, its magnitude (a real).
    Abs,
    /// -1, 0 or 1 with the operand's type; NaN stays NaN.
    Sign,
    Sqrt,
    Cbrt,
    Exp,
    Exp2,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Atan2,
    Hypot,
    Copysign,
    Nextafter,
    Floor,
    Ceil,
    Trunc,
    /// To the nearest integer, halves to even.
    Rint,
    /// The smaller; the other one if one is NaN.
    Fmin,
    /// The larger; the other one if one is NaN.
    Fmax,
    /// The remainder with the sign of the dividend, as C's `fmod` and `%`; integers too.
    Fmod,
    /// A truth value.
    Isnan,
    /// A truth value.
    Isinf,
    /// A truth value.
    Isfinite,
    /// A truth value: whether the sign bit is set.
    Signbit,
    Erf,
    /// One minus the error function.
    Erfc,
    /// The gamma function.
    Gamma,
    /// The logarithm of the gamma function's magnitude.
    Lgamma,
    /// Real part of a complex number.
    Real,
    /// Imaginary part of a complex number.
    Imag,
    /// Complex conjugate.
    Conj,
    /// The complex number with these parts, of single or double precision.
    Complex,
    /// Greatest common divisor of integers, not negative.
    Gcd,
    /// The bits of a float of half, single or double precision, as an unsigned integer of the same size.
    Bits,
    /// The float whose [`Bits`](Function::Bits) an unsigned integer of 16, 32 or 64 bits is.
    FromBits,
}

impl Function {
    /// Every function.
    pub const ALL: [Function; 49] = {
        use Function::*;
        [
            Abs, Sign, Sqrt, Cbrt, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan, Asin, Acos,
            Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Atan2, Hypot, Copysign, Nextafter, Floor, Ceil,
            Trunc, Rint, Fmin, Fmax, Fmod, Isnan, Isinf, Isfinite, Signbit, Erf, Erfc, Gamma, Lgamma, Real,
            Imag, Conj, Complex, Gcd, Bits, FromBits,
        ]
    };

    /// Number of operands.
    pub fn arity(self) -> usize {
        use Function::*;
        match self {
            Atan2 | Hypot | Copysign | Nextafter | Fmin | Fmax | Fmod | Gcd | Complex => 2,
            _ => 1,
        }
    }

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        use Function::*;
        match self {
            Abs => "abs",
            Sign => "sign",
            Sqrt => "sqrt",
            Cbrt => "cbrt",
            Exp => "exp",
            Exp2 => "exp2",
            Expm1 => "expm1",
            Log => "log",
            Log2 => "log2",
            Log10 => "log10",
            Log1p => "log1p",
            Sin => "sin",
            Cos => "cos",
            Tan => "tan",
            Asin => "asin",
            Acos => "acos",
            Atan => "atan",
            Sinh => "sinh",
            Cosh => "cosh",
            Tanh => "tanh",
            Asinh => "asinh",
            Acosh => "acosh",
            Atanh => "atanh",
            Atan2 => "atan2",
            Hypot => "hypot",
            Copysign => "copysign",
            Nextafter => "nextafter",
            Floor => "floor",
            Ceil => "ceil",
            Trunc => "trunc",
            Rint => "rint",
            Fmin => "fmin",
            Fmax => "fmax",
            Fmod => "fmod",
            Isnan => "isnan",
            Isinf => "isinf",
            Isfinite => "isfinite",
            Signbit => "signbit",
            Erf => "erf",
            Erfc => "erfc",
            Gamma => "tgamma",
            Lgamma => "lgamma",
            Real => "real",
            Imag => "imag",
            Conj => "conj",
            Complex => "complex",
            Gcd => "gcd",
            Bits => "bits",
            FromBits => "from_bits",
        }
    }

    /// Type of the result for operands of type `operand`.
    pub fn result(self, operand: DType) -> DType {
        use Function::*;
        match self {
            Isnan | Isinf | Isfinite | Signbit => DType::Bool,
            Abs | Real | Imag => operand.real(),
            Complex if operand == DType::Float32 => DType::Complex64,
            Complex => DType::Complex128,
            Bits => operand.same_size_unsigned(),
            FromBits => operand.same_size_float(),
            _ => operand,
        }
    }
}

/// A scalar computation without side effects.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarExpr {
    /// A literal.
    Constant(Constant),
    /// A value by name. In a tasklet: a connector that carries one element, or a local variable.
    /// On control flow: a scalar container.
    Name(Name),
    /// An integer expression over symbols, of type `int64`.
    Symbolic(Expr),
    /// One element. In a tasklet: of a connector that carries several elements, whose dimensions are those of its
    /// memlet's subset without single indices, counted from the subset's start in steps of one.
    /// On control flow: of an array container. Indices are `int64`.
    Load {
        /// The connector or container.
        name: Name,
        /// One index for each dimension.
        indices: Vec<ScalarExpr>,
    },
    /// An operation on one operand.
    Unary(UnaryOp, Box<ScalarExpr>),
    /// An operation on two operands of the same type.
    Binary(BinaryOp, Box<ScalarExpr>, Box<ScalarExpr>),
    /// A mathematical function; all operands have the same type.
    Call(Function, Vec<ScalarExpr>),
    /// `then` if the condition is true, else `otherwise`; both have the same type. Only the chosen one is evaluated.
    Select {
        /// A truth value.
        condition: Box<ScalarExpr>,
        /// The value if true.
        then: Box<ScalarExpr>,
        /// The value if false.
        otherwise: Box<ScalarExpr>,
    },
    /// The operand converted to another type.
    Cast(DType, Box<ScalarExpr>),
    /// On control flow: whether the caller left out an [optional](crate::Array::optional) array. It reads no element.
    IsNone(Name),
}

impl ScalarExpr {
    /// A value by name.
    pub fn name(name: impl Into<Name>) -> Self {
        ScalarExpr::Name(name.into())
    }

    /// A literal `float64`.
    pub fn float(value: f64) -> Self {
        ScalarExpr::Constant(Constant::Float(value, DType::Float64))
    }

    /// A literal `int64`.
    pub fn int(value: i64) -> Self {
        ScalarExpr::Constant(Constant::Int(value, DType::Int64))
    }

    /// An operation on two operands.
    pub fn binary(op: BinaryOp, lhs: ScalarExpr, rhs: ScalarExpr) -> Self {
        ScalarExpr::Binary(op, Box::new(lhs), Box::new(rhs))
    }

    /// An operation on one operand.
    pub fn unary(op: UnaryOp, operand: ScalarExpr) -> Self {
        ScalarExpr::Unary(op, Box::new(operand))
    }

    /// A function of one operand.
    pub fn call(function: Function, operand: ScalarExpr) -> Self {
        ScalarExpr::Call(function, vec![operand])
    }

    /// One of two values.
    pub fn select(condition: ScalarExpr, then: ScalarExpr, otherwise: ScalarExpr) -> Self {
        ScalarExpr::Select { condition: condition.into(), then: then.into(), otherwise: otherwise.into() }
    }

    /// The value converted to `dtype`; itself where `from` is that type already.
    pub fn cast(self, from: DType, dtype: DType) -> Self {
        if from == dtype { self } else { ScalarExpr::Cast(dtype, Box::new(self)) }
    }

    /// Type of the value; `lookup` gives the types of names and of the elements of loaded containers.
    pub fn dtype(&self, lookup: &dyn Fn(&Name) -> Option<DType>) -> Result<DType, TypeError> {
        match self {
            ScalarExpr::Constant(constant) => Ok(constant.dtype()),
            ScalarExpr::Symbolic(_) => Ok(DType::Int64),
            ScalarExpr::Name(name) => lookup(name).ok_or_else(|| TypeError::Undefined(name.clone())),
            ScalarExpr::Load { name, indices } => {
                for index in indices {
                    let given = index.dtype(lookup)?;
                    if given != DType::Int64 {
                        return Err(TypeError::Index { name: name.clone(), given });
                    }
                }
                lookup(name).ok_or_else(|| TypeError::Undefined(name.clone()))
            }
            ScalarExpr::Unary(op, operand) => unary_type(*op, operand.dtype(lookup)?),
            ScalarExpr::Binary(op, lhs, rhs) => binary_type(*op, lhs.dtype(lookup)?, rhs.dtype(lookup)?),
            ScalarExpr::Call(function, args) => call_type(*function, args, lookup),
            ScalarExpr::Select { condition, then, otherwise } => {
                let given = condition.dtype(lookup)?;
                if given != DType::Bool {
                    return Err(TypeError::Condition { given });
                }
                let (a, b) = (then.dtype(lookup)?, otherwise.dtype(lookup)?);
                if a == b { Ok(a) } else { Err(TypeError::Mismatch { op: "select", lhs: a, rhs: b }) }
            }
            ScalarExpr::Cast(dtype, operand) => operand.dtype(lookup).map(|_| *dtype),
            ScalarExpr::IsNone(name) => match lookup(name) {
                Some(_) => Ok(DType::Bool),
                None => Err(TypeError::Undefined(name.clone())),
            },
        }
    }

    /// Direct operands.
    pub fn children(&self) -> SmallVec<[&ScalarExpr; 3]> {
        match self {
            ScalarExpr::Constant(_) | ScalarExpr::Name(_) | ScalarExpr::Symbolic(_) => smallvec![],
            ScalarExpr::IsNone(_) => smallvec![],
            ScalarExpr::Load { indices, .. } => indices.iter().collect(),
            ScalarExpr::Unary(_, operand) | ScalarExpr::Cast(_, operand) => smallvec![&**operand],
            ScalarExpr::Binary(_, lhs, rhs) => smallvec![&**lhs, &**rhs],
            ScalarExpr::Call(_, args) => args.iter().collect(),
            ScalarExpr::Select { condition, then, otherwise } => {
                smallvec![&**condition, &**then, &**otherwise]
            }
        }
    }

    /// Direct operands, for change.
    pub fn children_mut(&mut self) -> SmallVec<[&mut ScalarExpr; 3]> {
        match self {
            ScalarExpr::Constant(_) | ScalarExpr::Name(_) | ScalarExpr::Symbolic(_) => smallvec![],
            ScalarExpr::IsNone(_) => smallvec![],
            ScalarExpr::Load { indices, .. } => indices.iter_mut().collect(),
            ScalarExpr::Unary(_, operand) | ScalarExpr::Cast(_, operand) => smallvec![&mut **operand],
            ScalarExpr::Binary(_, lhs, rhs) => smallvec![&mut **lhs, &mut **rhs],
            ScalarExpr::Call(_, args) => args.iter_mut().collect(),
            ScalarExpr::Select { condition, then, otherwise } => {
                smallvec![&mut **condition, &mut **then, &mut **otherwise]
            }
        }
    }

    /// Calls `f` on this expression and everything in it, outside in.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(&'a ScalarExpr)) {
        f(self);
        for child in self.children() {
            child.visit(f);
        }
    }

    /// Calls `f` on everything in this expression and then on itself, inside out.
    pub fn visit_mut(&mut self, f: &mut dyn FnMut(&mut ScalarExpr)) {
        for child in self.children_mut() {
            child.visit_mut(f);
        }
        f(self);
    }

    /// Names read: of values, connectors, containers. Symbols are not among them, nor arrays of which only is asked whether
    /// they are there.
    pub fn names(&self) -> BTreeSet<Name> {
        let mut names = BTreeSet::new();
        self.visit(&mut |expr| {
            if let ScalarExpr::Name(name) | ScalarExpr::Load { name, .. } = expr {
                names.insert(name.clone());
            }
        });
        names
    }

    /// Symbols read.
    pub fn symbols(&self) -> BTreeSet<Name> {
        let mut symbols = BTreeSet::new();
        self.visit_symbols(&mut inserting(&mut symbols));
        symbols
    }

    /// Calls `f` on each of the [symbols](ScalarExpr::symbols), repeated ones repeatedly.
    pub(crate) fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        self.visit(&mut |expr| {
            if let ScalarExpr::Symbolic(value) = expr {
                value.visit_symbols(f);
            }
        });
    }

    /// Gives names another name: values and loaded connectors or containers.
    pub fn rename(&mut self, f: &dyn Fn(&Name) -> Option<Name>) {
        self.visit_mut(&mut |expr| {
            if let ScalarExpr::Name(name) | ScalarExpr::Load { name, .. } | ScalarExpr::IsNone(name) = expr
                && let Some(new) = f(name)
            {
                *name = new;
            }
        });
    }

    /// Rewrites every symbolic expression.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        self.visit_mut(&mut |expr| {
            if let ScalarExpr::Symbolic(value) = expr {
                *value = f(value);
            }
        });
    }

    /// The literal, if the expression is one.
    pub fn as_constant(&self) -> Option<Constant> {
        match self {
            ScalarExpr::Constant(constant) => Some(*constant),
            ScalarExpr::Symbolic(expr) => expr.as_int().map(|value| Constant::Int(value, DType::Int64)),
            _ => None,
        }
    }

    /// The expression as a symbolic one, if it is an `int64` or truth value made of symbols, integer literals and
    /// operations that the symbolic engine has. Comparisons of floats and reads of containers are not.
    pub fn to_symbolic(&self) -> Option<Expr> {
        match self {
            ScalarExpr::Constant(Constant::Int(value, DType::Int64)) => Some(Expr::int(*value)),
            ScalarExpr::Constant(Constant::Bool(value)) => Some(Expr::truth(*value)),
            ScalarExpr::Symbolic(expr) => Some(expr.clone()),
            ScalarExpr::Unary(UnaryOp::Neg, operand) => Some(-operand.to_symbolic()?),
            ScalarExpr::Unary(UnaryOp::Not, operand) => Some(operand.to_symbolic()?.not()),
            ScalarExpr::Binary(op, lhs, rhs) => symbolic_binary(*op, lhs.to_symbolic()?, rhs.to_symbolic()?),
            ScalarExpr::Call(Function::Abs, args) => {
                let value = args.first()?.to_symbolic()?;
                Some(value.max(&-&value))
            }
            _ => None,
        }
    }
}

fn symbolic_binary(op: BinaryOp, lhs: Expr, rhs: Expr) -> Option<Expr> {
    Some(match op {
        BinaryOp::Add => lhs + rhs,
        BinaryOp::Sub => lhs - rhs,
        BinaryOp::Mul => lhs * rhs,
        // A divisor that may be zero is an error in one language and a zero in the other.
        BinaryOp::FloorDiv if rhs.as_int().is_some_and(|value| value != 0) => lhs.floor_div(&rhs),
        BinaryOp::Mod if rhs.as_int().is_some_and(|value| value != 0) => lhs.modulo(&rhs),
        BinaryOp::Min => lhs.min(&rhs),
        BinaryOp::Max => lhs.max(&rhs),
        BinaryOp::And => lhs.and(&rhs),
        BinaryOp::Or => lhs.or(&rhs),
        BinaryOp::Eq => lhs.eq_expr(&rhs),
        BinaryOp::Ne => lhs.ne_expr(&rhs),
        BinaryOp::Lt => lhs.lt(&rhs),
        BinaryOp::Le => lhs.le(&rhs),
        BinaryOp::Gt => lhs.gt(&rhs),
        BinaryOp::Ge => lhs.ge(&rhs),
        _ => return None,
    })
}

impl From<Constant> for ScalarExpr {
    fn from(constant: Constant) -> Self {
        ScalarExpr::Constant(constant)
    }
}

impl From<Expr> for ScalarExpr {
    fn from(expr: Expr) -> Self {
        ScalarExpr::Symbolic(expr)
    }
}

/// An expression has no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// A name that nothing defines.
    #[error("`{0}` is not defined here")]
    Undefined(Name),
    /// Operands of different types.
    #[error("`{op}` has operands of types {lhs} and {rhs}")]
    Mismatch {
        /// The operation.
        op: &'static str,
        /// Type of the first operand.
        lhs: DType,
        /// Type of the second operand.
        rhs: DType,
    },
    /// An operation that the type does not have.
    #[error("{dtype} has no operation `{op}`")]
    Unsupported {
        /// The operation.
        op: &'static str,
        /// Type of the operands.
        dtype: DType,
    },
    /// A function with the wrong number of operands.
    #[error("`{function}` takes {arity} operands, {given} are given")]
    Arity {
        /// The function.
        function: &'static str,
        /// Number it takes.
        arity: usize,
        /// Number given.
        given: usize,
    },
    /// A condition that is no truth value.
    #[error("a condition is of type {given}, not bool")]
    Condition {
        /// Its type.
        given: DType,
    },
    /// An index that is no `int64`.
    #[error("an index of `{name}` is of type {given}, not int64")]
    Index {
        /// What is indexed.
        name: Name,
        /// Type of the index.
        given: DType,
    },
}

impl UnaryOp {
    /// The symbol that the text form prints.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Neg => "-",
            UnaryOp::Not => "not ",
            UnaryOp::BitNot => "~",
        }
    }
}

impl BinaryOp {
    /// The symbol or word that the text form prints.
    pub fn symbol(self) -> &'static str {
        use BinaryOp::*;
        match self {
            Add => "+",
            Sub => "-",
            Mul => "*",
            Div => "/",
            FloorDiv => "//",
            Mod => "%",
            Pow => "**",
            Min => "min",
            Max => "max",
            BitAnd => "&",
            BitOr => "|",
            BitXor => "^",
            Shl => "<<",
            Shr => ">>",
            And => "and",
            Or => "or",
            Eq => "==",
            Ne => "!=",
            Lt => "<",
            Le => "<=",
            Gt => ">",
            Ge => ">=",
        }
    }
}

fn unary_type(op: UnaryOp, operand: DType) -> Result<DType, TypeError> {
    if let Some(vector) = operand.as_vector() {
        let lane = unary_type(op, vector.element()).map(|_| operand);
        return lane.map_err(|_| TypeError::Unsupported { op: op.symbol(), dtype: operand });
    }
    let allowed = match op {
        _ if operand.kind() == Kind::Handle => false,
        UnaryOp::Neg => operand != DType::Bool,
        UnaryOp::Not => operand == DType::Bool,
        UnaryOp::BitNot => operand.is_integer(),
    };
    if allowed { Ok(operand) } else { Err(TypeError::Unsupported { op: op.symbol(), dtype: operand }) }
}

fn binary_type(op: BinaryOp, lhs: DType, rhs: DType) -> Result<DType, TypeError> {
    use BinaryOp::*;
    if lhs != rhs {
        return Err(TypeError::Mismatch { op: op.symbol(), lhs, rhs });
    }
    if let Some(vector) = lhs.as_vector() {
        // There are no vectors of truth values that anything could be done with.
        let lane = binary_type(op, vector.element(), vector.element());
        return match lane {
            Ok(lane) if lane == vector.element() => Ok(lhs),
            _ => Err(TypeError::Unsupported { op: op.symbol(), dtype: lhs }),
        };
    }
    let allowed = match op {
        _ if lhs.kind() == Kind::Handle => false,
        Add | Mul | Min | Max | Eq | Ne | Lt | Le | Gt | Ge => true,
        Sub | Pow => lhs != DType::Bool,
        Div => lhs.is_float() || lhs.is_complex(),
        FloorDiv | Mod => lhs.is_integer() || lhs.is_float(),
        BitAnd | BitOr | BitXor => lhs.is_integer() || lhs == DType::Bool,
        Shl | Shr => lhs.is_integer(),
        And | Or => lhs == DType::Bool,
    };
    if !allowed {
        return Err(TypeError::Unsupported { op: op.symbol(), dtype: lhs });
    }
    Ok(if op.is_comparison() { DType::Bool } else { lhs })
}

fn call_type(
    function: Function,
    args: &[ScalarExpr],
    lookup: &dyn Fn(&Name) -> Option<DType>,
) -> Result<DType, TypeError> {
    if args.len() != function.arity() {
        return Err(TypeError::Arity {
            function: function.name(),
            arity: function.arity(),
            given: args.len(),
        });
    }
    let first = args[0].dtype(lookup)?;
    for arg in &args[1..] {
        let rhs = arg.dtype(lookup)?;
        if rhs != first {
            return Err(TypeError::Mismatch { op: function.name(), lhs: first, rhs });
        }
    }
    let lane = first.lane();
    if first != lane && function_takes(function, lane) && function.result(lane) == lane {
        return Ok(first);
    }
    if function_takes(function, first) {
        Ok(function.result(first))
    } else {
        Err(TypeError::Unsupported { op: function.name(), dtype: first })
    }
}

fn function_takes(function: Function, operand: DType) -> bool {
    use Function::*;
    match function {
        _ if matches!(operand.kind(), Kind::Vector | Kind::Handle) => false,
        Abs | Sign => operand != DType::Bool,
        Fmin | Fmax | Fmod => !operand.is_complex() && operand != DType::Bool,
        Gcd => operand.is_integer(),
        Bits => matches!(operand, DType::Float16 | DType::Float32 | DType::Float64),
        FromBits => matches!(operand, DType::UInt16 | DType::UInt32 | DType::UInt64),
        Complex => matches!(operand, DType::Float32 | DType::Float64),
        Real | Imag | Conj => operand.is_complex(),
        Sqrt | Exp | Log | Log2 | Log10 | Log1p | Expm1 | Exp2 | Sin | Cos | Tan | Asin | Acos | Atan
        | Sinh | Cosh | Tanh | Asinh | Acosh | Atanh | Isnan | Isinf | Isfinite => {
            operand.is_float() || operand.is_complex()
        }
        _ => operand.is_float(),
    }
}

/// A step of a tasklet's body.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// Gives a value to an output connector that carries one element, or to a local variable. Every local variable is
    /// assigned before it is read, on every path, and always with the same type.
    Assign {
        /// The connector or variable.
        target: Name,
        /// Its new value.
        value: ScalarExpr,
    },
    /// Writes one element of an output connector that carries several; indices as in [`ScalarExpr::Load`].
    Store {
        /// The connector.
        target: Name,
        /// One index for each dimension.
        indices: Vec<ScalarExpr>,
        /// The element's new value.
        value: ScalarExpr,
    },
    /// Takes one of two paths.
    If {
        /// A truth value.
        condition: ScalarExpr,
        /// The path if true.
        then: Vec<Stmt>,
        /// The path if false.
        otherwise: Vec<Stmt>,
    },
}

impl Stmt {
    /// Gives `value` to `target`.
    pub fn assign(target: impl Into<Name>, value: ScalarExpr) -> Self {
        Stmt::Assign { target: target.into(), value }
    }

    /// Calls `f` on every expression of the statement (not on parts of expressions).
    pub fn visit_exprs<'a>(&'a self, f: &mut dyn FnMut(&'a ScalarExpr)) {
        match self {
            Stmt::Assign { value, .. } => f(value),
            Stmt::Store { indices, value, .. } => {
                indices.iter().for_each(&mut *f);
                f(value);
            }
            Stmt::If { condition, then, otherwise } => {
                f(condition);
                for stmt in then.iter().chain(otherwise) {
                    stmt.visit_exprs(f);
                }
            }
        }
    }

    /// Calls `f` on every expression of the statement, for change (not on parts of expressions).
    pub fn visit_exprs_mut(&mut self, f: &mut dyn FnMut(&mut ScalarExpr)) {
        match self {
            Stmt::Assign { value, .. } => f(value),
            Stmt::Store { indices, value, .. } => {
                indices.iter_mut().for_each(&mut *f);
                f(value);
            }
            Stmt::If { condition, then, otherwise } => {
                f(condition);
                for stmt in then.iter_mut().chain(otherwise) {
                    stmt.visit_exprs_mut(f);
                }
            }
        }
    }

    /// Gives names another name, targets too.
    pub fn rename(&mut self, f: &dyn Fn(&Name) -> Option<Name>) {
        self.visit_exprs_mut(&mut |expr| expr.rename(f));
        self.visit_targets_mut(&mut |target| {
            if let Some(new) = f(target) {
                *target = new;
            }
        });
    }

    fn visit_targets_mut(&mut self, f: &mut dyn FnMut(&mut Name)) {
        match self {
            Stmt::Assign { target, .. } | Stmt::Store { target, .. } => f(target),
            Stmt::If { then, otherwise, .. } => {
                for stmt in then.iter_mut().chain(otherwise) {
                    stmt.visit_targets_mut(f);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(name: &Name) -> Option<DType> {
        match name.as_str() {
            "x" => Some(DType::Float64),
            "k" => Some(DType::Int32),
            "z" => Some(DType::Complex64),
            _ => None,
        }
    }

    #[test]
    fn operands_must_agree() {
        let sum = ScalarExpr::binary(BinaryOp::Add, ScalarExpr::name("x"), ScalarExpr::name("k"));
        let error = TypeError::Mismatch { op: "+", lhs: DType::Float64, rhs: DType::Int32 };
        assert_eq!(sum.dtype(&types), Err(error));
        let promoted = ScalarExpr::name("k").cast(DType::Int32, DType::Float64);
        let sum = ScalarExpr::binary(BinaryOp::Add, ScalarExpr::name("x"), promoted);
        assert_eq!(sum.dtype(&types), Ok(DType::Float64));
    }

    #[test]
    fn results_follow_the_operation() {
        let less = ScalarExpr::binary(BinaryOp::Lt, ScalarExpr::name("x"), ScalarExpr::float(1.0));
        assert_eq!(less.dtype(&types), Ok(DType::Bool));
        assert_eq!(ScalarExpr::call(Function::Abs, ScalarExpr::name("z")).dtype(&types), Ok(DType::Float32));
        let undefined = ScalarExpr::name("nothing");
        assert_eq!(undefined.dtype(&types), Err(TypeError::Undefined("nothing".into())));
    }

    #[test]
    fn integer_conditions_become_symbolic() {
        let n = ScalarExpr::Symbolic(Expr::sym("N"));
        let condition = ScalarExpr::binary(BinaryOp::Lt, ScalarExpr::int(3), n.clone());
        assert_eq!(condition.to_symbolic(), Some(Expr::int(3).lt(&Expr::sym("N"))));
        let division = ScalarExpr::binary(BinaryOp::FloorDiv, ScalarExpr::int(3), n);
        assert_eq!(division.to_symbolic(), None, "N may be zero");
    }
}
