//! Where a name may get a copy of an array instead of the array itself.
//!
//! A name that a loop carries from one iteration to the next has one storage, so `u = new` at the end of an iteration has to
//! copy the elements. In Python both names refer to one array from there on. That makes no difference if
//!
//! - nothing ever changes elements of arrays with these names: then one cannot tell them from their copies; or
//! - `new` is not used any more before it gets another value; or
//! - names are exchanged, as in `u, new = new, u`.
//!
//! In the last two cases the function may change elements, but then the arrays must be its own, not its caller's, and each must
//! have that one name only. A parameter that the function assigns in a loop, as in `x = step(x)`, may be copied at the start in
//! the first case.
//!
//! All is found out from the text. What is not understood counts as a change by, and a second name in, some place unknown.

use super::names::{Reads, assigned, parameter_names, target_names};
use crate::parse::{Ranged, TextRange, TextSize, ast};
use ast::visitor::{self, Visitor};
use dacec_ir::{IndexMap, IndexSet};
use petgraph::{algo::tarjan_scc, graphmap::UnGraphMap};
use std::collections::HashMap;

/// Functions of Python that neither change nor return what they are given.
#[rustfmt::skip]
const PURE_FUNCTIONS: &[&str] = &[
    "abs", "bool", "complex", "divmod", "float", "int", "isinstance", "len", "max", "min", "print", "range",
    "round", "sum",
];

/// Methods of arrays that neither change it nor return a part of it.
#[rustfmt::skip]
const PURE_METHODS: &[&str] = &[
    "all", "any", "argmax", "argmin", "argsort", "astype", "copy", "cumprod", "cumsum", "dot", "item", "max",
    "mean", "min", "prod", "std", "sum", "var",
];

/// Attributes of an array that are no part of its elements.
const FACTS: &[&str] = &["dtype", "itemsize", "nbytes", "ndim", "shape", "size"];

/// Functions of NumPy that make a new array, or numbers.
#[rustfmt::skip]
const FRESH: &[&str] = &[
    "abs", "absolute", "add", "all", "amax", "amin", "any", "arange", "arctan", "argmax", "argmin", "array",
    "ceil", "clip", "convolve", "copy", "cos", "cosh", "cumsum", "diff", "divide", "dot", "empty",
    "empty_like", "exp", "eye", "floor", "full", "full_like", "hypot", "identity", "linspace", "log",
    "matmul", "max", "maximum", "mean", "min", "minimum", "mod", "multiply", "norm", "ones", "ones_like",
    "outer", "power", "prod", "roll", "sin", "solve", "sqrt", "subtract", "sum", "tan", "tanh", "where",
    "zeros", "zeros_like",
];

/// Functions of NumPy that change an argument.
#[rustfmt::skip]
const CHANGING: &[&str] = &[
    "at", "copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "shuffle",
];

/// Functions of NumPy whose second argument is the array for the result.
#[rustfmt::skip]
const UNARY: &[&str] = &[
    "abs", "absolute", "arctan", "ceil", "cos", "cosh", "exp", "floor", "log", "sin", "sqrt", "tan", "tanh",
];

/// Functions of NumPy whose third argument is none of that kind.
const THREE: &[&str] = &["arange", "array", "clip", "full", "interp", "linspace", "roll", "where"];

/// A name that may get a copy of an array.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) target: String,
    /// Whether the array is written to after this name has its copy, not before: in `a, b = b, a`, that of `b`.
    pub(super) first: bool,
}

/// What may be copied.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Names on the right of assignments, and what is on the left.
    sources: HashMap<TextRange, Copied>,
    parameters: IndexSet<String>,
}

impl Copies {
    /// Looks at a function; `is_library` says which names are modules like NumPy.
    pub(super) fn of<'a>(function: &'a ast::StmtFunctionDef, is_library: &'a dyn Fn(&str) -> bool) -> Self {
        let mut text = Text::new(is_library);
        text.statements(&function.body);
        text.finish(function)
    }

    /// The name that gets a copy of what is named at this place.
    pub(super) fn target(&self, source: TextRange) -> Option<&Copied> {
        self.sources.get(&source)
    }

    /// Whether the parameter may be copied when the function starts.
    pub(super) fn takes(&self, parameter: &str) -> bool {
        self.parameters.contains(parameter)
    }
}

