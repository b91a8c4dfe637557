//! V022 – V024: connectors and memlets, types, values of outputs.

use super::Report;
use super::rules::{OUTPUTS, PORTS, SYMBOLS, TYPES};
use super::state::Checked;
use crate::code::TypeError;
use crate::node::CallArgument;
use crate::{Connector, DType, Expr, Memlet, Name, NodeId, ScalarExpr, Stmt, Tasklet, TaskletCode};
use std::collections::BTreeMap;

pub(super) fn check(it: &Checked<'_>, id: NodeId, tasklet: &Tasklet, report: &mut Report) {
    report.within("tasklet", &tasklet.label, |report| {
        // Outputs, and whether all that they are written to may stay as it is.
        let mut dynamic: BTreeMap<&Name, bool> = BTreeMap::new();
        for edge in it.state.in_edges(id) {
            if let (Some(name), Some(memlet)) = (edge.dst_conn(), edge.memlet()) {
                check_port(it, tasklet, (name, tasklet.inputs.get(name)), memlet, report);
            }
        }
        for edge in it.state.out_edges(id) {
            if let (Some(name), Some(memlet)) = (edge.src_conn(), edge.memlet()) {
                check_port(it, tasklet, (name, tasklet.outputs.get(name)), memlet, report);
                *dynamic.entry(name).or_insert(true) &= memlet.dynamic;
            }
        }
        let mut body = Body { it, scope: it.scope(id), tasklet, report };
        match &tasklet.code {
            TaskletCode::Native(stmts) => {
                let defined = body.stmts(stmts, BTreeMap::new());
                for (name, output) in &tasklet.outputs {
                    let may_stay = dynamic.get(name) == Some(&true);
                    if output.rank == 0 && !defined.contains_key(name) && !may_stay {
                        let message = format!("the output `{name}` does not get a value on every path");
                        body.report.add(&OUTPUTS, tasklet.span, message);
                    }
                }
            }
            TaskletCode::External(call) => body.arguments(&call.arguments),
            TaskletCode::Foreign(_) => {}
        }
    });
}

fn check_port(
    it: &Checked<'_>,
    tasklet: &Tasklet,
    (name, connector): (&Name, Option<&Connector>),
    memlet: &Memlet,
    report: &mut Report,
) {
    let (Some(connector), Some(data)) = (connector, it.sdfg.container(&memlet.data)) else { return };
    if connector.dtype != data.dtype() {
        let message = format!("`{name}` is of type {}, `{memlet}` of type {}", connector.dtype, data.dtype());
        report.add(&PORTS, tasklet.span, message);
    }
    let rank = memlet.subset.squeezed_shape().len();
    // A routine takes an address; how many dimensions it sees there is its own affair.
    if connector.rank != rank && matches!(tasklet.code, TaskletCode::Native(_)) {
        let message = format!("`{name}` has {} dimensions, `{memlet}` has {rank}", connector.rank);
        report.add(&PORTS, tasklet.span, message);
    }
}

/// Types of variables and outputs that have a value on every path so far.
type Defined = BTreeMap<Name, DType>;

struct Body<'a, 'c, 'r> {
    it: &'c Checked<'a>,
    scope: Option<NodeId>,
    tasklet: &'c Tasklet,
    report: &'r mut Report,
}

