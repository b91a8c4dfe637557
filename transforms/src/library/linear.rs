//! Sums of multiples of elements: `2*a*x - y` is `(2*a)*x + (-1)*y`.

use dacec_ir::{BinaryOp, Constant, DType, Name, ScalarExpr, UnaryOp};

/// `factor*leaf`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// The element.
    pub leaf: Name,
    /// Made of constants and numbers; `None` for 1.
    pub factor: Option<ScalarExpr>,
}

/// A sum of terms.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    /// The summands; each leaf is in one of them.
    pub terms: Vec<Term>,
}

/// The expression as a sum of multiples of leaves; names for which `is_number` holds are factors. `None` if it is no such
/// sum.
pub(super) fn linear(expr: &ScalarExpr, dtype: DType, is_number: &dyn Fn(&Name) -> bool) -> Option<Linear> {
    let mut terms = Vec::new();
    add_terms(expr, None, (dtype, is_number), &mut terms)?;
    let different = |at: usize| terms[..at].iter().all(|term: &Term| term.leaf != terms[at].leaf);
    (0..terms.len()).all(different).then_some(Linear { terms })
}

fn add_terms(
    expr: &ScalarExpr,
    factor: Option<ScalarExpr>,
    (dtype, is_number): (DType, &dyn Fn(&Name) -> bool),
    terms: &mut Vec<Term>,
) -> Option<()> {
    let context = (dtype, is_number);
    match expr {
        ScalarExpr::Name(leaf) if !is_number(leaf) => terms.push(Term { leaf: leaf.clone(), factor }),
        ScalarExpr::Binary(BinaryOp::Add, lhs, rhs) => {
            add_terms(lhs, factor.clone(), context, terms)?;
            add_terms(rhs, factor, context, terms)?;
        }
        ScalarExpr::Binary(BinaryOp::Sub, lhs, rhs) => {
            add_terms(lhs, factor.clone(), context, terms)?;
            add_terms(rhs, Some(negated(factor, dtype)), context, terms)?;
        }
        ScalarExpr::Unary(UnaryOp::Neg, operand) => {
            add_terms(operand, Some(negated(factor, dtype)), context, terms)?;
        }
        ScalarExpr::Binary(BinaryOp::Mul, lhs, rhs) => {
            let (number, rest) = if is_factor(lhs, is_number) { (lhs, rhs) } else { (rhs, lhs) };
            if !is_factor(number, is_number) {
                return None;
            }
            add_terms(rest, Some(times(factor, (**number).clone())), context, terms)?;
        }
        _ => return None,
    }
    Some(())
}

fn is_factor(expr: &ScalarExpr, is_number: &dyn Fn(&Name) -> bool) -> bool {
    match expr {
        ScalarExpr::Constant(_) => true,
        ScalarExpr::Name(name) => is_number(name),
        ScalarExpr::Binary(BinaryOp::Mul, lhs, rhs) => is_factor(lhs, is_number) && is_factor(rhs, is_number),
        _ => false,
    }
}

fn times(factor: Option<ScalarExpr>, other: ScalarExpr) -> ScalarExpr {
    match factor {
        None => other,
        Some(factor) => ScalarExpr::binary(BinaryOp::Mul, factor, other),
    }
}

/// `-factor`.
fn negated(factor: Option<ScalarExpr>, dtype: DType) -> ScalarExpr {
    match factor {
        None => Constant::of_int(-1, dtype).into(),
        Some(factor) => ScalarExpr::unary(UnaryOp::Neg, factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dacec_ir::builder::{Code, name, value};

    fn terms(code: Code) -> Option<Vec<(String, bool)>> {
        let sum = linear(&code.0, DType::Float64, &|name| name.starts_with("alpha"))?;
        Some(sum.terms.into_iter().map(|term| (term.leaf.to_string(), term.factor.is_some())).collect())
    }

    #[test]
    fn sums_of_multiples_are_found() {
        let sum = name("alpha") * (name("x") - name("y") * value(2.0)) + name("z");
        let expected = [("x", true), ("y", true), ("z", false)];
        assert_eq!(terms(sum), Some(expected.map(|(leaf, factor)| (leaf.to_owned(), factor)).to_vec()));
    }

    #[test]
    fn other_expressions_are_not() {
        assert_eq!(terms(name("x") * name("x")), None);
        assert_eq!(terms(name("x") + name("x")), None);
        assert_eq!(terms(name("x") / name("alpha")), None);
    }
}