/// A name gets what another one refers to.
struct Rebinding {
    target: String,
    source: String,
    place: TextRange,
    /// Whether every array keeps one name: the names are exchanged, or the source is not used any more.
    keeps_owners: bool,
    /// Whether no assignment of the statement before this one gives the source another value.
    first: bool,
}

/// Where a loop starts, and its body.
type Loop<'a> = (TextSize, &'a [ast::Stmt]);

/// What the text of a function says of its names.
struct Text<'a> {
    is_library: &'a dyn Fn(&str) -> bool,
    rebindings: Vec<Rebinding>,
    /// Names of arrays whose elements are changed.
    changed: IndexSet<String>,
    /// Names of arrays that something else may refer to.
    shared: IndexSet<String>,
    /// Names that may be lists, and names that are put into something by an index.
    lists: IndexSet<String>,
    stored: Vec<(String, IndexSet<String>)>,
    /// The loops around, outermost first: where each starts, and its body.
    loops: Vec<Loop<'a>>,
    /// Statements that follow the present one in its block.
    rest: &'a [ast::Stmt],
    /// Assignments whose source may be used up, the loops around them, and the statements that follow.
    candidates: Vec<(usize, Vec<Loop<'a>>, &'a [ast::Stmt])>,
}

impl<'a> Text<'a> {
    fn new(is_library: &'a dyn Fn(&str) -> bool) -> Self {
        Text {
            is_library,
            rebindings: Vec::new(),
            changed: IndexSet::default(),
            shared: IndexSet::default(),
            lists: IndexSet::default(),
            stored: Vec::new(),
            loops: Vec::new(),
            rest: &[],
            candidates: Vec::new(),
        }
    }

