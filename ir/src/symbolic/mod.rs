//! Symbolic integers: sizes, indices, subsets, loop bounds and conditions.
//!
//! An [`Expr`] is kept in one canonical form from the moment it is made, so most questions about equality are
//! comparisons of structure:
//!
//! ```text
//! (N + 1)*(N - 1)      N**2 - 1            sums and products are one polynomial with sorted terms
//! (4*i + j + 4)//4     i + j//4 + 1        what divides leaves the division
//! i < j and not j <= i i < j               a condition is moved to one side, folded, and moved back
//! min(N, N + 2, 7)     min(N, 7)           what cannot win is dropped
//! ```
//!
//! A polynomial is over [`Atom`]s: symbols, and operations that are not sums and products.
//!
//! # Meaning
//!
//! * The values are 64-bit integers; [`Expr::eval`] is the definition. Sums and products wrap around, and the
//!   polynomial form is exact under that: a sum may be reordered even where an intermediate value overflows.
//! * Every other operation and every comparison means what it means on unbounded integers. What is done to them is
//!   exact as long as no operand overflows, which indices into memory do not.
//! * Division and modulo follow Python: the quotient is rounded down, the remainder has the sign of the divisor.
//! * Truth values are 1 and 0, and whatever is not 0 counts as true.
//! * Some expressions have no value: a division by zero, a negative exponent, a read outside of a container.
//!   Rewriting may give such an expression any meaning (`0*(1//n)` is 0), but never takes a value away. `and`, `or`
//!   and `select` evaluate from left to right and only what they need; operands that may fail keep their order.
//!
//! # Where is what
//!
//! | Question | Module |
//! |---|---|
//! | What an expression is made of | `expr`, `atom` |
//! | Sums and products; powers | `poly`, `power` |
//! | Division and modulo | `division` |
//! | `min`, `max`; conditions; other integer functions | `extremum`, `logic`, `function` |
//! | Values; replacing symbols | `eval`, `subs` |
//! | Linear structure, solving for a symbol | `affine` |
//! | What is known about symbols; three-valued proofs | [`facts`] |
//! | Cheaper forms of divisions, `min`, `select` | [`simplify()`] |
//! | Text, both ways | `print`, `parse` |

mod affine;
mod atom;
mod division;
mod eval;
mod expr;
mod extremum;
pub mod facts;
mod function;
mod logic;
mod ops;
mod parse;
mod poly;
mod power;
mod print;
mod query;
mod simplify;

mod subs;

pub use affine::Affine;
pub use atom::{Atom, CmpOp};
pub use eval::{Env, EvalError};
pub use expr::{Expr, Factor, Terms};
pub use facts::Facts;
pub use function::Function;
pub use parse::{ParseError, ParseErrorKind};

pub use simplify::{cost, simplify};
pub use subs::Substitution;

#[cfg(test)]
mod tests;
