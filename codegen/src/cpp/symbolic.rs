//! Symbolic integer expressions over variables.

use super::Printer;
use super::literals::integer;
use super::values::{Level, Text, infix_product, push_summand, widened};
use dacec_ir::symbolic::{Atom, CmpOp, Factor, Function};
use dacec_ir::{DType, Expr};
use std::collections::BTreeSet;

/// Prints an expression outside of a kernel, as an operand of a comparison; returns the text and the helpers that it uses.
pub(crate) fn print_expr(expr: &Expr) -> (String, BTreeSet<&'static str>) {
    let program = crate::tree::Program::default();
    let mut printer = Printer::new(&program, &crate::Options::default());
    let text = printer.expr(expr).at(Level::Shift);
    (text, printer.helpers)
}

impl Printer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Text {
        let mut terms: Vec<(i64, &[Factor])> = expr.terms().collect();
        // A sum begins with a positive term if it has one.
        if let Some(at) = terms.iter().position(|(coefficient, _)| *coefficient > 0) {
            terms[..=at].rotate_right(1);
        }
        match terms[..] {
            [] => return integer(0, DType::Int64),
            [(1, [(atom, 1)])] => return self.atom(atom),
            [(coefficient, factors)] => return self.term(coefficient, factors),
            _ => {}
        }
        let mut text = String::new();
        for (coefficient, factors) in terms {
            let term = self.term(coefficient, factors);
            push_summand(&mut text, &term.at(Level::Product));
        }
        Text::new(text, Level::Sum)
    }

    /// A part of a sum or a product. Comparisons are no truth there but numbers, of 64 bits like all.
    fn term(&mut self, coefficient: i64, factors: &[Factor]) -> Text {
        let mut product: Option<Text> = match coefficient {
            1 | -1 if !factors.is_empty() => None,
            _ => Some(integer(coefficient, DType::Int64)),
        };
        for (atom, exponent) in factors {
            for _ in 0..*exponent {
                let mut factor = self.atom(atom);
                if matches!(atom, Atom::Compare(..) | Atom::And(_) | Atom::Or(_)) {
                    factor = widened(&factor, DType::Int64);
                }
                product = Some(match product {
                    Some(product) => infix_product(&product, &factor),
                    None => factor,
                });
            }
        }
        let product = product.unwrap_or_else(|| integer(coefficient, DType::Int64));
        if coefficient == -1 && !factors.is_empty() {
            // The sign binds more tightly than the product, which is the same number.
            let text = product.at(Level::Product);
            let text = if text.starts_with('-') { format!("-({text})") } else { format!("-{text}") };
            return Text::new(text, Level::Product);
        }
        product
    }

    fn atom(&mut self, atom: &Atom) -> Text {
        match atom {
            Atom::Symbol(name) => Text::primary(name.as_str()),
            Atom::FloorDiv(a, b) => self.integer_helper("dacec_floordiv", &[a, b]),
            Atom::CeilDiv(a, b) => {
                let quotient = self.integer_helper("dacec_floordiv", &[&-a, b]);
                Text::new(format!("-{}", quotient.text), Level::Unary)
            }
            Atom::Mod(a, b) => self.integer_helper("dacec_mod", &[a, b]),
            Atom::Min(operands) => self.fold("dacec_min", operands),
            Atom::Max(operands) => self.fold("dacec_max", operands),
            Atom::Pow(base, exponent) => self.integer_helper("dacec_ipow", &[base, exponent]),
            Atom::Call(function, operands) => self.integer_call(*function, operands),
            Atom::Compare(op, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                let level = if matches!(op, CmpOp::Eq | CmpOp::Ne) { Level::Equal } else { Level::Compare };
                Text::new(format!("{} {} {}", a.at(Level::Shift), op.as_str(), b.at(Level::Shift)), level)
            }
            Atom::And(operands) => self.junction(operands, " && ", Level::And),
            Atom::Or(operands) => self.junction(operands, " || ", Level::Or),
            Atom::Select(condition, then, otherwise) => {
                // Between literals it would be an `int`.
                let wide = [then, otherwise].into_iter().all(|part| part.as_int().is_some());
                let mut parts = [condition, then, otherwise].map(|part| self.expr(part));
                if wide {
                    parts[1] = widened(&parts[1], DType::Int64);
                }
                let [condition, then, otherwise] = parts.map(|part| part.at(Level::Or));
                Text::new(format!("{condition} ? {then} : {otherwise}"), Level::Ternary)
            }
            Atom::Load(name, indices) => {
                // Lowering resolves reads of containers; what is left is a plain element.
                let indices: Vec<String> = indices.iter().map(|index| self.expr(index).text).collect();
                Text::primary(format!("{name}[{}]", indices.join("][")))
            }
        }
    }

    fn integer_helper(&mut self, name: &'static str, operands: &[&Expr]) -> Text {
        let name = self.helper(name);
        let operands: Vec<String> = operands.iter().map(|operand| self.expr(operand).text).collect();
        Text::primary(format!("{name}<int64_t>({})", operands.join(", ")))
    }

    fn fold(&mut self, name: &'static str, operands: &[Expr]) -> Text {
        let name = self.helper(name);
        let texts = operands.iter().map(|operand| self.expr(operand).text).collect::<Vec<_>>();
        let folded = texts.into_iter().reduce(|a, b| format!("{name}<int64_t>({a}, {b})"));
        Text::primary(folded.unwrap_or_default())
    }

    fn integer_call(&mut self, function: Function, operands: &[Expr]) -> Text {
        let operands: Vec<&Expr> = operands.iter().collect();
        let (symbol, level) = match function {
            Function::Abs => return self.integer_helper("dacec_abs", &operands),
            Function::Sign => return self.integer_helper("dacec_sign", &operands),
            Function::Gcd => return self.integer_helper("dacec_gcd", &operands),
            Function::Shl => return self.integer_helper("dacec_shl", &operands),
            Function::Shr => return self.integer_helper("dacec_shr", &operands),
            Function::BitAnd => (" & ", Level::BitAnd),
            Function::BitOr => (" | ", Level::BitOr),
            Function::BitXor => (" ^ ", Level::BitXor),
        };
        let texts: Vec<String> =
            operands.into_iter().map(|operand| self.expr(operand).at(Level::Sum)).collect();
        Text::new(texts.join(symbol), level)
    }

    fn junction(&mut self, operands: &[Expr], symbol: &str, level: Level) -> Text {
        let texts: Vec<String> = operands.iter().map(|operand| self.expr(operand).at(Level::BitOr)).collect();
        Text::new(texts.join(symbol), level)
    }
}