    fn statements(&mut self, statements: &'a [ast::Stmt]) {
        for (at, statement) in statements.iter().enumerate() {
            self.rest = &statements[at + 1..];
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a ast::Stmt) {
        match statement {
            ast::Stmt::Assign(it) => {
                self.expression(&it.value);
                match it.targets.as_slice() {
                    [target] => self.assign(target, &it.value),
                    targets => {
                        let names = targets.iter().flat_map(mentioned);
                        self.unknown_names(names.chain(mentioned(&it.value)).collect::<Vec<_>>());
                    }
                }
            }
            ast::Stmt::AnnAssign(it) => {
                if let Some(value) = &it.value {
                    self.expression(value);
                    self.assign(&it.target, value);
                }
            }
            ast::Stmt::AugAssign(it) => {
                self.expression(&it.value);
                self.change(&it.target);
                if matches!(&*it.value, ast::Expr::List(_) | ast::Expr::Tuple(_)) {
                    self.shared.extend(mentioned(&it.value));
                }
            }
            ast::Stmt::For(it) => {
                self.expression(&it.iter);
                self.name_again(&it.target, &it.iter);
                self.loop_body(it.range.start(), &it.body, &it.orelse);
            }
            ast::Stmt::While(it) => {
                self.expression(&it.test);
                self.loop_body(it.range.start(), &it.body, &it.orelse);
            }
            ast::Stmt::If(it) => {
                self.expression(&it.test);
                self.statements(&it.body);
                for clause in &it.elif_else_clauses {
                    clause.test.iter().for_each(|test| self.expression(test));
                    self.statements(&clause.body);
                }
            }
            ast::Stmt::Expr(it) => match &*it.value {
                ast::Expr::Call(call) => self.call_statement(call),
                other => self.unknown(other),
            },
            ast::Stmt::Return(it) => it.value.iter().for_each(|value| self.expression(value)),
            ast::Stmt::Assert(it) => self.expression(&it.test),
            ast::Stmt::Pass(_) | ast::Stmt::Break(_) | ast::Stmt::Continue(_) => {}
            other => {
                let mut names = Reads::default();
                names.visit_stmt(other);
                self.unknown_names(names.0.into_iter().chain(assigned(std::slice::from_ref(other))));
            }
        }
    }

    fn loop_body(&mut self, start: TextSize, body: &'a [ast::Stmt], orelse: &'a [ast::Stmt]) {
        self.loops.push((start, body));
        self.statements(body);
        self.loops.pop();
        self.statements(orelse);
    }

    // --- assignments ---------------------------------------------------------------------------------------------

    fn assign(&mut self, target: &'a ast::Expr, value: &'a ast::Expr) {
        match (target, value) {
            (ast::Expr::Name(target), ast::Expr::Name(source)) => {
                self.rebind(target, source, false, true);
            }
            (ast::Expr::Name(target), value) => {
                if is_list(value) || value.is_dict_expr() {
                    self.lists.insert(target.id.to_string());
                }
                self.second_names([target.id.to_string()], shares(value, self.is_library));
            }
            (ast::Expr::Tuple(targets), ast::Expr::Tuple(values))
                if targets.elts.len() == values.elts.len() =>
            {
                for (at, pair) in targets.elts.iter().zip(&values.elts).enumerate() {
                    match pair {
                        (ast::Expr::Name(target), ast::Expr::Name(source)) => {
                            let mut before = targets.elts[..at].iter().flat_map(mentioned);
                            let first = !before.any(|name| name == source.id.as_str());
                            let renewed = is_renewed(&source.id, &targets.elts, &values.elts);
                            self.rebind(target, source, renewed, first);
                        }
                        (target, value) => self.assign(target, value),
                    }
                }
            }
            (ast::Expr::Subscript(_), value) => {
                self.change(target);
                if let Some(root) = root(target) {
                    self.stored.push((root, shares(value, self.is_library)));
                }
            }
            (target @ (ast::Expr::Tuple(_) | ast::Expr::List(_)), value) => self.name_again(target, value),
            (target, value) => {
                self.unknown(target);
                self.unknown(value);
            }
        }
    }

    fn rebind(&mut self, target: &ast::ExprName, source: &ast::ExprName, keeps_owners: bool, first: bool) {
        if !keeps_owners {
            self.candidates.push((self.rebindings.len(), self.loops.clone(), self.rest));
        }
        let (target, place) = (target.id.to_string(), source.range);
        self.rebindings.push(Rebinding { target, source: source.id.to_string(), place, keeps_owners, first });
    }

    /// Names in a target refer to parts of a value.
    fn name_again(&mut self, target: &ast::Expr, value: &ast::Expr) {
        let names = target_names(target);
        self.second_names(names, shares(value, self.is_library));
        if !matches!(target, ast::Expr::Name(_) | ast::Expr::Tuple(_)) {
            self.unknown(target);
        }
    }

    /// Names get values that refer to arrays of other names.
    fn second_names(&mut self, names: impl IntoIterator<Item = String>, of: IndexSet<String>) {
        if !of.is_empty() {
            self.shared.extend(names);
            self.shared.extend(of);
        }
    }

    // --- changes -------------------------------------------------------------------------------------------------

    /// The elements of what the target is a part of are changed.
    fn change(&mut self, target: &ast::Expr) {
        match root(target) {
            Some(root) => {
                self.changed.insert(root);
                if let ast::Expr::Subscript(it) = target {
                    self.expression(&it.slice);
                }
            }
            None => self.unknown(target),
        }
    }

    /// Anything may happen to what the expression mentions.
    fn unknown(&mut self, expr: &ast::Expr) {
        self.unknown_names(mentioned(expr));
    }

    fn unknown_names(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            self.changed.insert(name.clone());
            self.shared.insert(name);
        }
    }

    fn call_statement(&mut self, call: &ast::ExprCall) {
        if !matches!(&*call.func, ast::Expr::Name(name) if name.id.as_str() == "print") {
            let is_library = root(&call.func).is_some_and(|root| (self.is_library)(&root));
            match is_library {
                true => self.changed.extend(arguments(call).flat_map(mentioned)),
                // Such as `list.append(x)`.
                false => arguments(call).for_each(|argument| self.unknown(argument)),
            }
            if let (false, Some(root)) = (is_library, root(&call.func)) {
                self.changed.insert(root);
            }
        }
    }

