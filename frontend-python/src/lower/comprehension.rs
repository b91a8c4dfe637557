//! Comprehensions over what is known at compile time.

use super::control::{count_of, item_at};
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::Value;
use dacec_ir::Expr;

impl Lowerer<'_> {
    /// `{key: value for target in items if test}`, written out.
    pub(super) fn dictionary_comprehension(
        &mut self,
        key: &ast::Expr,
        value: &ast::Expr,
        generators: &[ast::Comprehension],
    ) -> Result<Value> {
        let keys = self.generated(key, generators)?;
        let values = self.generated(value, generators)?;
        let mut items: Vec<(Value, Value)> = Vec::new();
        for (key, value) in keys.into_iter().zip(values) {
            match items.iter_mut().find(|(known, _)| super::index::same_key(known, &key)) {
                Some((_, known)) => *known = value,
                None => items.push((key, value)),
            }
        }
        Ok(Value::Dict(items))
    }

    /// `[element for target in items if test]`, written out.
    pub(super) fn comprehension(
        &mut self,
        element: &ast::Expr,
        generators: &[ast::Comprehension],
    ) -> Result<Vec<Value>> {
        self.generated(element, generators)
    }

    fn generated(&mut self, element: &ast::Expr, generators: &[ast::Comprehension]) -> Result<Vec<Value>> {
        let partial = self.partial.clone();
        self.env.enter(text_of(element, generators));
        let mut values = Vec::new();
        let result = self
            .generate(element, generators, &mut values)
            .and_then(|()| values.iter().try_for_each(|value| self.check_outlives(value, element.range())));
        self.env.leave();
        self.partial = partial;
        result.map(|()| values)
    }

    fn generate(
        &mut self,
        element: &ast::Expr,
        generators: &[ast::Comprehension],
        values: &mut Vec<Value>,
    ) -> Result<()> {
        let Some((generator, rest)) = generators.split_first() else {
            let value = self.eval(element)?;
            let value = self.before(value, std::slice::from_ref(element));
            values.push(self.settle(value));
            return Ok(());
        };
        let items = self.eval(&generator.iter)?;
        let items = self.as_tuple(items, generator.iter.range())?;
        let items = self.elements(items, generator.iter.range())?;
        for item in items {
            self.bind_local(&generator.target, item)?;
            let mut chosen = true;
            for test in &generator.ifs {
                let value = self.eval(test)?;
                let value = self.condition_value(value, test.range())?;
                let Some(known) = value.as_truth() else {
                    let message = "the condition of a comprehension must be known at compile time";
                    return Err(Diagnostic::error(codes::CONSTANT, test.range(), message).into());
                };
                chosen &= known;
            }
            if chosen {
                self.generate(element, rest, values)?;
            }
        }
        Ok(())
    }

    /// Gives the variable of a comprehension or lambda a value; it is not a variable of the function.
    pub(super) fn bind_local(&mut self, target: &ast::Expr, value: Value) -> Result<()> {
        match target {
            ast::Expr::Name(name) => {
                self.env.bind(name.id.to_string(), value);
                Ok(())
            }
            ast::Expr::Tuple(tuple) => {
                let items = self.elements(value, tuple.range)?;
                tuple.elts.iter().zip(items).try_for_each(|(target, item)| self.bind_local(target, item))
            }
            other => Err(self.not_iterable(&Value::None, other.range())),
        }
    }

    /// The value as a tuple, if its length is known.
    pub(crate) fn as_tuple(&mut self, value: Value, range: TextRange) -> Result<Value> {
        match value {
            Value::Range(start, stop, step) => {
                self.known_range(&start, &stop, &step, range).map(|values| Value::Tuple(values.into()))
            }
            value @ Value::Zip(_) => {
                let count = count_of(&value).and_then(|count| count.as_int());
                let Some(count) = count.filter(|count| *count >= 0) else {
                    return Err(self.not_iterable(&value, range));
                };
                self.check_written_out(count as usize, range)?;
                Ok(Value::Tuple((0..count).map(|k| item_at(&value, &Expr::int(k))).collect()))
            }
            other => self.elements(other, range).map(|values| Value::Tuple(values.into())),
        }
    }

    /// The numbers of a range whose bounds are known.
    pub(super) fn known_range(
        &mut self,
        start: &Expr,
        stop: &Expr,
        step: &Expr,
        range: TextRange,
    ) -> Result<Vec<Value>> {
        let (Some(start), Some(stop), Some(step)) = (start.as_int(), stop.as_int(), step.as_int()) else {
            let message = "the bounds of this range must be known at compile time";
            return Err(Diagnostic::error(codes::CONSTANT, range, message).into());
        };
        let count = match step.signum() {
            1 => (i128::from(stop) - i128::from(start)).max(0) as u128,
            -1 => (i128::from(start) - i128::from(stop)).max(0) as u128,
            _ => 0,
        };
        let count = usize::try_from(count.div_ceil(step.unsigned_abs().max(1).into())).unwrap_or(usize::MAX);
        self.check_written_out(count, range)?;
        Ok((0..count as i64).map(|k| Value::Scalar(crate::types::Scalar::int(start + k * step))).collect())
    }

    /// Refuses sequences that are too long to be written out value by value.
    pub(super) fn check_written_out(&self, count: usize, range: TextRange) -> Result<()> {
        const LONGEST: usize = 4096;
        if count <= LONGEST {
            return Ok(());
        }
        let message = format!("a sequence of {count} values is too long to be written out");
        Err(Diagnostic::error(codes::ITERATION, range, message)
            .label(format!("its values are written out one by one, at most {LONGEST} of them"))
            .help("use an array (`np.arange`, `np.full`), or a loop over `range(...)`")
            .into())
    }
}

/// Where a comprehension stands.
pub(super) fn text_of<'c>(
    element: &ast::Expr,
    generators: impl IntoIterator<Item = &'c ast::Comprehension>,
) -> TextRange {
    generators.into_iter().fold(element.range(), |text, generator| text.cover(generator.range))
}