impl Body<'_, '_, '_> {
    fn stmts(&mut self, stmts: &[Stmt], mut defined: Defined) -> Defined {
        for stmt in stmts {
            match stmt {
                Stmt::Assign { target, value } => self.assign(target, value, &mut defined),
                Stmt::Store { target, indices, value } => self.store(target, indices, value, &defined),
                Stmt::If { condition, then, otherwise } => {
                    let given = self.dtype(condition, &defined);
                    let symbolic = matches!(condition, ScalarExpr::Symbolic(_));
                    if let Some(given) = given.filter(|given| *given != DType::Bool && !symbolic) {
                        self.add(TypeError::Condition { given }.to_string());
                    }
                    let mut one = self.stmts(then, defined.clone());
                    let other = self.stmts(otherwise, defined);
                    one.retain(|name, dtype| match other.get(name) {
                        Some(same) if same == dtype => true,
                        Some(_) => {
                            self.add(format!("`{name}` has different types on two paths"));
                            false
                        }
                        None => false,
                    });
                    defined = one;
                }
            }
        }
        defined
    }

    fn assign(&mut self, target: &Name, value: &ScalarExpr, defined: &mut Defined) {
        let dtype = self.dtype(value, defined);
        if self.tasklet.inputs.contains_key(target) {
            return self.add(format!("the input `{target}` is assigned"));
        }
        let expected = match self.tasklet.outputs.get(target) {
            Some(output) if output.rank > 0 => {
                return self
                    .add(format!("`{target}` has {} dimensions and is assigned as a whole", output.rank));
            }
            Some(output) => Some(output.dtype),
            None => defined.get(target).copied(),
        };
        if let (Some(expected), Some(given)) = (expected, dtype)
            && expected != given
        {
            self.add(format!("`{target}` is of type {expected} and is given a value of type {given}"));
        }
        if let Some(dtype) = expected.or(dtype) {
            defined.insert(target.clone(), dtype);
        }
    }

    fn store(&mut self, target: &Name, indices: &[ScalarExpr], value: &ScalarExpr, defined: &Defined) {
        for index in indices {
            if let Some(given) = self.dtype(index, defined).filter(|given| *given != DType::Int64) {
                self.add(TypeError::Index { name: target.clone(), given }.to_string());
            }
        }
        let given = self.dtype(value, defined);
        let Some(output) = self.tasklet.outputs.get(target) else {
            return self.add(format!("`{target}` is written and no output"));
        };
        if output.rank != indices.len() {
            self.add(format!("`{target}` has {} dimensions and {} indices", output.rank, indices.len()));
        }
        if let Some(given) = given.filter(|given| *given != output.dtype) {
            self.add(format!("`{target}` is of type {} and is given a value of type {given}", output.dtype));
        }
    }

    /// The type of an expression; reports why it has none.
    fn dtype(&mut self, expr: &ScalarExpr, defined: &Defined) -> Option<DType> {
        let connector = |name: &Name| self.tasklet.inputs.get(name).or(self.tasklet.outputs.get(name));
        let (mut symbolic, mut ranks, mut tests) = (Vec::new(), Vec::new(), Vec::new());
        expr.visit(&mut |part| match part {
            ScalarExpr::Symbolic(expr) => symbolic.push(expr.clone()),
            ScalarExpr::Name(name) => ranks.push((name.clone(), 0)),
            ScalarExpr::Load { name, indices } => ranks.push((name.clone(), indices.len())),
            ScalarExpr::IsNone(name) => tests.push(name.clone()),
            _ => {}
        });
        let wrong = ranks.into_iter().filter_map(|(name, given)| {
            let rank = connector(&name)?.rank;
            (rank != given)
                .then(|| format!("`{name}` has {rank} dimensions and is read with {given} indices"))
        });
        let wrong: Vec<String> = wrong.collect();
        let result = expr.dtype(&|name| {
            let input = self.tasklet.inputs.get(name).map(|input| input.dtype);
            let port = self.tasklet.outputs.get(name).filter(|it| it.rank > 0).map(|it| it.dtype);
            input.or(port).or(defined.get(name).copied())
        });
        wrong.into_iter().for_each(|message| self.add(message));
        tests.iter().for_each(|name| self.add(format!("the tasklet asks whether `{name}` is None")));
        symbolic.iter().for_each(|expr| self.symbols(expr));
        match result {
            Ok(dtype) => Some(dtype),
            Err(error) => {
                self.add(error.to_string());
                None
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArgument]) {
        for argument in arguments {
            match argument {
                CallArgument::Int(expr) => self.symbols(expr),
                CallArgument::Value(dtype, value) => {
                    if let Some(given) = self.dtype(value, &Defined::new()).filter(|given| given != dtype) {
                        self.add(format!("an argument of type {dtype} is given a value of type {given}"));
                    }
                }
                CallArgument::Pointer(name) => {
                    if !self.tasklet.inputs.contains_key(name) && !self.tasklet.outputs.contains_key(name) {
                        self.add(format!("`{name}` is passed and no connector"));
                    }
                }
                CallArgument::Text(_) => {}
            }
        }
    }

    fn symbols(&mut self, expr: &Expr) {
        if let Some(name) = self.it.undefined(expr, self.scope) {
            let message = format!("`{expr}` uses `{name}`, which is not a symbol here");
            self.report.add(&SYMBOLS, self.tasklet.span, message);
        }
    }

    fn add(&mut self, message: String) {
        self.report.add(&TYPES, self.tasklet.span, message);
    }
}
