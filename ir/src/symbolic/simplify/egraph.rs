//! Expressions as an e-graph: classes of forms that have the same value.
//!
//! A class knows its cheapest canonical expression. That expression is also a node of the class, so two classes whose
//! values are found to be the same polynomial become one: associativity, distribution and cancellation need few rules,
//! and the forms of a sum of `n` terms are at most `2**n` classes, not `n!` orders.

use super::cost;
use super::refine::{Effort, refine};
use crate::symbolic::{Atom, Expr, Facts, poly};
use egg::{Analysis, DidMerge, EGraph, Id, define_language};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

define_language! {
    /// One form of a value.
    pub(super) enum Node {
        "+" = Add([Id; 2]),
        "*" = Mul([Id; 2]),
        "//" = FloorDiv([Id; 2]),
        "ceildiv" = CeilDiv([Id; 2]),
        "%" = Mod([Id; 2]),
        "min" = Min([Id; 2]),
        "max" = Max([Id; 2]),
        "select" = Select([Id; 3]),
        Whole(Whole),
    }
}

/// An expression that rules do not look into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Whole(pub(super) Expr);

impl PartialOrd for Whole {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Whole {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl FromStr for Whole {
    type Err = crate::symbolic::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Whole)
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The e-graph of one search.
pub(super) type Graph = EGraph<Node, Values>;

/// Computes the cheapest expression of a class, under facts.
#[derive(Clone)]
pub(super) struct Values {
    facts: Facts,
    /// Encodings in progress, of which each may find new forms that have to be encoded.
    nesting: usize,
}

/// Deeper forms are not encoded. Forms settle after one or two rounds as long as no number overflows.
const MAX_NESTING: usize = 4;

impl Values {
    pub(super) fn new(facts: Facts) -> Self {
        Values { facts, nesting: 0 }
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// An expression and its cost.
#[derive(Clone, Debug)]
pub(super) struct Best {
    expr: Expr,
    cost: u64,
    size: usize,
}

impl Best {
    pub(super) fn new(expr: Expr) -> Self {
        Best { cost: cost(&expr), size: expr.size(), expr }
    }

    pub(super) fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Cheaper, or as cheap and shorter.
    pub(super) fn is_better_than(&self, other: &Best) -> bool {
        (self.cost, self.size) < (other.cost, other.size)
    }

    /// Better; of equally good ones, one and always the same.
    fn order(&self, other: &Best) -> Ordering {
        (self.cost, self.size).cmp(&(other.cost, other.size)).then_with(|| self.expr.order(&other.expr))
    }
}

impl Analysis<Node> for Values {
    type Data = Best;

    fn make(graph: &mut Graph, node: &Node, _: Id) -> Best {
        let value = |id: &Id| graph[*id].data.expr();
        let expr = match node {
            Node::Add([a, b]) => value(a) + value(b),
            Node::Mul([a, b]) => value(a) * value(b),
            Node::FloorDiv([a, b]) => value(a).floor_div(value(b)),
            Node::CeilDiv([a, b]) => value(a).ceil_div(value(b)),
            Node::Mod([a, b]) => value(a).modulo(value(b)),
            Node::Min([a, b]) => value(a).min(value(b)),
            Node::Max([a, b]) => value(a).max(value(b)),
            Node::Select([condition, a, b]) => value(condition).select(value(a), value(b)),
            Node::Whole(Whole(expr)) => return Best::new(expr.clone()),
        };
        let refined = match node {
            Node::Add(_) | Node::Mul(_) => expr.clone(),
            _ => refine(&expr, &graph.analysis.facts, Effort::LOW),
        };
        let (best, refined) = (Best::new(expr), Best::new(refined));
        if refined.is_better_than(&best) { refined } else { best }
    }

    fn merge(&mut self, best: &mut Best, other: Best) -> DidMerge {
        let ordering = best.order(&other);
        if ordering.is_gt() {
            *best = other;
        }
        DidMerge(ordering.is_gt(), ordering.is_lt())
    }

    /// Adds the forms of the cheapest expression, so that rules see them too.
    fn modify(graph: &mut Graph, id: Id) {
        let best = graph[id].data.expr.clone();
        let node = Node::Whole(Whole(best.clone()));
        if graph.lookup(node.clone()) == Some(id) {
            return;
        }
        let whole = graph.add(node);
        graph.union(id, whole);
        if graph.analysis.nesting < MAX_NESTING {
            graph.analysis.nesting += 1;
            let encoded = encode(graph, &best);
            graph.analysis.nesting -= 1;
            graph.union(id, encoded);
        }
    }
}

/// Sums with more terms than this keep what has no rules together.
const MAX_SUMMANDS: usize = 5;

/// Adds an expression, down to operations that have no rules.
pub(super) fn encode(graph: &mut Graph, expr: &Expr) -> Id {
    let (mut plain, mut summands) = (vec![Expr::int(expr.constant())], Vec::new());
    for (coefficient, monomial) in expr.parts() {
        let term = poly::monomial(coefficient, monomial);
        match monomial.factors().iter().any(|(atom, _)| super::is_searched(atom)) {
            true => summands.push(encode_term(graph, coefficient, monomial.factors())),
            false => plain.push(term),
        }
    }
    plain.retain(|term| !term.is_zero());
    if summands.is_empty() {
        return graph.add(Node::Whole(Whole(expr.clone())));
    }
    if summands.len() + plain.len() > MAX_SUMMANDS {
        plain = vec![plain.into_iter().sum()];
    }
    summands.extend(plain.into_iter().map(|term| graph.add(Node::Whole(Whole(term)))));
    fold(graph, &summands, Node::Add)
}

fn encode_term(graph: &mut Graph, coefficient: i64, factors: &[crate::symbolic::Factor]) -> Id {
    let mut plain = Expr::int(coefficient);
    let mut operations = Vec::new();
    for (atom, exponent) in factors {
        match super::is_searched(atom) && *exponent == 1 {
            true => operations.push(encode_atom(graph, atom)),
            false => plain *= Expr::atom(atom.clone()).pow(&Expr::int(i64::from(*exponent))),
        }
    }
    if !plain.is_one() || operations.is_empty() {
        operations.insert(0, graph.add(Node::Whole(Whole(plain))));
    }
    fold(graph, &operations, Node::Mul)
}

fn encode_atom(graph: &mut Graph, atom: &Atom) -> Id {
    let mut two = |a: &Expr, b: &Expr| [encode(graph, a), encode(graph, b)];
    match atom {
        Atom::FloorDiv(a, b) => {
            let operands = two(a, b);
            graph.add(Node::FloorDiv(operands))
        }
        Atom::CeilDiv(a, b) => {
            let operands = two(a, b);
            graph.add(Node::CeilDiv(operands))
        }
        Atom::Mod(a, b) => {
            let operands = two(a, b);
            graph.add(Node::Mod(operands))
        }
        Atom::Select(condition, a, b) => {
            let [a, b] = two(a, b);
            let condition = graph.add(Node::Whole(Whole(condition.clone())));
            graph.add(Node::Select([condition, a, b]))
        }
        Atom::Min(args) => {
            let args: Vec<Id> = args.iter().map(|arg| encode(graph, arg)).collect();
            fold(graph, &args, Node::Min)
        }
        Atom::Max(args) => {
            let args: Vec<Id> = args.iter().map(|arg| encode(graph, arg)).collect();
            fold(graph, &args, Node::Max)
        }
        _ => graph.add(Node::Whole(Whole(Expr::atom(atom.clone())))),
    }
}

/// `operands` are not empty.
fn fold(graph: &mut Graph, operands: &[Id], node: fn([Id; 2]) -> Node) -> Id {
    let (first, rest) = operands.split_first().expect("there is an operand");
    rest.iter().fold(*first, |folded, operand| graph.add(node([folded, *operand])))
}
