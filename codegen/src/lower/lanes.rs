//! Smallest and largest elements of floating-point numbers, several at a time.
//!
//! ```text
//!                                            double lanes[32] = {s, s, …}
//!                                            for k in steps of 32, as long as 32 are left {
//! for k { s = max(s, A[k]) }        ──▶          for lane in 0..32 { lanes[lane] = max(lanes[lane], A[k + lane]) }
//!                                            }
//!                                            for lane in 0..32 { s = max(s, lanes[lane]) }
//!                                            for the k that are left { s = max(s, A[k]) }
//! ```
//!
//! A maximum that is NaN where an operand is takes several instructions, each of which waits for the one before, and C++
//! compilers do not see a reduction in it that vector instructions could do. Maxima of neighbours wait for nobody. Loops
//! over integers, and sums, are left to the compiler, which knows them.
//!
//! Where the values are elements side by side, a function does all this, which is compiled once ([`Stmt::Search`]). Other
//! values have lanes in the place of their loop, but not inside of other loops: compilers would make a version of those for
//! each outcome of the test whether lanes pay, and take that much longer.
//!
//! **Sound because** the loop is that of a map, whose iterations may run in any order, and does nothing but combine values
//! with variables that no value depends on. Minimum and maximum are associative, commutative and idempotent, NaN
//! included, so that each lane may begin with what the variable has; which zero of several with different signs is found is
//! as open as in NumPy, which does the same.
//!
//! Iterations that threads share are cut into pieces first, so that each thread has lanes of its own.

use super::loops::{fresh, is_simple, mentions, names, step_along};
use super::rewrite::Rewrite;
use super::tidy::blocks_mut;
use crate::tree::{Direction, For, Index, Place, Stmt, Value};
use dacec_ir::{DType, Expr, Function, Name, Wcr};
use std::collections::BTreeSet;

/// Bytes of the lanes of a variable: four registers of AVX-512, so that no two instructions in a row wait for each other.
const BYTES: i64 = 256;
/// With fewer than so many lanes full, to combine the lanes takes longer than they save.
const LEAST: i64 = 2;
/// Iterations of a loop that threads share, in a piece: enough that its lanes do not count.
const PIECE: i64 = 4096;
/// More variables need more registers than there are.
const MAX_VARIABLES: usize = 4;

/// Splits the loops in statements that find smallest and largest elements.
pub(super) fn make_lanes(stmts: &mut Vec<Stmt>) {
    let mut taken = names(stmts);
    lanes_in(stmts, false, &mut taken);
}

fn lanes_in(stmts: &mut Vec<Stmt>, repeated: bool, taken: &mut BTreeSet<Name>) {
    *stmts = std::mem::take(stmts).into_iter().flat_map(|stmt| lanes_of(stmt, repeated, taken)).collect();
}

/// What stands in the place of a statement; `repeated` tells whether that is in a loop.
fn lanes_of(mut stmt: Stmt, repeated: bool, taken: &mut BTreeSet<Name>) -> Vec<Stmt> {
    if let Stmt::For(it) = &mut stmt
        && let Some(search) = Search::of(it)
        && (!repeated || search.is_of_elements())
    {
        let split = search.split(taken);
        if it.parallel.is_none() {
            return split;
        }
        it.step = Value::int(PIECE);
        it.body = split;
    } else {
        let repeated = repeated || matches!(stmt, Stmt::For(_) | Stmt::While { .. } | Stmt::DoWhile { .. });
        inner_blocks(&mut stmt).into_iter().for_each(|body| lanes_in(body, repeated, taken));
    }
    vec![stmt]
}

/// Blocks inside of a statement; loops that form one iteration space have to stay directly nested.
fn inner_blocks(stmt: &mut Stmt) -> Vec<&mut Vec<Stmt>> {
    let collapsed = match stmt {
        Stmt::For(it) => it.parallel.as_ref().map_or(1, |team| team.collapse),
        _ => 1,
    };
    let mut blocks = blocks_mut(stmt);
    for _ in 1..collapsed {
        blocks = blocks.into_iter().flatten().flat_map(blocks_mut).collect();
    }
    blocks
}

/// What is searched for among the same values.
struct Goal<'a> {
    wcr: &'a Wcr,
    value: &'a Value,
    dtype: DType,
    /// Where it is found; several variables if the program asks several times.
    variables: Vec<&'a Name>,
}

/// A loop that finds smallest or largest elements, and does nothing else.
struct Search<'a> {
    it: &'a For,
    goals: Vec<Goal<'a>>,
    /// Lanes of each variable.
    width: i64,
}

