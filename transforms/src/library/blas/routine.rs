//! The call of a routine. What is transposed, or on the right, is so by exchanged distances: see
//! [`dacec_ir::library::blas::routine`].

use super::{Call, Operand, factor, op_of, size};
use dacec_ir::library::Blas;
use dacec_ir::library::blas::routine::{Parameter, Routine, suffix};
use dacec_ir::library::blas::{Side, Size, Trans, Triangle};
use dacec_ir::node::CallArgument;
use dacec_ir::{Constant, DType, Expr, IndexMap, Name, ScalarExpr, State};

/// An operand as a routine sees it: where it comes from, and the distances of rows and columns.
struct Strided {
    connector: Name,
    strides: Vec<Expr>,
}

/// What a routine is called with, by the names of its parameters.
struct Plan {
    routine: &'static str,
    ints: IndexMap<&'static str, Expr>,
    data: IndexMap<&'static str, Strided>,
}

impl Plan {
    fn set(&mut self, name: &'static str, value: impl Into<Expr>) {
        self.ints.insert(name, value.into());
    }

    fn flag(&mut self, name: &'static str, value: bool) {
        self.set(name, i64::from(value));
    }

    /// Exchanges rows and columns of an operand.
    fn transpose(&mut self, name: &'static str) {
        if let Some(operand) = self.data.get_mut(name) {
            operand.strides.reverse();
        }
    }

    fn exchange(&mut self, first: &'static str, second: &'static str) {
        if let [Some(first), Some(second)] = self.data.get_disjoint_mut([first, second]) {
            std::mem::swap(first, second);
        }
    }
}

/// Replaces the node by a call.
pub(super) fn expand(state: &mut State, mut call: Call) {
    let op = *op_of(&call).expect("the requirement was checked");
    let dtype = call.input(&call.op.inputs()[0]).dtype;
    let plan = plan(&call, &op, dtype);
    let name = format!("{}_{}", plan.routine, suffix(dtype).expect("the requirement was checked"));
    let arguments = arguments(&call, &op, &plan, dtype, &name);
    if let Some(old) = op.old()
        && let Some(operand) = call.inputs.shift_remove(old)
    {
        // It is where the result is; that it is read is all that needs saying.
        call.inputs.insert("_old".into(), operand);
    }
    call.by_routine(state, &name, arguments);
}

