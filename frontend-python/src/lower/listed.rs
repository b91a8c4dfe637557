//! `np.array` of a list comprehension whose length is known when the program runs.
//!
//! The array is allocated first and filled by the loops that the comprehension stands for. Its type and the shape of what
//! it holds are those of the first element. The variables are renamed, since they are no variables of the function:
//!
//! ```text
//! np.array([[x[i] * y[j] for j in range(m)] for i in range(n)])
//!
//!     __array = np.empty((n, m))
//!     for __array_0, __array_i in enumerate(range(n)):
//!         for __array_1, __array_j in enumerate(range(m)):
//!             __array[__array_0, __array_1] = x[__array_i] * y[__array_j]
//! ```

use super::comprehension::text_of;
use super::control::{count_of, item_at};
use super::reduction::{MAX_WRITTEN_OUT, Renamed, nested};
use super::{GivenArgs, Lowerer, Result, target_names};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy::{self, Args};
use crate::parse::{Ranged, TextRange, ast};
use crate::syntax::{call, name, tuple};
use crate::types::Value;
use ast::visitor::transformer::Transformer;
use dacec_ir::{DType, Expr};

impl Lowerer<'_> {
    /// The value of such a call; `None` if it is another one.
    pub(super) fn array_of_comprehension(&mut self, it: &ast::ExprCall) -> Result<Option<Value>> {
        let Some(ast::Expr::ListComp(of)) = it.arguments.args.first() else { return Ok(None) };
        if !matches!(&*it.func, ast::Expr::Attribute(_)) {
            return Ok(None);
        }
        let Value::Function(entry) = self.eval(&it.func)? else { return Ok(None) };
        if !matches!(entry.name, "array" | "asarray") {
            return Ok(None);
        }
        let levels = levels(of);
        if levels.iter().any(|level| level.is_async || !level.ifs.is_empty()) || !self.is_long(&levels)? {
            return Ok(None);
        }
        let array = self.filled(&levels, innermost(of), it.range())?;
        let mut rest = it.arguments.clone();
        rest.args = rest.args.into_iter().skip(1).collect();
        if rest.args.is_empty() && rest.keywords.is_empty() {
            return Ok(Some(array));
        }
        let mut given: GivenArgs = self.arguments(&rest)?;
        given.positional.insert(0, (array, of.range));
        let args = Args::bind(entry, None, given, it.range(), &super::Dest::Temp)?;
        numpy::apply(self, entry, &args).map(Some)
    }

    /// Whether the length of the outermost list is not known, or too large to be written out.
    fn is_long(&mut self, levels: &[&ast::Comprehension]) -> Result<bool> {
        let Some(first) = levels.first() else { return Ok(false) };
        let iterated = self.eval(&first.iter)?;
        Ok(matches!(iterated, Value::Range(..) | Value::Zip(_) | Value::Array(_))
            && count_of(&iterated)
                .is_some_and(|count| count.as_int().is_none_or(|count| count > MAX_WRITTEN_OUT)))
    }

    fn filled(
        &mut self,
        levels: &[&ast::Comprehension],
        element: &ast::Expr,
        range: TextRange,
    ) -> Result<Value> {
        if self.calls_program(element) {
            let message =
                "a call that may change arrays cannot be compiled in a list whose length is not known";
            return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, element.range(), message)
                .help("fill an array in a loop")
                .into());
        }
        let mut shape = self.counts(levels)?;
        let (dtype, row) = self.probed(levels, element)?;
        shape.extend(row);
        let first = shape[0].clone();
        self.require(&Expr::one().le(&first), "an array of a list without elements".to_owned(), range)?;
        let result = format!("__array_{}", u32::from(range.start()));
        let out = self.new_array(&result, dtype, &shape);
        self.bind(&result, Value::Array(out), range)?;
        self.flush();
        let place = self.place;
        let mut loops = loops(&result, levels, element, range);
        let variables = levels.iter().flat_map(|it| target_names(&it.target));
        let renamed = Renamed(variables.map(|it| (it.clone(), format!("{result}_{it}"))).collect());
        loops.iter_mut().for_each(|statement| renamed.visit_stmt(statement));
        self.block(&loops)?;
        self.flush();
        self.place = place;
        self.lookup(&result, range)
    }

    /// How long the lists are. Those inside must be equally long, whatever the variables outside are.
    fn counts(&mut self, levels: &[&ast::Comprehension]) -> Result<Vec<Expr>> {
        let mut counts = Vec::new();
        let mut variables: Vec<String> = Vec::new();
        for level in levels {
            let uses = |part: &ast::Expr| matches!(part, ast::Expr::Name(it) if variables.iter().any(|name| name == it.id.as_str()));
            if ast::helpers::any_over_expr(&level.iter, &uses) {
                let message = "the lists in this list are not known to be equally long";
                return Err(Diagnostic::error(codes::SHAPE, level.iter.range(), message)
                    .help("fill an array in loops")
                    .into());
            }
            let iterated = self.eval(&level.iter)?;
            let Some(count) = count_of(&iterated) else {
                return Err(self.not_iterable(&iterated, level.iter.range()));
            };
            counts.push(count);
            variables.extend(target_names(&level.target));
        }
        Ok(counts)
    }

    /// Type and shape of the first element.
    fn probed(&mut self, levels: &[&ast::Comprehension], element: &ast::Expr) -> Result<(DType, Vec<Expr>)> {
        let partial = self.partial.clone();
        self.env.enter(text_of(element, levels.iter().copied()));
        let first = levels.iter().try_for_each(|level| {
            let iterated = self.eval(&level.iter)?;
            self.bind_local(&level.target, item_at(&iterated, &Expr::zero()))
        });
        let value = first.and_then(|()| self.eval(element));
        self.env.leave();
        self.partial = partial;
        match value? {
            Value::Scalar(number) => Ok((number.dtype(), Vec::new())),
            Value::Array(view) => Ok((view.dtype, view.shape())),
            Value::Tuple(items) => {
                let given = GivenArgs {
                    positional: vec![(Value::Tuple(items), element.range())],
                    keywords: Vec::new(),
                };
                match numpy::call_numpy(self, "array", given, element.range())? {
                    Value::Array(view) => Ok((view.dtype, view.shape())),
                    other => Err(self.not_a_number(&other, element.range())),
                }
            }
            other => Err(self.not_a_number(&other, element.range())),
        }
    }
}

