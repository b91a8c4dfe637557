//! Equalities that the canonical form does not see.
//!
//! Each holds for all integers for which its left side has a value, under the condition given with it.

use super::egraph::{Graph, Node, Values, Whole};
use crate::symbolic::Expr;
use egg::{Applier, Id, PatternAst, Rewrite, Subst, Symbol, Var, rewrite};
use std::sync::LazyLock;

type Rule = Rewrite<Node, Values>;

/// All rules, made once.
pub(super) fn all() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> =
        LazyLock::new(|| [sums(), divisions(), extremes(), selections()].concat());
    &RULES
}

fn sums() -> Vec<Rule> {
    vec![
        rewrite!("add-commutes"; "(+ ?a ?b)" => "(+ ?b ?a)"),
        rewrite!("add-associates"; "(+ (+ ?a ?b) ?c)" => "(+ ?a (+ ?b ?c))"),
    ]
}

fn divisions() -> Vec<Rule> {
    vec![
        rewrite!("mod-is-rest"; "(% ?a ?b)" => "(+ ?a (* (* -1 ?b) (// ?a ?b)))"),
        rewrite!("rest-is-mod"; "(+ ?x (* ?c (// ?a ?b)))" => {
            Remainder { x: var("?x"), c: var("?c"), a: var("?a"), b: var("?b") }
        }),
        rewrite!("div-of-min"; "(// (min ?a ?b) ?k)" => "(min (// ?a ?k) (// ?b ?k))" if at_least("?k", 1)),
        rewrite!("div-of-max"; "(// (max ?a ?b) ?k)" => "(max (// ?a ?k) (// ?b ?k))" if at_least("?k", 1)),
        rewrite!("min-of-div"; "(min (// ?a ?k) (// ?b ?k))" => "(// (min ?a ?b) ?k)" if at_least("?k", 1)),
        rewrite!("max-of-div"; "(max (// ?a ?k) (// ?b ?k))" => "(// (max ?a ?b) ?k)" if at_least("?k", 1)),
    ]
}

fn extremes() -> Vec<Rule> {
    vec![
        rewrite!("min-commutes"; "(min ?a ?b)" => "(min ?b ?a)"),
        rewrite!("max-commutes"; "(max ?a ?b)" => "(max ?b ?a)"),
        rewrite!("min-associates"; "(min (min ?a ?b) ?c)" => "(min ?a (min ?b ?c))"),
        rewrite!("max-associates"; "(max (max ?a ?b) ?c)" => "(max ?a (max ?b ?c))"),
        rewrite!("add-to-min"; "(+ (min ?a ?b) ?c)" => "(min (+ ?a ?c) (+ ?b ?c))"),
        rewrite!("add-to-max"; "(+ (max ?a ?b) ?c)" => "(max (+ ?a ?c) (+ ?b ?c))"),
        rewrite!("min-of-difference"; "(min ?a ?b)" => "(+ ?b (min (+ ?a (* -1 ?b)) 0))"),
        rewrite!("max-of-difference"; "(max ?a ?b)" => "(+ ?b (max (+ ?a (* -1 ?b)) 0))"),
        rewrite!("scale-min"; "(* ?k (min ?a ?b))" => "(min (* ?k ?a) (* ?k ?b))" if at_least("?k", 0)),
        rewrite!("scale-max"; "(* ?k (max ?a ?b))" => "(max (* ?k ?a) (* ?k ?b))" if at_least("?k", 0)),
        rewrite!("flip-min"; "(* ?k (min ?a ?b))" => "(max (* ?k ?a) (* ?k ?b))" if at_most("?k", 0)),
        rewrite!("flip-max"; "(* ?k (max ?a ?b))" => "(min (* ?k ?a) (* ?k ?b))" if at_most("?k", 0)),
        rewrite!("min-and-max"; "(+ (min ?a ?b) (max ?a ?b))" => "(+ ?a ?b)"),
        rewrite!("min-absorbs"; "(min ?a (max ?a ?b))" => "?a"),
        rewrite!("max-absorbs"; "(max ?a (min ?a ?b))" => "?a"),
    ]
}

fn selections() -> Vec<Rule> {
    vec![
        rewrite!("add-to-select"; "(+ (select ?c ?a ?b) ?d)" => "(select ?c (+ ?a ?d) (+ ?b ?d))"),
        rewrite!("scale-select"; "(* ?k (select ?c ?a ?b))" => "(select ?c (* ?k ?a) (* ?k ?b))"),
        rewrite!("select-then"; "(select ?c (select ?c ?a ?b) ?d)" => "(select ?c ?a ?d)"),
        rewrite!("select-else"; "(select ?c ?a (select ?c ?b ?d))" => "(select ?c ?a ?d)"),
    ]
}

/// `m*a - m*b*(a//b)` is `m*(a % b)`.
struct Remainder {
    x: Var,
    c: Var,
    a: Var,
    b: Var,
}

impl Applier<Node, Values> for Remainder {
    fn apply_one(
        &self,
        graph: &mut Graph,
        class: Id,
        subst: &Subst,
        _: Option<&PatternAst<Node>>,
        _: Symbol,
    ) -> Vec<Id> {
        let value = |var: Var| graph[subst[var]].data.expr().clone();
        let Some(times) = (-value(self.c)).div_exact(&value(self.b)) else { return Vec::new() };
        if value(self.x) != &times * value(self.a) {
            return Vec::new();
        }
        let rest = graph.add(Node::Mod([subst[self.a], subst[self.b]]));
        let times = graph.add(Node::Whole(Whole(times)));
        let product = graph.add(Node::Mul([times, rest]));
        if graph.union(class, product) { vec![product] } else { Vec::new() }
    }

    fn vars(&self) -> Vec<Var> {
        vec![self.x, self.c, self.a, self.b]
    }
}

fn at_least(name: &str, bound: i64) -> impl Fn(&mut Graph, Id, &Subst) -> bool + use<> {
    let var = var(name);
    move |graph, _, subst| value_range(graph, subst[var]).0.is_some_and(|low| low >= bound)
}

fn at_most(name: &str, bound: i64) -> impl Fn(&mut Graph, Id, &Subst) -> bool + use<> {
    let var = var(name);
    move |graph, _, subst| value_range(graph, subst[var]).1.is_some_and(|high| high <= bound)
}

fn value_range(graph: &Graph, class: Id) -> (Option<i64>, Option<i64>) {
    let expr: &Expr = graph[class].data.expr();
    graph.analysis.facts().range(expr)
}

fn var(name: &str) -> Var {
    name.parse().expect("a variable begins with a question mark")
}