fn plan(call: &Call, op: &Blas, dtype: DType) -> Plan {
    let mut plan = Plan { routine: "", ints: IndexMap::default(), data: IndexMap::default() };
    let strided =
        |name: &str, operand: &Operand| Strided { connector: name.into(), strides: operand.strides.clone() };
    for (name, _) in op.operands() {
        plan.data.insert(name, strided(name, call.input(name)));
    }
    let result = op.result().0;
    plan.data.insert(result, strided(result, call.output(result)));
    for (name, wanted) in [("m", Size::M), ("n", Size::N), ("k", Size::K)] {
        plan.set(name, size(call, op, wanted));
    }
    let complex = dtype.is_complex();
    match op {
        Blas::Gemm { a, b, .. } => {
            for (name, conj, form) in [("_a", "conj_a", *a), ("_b", "conj_b", *b)] {
                if form != Trans::No {
                    plan.transpose(name);
                }
                plan.flag(conj, complex && form == Trans::Adjoint);
            }
            let conjugate = complex && (*a == Trans::Adjoint || *b == Trans::Adjoint);
            plan.routine = if conjugate { "gemmc" } else { "gemm" };
        }
        Blas::Gemv { a, .. } => {
            if *a != Trans::No {
                plan.transpose("_A");
            }
            plan.flag("conj", complex && *a == Trans::Adjoint);
            plan.routine = "gemv";
        }
        Blas::Ger { conjugate, .. } => {
            plan.flag("conj", complex && *conjugate);
            plan.routine = "ger";
        }
        Blas::Dot { conjugate } => {
            plan.flag("conj", complex && *conjugate);
            plan.routine = "dot";
        }
        Blas::Axpy { .. } => plan.routine = "axpy",
        Blas::Scal { .. } => plan.routine = "scal",
        Blas::Nrm2 => plan.routine = "nrm2",
        Blas::Syrk(it) | Blas::Syr2k(it) => {
            plan.routine = if matches!(op, Blas::Syrk(_)) { "syrk" } else { "syr2k" };
            let upper = it.triangle == Triangle::Upper;
            if it.transposed {
                plan.transpose("_a");
                plan.transpose("_b");
            }
            if upper {
                // The lower triangle of the transpose; in a sum of two products each becomes the other.
                plan.transpose("_c");
                plan.exchange("_a", "_b");
            }
            let left = it.transposed != upper;
            let conj = if left { 1 } else { 2 };
            plan.set("conj", if complex && it.hermitian { conj } else { 0 });
        }
        Blas::Symm { side, triangle, hermitian, .. } => {
            plan.routine = "symm";
            let (upper, right) = (*triangle == Triangle::Upper, *side == Side::Right);
            if upper {
                plan.transpose("_a");
            }
            if right {
                on_the_left(&mut plan, &["_b", "_c"]);
            }
            plan.flag("hermitian", complex && *hermitian);
            plan.flag("conj", complex && *hermitian && upper != right);
        }
        Blas::Trmm(it) | Blas::Trsm(it) => {
            plan.routine = if matches!(op, Blas::Trmm(_)) { "trmm" } else { "trsm" };
            let flipped = (it.a != Trans::No) != (it.side == Side::Right);
            if flipped {
                plan.transpose("_a");
            }
            if it.side == Side::Right {
                on_the_left(&mut plan, &["_c"]);
            }
            plan.flag("upper", (it.triangle == Triangle::Upper) != flipped);
            plan.flag("unit", it.unit);
            plan.flag("conj", complex && it.a == Trans::Adjoint);
        }
        Blas::CholeskyInPlace => plan.routine = "cholesky_in_place",
        Blas::LuInPlace => plan.routine = "lu_in_place",
    }
    plan
}

/// Transposes everything: the other operand and the result, and their sizes.
fn on_the_left(plan: &mut Plan, operands: &[&'static str]) {
    for &name in operands {
        plan.transpose(name);
    }
    if let [Some(m), Some(n)] = plan.ints.get_disjoint_mut(["m", "n"]) {
        std::mem::swap(m, n);
    }
}

/// The parameters of the routine that [products](super::super::Gemm) call.
const GEMM: &[Parameter] = &[
    Parameter::Int("m"),
    Parameter::Int("n"),
    Parameter::Int("k"),
    Parameter::Number("alpha"),
    Parameter::Data("_a", 2),
    Parameter::Data("_b", 2),
    Parameter::Number("beta"),
    Parameter::Result("_c", 2),
];

fn arguments(call: &Call, op: &Blas, plan: &Plan, dtype: DType, name: &str) -> Vec<CallArgument> {
    let parameters = Routine::find(name).map_or(GEMM, |(routine, _)| routine.parameters);
    let mut arguments = Vec::new();
    for parameter in parameters {
        match *parameter {
            Parameter::Int(name) => arguments.push(CallArgument::Int(plan.ints[name].clone())),
            Parameter::Number("alpha") => {
                arguments.push(CallArgument::Value(dtype, factor(call, op.alpha(), "_alpha", dtype)));
            }
            Parameter::Number(_) => {
                // What is not read has the constant that says so, in the type's own form.
                let beta = match op.old() {
                    Some(_) => factor(call, op.beta(), "_beta", dtype),
                    None => ScalarExpr::from(Constant::of_int(0, dtype)),
                };
                arguments.push(CallArgument::Value(dtype, beta));
            }
            Parameter::Data(name, rank) | Parameter::Result(name, rank) => {
                let operand = &plan.data[name];
                arguments.push(CallArgument::Pointer(operand.connector.clone()));
                arguments.extend(operand.strides.iter().take(rank).cloned().map(CallArgument::Int));
            }
            Parameter::Real(name) | Parameter::Indices(name) | Parameter::Positions(name) => {
                arguments.push(CallArgument::Pointer(plan.data[name].connector.clone()));
            }
        }
    }
    arguments
}
