//! The arguments and results of a compiled program: what its C interface takes, and what a caller must pass.
//!
//! The calling convention, in this order:
//!
//! ```text
//! def gemm(alpha: float64, A: float64[N, K], B: float64[K, M]) -> float64[N, M]
//!
//! int32_t dacec_gemm(double alpha, const double *A, const double *B,    arguments as in the source
//!                    double *__return,                                  results
//!                    int64_t K, int64_t M, int64_t N);                  free symbols
//! int32_t dacec_call_gemm(void **args);                                 the same, for callers without a compiler
//! const char *dacec_error_gemm(void);                                   the message of this thread's last error
//! ```
//!
//! In `args`, the entry of an array is its data pointer; that of a scalar or symbol points to the value.

use dacec_ir::{DType, Expr, Name};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a compiled program is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The name of the program.
    pub name: Name,
    /// What the caller passes, in source order.
    pub arguments: Vec<Argument>,
    /// What the caller gets: arrays that are allocated before the call. A single value is an array without dimensions.
    pub returns: Vec<Argument>,
    /// Free symbols, in the order of the C interface.
    pub symbols: Vec<Name>,
}

/// One argument or result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: ArgumentKind,
}

/// What an argument or result is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArgumentKind {
    /// A block of elements in the caller's memory.
    Array(ArrayArgument),
    /// A value.
    Scalar {
        /// Its type.
        dtype: DType,
    },
}

/// An array as the program expects it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayArgument {
    /// The element type.
    pub dtype: DType,
    /// The extents.
    #[serde(with = "text::list")]
    pub shape: Vec<Expr>,
    /// The distances between neighbours in elements; `None` is C order without gaps.
    #[serde(default, with = "text::optional_list", skip_serializing_if = "Option::is_none")]
    pub strides: Option<Vec<Expr>>,
    /// Whether the program reads elements that the caller wrote.
    pub read: bool,
    /// Whether the program writes elements.
    pub written: bool,
}

impl Argument {
    /// An array in C order that the program reads.
    pub fn input(name: impl Into<Name>, dtype: DType, shape: impl Into<Vec<Expr>>) -> Argument {
        Argument::array(name, dtype, shape, true, false)
    }

    /// An array in C order that the program writes and does not read.
    pub fn output(name: impl Into<Name>, dtype: DType, shape: impl Into<Vec<Expr>>) -> Argument {
        Argument::array(name, dtype, shape, false, true)
    }

    /// An array in C order that the program reads and writes.
    pub fn in_out(name: impl Into<Name>, dtype: DType, shape: impl Into<Vec<Expr>>) -> Argument {
        Argument::array(name, dtype, shape, true, true)
    }

    /// A value.
    pub fn scalar(name: impl Into<Name>, dtype: DType) -> Argument {
        Argument { name: name.into(), kind: ArgumentKind::Scalar { dtype } }
    }

    /// The description of the array, if it is one.
    pub fn as_array(&self) -> Option<&ArrayArgument> {
        match &self.kind {
            ArgumentKind::Array(array) => Some(array),
            ArgumentKind::Scalar { .. } => None,
        }
    }

    /// The element type, or the type of the value.
    pub fn dtype(&self) -> DType {
        match &self.kind {
            ArgumentKind::Array(array) => array.dtype,
            ArgumentKind::Scalar { dtype } => *dtype,
        }
    }

    fn array(
        name: impl Into<Name>,
        dtype: DType,
        shape: impl Into<Vec<Expr>>,
        read: bool,
        written: bool,
    ) -> Argument {
        let array = ArrayArgument { dtype, shape: shape.into(), strides: None, read, written };
        Argument { name: name.into(), kind: ArgumentKind::Array(array) }
    }
}

/// `float64[N, M]`, as in annotations.
impl fmt::Display for ArrayArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        write!(f, "{}[{}]", self.dtype, extents.join(", "))
    }
}

impl fmt::Display for ArgumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArgumentKind::Array(array) => write!(f, "{array}"),
            ArgumentKind::Scalar { dtype } => write!(f, "{dtype}"),
        }
    }
}

/// `gemm(alpha: float64, A: float64[N, K]) -> float64[N]`
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> =
            self.arguments.iter().map(|argument| format!("{}: {}", argument.name, argument.kind)).collect();
        write!(f, "{}({})", self.name, arguments.join(", "))?;
        let returns: Vec<String> = self.returns.iter().map(|result| result.kind.to_string()).collect();
        match &returns[..] {
            [] => Ok(()),
            [one] => write!(f, " -> {one}"),
            several => write!(f, " -> ({})", several.join(", ")),
        }
    }
}

/// Expressions as text, in the syntax that people write.
mod text {
    use dacec_ir::Expr;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    fn print(expressions: &[Expr]) -> Vec<String> {
        expressions.iter().map(ToString::to_string).collect()
    }

    fn parse<E: Error>(texts: Vec<String>) -> Result<Vec<Expr>, E> {
        texts.iter().map(|text| Expr::parse(text).map_err(E::custom)).collect()
    }

    pub(super) mod list {
        use super::*;

        pub(crate) fn serialize<S: Serializer>(
            expressions: &[Expr],
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            print(expressions).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Expr>, D::Error> {
            parse(Vec::deserialize(deserializer)?)
        }
    }

    pub(super) mod optional_list {
        use super::*;

        pub(crate) fn serialize<S: Serializer>(
            expressions: &Option<Vec<Expr>>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            expressions.as_deref().map(print).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Vec<Expr>>, D::Error> {
            Option::<Vec<String>>::deserialize(deserializer)?.map(parse).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_json() {
        let n = Expr::sym("N");
        let mut strided = Argument::in_out("C", DType::Int32, [n.clone() + 1, n.clone()]);
        if let ArgumentKind::Array(array) = &mut strided.kind {
            array.strides = Some(vec![n.clone() * 2, Expr::one()]);
        }
        let signature = Signature {
            name: "f".into(),
            arguments: vec![
                Argument::input("A", DType::Float64, [n.clone()]),
                strided,
                Argument::scalar("x", DType::Bool),
            ],
            returns: vec![Argument::output("__return", DType::Float32, [])],
            symbols: vec!["N".into()],
        };
        let text = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<Signature>(&text).unwrap(), signature);
        assert_eq!(signature.to_string(), "f(A: float64[N], C: int32[N + 1, N], x: bool) -> float32[]");
        assert!(serde_json::from_str::<Signature>(&text.replace("N + 1", "N +")).is_err());
    }
}