    /// What an expression changes while it is evaluated.
    fn expression(&mut self, expr: &ast::Expr) {
        Changes(self).visit_expr(expr);
    }

    // --- the result ----------------------------------------------------------------------------------------------

    fn finish(mut self, function: &'a ast::StmtFunctionDef) -> Copies {
        for (list, members) in std::mem::take(&mut self.stored) {
            if self.lists.contains(&list) {
                self.shared.extend(members);
            }
        }
        let parameters: IndexSet<String> = parameter_names(Some(&function.parameters)).collect();
        let own = assigned(&function.body);
        let mut copies = Copies::default();
        if self.rebindings.is_empty() && !own.iter().any(|name| parameters.contains(name)) {
            return copies;
        }
        let mut occurrences = Occurrences::default();
        occurrences.visit_body(&function.body);
        for (at, loops, rest) in std::mem::take(&mut self.candidates) {
            let it = &mut self.rebindings[at];
            let places = occurrences.0.get(&it.source).map_or(&[][..], Vec::as_slice);
            it.keeps_owners = is_renewed_next(&it.source, rest) || is_used_up(it, places, &loops);
        }
        for group in self.groups(own.iter().filter(|name| parameters.contains(*name))) {
            let of_group = || self.rebindings.iter().filter(|it| group.contains(&it.target));
            let is_known = group.iter().all(|name| own.contains(name) || parameters.contains(name));
            let is_constant = group.iter().all(|name| !self.changed.contains(name));
            let keeps_owners =
                of_group().all(|it| it.keeps_owners) && group.iter().all(|name| !parameters.contains(name));
            if !is_known
                || group.iter().any(|name| self.shared.contains(name))
                || !(is_constant || keeps_owners)
            {
                continue;
            }
            let copied = |it: &Rebinding| Copied { target: it.target.clone(), first: it.first };
            copies.sources.extend(of_group().map(|it| (it.place, copied(it))));
            copies.parameters.extend(group.into_iter().filter(|name| parameters.contains(name)));
        }
        copies
    }

    /// Sets of names that may refer to the same arrays: those that some name is bound to, and these.
    fn groups<'n>(&self, names: impl Iterator<Item = &'n String>) -> Vec<IndexSet<String>> {
        let mut graph = UnGraphMap::<&str, ()>::new();
        names.for_each(|name| _ = graph.add_node(name));
        for it in &self.rebindings {
            graph.add_edge(&it.target, &it.source, ());
        }
        let components = tarjan_scc(&graph).into_iter();
        components.map(|names| names.into_iter().map(str::to_owned).collect()).collect()
    }
}

/// Whether the source is not used after the assignment before it gets another value: every iteration of the innermost loop
/// begins with giving it one, and elsewhere it occurs, at `places`, only before the outermost loop.
fn is_used_up(it: &Rebinding, places: &[TextSize], loops: &[Loop<'_>]) -> bool {
    let (Some((_, body)), Some((outermost, _))) = (loops.last(), loops.first()) else { return false };
    let (Some(first), Some(last)) = (body.first(), body.last()) else { return false };
    let body_range = TextRange::new(first.range().start(), last.range().end());
    let mut inside = places.iter().filter(|at| body_range.contains(**at));
    let begin = inside.clone().next();
    let renews =
        |statement| renewal(statement, &it.source).is_some_and(|name| begin == Some(&name.range.start()));
    body.iter().any(renews)
        && inside.all(|at| *at <= it.place.start())
        && places.iter().all(|at| at < outermost || body_range.contains(*at))
}

/// Whether the assignment of the values to the targets gives a name that is one of the values another value itself, as in
/// `u, new = new, u`, so that its array goes on under one name.
fn is_renewed(name: &str, targets: &[ast::Expr], values: &[ast::Expr]) -> bool {
    let names: Option<IndexSet<&str>> =
        targets.iter().map(|it| Some(it.as_name_expr()?.id.as_str())).collect();
    let uses = values.iter().filter(|value| mentioned(value).contains(name)).count();
    names.is_some_and(|names| names.len() == targets.len() && names.contains(name)) && uses == 1
}

/// Whether the statements give the name another value before they use it: the first one that mentions it does, and what is
/// before that has no control flow.
fn is_renewed_next(name: &str, statements: &[ast::Stmt]) -> bool {
    let mut plain = statements.iter().take_while(|it| it.is_assign_stmt() || it.is_aug_assign_stmt());
    let mentions = |statement: &&ast::Stmt| {
        let mut used = Reads::default();
        used.visit_stmt(statement);
        used.0.contains(name)
    };
    plain.find(mentions).is_some_and(|statement| renewal(statement, name).is_some())
}

/// The name in `name = value`, where the value does not use it.
fn renewal<'s>(statement: &'s ast::Stmt, name: &str) -> Option<&'s ast::ExprName> {
    let ast::Stmt::Assign(it) = statement else { return None };
    let [ast::Expr::Name(target)] = it.targets.as_slice() else { return None };
    (target.id.as_str() == name && !mentioned(&it.value).contains(name)).then_some(target)
}

