//! Expressions: from syntax to values.

use super::operate::Dest;
use super::{Lowerer, MAX_DEPTH, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Global;
use crate::numpy;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::Typed;
use crate::scalar::{self, truth};
use crate::types::{Items, Scalar, Value};
use dacec_ir::{BinaryOp, Constant, DType, Expr, ScalarExpr, UnaryOp};
use std::sync::Arc;

impl Lowerer<'_> {
    /// The value of an expression.
    pub(crate) fn eval(&mut self, expr: &ast::Expr) -> Result<Value> {
        self.eval_to(expr, &Dest::Temp)
    }

    /// The value of an expression, which may be put where `dest` says.
    pub(crate) fn eval_to(&mut self, expr: &ast::Expr, dest: &Dest) -> Result<Value> {
        if self.depth >= MAX_DEPTH {
            return Err(Diagnostic::error(
                codes::TOO_DEEP,
                expr.range(),
                "the expression is nested too deeply",
            )
            .help("give parts of it names")
            .into());
        }
        self.depth += 1;
        let value = self.eval_node(expr, dest);
        self.depth -= 1;
        value
    }

    fn eval_node(&mut self, expr: &ast::Expr, dest: &Dest) -> Result<Value> {
        use ast::Expr::*;
        match expr {
            Name(it) => {
                let value = self.lookup(&it.id, it.range)?;
                Ok(self.copied_for_another_name(it, value))
            }
            NumberLiteral(it) => number(it).map(Value::Scalar).map_err(Stop::from),
            BooleanLiteral(it) => Ok(Value::Scalar(Scalar::bool(it.value))),
            NoneLiteral(_) => Ok(Value::None),
            EllipsisLiteral(_) => Ok(Value::Ellipsis),
            StringLiteral(it) => Ok(Value::Text(it.value.to_str().to_owned())),
            FString(it) => self.f_string(it),
            Named(it) => {
                let value = self.eval(&it.value)?;
                self.assign_value(&it.target, value)?;
                self.eval(&it.target)
            }
            BinOp(it) => self.bin_op(it, dest),
            UnaryOp(it) => self.unary_op(it, dest),
            BoolOp(it) => self.bool_op(it),
            Compare(it) => self.comparison(it, dest),
            If(it) => self.ternary(it),
            Call(it) => self.call(it, dest),
            Attribute(it) => {
                let value = self.eval(&it.value)?;
                self.attribute(value, &it.attr, it.range)
            }
            Subscript(it) => {
                self.check_index_order(&it.slice, None)?;
                let base = self.eval(&it.value)?;
                self.subscript(base, &it.slice, it.range)
            }
            Tuple(it) => self.sequence(&it.elts).map(|values| Value::Tuple(values.into())),
            List(it) => self.sequence(&it.elts).map(|values| Value::Tuple(Items::list(values))),
            Dict(it) => self.dictionary(it),
            ListComp(it) => {
                self.comprehension(&it.elt, &it.generators).map(|values| Value::Tuple(Items::list(values)))
            }
            Generator(it) => {
                self.comprehension(&it.elt, &it.generators).map(|values| Value::Tuple(values.into()))
            }
            DictComp(ast::ExprDictComp { key: Some(key), value, generators, .. }) => {
                self.dictionary_comprehension(key, value, generators)
            }
            Lambda(it) => self.defined(Value::Lambda(Arc::new(it.clone())), it.parameters.as_deref()),
            other => Err(Diagnostic::error(
                codes::UNSUPPORTED_EXPRESSION,
                other.range(),
                "this expression cannot be compiled",
            )
            .into()),
        }
    }

    fn sequence(&mut self, items: &[ast::Expr]) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match item {
                ast::Expr::Starred(starred) => match self.eval(&starred.value)? {
                    Value::Tuple(inner) => values.extend(inner),
                    other => return Err(self.not_iterable(&other, item.range())),
                },
                _ => {
                    let value = self.eval(item)?;
                    values.push(self.before(value, &items[at + 1..]));
                }
            }
        }
        Ok(values)
    }

    fn dictionary(&mut self, dict: &ast::ExprDict) -> Result<Value> {
        let mut items = Vec::new();
        for item in &dict.items {
            let Some(key) = &item.key else {
                let message = "`**` in a dictionary cannot be compiled";
                return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, dict.range, message).into());
            };
            let key = self.eval(key)?;
            let value = self.eval(&item.value)?;
            // What a later value, or a later statement, changes is read before.
            items.push((key, self.settle(value)));
        }
        Ok(Value::Dict(items))
    }

    /// Evaluates two operands from left to right. A call in the second must not change what the first has read.
    fn operands(&mut self, left: &ast::Expr, right: &ast::Expr) -> Result<(Value, Value)> {
        let first = self.eval(left)?;
        let first = self.before(first, std::slice::from_ref(right));
        Ok((first, self.eval(right)?))
    }

    /// The value, found before calls in the expressions that come after it can change what it reads.
    pub(super) fn before(&mut self, value: Value, rest: &[ast::Expr]) -> Value {
        let reads = matches!(&value, Value::Scalar(scalar) if !scalar.is_pure());
        if reads && rest.iter().any(|expr| self.calls_program(expr)) { self.settle(value) } else { value }
    }

    /// Whether an expression calls code that may change arrays.
    pub(super) fn calls_program(&self, expr: &ast::Expr) -> bool {
        ast::helpers::any_over_expr(expr, &|part: &ast::Expr| match part {
            ast::Expr::Call(call) => match &*call.func {
                ast::Expr::Name(name) => match self.known_value(&name.id).map(Value::undefaulted) {
                    Some(Value::Program(_) | Value::Object(_) | Value::Bound(..)) => true,
                    Some(Value::Helper(function)) => self.may_change_arrays(function),
                    Some(Value::Lambda(lambda)) => self.calls_program(&lambda.body),
                    _ => self.globals.programs.contains_key(name.id.as_str()),
                },
                // A member of an object may be an annotated function, and one of a module a function of Python.
                ast::Expr::Attribute(attribute) => match root(&attribute.value) {
                    Some(name) => matches!(
                        self.known_value(name),
                        Some(
                            Value::Namespace(_)
                                | Value::Instance(..)
                                | Value::Class(_)
                                | Value::Object(_)
                                | Value::OpenModule(..)
                        )
                    ),
                    None => false,
                },
                _ => false,
            },
            _ => false,
        })
    }

    pub(super) fn known_value(&self, name: &str) -> Option<&Value> {
        self.env.get(name).or_else(|| match self.globals.values.get(name) {
            Some(Global::Value(value)) => Some(value),
            _ => None,
        })
    }

    /// Whether a plain function may change arrays: it is more than an expression, or the interpreter calls it.
    fn may_change_arrays(&self, function: &ast::StmtFunctionDef) -> bool {
        let is_expression = match function.body.as_slice() {
            [ast::Stmt::Return(it)] => it.value.as_ref().is_none_or(|value| !self.calls_program(value)),
            _ => false,
        };
        !is_expression || self.called_back(function).is_some()
    }

    fn bin_op(&mut self, it: &ast::ExprBinOp, dest: &Dest) -> Result<Value> {
        let (left, right) = self.operands(&it.left, &it.right)?;
        self.operation(it.op, left, right, dest, it.range)
    }

    /// `left op right` of evaluated operands.
    pub(super) fn operation(
        &mut self,
        op: ast::Operator,
        left: Value,
        right: Value,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        match (op, left, right) {
            (
                ast::Operator::MatMult,
                left @ (Value::Map | Value::Range(..) | Value::ArrayType(..)),
                Value::Hint,
            ) => Ok(left),
            (ast::Operator::MatMult, left, right) => numpy::matmul(self, &left, &right, dest, range),
            (ast::Operator::Add, Value::Tuple(left), Value::Tuple(right)) => {
                let is_list = left.is_list;
                let values: Vec<Value> = left.into_iter().chain(right).collect();
                Ok(Value::Tuple(if is_list { Items::list(values) } else { values.into() }))
            }
            (ast::Operator::Mult, Value::Tuple(items), Value::Scalar(times)) => {
                let times = self.constant_int(&Value::Scalar(times), range)?;
                let count = usize::try_from(times).unwrap_or(0);
                self.check_written_out(count.saturating_mul(items.len()), range)?;
                let is_list = items.is_list;
                let mut repeated: Items = std::iter::repeat_n(items, count).flatten().collect();
                repeated.is_list = is_list;
                Ok(Value::Tuple(repeated))
            }
            // For this exponent NumPy takes `np.square`, which has no form for truth values: they become small integers.
            (ast::Operator::Pow, Value::Array(base), Value::Scalar(exponent))
                if base.dtype == DType::Bool && exponent.ty.weak && exponent.as_int() == Some(2) =>
            {
                self.elementwise("square", &[Value::Array(base)], dest, range, &|of| {
                    Ok(scalar::converted(&of[0], DType::Int8))
                })
            }
            (op, left, right) => {
                check_range(op, &left, &right, range)?;
                let op = operator(op);
                let label = label_of(op);
                self.elementwise(label, &[left, right], dest, range, &|of| scalar::binary(op, &of[0], &of[1]))
            }
        }
    }

    fn unary_op(&mut self, it: &ast::ExprUnaryOp, dest: &Dest) -> Result<Value> {
        let value = self.eval(&it.operand)?;
        let op = match it.op {
            ast::UnaryOp::UAdd => {
                return Ok(match self.numeric(value, it.range)? {
                    Value::Array(view) if !view.fresh => Value::Array(self.copied(&view, "__tmp")),
                    value => value,
                });
            }
            ast::UnaryOp::USub => UnaryOp::Neg,
            ast::UnaryOp::Invert => UnaryOp::BitNot,
            ast::UnaryOp::Not => {
                let value = self.condition_value(value, it.range)?;
                return scalar::unary(UnaryOp::Not, &value)
                    .map(Value::Scalar)
                    .map_err(|reason| Diagnostic::error(codes::TYPE, it.range, reason).into());
            }
        };
        self.elementwise("negate", &[value], dest, it.range, &|of| match of[0].ty {
            // To Python its truth values are integers here.
            Typed { dtype: DType::Bool, weak: true } if op == UnaryOp::BitNot => {
                scalar::unary(op, &scalar::python_int(&of[0]))
            }
            _ => scalar::unary(op, &of[0]),
        })
    }

    fn numeric(&mut self, value: Value, range: TextRange) -> Result<Value> {
        match value {
            Value::Scalar(_) | Value::Array(_) => Ok(value),
            other => Err(self.not_a_number(&other, range)),
        }
    }

    /// `and` and `or`: a later operand is evaluated only if the earlier ones do not decide. The value is that of the
    /// operand that decides.
    fn bool_op(&mut self, it: &ast::ExprBoolOp) -> Result<Value> {
        let is_and = it.op == ast::BoolOp::And;
        let mut result: Option<Scalar> = None;
        for operand in &it.values {
            if result.as_ref().and_then(Scalar::as_truth).is_some_and(|known| known != is_and) {
                break;
            }
            let value = if result.is_some() { self.eval_maybe(operand)? } else { self.eval(operand)? };
            let value = match value {
                Value::Scalar(scalar) => scalar,
                other => self.condition_value(other, operand.range())?,
            };
            result = Some(match result {
                None => value,
                Some(before) => decided(is_and, before, value),
            });
        }
        Ok(Value::Scalar(result.unwrap_or_else(|| Scalar::bool(is_and))))
    }

    /// The value of an expression that may not be evaluated. It is computed all the same, so it must not do anything else.
    fn eval_maybe(&mut self, expr: &ast::Expr) -> Result<Value> {
        self.check_no_assignment(expr)?;
        let before = self.effects;
        let value = self.eval(expr)?;
        if self.effects == before {
            return Ok(value);
        }
        let message = "a call that may change arrays cannot be compiled where it may not be evaluated";
        Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, expr.range(), message)
            .help("make the call in a statement of its own, or in an `if` statement")
            .into())
    }

    /// Refuses a call in an index, or in the value that is evaluated after it, that may change what an earlier part of the
    /// index has read.
    pub(super) fn check_index_order(&self, index: &ast::Expr, value: Option<&ast::Expr>) -> Result<()> {
        let items = match index {
            ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let parts: Vec<&ast::Expr> = items
            .into_iter()
            .flat_map(|item| match item {
                ast::Expr::Slice(slice) => [&slice.lower, &slice.upper, &slice.step]
                    .into_iter()
                    .filter_map(|part| part.as_deref())
                    .collect(),
                one => vec![one],
            })
            .chain(value)
            .collect();
        let reads = |expr: &ast::Expr| {
            ast::helpers::any_over_expr(expr, &|part: &ast::Expr| part.is_subscript_expr())
        };
        for (at, part) in parts.iter().enumerate().skip(1) {
            if parts[..at].iter().any(|before| reads(before)) && self.calls_program(part) {
                let message = "this call may change what another part of the index has read";
                return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, part.range(), message)
                    .help("make the call in a statement of its own")
                    .into());
            }
        }
        Ok(())
    }

    /// Refuses `name := value` where it may not be evaluated.
    fn check_no_assignment(&self, expr: &ast::Expr) -> Result<()> {
        if !ast::helpers::any_over_expr(expr, &|part: &ast::Expr| part.is_named_expr()) {
            return Ok(());
        }
        let message = "`:=` cannot be compiled where it may not be evaluated";
        Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, expr.range(), message)
            .help("assign in a statement of its own")
            .into())
    }

    fn comparison(&mut self, it: &ast::ExprCompare, dest: &Dest) -> Result<Value> {
        let mut left = self.eval(&it.left)?;
        let mut result: Option<Scalar> = None;
        for (at, (op, comparator)) in it.ops.iter().zip(&it.comparators).enumerate() {
            left = self.before(left, &it.comparators[at..]);
            let right = if at == 0 { self.eval(comparator)? } else { self.eval_maybe(comparator)? };
            let value = self.compare(*op, &left, &right, dest, it.range)?;
            if it.ops.len() == 1 {
                return Ok(value);
            }
            let value = self.condition_value(value, it.range)?;
            result = Some(match result {
                None => value,
                Some(before) => junction(true, before, value),
            });
            left = right;
        }
        Ok(Value::Scalar(result.unwrap_or_else(|| Scalar::bool(true))))
    }

    fn compare(
        &mut self,
        op: ast::CmpOp,
        left: &Value,
        right: &Value,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        let op = match op {
            ast::CmpOp::Eq => BinaryOp::Eq,
            ast::CmpOp::NotEq => BinaryOp::Ne,
            ast::CmpOp::Lt => BinaryOp::Lt,
            ast::CmpOp::LtE => BinaryOp::Le,
            ast::CmpOp::Gt => BinaryOp::Gt,
            ast::CmpOp::GtE => BinaryOp::Ge,
            ast::CmpOp::Is => return identity(left, right, true, range),
            ast::CmpOp::IsNot => return identity(left, right, false, range),
            ast::CmpOp::In | ast::CmpOp::NotIn => {
                let found = self.contained(left, right, range)?;
                let found = if op == ast::CmpOp::In {
                    found
                } else {
                    scalar::unary(UnaryOp::Not, &found).unwrap_or(found)
                };
                return Ok(Value::Scalar(found));
            }
        };
        if let Some(known) = constant_equality(left, right)
            && matches!(op, BinaryOp::Eq | BinaryOp::Ne)
        {
            return Ok(Value::Scalar(Scalar::bool(known == (op == BinaryOp::Eq))));
        }
        let operands = [left.clone(), right.clone()];
        self.elementwise("compare", &operands, dest, range, &|of| scalar::binary(op, &of[0], &of[1]))
    }

    fn contained(&mut self, item: &Value, items: &Value, range: TextRange) -> Result<Scalar> {
        let candidates: Vec<&Value> = match items {
            Value::Tuple(items) => items.iter().collect(),
            Value::Dict(items) => items.iter().map(|(key, _)| key).collect(),
            Value::Text(text) if let Value::Text(part) = item => {
                return Ok(Scalar::bool(text.contains(part.as_str())));
            }
            _ => return Err(self.not_iterable(items, range)),
        };
        let mut found = Scalar::bool(false);
        for candidate in candidates {
            let equal = self.compare(ast::CmpOp::Eq, item, candidate, &Dest::Temp, range)?;
            let equal = self.condition_value(equal, range)?;
            found = junction(false, found, equal);
        }
        Ok(found)
    }

    /// `a if condition else b`: only the chosen one is evaluated.
    fn ternary(&mut self, it: &ast::ExprIf) -> Result<Value> {
        let condition = self.eval(&it.test)?;
        let condition = self.condition_value(condition, it.test.range())?;
        if let Some(known) = condition.as_truth() {
            return self.eval(if known { &it.body } else { &it.orelse });
        }
        let then = self.eval_maybe(&it.body)?;
        let otherwise = self.eval_maybe(&it.orelse)?;
        let condition = match (&then, &otherwise) {
            (Value::Tuple(_), Value::Tuple(_)) => self.hoist(&condition),
            _ => condition,
        };
        self.either(&condition, then, otherwise, it.range)
    }

    /// One of two values; of two tuples, item by item.
    fn either(
        &mut self,
        condition: &Scalar,
        then: Value,
        otherwise: Value,
        range: TextRange,
    ) -> Result<Value> {
        match (then, otherwise) {
            (Value::Tuple(then), Value::Tuple(otherwise))
                if then.len() == otherwise.len() && then.is_list == otherwise.is_list =>
            {
                let is_list = then.is_list;
                let pairs = then.into_iter().zip(otherwise);
                let items: Result<Vec<Value>> =
                    pairs.map(|(then, otherwise)| self.either(condition, then, otherwise, range)).collect();
                Ok(Value::Tuple(if is_list { Items::list(items?) } else { items?.into() }))
            }
            (Value::Scalar(then), Value::Scalar(otherwise)) => {
                let then = Scalar { code: guard(then.code), ty: then.ty };
                let otherwise = Scalar { code: guard(otherwise.code), ty: otherwise.ty };
                let (then, otherwise) =
                    (scalar::beside(&then, otherwise.dtype()), scalar::beside(&otherwise, then.dtype()));
                if let (Some(a), Some(b), Some(test)) =
                    (then.as_expr(), otherwise.as_expr(), condition.code.to_symbolic())
                {
                    let code = ScalarExpr::Symbolic(test.select(a, b));
                    return Ok(Value::Scalar(Scalar { code, ty: then.ty.with(otherwise.ty) }));
                }
                Ok(Value::Scalar(scalar::select(condition, &then, &otherwise)))
            }
            (Value::Array(then), Value::Array(otherwise)) => {
                self.chosen_array(condition, [then, otherwise], range)
            }
            (then, otherwise) => {
                let message = format!(
                    "a conditional expression between {} and {} needs a condition that is known at compile time",
                    then.kind(),
                    otherwise.kind()
                );
                Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, range, message)
                    .help("use an `if` statement, or `np.where` to choose element by element")
                    .into())
            }
        }
    }

    // --- what callers need ---------------------------------------------------------------------------------------

    /// The value as one truth value.
    pub(super) fn condition_value(&mut self, value: Value, range: TextRange) -> Result<Scalar> {
        match value {
            Value::Scalar(scalar) => Ok(truth(&scalar)),
            Value::None => Ok(Scalar::bool(false)),
            Value::Tuple(items) => Ok(Scalar::bool(!items.is_empty())),
            Value::Text(text) => Ok(Scalar::bool(!text.is_empty())),
            Value::Array(view) if view.shape().iter().all(Expr::is_one) => {
                Ok(truth(&view.element(&vec![Expr::zero(); view.rank()])))
            }
            Value::Array(_) => {
                Err(Diagnostic::error(codes::CONDITION, range, "an array is no single truth value")
                    .help("use `np.any(...)` or `np.all(...)`")
                    .into())
            }
            other => Err(self.not_a_number(&other, range)),
        }
    }

    /// The value as an integer over symbols; a symbol is assigned if it is not one yet.
    pub(crate) fn integer(&mut self, value: &Value, range: TextRange) -> Result<Expr> {
        let Value::Scalar(scalar) = value else { return Err(self.not_an_integer(value, range)) };
        if let Some(expr) = scalar.as_expr() {
            return Ok(expr.clone());
        }
        if let Some(known) = scalar.as_int() {
            return Ok(Expr::int(known));
        }
        if !scalar.dtype().is_integer() {
            return Err(self.not_an_integer(value, range));
        }
        if let ScalarExpr::Name(container) = &scalar.code {
            // The value of an argument is that of the symbol with the same name.
            if self.sdfg.arguments.contains(container) {
                return Ok(Expr::sym(container));
            }
            if scalar.dtype() == DType::Int64
                && let Some(name) = self.variable_of(container)
                && !self.decisions.containers.contains(&name)
                && self.decisions.symbols.insert(name)
            {
                return Err(Stop::Again);
            }
        }
        let symbol = self.new_symbol("__index");
        self.meanings.insert(&symbol, self.globals.source(range));
        self.set_symbol(&symbol, scalar::cast(scalar, DType::Int64));
        self.mutable.shift_remove(&symbol);
        Ok(Expr::sym(symbol))
    }

    /// The value as an integer that is known.
    pub(crate) fn constant_int(&mut self, value: &Value, range: TextRange) -> Result<i64> {
        match value {
            Value::Scalar(scalar) if scalar.dtype().is_integer() => scalar.as_int(),
            _ => None,
        }
        .ok_or_else(|| {
            let message = "this must be an integer that is known at compile time";
            Diagnostic::error(codes::CONSTANT, range, message).into()
        })
    }

    pub(super) fn not_an_integer(&self, value: &Value, range: TextRange) -> Stop {
        let what = match value {
            Value::Poison => return Stop::Reported,
            Value::Scalar(scalar) => format!("a {}", scalar.dtype()),
            other => other.kind().to_owned(),
        };
        Diagnostic::error(codes::NOT_SYMBOLIC, range, format!("an integer is needed here, not {what}"))
            .help("use `//` for a division that gives an integer, or `int(...)`")
            .into()
    }

    pub(super) fn not_iterable(&self, value: &Value, range: TextRange) -> Stop {
        if matches!(value, Value::Poison) {
            return Stop::Reported;
        }
        let message = format!("{} is no sequence whose length is known at compile time", value.kind());
        Diagnostic::error(codes::ITERATION, range, message).into()
    }
}

