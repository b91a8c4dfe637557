//! `sum`, `any`, `all`, `min` and `max` over a generator or a list comprehension whose length is known when the program runs.
//!
//! They are the loops that they stand for. The variables of the comprehension are renamed, since they are no variables of the
//! function:
//!
//! ```text
//! sum(v * v for v in x if v > 0)      __sum = 0
//!                                     for __sum_v in x:
//!                            ──▶          if __sum_v > 0:
//!                                             __sum += __sum_v * __sum_v
//! ```

use super::control::count_of;
use super::{Lowerer, Result};
use crate::parse::{Ranged, TextRange, ast};
use crate::syntax::{assign, branch, compare, joined, name, truth};
use crate::types::{Scalar, Value};
use ast::visitor::transformer::{Transformer, walk_expr};
use dacec_ir::{IndexMap, UnaryOp};

/// A sequence with more elements is not written out.
pub(super) const MAX_WRITTEN_OUT: i64 = 64;

impl Lowerer<'_> {
    /// The value of such a call; `None` if it is another one.
    pub(super) fn reduction_of_generator(&mut self, it: &ast::ExprCall) -> Result<Option<Value>> {
        let ast::Expr::Name(function) = &*it.func else { return Ok(None) };
        let function = function.id.as_str();
        if !matches!(function, "sum" | "any" | "all" | "min" | "max") || self.known_value(function).is_some()
        {
            return Ok(None);
        }
        let (element, generators, start) = match (&*it.arguments.args, it.arguments.keywords.is_empty()) {
            ([ast::Expr::Generator(of)], true) => (&of.elt, &of.generators, None),
            ([ast::Expr::ListComp(of)], true) => (&of.elt, &of.generators, None),
            ([ast::Expr::Generator(of), start], true) if function == "sum" => {
                (&of.elt, &of.generators, Some(start))
            }
            ([ast::Expr::ListComp(of), start], true) if function == "sum" => {
                (&of.elt, &of.generators, Some(start))
            }
            _ => return Ok(None),
        };
        if generators.iter().any(|it| it.is_async) || !self.is_loop(generators)? {
            return Ok(None);
        }
        let range = it.range();
        let result = format!("__{function}_{}", u32::from(range.start()));
        let place = self.place;
        let first = match (function, start) {
            (_, Some(start)) => self.eval(start)?,
            ("any" | "all", _) => Value::Scalar(Scalar::bool(function == "all")),
            _ => Value::Scalar(Scalar::int(0)),
        };
        self.bind(&result, first, range)?;
        let is_first = format!("{result}_first");
        let chosen = matches!(function, "min" | "max");
        if chosen {
            self.bind(&is_first, Value::Scalar(Scalar::bool(true)), range)?;
        }
        self.flush();
        let step = step(function, &result, &is_first, element, generators.len() == 1, range);
        let mut loops = nested(generators, step, range);
        let variables = generators.iter().flat_map(|it| super::target_names(&it.target));
        let renamed = Renamed(variables.map(|it| (it.clone(), format!("{result}_{it}"))).collect());
        loops.iter_mut().for_each(|statement| renamed.visit_stmt(statement));
        self.block(&loops)?;
        self.flush();
        self.place = place;
        if chosen {
            let empty = self.lookup(&is_first, range)?;
            let empty = self.condition_value(empty, range)?;
            let holds = crate::scalar::unary(UnaryOp::Not, &empty).unwrap_or(empty);
            self.fail_unless(&holds, format!("{function}() iterable argument is empty"), range)?;
        }
        self.lookup(&result, range).map(Some)
    }

    /// Whether the length of what the generators give is not known, or what they give has conditions.
    fn is_loop(&mut self, generators: &[ast::Comprehension]) -> Result<bool> {
        let Some(first) = generators.first() else { return Ok(false) };
        let is_known = match self.eval(&first.iter)? {
            Value::Tuple(_) | Value::Dict(_) => true,
            value => count_of(&value)
                .is_none_or(|count| count.as_int().is_some_and(|count| count <= MAX_WRITTEN_OUT)),
        };
        Ok(!is_known || generators.len() > 1 || generators.iter().any(|it| !it.ifs.is_empty()))
    }
}

/// What one element changes.
fn step(
    function: &str,
    result: &str,
    is_first: &str,
    element: &ast::Expr,
    may_leave: bool,
    range: TextRange,
) -> ast::Suite {
    let set = |value: bool| -> ast::Suite {
        let set = assign(result, truth(value, range), range);
        let leave = ast::Stmt::Break(ast::StmtBreak { node_index: Default::default(), range });
        std::iter::once(set).chain(may_leave.then_some(leave)).collect()
    };
    let none = ast::Suite::new();
    match function {
        "sum" => [ast::Stmt::AugAssign(ast::StmtAugAssign {
            node_index: Default::default(),
            range,
            target: Box::new(name(result, range)),
            op: ast::Operator::Add,
            value: Box::new(element.clone()),
        })]
        .into_iter()
        .collect(),
        "any" => [branch(element.clone(), set(true), none, range)].into_iter().collect(),
        "all" => {
            let pass = ast::Stmt::Pass(ast::StmtPass { node_index: Default::default(), range });
            [branch(element.clone(), [pass].into_iter().collect(), set(false), range)].into_iter().collect()
        }
        _ => {
            let item = format!("{result}_item");
            let op = if function == "min" { ast::CmpOp::Lt } else { ast::CmpOp::Gt };
            let better = compare(name(&item, range), op, name(result, range), range);
            let test = joined(ast::BoolOp::Or, vec![name(is_first, range), better], range);
            let take =
                [assign(result, name(&item, range), range), assign(is_first, truth(false, range), range)];
            [assign(&item, element.clone(), range), branch(test, take.into_iter().collect(), none, range)]
                .into_iter()
                .collect()
        }
    }
}

/// The loops of the generators around statements.
pub(super) fn nested(generators: &[ast::Comprehension], body: ast::Suite, range: TextRange) -> ast::Suite {
    let Some((generator, rest)) = generators.split_first() else { return body };
    let mut body = nested(rest, body, range);
    if !generator.ifs.is_empty() {
        let test = joined(ast::BoolOp::And, generator.ifs.clone(), range);
        body = [branch(test, body, ast::Suite::new(), range)].into_iter().collect();
    }
    [ast::Stmt::For(ast::StmtFor {
        node_index: Default::default(),
        range,
        is_async: false,
        target: Box::new(generator.target.clone()),
        iter: Box::new(generator.iter.clone()),
        body,
        orelse: ast::Suite::new(),
    })]
    .into_iter()
    .collect()
}

/// Gives variables other names.
pub(super) struct Renamed(pub(super) IndexMap<String, String>);

impl Transformer for Renamed {
    fn visit_expr(&self, expr: &mut ast::Expr) {
        if let ast::Expr::Name(it) = expr
            && let Some(other) = self.0.get(it.id.as_str())
        {
            it.id = other.as_str().into();
        }
        walk_expr(self, expr);
    }
}