/// The comprehension, and those that are its elements.
fn levels(of: &ast::ExprListComp) -> Vec<&ast::Comprehension> {
    let mut levels: Vec<&ast::Comprehension> = Vec::new();
    let mut next = Some(of);
    while let Some(of) = next {
        let [level] = of.generators.as_slice() else { return Vec::new() };
        levels.push(level);
        next = if let ast::Expr::ListComp(inner) = &*of.elt { Some(inner) } else { None };
    }
    levels
}

fn innermost(of: &ast::ExprListComp) -> &ast::Expr {
    match &*of.elt {
        ast::Expr::ListComp(inner) => innermost(inner),
        element => element,
    }
}

/// The loops that fill the array.
fn loops(result: &str, levels: &[&ast::Comprehension], element: &ast::Expr, range: TextRange) -> ast::Suite {
    let counter = |k: usize| format!("{result}_{k}");
    let generators: Vec<ast::Comprehension> = levels
        .iter()
        .enumerate()
        .map(|(k, level)| ast::Comprehension {
            target: tuple(vec![name(&counter(k), range), level.target.clone()], range),
            iter: call("enumerate", level.iter.clone(), range),
            ..(*level).clone()
        })
        .collect();
    let place = tuple((0..levels.len()).map(|k| name(&counter(k), range)).collect(), range);
    let target = ast::Expr::Subscript(ast::ExprSubscript {
        node_index: Default::default(),
        range,
        value: Box::new(name(result, range)),
        slice: Box::new(place),
        ctx: ast::ExprContext::Store,
    });
    let assigned = ast::Stmt::Assign(ast::StmtAssign {
        node_index: Default::default(),
        range,
        targets: vec![target],
        value: Box::new(element.clone()),
    });
    nested(&generators, [assigned].into_iter().collect(), range)
}
