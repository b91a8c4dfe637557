//! Expressions that were read before: a file says the same sizes and indices over and over.

use super::error::{Path, Result};
use super::read::{expr, get, list};
use super::tree::Value;
use crate::{Expr, Range};
use std::cell::RefCell;
use std::collections::HashMap;

/// What texts of one SDFG stand for. Expressions are shared, so that one that is known costs neither time nor memory.
#[derive(Default)]
pub(super) struct Memo {
    known: RefCell<HashMap<Box<str>, Expr>>,
    /// One more than an expression: ranges end behind what the file says.
    behind: RefCell<HashMap<Box<str>, Expr>>,
}

impl Memo {
    /// A symbolic expression.
    pub(super) fn expr(&self, value: &Value, path: &Path<'_>) -> Result<Expr> {
        remember(&self.known, value, || expr(value, path))
    }

    /// Ranges, whose ends are inclusive in the file; made of start, stop, step and tile.
    pub(super) fn ranges(
        &self,
        value: &Value,
        path: &Path<'_>,
        make: fn(Expr, Expr, Expr, Expr) -> Range,
    ) -> Result<Vec<Range>> {
        let path = path.key("ranges");
        let all = list(value.get("ranges").unwrap_or(&Value::Null), &path)?;
        all.iter().enumerate().map(|(at, range)| self.range(range, &path.index(at), make)).collect()
    }

    fn range(
        &self,
        range: &Value,
        path: &Path<'_>,
        make: fn(Expr, Expr, Expr, Expr) -> Range,
    ) -> Result<Range> {
        let or_one = |key: &str| match range.get(key) {
            Some(value) => self.expr(value, &path.key(key)),
            None => Ok(Expr::one()),
        };
        let (step, tile) = (or_one("step")?, or_one("tile")?);
        if step.is_zero() {
            return Err(path.error("a step of 0 is not supported"));
        }
        let (end, path_of_end) = (get(range, "end", path)?, path.key("end"));
        let stop = match step.as_int() {
            Some(step) if step < 0 => self.expr(end, &path_of_end)? - 1,
            _ => remember(&self.behind, end, || Ok(expr(end, &path_of_end)? + 1))?,
        };
        let start = self.expr(get(range, "start", path)?, &path.key("start"))?;
        Ok(make(start, stop, step, tile))
    }
}

fn remember(
    known: &RefCell<HashMap<Box<str>, Expr>>,
    value: &Value,
    read: impl FnOnce() -> Result<Expr>,
) -> Result<Expr> {
    let Some(text) = value.as_str() else { return read() };
    if let Some(expr) = known.borrow().get(text) {
        return Ok(expr.clone());
    }
    let expr = read()?;
    known.borrow_mut().insert(text.into(), expr.clone());
    Ok(expr)
}