/// The name of the array that the expression is a part of.
fn root(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Name(name) => Some(name.id.to_string()),
        ast::Expr::Subscript(it) => root(&it.value),
        ast::Expr::Attribute(it) => root(&it.value),
        _ => None,
    }
}

/// Names whose arrays the value of an expression may share elements with.
fn shares(expr: &ast::Expr, is_library: &dyn Fn(&str) -> bool) -> IndexSet<String> {
    use ast::Expr::*;
    let of = |part: &ast::Expr| shares(part, is_library);
    match expr {
        NumberLiteral(_) | BooleanLiteral(_) | StringLiteral(_) | NoneLiteral(_) | FString(_) => {
            IndexSet::default()
        }
        // `[x] * 2` is a list with one array twice.
        BinOp(it) if [&it.left, &it.right].iter().any(|side| is_list(side)) => mentioned(expr),
        BinOp(_) | UnaryOp(_) | Compare(_) => IndexSet::default(),
        Name(name) => IndexSet::from_iter([name.id.to_string()]),
        Subscript(it) => of(&it.value),
        Attribute(it) if FACTS.contains(&it.attr.as_str()) => IndexSet::default(),
        Attribute(it) => of(&it.value),
        If(it) => of(&it.body).into_iter().chain(of(&it.orelse)).collect(),
        Tuple(it) => it.elts.iter().flat_map(of).collect(),
        List(it) => it.elts.iter().flat_map(of).collect(),
        Call(it) => match &*it.func {
            Name(name) if PURE_FUNCTIONS.contains(&name.id.as_str()) => IndexSet::default(),
            Attribute(method) => {
                let is_function = root(&it.func).is_some_and(|root| is_library(&root));
                let pure = if is_function { FRESH } else { PURE_METHODS };
                let maybe_not = is_function && has_out(it) || it.arguments.find_keyword("copy").is_some();
                let is_fresh = pure.contains(&method.attr.as_str()) && !maybe_not;
                if is_fresh { IndexSet::default() } else { mentioned(expr) }
            }
            _ => mentioned(expr),
        },
        ListComp(it) => of(&it.elt),
        Generator(it) => of(&it.elt),
        other => mentioned(other),
    }
}

fn is_list(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::List(_) | ast::Expr::Tuple(_) | ast::Expr::ListComp(_))
}

/// What a call is given, by position and by name.
fn arguments(call: &ast::ExprCall) -> impl Iterator<Item = &ast::Expr> {
    call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|it| &it.value))
}

/// Whether an array for the result may be among the arguments of a function of NumPy.
fn has_out(call: &ast::ExprCall) -> bool {
    let ast::Expr::Attribute(function) = &*call.func else { return true };
    let name = function.attr.as_str();
    let by_name =
        call.arguments.keywords.iter().any(|it| it.arg.as_ref().is_none_or(|name| name.as_str() == "out"));
    by_name
        || match call.arguments.args.len() {
            0 | 1 => false,
            2 => UNARY.contains(&name),
            3 => !THREE.contains(&name),
            _ => true,
        }
}