/// The value of `before and then`, or `before or then`.
fn decided(is_and: bool, before: Scalar, then: Scalar) -> Scalar {
    if before.dtype() == DType::Bool && then.dtype() == DType::Bool {
        return junction(is_and, before, then);
    }
    let then = Scalar { code: guard(then.code), ty: then.ty };
    if is_and { scalar::select(&before, &then, &before) } else { scalar::select(&before, &before, &then) }
}

/// `before and then`, or `before or then`, of truth values.
fn junction(is_and: bool, before: Scalar, then: Scalar) -> Scalar {
    if let Some(known) = before.as_truth() {
        return if known == is_and { then } else { Scalar::bool(known) };
    }
    let ty = before.ty.with(then.ty);
    let reads_elements = {
        let mut found = false;
        then.code.visit(&mut |part| found |= matches!(part, ScalarExpr::Load { .. }));
        found
    };
    let decided = ScalarExpr::Constant(Constant::Bool(!is_and));
    let code = match (reads_elements, is_and) {
        (false, true) => ScalarExpr::binary(BinaryOp::And, before.code, then.code),
        (false, false) => ScalarExpr::binary(BinaryOp::Or, before.code, then.code),
        (true, true) => ScalarExpr::select(before.code, guard(then.code), decided),
        (true, false) => ScalarExpr::select(before.code, decided, guard(then.code)),
    };
    Scalar { code, ty }
}

