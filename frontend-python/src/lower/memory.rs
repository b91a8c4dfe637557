//! What was compiled already for calls like this one: functions of the library, by what is passed to them.
//!
//! A function of the library that draws numbers, or sums a series, is made of other ones, which call each other: `gamma`
//! needs normal and exponential numbers, both need uniform ones in several places, and those the steps of the generator.
//! Compiled anew at each call, the innermost function would be compiled a thousand times. And a function of the user is
//! lowered several times itself, once for each decision about its names.
//!
//! A compiled function is used again where nothing could come out differently: the function is the same, its code is told
//! to be at the same place, the same is known of symbols, and the parameters stand for the same: containers of the same
//! types and extents, equal constants, the same functions. What cannot be compared is not equal. Functions of users are
//! compiled for each call, because their messages tell of it.

use super::callees::Callee;
use super::{Env, Lowerer};
use crate::parse::{Lines, ast};
use crate::promotion::Typed;
use crate::types::{Scalar, Value};
use dacec_ir::symbolic::Facts;
use dacec_ir::{Sdfg, Span};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// What was compiled for one program.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By the addresses of the functions, which the entries keep alive.
    functions: RefCell<HashMap<usize, Vec<Entry>>>,
    /// Graphs of texts that were made for a call, which are all of what they depend on besides their place.
    texts: RefCell<HashMap<(String, Span), Sdfg>>,
}

/// A function that was compiled.
#[derive(Debug)]
struct Entry {
    occasion: Occasion,
    callee: Callee,
    types: Vec<Typed>,
}

/// All that the result of compiling a function depends on.
#[derive(Debug)]
pub(super) struct Occasion {
    function: Arc<ast::StmtFunctionDef>,
    place: Span,
    facts: Facts,
    /// What names stand for at the function's beginning.
    names: Vec<(String, Value)>,
}

impl Occasion {
    /// Compiling the function that the lowerer has begun, with parameters that stand for arguments; `None` if that is not
    /// remembered.
    pub(super) fn of(lowerer: &Lowerer<'_>, function: &Arc<ast::StmtFunctionDef>) -> Option<Self> {
        let Lines::Call(place) = lowerer.globals.lines else { return None };
        let names = |env: &Env| env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let (function, facts) = (Arc::clone(function), lowerer.facts.clone());
        Some(Occasion { function, place, facts, names: names(&lowerer.env) })
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.function) as usize
    }

    fn is_like(&self, other: &Occasion) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            && self.place == other.place
            && self.names.len() == other.names.len()
            && self.names.iter().zip(&other.names).all(|(a, b)| a.0 == b.0 && is_alike(&a.1, &b.1))
            && self.facts == other.facts
    }
}

impl Memory {
    /// The function, and the types of what it returns, if it was compiled on such an occasion.
    pub(super) fn compiled(&self, occasion: &Occasion) -> Option<(Callee, Vec<Typed>)> {
        let functions = self.functions.borrow();
        let entry = functions.get(&occasion.address())?.iter().find(|it| it.occasion.is_like(occasion))?;
        Some((entry.callee.clone(), entry.types.clone()))
    }

    /// Remembers a function that was compiled, and the types of what it returns.
    pub(super) fn remember(&self, occasion: Occasion, callee: &Callee, types: &[Typed]) {
        let mut functions = self.functions.borrow_mut();
        let entries = functions.entry(occasion.address()).or_default();
        entries.push(Entry { occasion, callee: callee.clone(), types: types.to_vec() });
    }

    /// The graph of a text that was made for the call at a place; `compile` makes it the first time.
    pub(super) fn graph_of<E>(
        &self,
        text: String,
        place: Span,
        compile: impl FnOnce(&str) -> Result<Sdfg, E>,
    ) -> Result<Sdfg, E> {
        let key = (text, place);
        if let Some(known) = self.texts.borrow().get(&key) {
            return Ok(known.clone());
        }
        let graph = compile(&key.0)?;
        self.texts.borrow_mut().insert(key, graph.clone());
        Ok(graph)
    }
}

/// Whether a function cannot tell the values apart. What is not known to be alike is different.
fn is_alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
        (Value::Scalar(a), Value::Scalar(b)) => is_same_number(a, b),
        (Value::Array(a), Value::Array(b)) | (Value::Generator(a), Value::Generator(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::DType(a), Value::DType(b)) => a == b,
        (Value::Module(a), Value::Module(b)) => a == b,
        (Value::Function(a), Value::Function(b)) => std::ptr::eq(*a, *b),
        (Value::Helper(a), Value::Helper(b)) => Arc::ptr_eq(a, b),
        (Value::Lambda(a), Value::Lambda(b)) => Arc::ptr_eq(a, b),
        (Value::Tuple(a), Value::Tuple(b)) => {
            a.is_list == b.is_list && a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| is_alike(a, b))
        }
        _ => false,
    }
}

/// Whether two numbers have the same code and type. The two zeros are equal, and not the same.
fn is_same_number(a: &Scalar, b: &Scalar) -> bool {
    a == b && (a.as_constant().is_none() || format!("{:?}", a.code) == format!("{:?}", b.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Items;

    #[test]
    fn what_differs_for_a_function_is_not_alike() {
        let float = |value| Value::Scalar(Scalar::float(value));
        assert!(is_alike(&float(1.5), &float(1.5)));
        assert!(!is_alike(&float(0.0), &float(-0.0)));
        assert!(!is_alike(&float(1.0), &Value::Scalar(Scalar::int(1))));
        let pair = || vec![float(1.0), Value::None];
        assert!(is_alike(&Value::Tuple(pair().into()), &Value::Tuple(pair().into())));
        assert!(!is_alike(&Value::Tuple(pair().into()), &Value::Tuple(Items::list(pair()))));
        assert!(!is_alike(&Value::Stale, &Value::Stale), "nothing is known of it");
    }
}