/// Every name in an expression.
fn mentioned(expr: &ast::Expr) -> IndexSet<String> {
    let mut names = Reads::default();
    names.visit_expr(expr);
    names.0
}

/// Collects where each name occurs, in the order of the text.
#[derive(Default)]
struct Occurrences(IndexMap<String, Vec<TextSize>>);

impl<'a> Visitor<'a> for Occurrences {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Name(name) = expr {
            let places = self.0.entry(name.id.to_string()).or_default();
            let at = places.partition_point(|place| *place < name.range.start());
            places.insert(at, name.range.start());
        }
        visitor::walk_expr(self, expr);
    }
}

/// Notes what calls inside of an expression change.
struct Changes<'t, 'a>(&'t mut Text<'a>);

impl<'e> Visitor<'e> for Changes<'_, '_> {
    fn visit_expr(&mut self, expr: &'e ast::Expr) {
        match expr {
            ast::Expr::Call(it) => self.call(it),
            ast::Expr::Lambda(_) => return self.0.unknown(expr),
            ast::Expr::Named(it) => {
                self.0.unknown(&it.target);
                let of = shares(&it.value, self.0.is_library);
                self.0.shared.extend(of);
            }
            ast::Expr::ListComp(it) => self.generators(&it.generators),
            ast::Expr::Generator(it) => self.generators(&it.generators),
            ast::Expr::SetComp(_) | ast::Expr::DictComp(_) => return self.0.unknown(expr),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

impl Changes<'_, '_> {
    fn generators(&mut self, generators: &[ast::Comprehension]) {
        for it in generators {
            self.0.name_again(&it.target, &it.iter);
        }
    }

    fn call(&mut self, it: &ast::ExprCall) {
        let text = &mut *self.0;
        let is_library = root(&it.func).is_some_and(|root| (text.is_library)(&root));
        if is_library && has_out(it) || it.arguments.find_keyword("out").is_some() {
            return arguments(it).for_each(|argument| text.unknown(argument));
        }
        let pure = match &*it.func {
            ast::Expr::Name(name) => PURE_FUNCTIONS.contains(&name.id.as_str()),
            ast::Expr::Attribute(name) if is_library => !CHANGING.contains(&name.attr.as_str()),
            ast::Expr::Attribute(name) => PURE_METHODS.contains(&name.attr.as_str()),
            _ => false,
        };
        if !pure {
            // A function of the user may change its arguments, and keep none of them but in what it returns.
            text.changed.extend(arguments(it).flat_map(mentioned));
            text.changed.extend(root(&it.func));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    /// The pairs of names, and the parameters, of which copies may be made in the function.
    fn copies(text: &str) -> (Vec<(String, String)>, Vec<String>) {
        let suite = parse(text).unwrap();
        let Some(ast::Stmt::FunctionDef(function)) = suite.first() else { panic!("{text}") };
        let found = Copies::of(function, &|name| name == "np");
        let source = |place: &TextRange| text[place.start().to_usize()..place.end().to_usize()].to_owned();
        let mut pairs: Vec<_> =
            found.sources.iter().map(|(place, it)| (it.target.clone(), source(place))).collect();
        pairs.sort();
        (pairs, found.parameters.into_iter().collect())
    }

    /// No copies may be made in any of the functions.
    fn assert_no_copies(functions: &[&str]) {
        for text in functions {
            assert_eq!(copies(text).0, [], "{text}");
        }
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn a_name_that_is_renewed_is_used_up() {
        let text = "def f(x, k):\n u = x.copy()\n for t in range(k):\n  v = np.zeros(3)\n  v[0] = u[1]\n  u = v\n return u\n";
        assert_eq!(copies(text).0, [pair("u", "v")]);
    }

    #[test]
    fn a_name_may_be_renewed_right_after() {
        let generations = [
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  c[0] = a[1]\n  a = b\n  b = c\n return a\n",
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  c[0] = a[1]\n  a, b = b, c\n return a\n",
        ];
        for text in generations {
            assert_eq!(copies(text).0, [pair("a", "b"), pair("b", "c")], "{text}");
        }
        let used = [
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  c[0] = a[1]\n  a = b\n  b[0] = 1\n  b = c\n return a\n",
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  c[0] = a[1]\n  a = b\n  if t > 2:\n   continue\n  b = c\n return a\n",
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  a[0] = 1\n  a, b = b, b\n return a\n",
            "def f(x, k):\n a = x + 1\n b = x + 2\n for t in range(k):\n  c = np.zeros(3)\n  c[0] = a[1]\n  b = c\n  a = b\n return a, b\n",
        ];
        assert_no_copies(&used);
    }

    #[test]
    fn a_name_that_is_used_again_is_not() {
        let used = [
            // It is never renewed: from the second iteration on, both names are one array.
            "def f(x, k):\n u = x.copy()\n v = np.zeros(3)\n for t in range(k):\n  v[0] = u[1]\n  u = v\n return u\n",
            "def f(x, k):\n u = x.copy()\n for t in range(k):\n  if t > 2:\n   v = np.zeros(3)\n  v[0] = u[1]\n  u = v\n return u\n",
            "def f(x, k):\n u = x.copy()\n for t in range(k):\n  v = np.zeros(3)\n  u = v\n  v[0] = 1\n return u\n",
            "def f(x, k):\n u = x.copy()\n for t in range(k):\n  v = np.zeros(3)\n  v[0] = 1\n  u = v\n return u, v\n",
            "def f(x, k):\n u = x.copy()\n v = x + 1\n while v[0] > 0:\n  v = np.zeros(3)\n  v[0] = u[1]\n  u = v\n return u\n",
        ];
        assert_no_copies(&used);
    }

    #[test]
    fn exchanged_arrays_are_the_functions_own() {
        let own = "def f(x, k):\n a = x + 1\n b = np.zeros(3)\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n";
        assert_eq!(copies(own).0, [pair("a", "b"), pair("b", "a")]);
        let others = [
            // The caller sees what becomes of `x`.
            "def f(x, k):\n b = np.zeros(3)\n for t in range(k):\n  x[0] += 1\n  x, b = b, x\n return b\n",
            // A part of `a` goes on to be one of the array, whatever `a` is.
            "def f(x, k):\n a = x + 1\n b = np.zeros(3)\n p = a[1:]\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return p\n",
            "def f(x, k):\n a = b = np.zeros(3)\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n",
            "def f(x, k):\n a = x + 1\n b = np.zeros(3)\n t = [a]\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return t[0]\n",
            "def f(x, k):\n a = np.add(x, x, x)\n b = np.zeros(3)\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n",
            "def f(x, k):\n a = g(x)\n b = np.zeros(3)\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n",
            "def f(x, k):\n a, b = [np.zeros(3)] * 2\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n",
            "def f(x, k):\n a = np.array(x, copy=False)\n b = np.zeros(3)\n for t in range(k):\n  a[0] += 1\n  a, b = b, a\n return a\n",
        ];
        assert_no_copies(&others);
    }

    #[test]
    fn arrays_that_never_change_are_as_good_as_their_copies() {
        let text = "def f(x, y, k):\n while k > 0:\n  old = x\n  x = x * 2 + y\n  k -= 1\n return x, old\n";
        assert_eq!(copies(text), (vec![pair("old", "x")], vec!["x".to_owned()]));
        let changed = [
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  old[0] = 1\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  x += 1\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  np.sin(x, out=old)\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  np.add(x, 1, x)\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  x.sort()\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  step(x)\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  y = x.T\n  y[0] = 1\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  for row in x:\n   row[0] = 1\n return x\n",
            "def f(x, k):\n while k > 0:\n  old = x\n  x = x * 2\n  h = lambda: x\n return h()\n",
        ];
        for text in changed {
            let (pairs, parameters) = copies(text);
            assert!(pairs.is_empty() && !parameters.contains(&"x".to_owned()), "{text}");
        }
        let of_the_module = "def f(x, k):\n while k > 0:\n  old = outside\n  x = old * 2\n return x\n";
        assert_eq!(copies(of_the_module), (vec![], vec!["x".to_owned()]));
    }
}
