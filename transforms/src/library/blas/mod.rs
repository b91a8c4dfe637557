//! How [BLAS operations](dacec_ir::library::blas) are computed: by a routine, or by loops.
//!
//! ```text
//! before:  (A) ─ A[0:N, 0:K] ─▶ [Syrk] ─ C[0:N, 0:N] ─▶ (C)
//!          (C) ─ C[0:N, 0:N] ─▶
//! after:   the same edges, and {syrk_f64(N, K, 0, alpha, A, K, 1, beta, C, N, 1)} for the node
//! ```
//!
//! Both work in place: what an operation updates is its result already, or has been copied there.

mod loops;
mod routine;
mod triangles;

use super::gemm::SMALL;
use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{Factor, Form, Size, operand_type, routine::suffix};
use dacec_ir::{Constant, DType, Expr, ScalarExpr, State};

/// A call of a routine of BLAS, such as `syrk_f64`: the built-in one, or that of the library that was chosen.
///
/// Parts of arrays, transposes and columns need no copy: routines take the distances of rows and columns.
///
/// **Requires** that all operands have one of the types that the routines have, that the result is stored as it is, and
/// sizes that are not known to be small.
#[derive(Clone, Copy, Debug)]
pub struct BlasRoutine(pub &'static str);

/// Loops and maps, which fuse with what is around them.
///
/// **Requires** that all operands have the same type.
#[derive(Clone, Copy, Debug)]
pub struct PureBlas(pub &'static str);

impl Expansion for BlasRoutine {
    fn op(&self) -> &'static str {
        self.0
    }

    fn name(&self) -> &'static str {
        "blas"
    }

    fn summary(&self) -> &'static str {
        "A call of a routine of BLAS"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let dtype = checked(call)?;
        if suffix(dtype).is_none() {
            return Err(Refusal::unproved(format!("there is no routine for elements of {dtype}")));
        }
        let extents = call.outputs.values().chain(call.inputs.values()).flat_map(|operand| &operand.shape);
        if extents.map(Expr::as_int).all(|extent| extent.is_some_and(|extent| extent <= SMALL)) {
            return Err(Refusal::unproved("the operands are so small that a call costs more than loops"));
        }
        Ok(())
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        routine::expand(state, call);
    }
}

impl Expansion for PureBlas {
    fn op(&self) -> &'static str {
        self.0
    }

    fn name(&self) -> &'static str {
        "pure"
    }

    fn summary(&self) -> &'static str {
        "Loops that compute what the operation is defined as"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let dtype = checked(call)?;
        let divides =
            matches!(op_of(call), Some(Blas::Trsm(_) | Blas::Nrm2 | Blas::CholeskyInPlace | Blas::LuInPlace));
        if divides && !(dtype.is_float() || dtype.is_complex()) {
            return Err(Refusal::unproved(format!("elements of {dtype} are not divided, and have no roots")));
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let op = *op_of(&call).expect("the requirement was checked");
        match op {
            Blas::Syrk(_)
            | Blas::Syr2k(_)
            | Blas::Symm { .. }
            | Blas::Trmm(_)
            | Blas::Trsm(_)
            | Blas::CholeskyInPlace
            | Blas::LuInPlace => triangles::expand(state, &call, &op),
            _ => loops::expand(around, state, &call, &op),
        }
    }
}

fn op_of(call: &Call) -> Option<&Blas> {
    call.op.as_any().downcast_ref()
}

/// The type of elements, if operands fit the operation.
fn checked(call: &Call) -> Result<DType, Refusal> {
    let op = op_of(call).ok_or_else(|| Refusal::unproved("the operation is none of BLAS"))?;
    let mut operands = op.operands();
    operands.extend(op.old().map(|name| (name, op.result().1)));
    let dtype = call.input(operands[0].0).dtype;
    let mut sizes: [Option<Expr>; 3] = Default::default();
    let inputs = operands.iter().map(|(name, form)| (name, *form, call.input(name)));
    let (result, form) = op.result();
    for (name, form, operand) in inputs.chain([(&result, form, call.output(result))]) {
        let expected = operand_type(form, dtype);
        if operand.dtype != expected {
            let given = operand.dtype;
            return Err(Refusal::unproved(format!("`{name}` has elements of {given} and not of {expected}")));
        }
        if operand.rank() != form.rank() {
            return Err(Refusal::unproved(format!("`{name}` has {} dimensions", operand.rank())));
        }
        for (size, extent) in form.sizes().into_iter().zip(&operand.shape) {
            let known = sizes[size as usize].get_or_insert_with(|| extent.clone());
            if call.facts.prove_eq(known, extent) == Some(false) {
                return Err(Refusal::unproved(format!("the extents {known} and {extent} do not fit")));
            }
        }
    }
    for (factor, name) in [(op.alpha(), "_alpha"), (op.beta(), "_beta")] {
        if factor == Factor::Operand && call.input(name).rank() != 0 {
            return Err(Refusal::unproved(format!("`{name}` is not one number")));
        }
    }
    if call.output(result).memlet.wcr.is_some() {
        return Err(Refusal::unproved("the result is combined with what is there"));
    }
    Ok(dtype)
}

/// The size of that name, for operands that fit.
fn size(call: &Call, op: &Blas, wanted: Size) -> Expr {
    let (result, form) = op.result();
    let all = op.operands().into_iter().map(|(name, form)| (form, call.input(name)));
    let extents = |(form, operand): (Form, &Operand)| -> Vec<(Size, Expr)> {
        form.sizes().into_iter().zip(operand.shape.iter().cloned()).collect()
    };
    let mut known = all.chain([(form, call.output(result))]).flat_map(extents);
    known.find(|(size, _)| *size == wanted).map_or(Expr::one(), |(_, extent)| extent)
}

/// A factor as an expression of tasklets that have its connector.
pub(super) fn factor(call: &Call, factor: Factor, connector: &str, dtype: DType) -> ScalarExpr {
    match factor {
        Factor::Number(number) if dtype.is_complex() => Constant::Complex(number, 0.0, dtype).into(),
        Factor::Number(number) if dtype.is_float() => Constant::Float(number, dtype).into(),
        Factor::Number(number) => Constant::of_int(number as i64, dtype).into(),
        Factor::Operand => ScalarExpr::name(connector).cast(call.input(connector).dtype, dtype),
    }
}