impl<'a> Search<'a> {
    fn of(it: &'a For) -> Option<Search<'a>> {
        if !is_simple(it) || it.start.as_index().is_none() {
            return None;
        }
        let mut goals: Vec<Goal> = Vec::new();
        for stmt in &it.body {
            match stmt {
                Stmt::Source(_) => {}
                Stmt::Declare { constant: true, value: Some(value), .. } if is_cheap(value, &it.variable) => {
                }
                Stmt::Update { place: Place::Variable(name, dtype), wcr, value, atomic: false }
                    if matches!(wcr, Wcr::Min | Wcr::Max)
                        && matches!(dtype, DType::Float32 | DType::Float64)
                        && is_cheap(value, &it.variable) =>
                {
                    match goals.iter_mut().find(|goal| goal.wcr == wcr && goal.value == value) {
                        Some(goal) => goal.variables.push(name),
                        None => goals.push(Goal { wcr, value, dtype: *dtype, variables: vec![name] }),
                    }
                }
                _ => return None,
            }
        }
        let smallest = goals.iter().map(|goal| goal.dtype.size()).min()?;
        let width = BYTES / i64::try_from(smallest).ok()?;
        let search = Search { it, goals, width };
        (search.is_legal() && search.pays()).then_some(search)
    }

    /// Whether nothing that is computed depends on what has been found so far, and each variable is one goal's.
    fn is_legal(&self) -> bool {
        let found: Vec<&Name> = self.goals.iter().flat_map(|goal| goal.variables.iter().copied()).collect();
        let distinct: BTreeSet<&Name> = found.iter().copied().collect();
        let computed = self.it.body.iter().filter_map(|stmt| match stmt {
            Stmt::Declare { value, .. } => value.as_ref(),
            Stmt::Update { value, .. } => Some(value),
            _ => None,
        });
        let mut values = computed.chain([&self.it.start, &self.it.stop]);
        distinct.len() == found.len() && values.all(|value| found.iter().all(|name| !mentions(value, name)))
    }

    fn pays(&self) -> bool {
        let (start, stop) = (self.it.start.as_index(), self.it.stop.as_index());
        let count = stop.zip(start).and_then(|(stop, start)| (stop - start).as_int());
        self.goals.len() <= MAX_VARIABLES && count.is_none_or(|count| count >= LEAST * self.width)
    }

    /// What stands in the place of the loop, or in its body if threads share it.
    fn split(&self, taken: &mut BTreeSet<Name>) -> Vec<Stmt> {
        let variable = &self.it.variable;
        let bounds =
            [&self.it.start, &self.it.stop].map(|bound| bound.as_index().cloned().unwrap_or_default());
        let [start, stop] = bounds;
        if self.it.parallel.is_none() {
            return self.search(variable, &start, &stop, taken);
        }
        let first = Expr::sym(variable);
        self.search(&fresh(variable, taken), &first, &(&first + PIECE).min(&stop), taken)
    }

    /// The search from a place to another one, with that variable.
    fn search(&self, variable: &Name, start: &Expr, stop: &Expr, taken: &mut BTreeSet<Name>) -> Vec<Stmt> {
        if self.is_of_elements() {
            return self.among_elements(start, stop);
        }
        let (lane, rest) = (fresh(&"lane".into(), taken), fresh(&"rest".into(), taken));
        let lanes: Vec<Name> = self.goals.iter().map(|_| fresh(&"__lanes".into(), taken)).collect();
        let length = stop - start;
        let whole = length.floor_div(&Expr::int(self.width)) * self.width + start;

        let mut wide = Vec::new();
        for (name, goal) in lanes.iter().zip(&self.goals) {
            wide.push(Stmt::StackArray { name: name.clone(), dtype: goal.dtype, count: self.width });
        }
        let begin = self.each(&lanes, |goal, lanes| {
            let variable = Place::Variable(goal.variables[0].clone(), goal.dtype);
            Stmt::Store { place: element(lanes, Expr::sym(&lane), goal.dtype), value: variable.value() }
        });
        wide.push(self.over_lanes(&lane, self.width, begin));
        wide.push(Stmt::For(Box::new(For {
            variable: variable.clone(),
            start: Value::Index(start.clone()),
            stop: Value::Index(Expr::sym(&rest)),
            step: Value::int(self.width),
            parallel: None,
            // Its iterations meet in the lanes.
            independent: false,
            unordered: false,
            body: vec![self.over_lanes(&lane, self.width, self.step(variable, &lane, &lanes))],
            ..self.it.clone()
        })));
        wide.extend(self.join(&lane, &lanes));

        let narrow = For {
            variable: variable.clone(),
            start: Value::Index(Expr::sym(&rest)),
            stop: Value::Index(stop.clone()),
            parallel: None,
            body: self.body(variable, Expr::sym(variable)),
            ..self.it.clone()
        };
        let begins = Stmt::Declare {
            name: rest.clone(),
            dtype: DType::Int64,
            value: Some(Value::Index(start.clone())),
            constant: false,
        };
        let rest = Place::Variable(rest, DType::Int64);
        wide.insert(0, Stmt::Store { place: rest, value: Value::Index(whole) });
        let pays = Value::Index(length.ge(&Expr::int(LEAST * self.width)));
        vec![
            begins,
            Stmt::If { branches: vec![(pays, wide)], otherwise: Vec::new() },
            Stmt::For(Box::new(narrow)),
        ]
    }

    /// Whether all values are elements that lie side by side, and are found without names of the iteration's own.
    fn is_of_elements(&self) -> bool {
        let side_by_side = |goal: &Goal| step_along(goal.value, &self.it.variable) == Some(1);
        let declares = |stmt: &Stmt| matches!(stmt, Stmt::Declare { .. });
        self.goals.iter().all(side_by_side) && !self.it.body.iter().any(declares)
    }

    fn among_elements(&self, start: &Expr, stop: &Expr) -> Vec<Stmt> {
        let mut body = self.it.body.clone();
        for stmt in &mut body {
            if let Stmt::Update { place, wcr, value: Value::Load { array, index, dtype }, .. } = stmt {
                let first = Place::Element { array: array.clone(), index: (**index).clone(), dtype: *dtype };
                let count = Value::Index(stop - start);
                *stmt = Stmt::Search { place: place.clone(), wcr: *wcr, first, count };
            }
        }
        let mut rewrite = Rewrite::default();
        rewrite.replace(&self.it.variable, start.clone());
        rewrite.statements(&mut body);
        body
    }

    /// The loop's body, for another variable and value of it.
    fn body(&self, variable: &Name, value: Expr) -> Vec<Stmt> {
        let mut body = self.it.body.clone();
        let mut rewrite = Rewrite::default();
        if Expr::sym(variable) == value {
            rewrite.rename(&self.it.variable, variable.clone());
        } else {
            rewrite.replace(&self.it.variable, value);
        }
        rewrite.statements(&mut body);
        body
    }

    /// The body of the loop over lanes: each of them does what the loop's body did with the variables.
    fn step(&self, variable: &Name, lane: &Name, lanes: &[Name]) -> Vec<Stmt> {
        let mut body = self.body(variable, Expr::sym(variable) + Expr::sym(lane));
        body.retain_mut(|stmt| match stmt {
            Stmt::Update { place, .. } => {
                let goal = |place: &Place| {
                    let Place::Variable(name, _) = place else { return None };
                    self.goals.iter().position(|goal| goal.variables[0] == name)
                };
                let Some(goal) = goal(place) else { return false };
                *place = element(&lanes[goal], Expr::sym(lane), self.goals[goal].dtype);
                true
            }
            _ => true,
        });
        body
    }

    /// Combines the lanes with each other, and what is left of them with the variables.
    fn join(&self, lane: &Name, lanes: &[Name]) -> Vec<Stmt> {
        let mut width = self.width;
        let mut joined = Vec::new();
        while width > 4 {
            width /= 2;
            let fold = self.each(lanes, |goal, lanes| {
                let [place, other] = [0, width].map(|by| element(lanes, Expr::sym(lane) + by, goal.dtype));
                Stmt::Update { place, wcr: *goal.wcr, value: other.value(), atomic: false }
            });
            joined.push(self.over_lanes(lane, width, fold));
        }
        let mut last = Vec::new();
        for (goal, name) in self.goals.iter().zip(lanes) {
            for variable in &goal.variables {
                let place = Place::Variable((*variable).clone(), goal.dtype);
                let value = element(name, Expr::sym(lane), goal.dtype).value();
                last.push(Stmt::Update { place, wcr: *goal.wcr, value, atomic: false });
            }
        }
        joined.push(self.over_lanes(lane, width, last));
        joined
    }

    /// A statement for each goal and its lanes.
    fn each(&self, lanes: &[Name], stmt: impl Fn(&Goal, &Name) -> Stmt) -> Vec<Stmt> {
        self.goals.iter().zip(lanes).map(|(goal, lanes)| stmt(goal, lanes)).collect()
    }

    fn over_lanes(&self, lane: &Name, width: i64, body: Vec<Stmt>) -> Stmt {
        Stmt::For(Box::new(For {
            variable: lane.clone(),
            start: Value::int(0),
            stop: Value::int(width),
            step: Value::int(1),
            direction: Direction::Up,
            parallel: None,
            independent: false,
            unordered: false,
            body,
        }))
    }
}

fn element(array: &Name, at: Expr, dtype: DType) -> Place {
    let index = Index { terms: vec![(Value::Index(at), Expr::one())] };
    Place::Element { array: array.clone(), index, dtype }
}

/// Whether vector instructions compute a value for neighbours: it loads what lies side by side, and calls nothing.
fn is_cheap(value: &Value, variable: &Name) -> bool {
    let mut cheap = true;
    value.visit(&mut |part| {
        cheap &= match part {
            Value::Load { .. } => step_along(part, variable).is_some_and(|step| (0..=1).contains(&step)),
            Value::Call(function, dtype, _) => {
                matches!(function, Function::Abs | Function::Sqrt) && !dtype.is_complex()
            }
            _ => true,
        };
    });
    cheap
}
