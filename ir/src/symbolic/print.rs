//! Expressions as text, in Python's syntax.
//!
//! What is printed parses to the same expression. Parentheses stand only where the grammar needs them, or where a
//! reader would stumble (`3*(i//2)`).
//!
//! ```text
//! N*i + j - 1      terms by descending degree, then by name; a sum begins with a positive term if it has one
//! int_ceil(x, k)   rounding up has no operator
//! A[i, 0] > 0      an element of a container
//! ```

use super::expr::Monomial;
use super::{Atom, Expr, Factor, Function};
use std::fmt::{self, Display, Formatter};

/// How tightly an operator binds, as in Python's grammar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ternary,
    Or,
    And,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Sign,
    Power,
    Primary,
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return f.pad(&At(Level::Ternary, self).to_string());
        }
        print_expr(f, self)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_expr(f, self)
    }
}

impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_atom(f, self)
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_atom(f, self)
    }
}

/// Prints in parentheses where the expression binds less tightly than its place asks for.
struct At<'a>(Level, &'a Expr);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let At(level, expr) = *self;
        if level_of(expr) >= level { print_expr(f, expr) } else { write!(f, "({expr})") }
    }
}

/// Prints `a, b, c`.
struct List<'a>(&'a [Expr]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, expr) in self.0.iter().enumerate() {
            write!(f, "{}{expr}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

fn level_of(expr: &Expr) -> Level {
    let mut parts = expr.parts();
    match (parts.next(), parts.next(), expr.constant()) {
        (None, _, constant) => {
            if constant < 0 {
                Level::Sign
            } else {
                Level::Primary
            }
        }
        (Some((1, monomial)), None, 0) => level_of_monomial(monomial),
        (Some((-1, monomial)), None, 0) if monomial.factors().len() == 1 => Level::Sign,
        (Some(_), None, 0) => Level::Product,
        _ => Level::Sum,
    }
}

fn level_of_monomial(monomial: &Monomial) -> Level {
    match monomial.factors() {
        [(atom, 1)] => level_of_atom(atom),
        [_] => Level::Power,
        _ => Level::Product,
    }
}

fn level_of_atom(atom: &Atom) -> Level {
    match atom {
        Atom::FloorDiv(..) | Atom::Mod(..) => Level::Product,
        Atom::Pow(..) => Level::Power,
        Atom::Compare(..) => Level::Compare,
        Atom::And(_) => Level::And,
        Atom::Or(_) => Level::Or,
        Atom::Select(..) => Level::Ternary,
        Atom::Call(function, _) => match function {
            Function::BitAnd => Level::BitAnd,
            Function::BitOr => Level::BitOr,
            Function::BitXor => Level::BitXor,
            Function::Shl | Function::Shr => Level::Shift,
            Function::Abs | Function::Sign | Function::Gcd => Level::Primary,
        },
        Atom::Symbol(_) | Atom::CeilDiv(..) | Atom::Min(_) | Atom::Max(_) | Atom::Load(..) => Level::Primary,
    }
}

fn print_expr(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    let mut parts: Vec<(i64, &Monomial)> = expr.parts().collect();
    let constant = expr.constant();
    if parts.is_empty() {
        return write!(f, "{constant}");
    }
    parts.sort_by(|(_, a), (_, b)| b.graded(a));
    let mut constant_first = false;
    if parts[0].0 < 0 {
        match parts.iter().position(|(coefficient, _)| *coefficient > 0) {
            Some(at) => parts[..=at].rotate_right(1),
            None => constant_first = constant > 0,
        }
    }
    if constant_first {
        write!(f, "{constant}")?;
    }
    for (at, (coefficient, monomial)) in parts.iter().enumerate() {
        match (at == 0 && !constant_first, *coefficient < 0) {
            (true, false) => {}
            (true, true) => f.write_str("-")?,
            (false, false) => f.write_str(" + ")?,
            (false, true) => f.write_str(" - ")?,
        }
        // A minus sign in front binds more tightly than a division: `-(i//2)`.
        let leading_minus = at == 0 && !constant_first && *coefficient < 0;
        let place = match leading_minus {
            true if monomial.factors().len() == 1 => Level::Sign,
            true => Level::Product,
            false if parts.len() == 1 && constant == 0 => Level::Ternary,
            false => Level::Product,
        };
        print_term(f, coefficient.unsigned_abs(), monomial, place)?;
    }
    match constant {
        _ if constant_first => Ok(()),
        0 => Ok(()),
        1.. => write!(f, " + {constant}"),
        _ => write!(f, " - {}", constant.unsigned_abs()),
    }
}

fn print_term(f: &mut Formatter<'_>, coefficient: u64, monomial: &Monomial, place: Level) -> fmt::Result {
    let alone = coefficient == 1 && monomial.factors().len() == 1;
    if coefficient != 1 {
        write!(f, "{coefficient}*")?;
    }
    for (at, factor) in monomial.factors().iter().enumerate() {
        if at > 0 {
            f.write_str("*")?;
        }
        print_factor(f, factor, if alone { place } else { Level::Sign })?;
    }
    Ok(())
}

fn print_factor(f: &mut Formatter<'_>, (atom, exponent): &Factor, place: Level) -> fmt::Result {
    let place = if *exponent > 1 { Level::Primary } else { place };
    if level_of_atom(atom) >= place {
        print_atom(f, atom)?
    } else {
        write!(f, "({atom})")?
    };
    if *exponent > 1 { write!(f, "**{exponent}") } else { Ok(()) }
}

fn print_atom(f: &mut Formatter<'_>, atom: &Atom) -> fmt::Result {
    match atom {
        Atom::Symbol(name) => f.write_str(name),
        Atom::FloorDiv(a, b) => write!(f, "{}//{}", At(Level::Product, a), At(Level::Sign, b)),
        Atom::CeilDiv(a, b) => write!(f, "int_ceil({a}, {b})"),
        Atom::Mod(a, b) => write!(f, "{} % {}", At(Level::Product, a), At(Level::Sign, b)),
        Atom::Min(args) => write!(f, "min({})", List(args)),
        Atom::Max(args) => write!(f, "max({})", List(args)),
        Atom::Pow(base, exponent) => {
            write!(f, "{}**{}", At(Level::Primary, base), At(Level::Power, exponent))
        }
        Atom::Call(function, args) => print_call(f, *function, args),
        Atom::Compare(op, a, b) => {
            write!(f, "{} {} {}", At(Level::BitOr, a), op.as_str(), At(Level::BitOr, b))
        }
        Atom::And(args) => print_junction(f, args, " and ", Level::Compare),
        Atom::Or(args) => print_junction(f, args, " or ", Level::And),
        Atom::Select(condition, then, otherwise) => {
            let (condition, then) = (At(Level::Or, condition), At(Level::Or, then));
            write!(f, "{then} if {condition} else {otherwise}")
        }
        Atom::Load(name, indices) => write!(f, "{name}[{}]", List(indices)),
    }
}

fn print_call(f: &mut Formatter<'_>, function: Function, args: &[Expr]) -> fmt::Result {
    let name = function.as_str();
    let level = level_of_atom(&Atom::Call(function, Vec::new()));
    match args {
        // The operators are left-associative: only the right operand has to bind more tightly.
        [a, b] if level != Level::Primary => {
            let right = if level == Level::Shift { Level::Sum } else { Level::Product };
            write!(f, "{} {name} {}", At(level.max(Level::BitOr), a), At(right, b))
        }
        _ => write!(f, "{name}({})", List(args)),
    }
}

fn print_junction(f: &mut Formatter<'_>, args: &[Expr], word: &str, level: Level) -> fmt::Result {
    for (at, arg) in args.iter().enumerate() {
        write!(f, "{}{}", if at == 0 { "" } else { word }, At(level, arg))?;
    }
    Ok(())
}