/// The code, with its element reads marked as ones that happen only if the code is reached: their indices are no longer
/// plain symbolic expressions, so a tasklet loads them itself instead of receiving the element.
fn guard(mut code: ScalarExpr) -> ScalarExpr {
    code.visit_mut(&mut |part| {
        if let ScalarExpr::Load { indices, .. } = part {
            for index in indices {
                if matches!(index, ScalarExpr::Symbolic(_)) {
                    *index = ScalarExpr::Cast(DType::Int64, Box::new(index.clone()));
                }
            }
        }
    });
    code
}

fn identity(left: &Value, right: &Value, wanted: bool, range: TextRange) -> Result<Value> {
    match (left, right) {
        (Value::None, other) | (other, Value::None) => {
            Ok(Value::Scalar(Scalar::bool(matches!(other, Value::None) == wanted)))
        }
        _ => {
            Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, range, "`is` can only compare with `None`")
                .help("use `==`")
                .into())
        }
    }
}

fn constant_equality(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(a == b),
        (Value::DType(a), Value::DType(b)) => Some(a == b),
        (Value::Text(_), Value::None | Value::Scalar(_))
        | (Value::None | Value::Scalar(_), Value::Text(_)) => Some(false),
        _ => None,
    }
}

/// Refuses an integer of Python that the type of the other operand, which the result will have, cannot hold.
fn check_range(op: ast::Operator, left: &Value, right: &Value, range: TextRange) -> Result<()> {
    use ast::Operator::{Div, LShift, Pow, RShift};
    let strong = |value: &Value| match value {
        Value::Array(view) => Some(view.dtype),
        Value::Scalar(scalar) if !scalar.ty.weak => Some(scalar.dtype()),
        _ => None,
    };
    let weak = |value: &Value| match value {
        Value::Scalar(scalar) if scalar.ty.weak => scalar.as_int(),
        _ => None,
    };
    let pair = (weak(left).or(weak(right)), strong(left).or(strong(right)));
    if let (Some(value), Some(dtype)) = pair
        && dtype.is_integer()
        && !matches!(op, Div | LShift | Pow | RShift)
        && !scalar::holds(dtype, value)
    {
        let message = format!("the integer {value} does not fit into {dtype}, the type of the other operand");
        return Err(Diagnostic::error(codes::TYPE, range, message)
            .help("convert the other operand first: `.astype(np.int64)`")
            .into());
    }
    Ok(())
}

fn number(it: &ast::ExprNumberLiteral) -> std::result::Result<Scalar, Diagnostic> {
    match &it.value {
        ast::Number::Int(value) => match (value.as_i64(), value.as_u64()) {
            (Some(value), _) => Ok(Scalar::int(value)),
            (None, Some(value)) => Ok(Scalar::strong(Constant::UInt(value).into(), DType::UInt64)),
            (None, None) => {
                Err(Diagnostic::error(codes::TYPE, it.range, "the integer does not fit into 64 bits"))
            }
        },
        ast::Number::Float(value) => Ok(Scalar::float(*value)),
        ast::Number::Complex { real, imag } => {
            Ok(Scalar::weak(Constant::Complex(*real, *imag, DType::Complex128).into(), DType::Complex128))
        }
    }
}

fn operator(op: ast::Operator) -> BinaryOp {
    match op {
        ast::Operator::Add => BinaryOp::Add,
        ast::Operator::Sub => BinaryOp::Sub,
        ast::Operator::Mult | ast::Operator::MatMult => BinaryOp::Mul,
        ast::Operator::Div => BinaryOp::Div,
        ast::Operator::Mod => BinaryOp::Mod,
        ast::Operator::Pow => BinaryOp::Pow,
        ast::Operator::LShift => BinaryOp::Shl,
        ast::Operator::RShift => BinaryOp::Shr,
        ast::Operator::BitOr => BinaryOp::BitOr,
        ast::Operator::BitXor => BinaryOp::BitXor,
        ast::Operator::BitAnd => BinaryOp::BitAnd,
        ast::Operator::FloorDiv => BinaryOp::FloorDiv,
    }
}

/// What a map that performs the operation is called.
pub(crate) fn label_of(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Sub => "subtract",
        BinaryOp::Mul => "multiply",
        BinaryOp::Div => "divide",
        BinaryOp::FloorDiv => "floor_divide",
        BinaryOp::Mod => "remainder",
        BinaryOp::Pow => "power",
        BinaryOp::Min => "minimum",
        BinaryOp::Max => "maximum",
        _ => "operation",
    }
}

/// The name that a chain of attributes begins with.
fn root(expr: &ast::Expr) -> Option<&str> {
    match expr {
        ast::Expr::Name(name) => Some(&name.id),
        ast::Expr::Attribute(attribute) => root(&attribute.value),
        _ => None,
    }
}
