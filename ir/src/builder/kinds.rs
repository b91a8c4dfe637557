//! Containers that stand for others, are constant or are queues; structures; state machines; consume scopes.

use super::{SdfgBuilder, StateBuilder, parse_subset};
use crate::control_flow::{Machine, Transition, Vertex};
use crate::data::{SET, VIEWS};
use crate::interp::Tensor;
use crate::node::Consume;
use crate::structure::{Structure, member};
use crate::{
    Array, Assignment, Block, ConstantArray, DType, Data, Expr, Memlet, Name, NodeId, ScalarExpr, Stream,
};

impl SdfgBuilder {
    /// Adds a view: memory of another container with this shape, in C order. See [`StateBuilder::view`].
    pub fn view(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.container(name, Data::View(Array::transient(dtype, shape)))
    }

    /// Adds a reference of this shape, in C order. See [`StateBuilder::set_reference`].
    pub fn reference(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.container(name, Data::Reference(Array::transient(dtype, shape)))
    }

    /// Adds queues that are internal to the function: one, or an array of them.
    pub fn stream(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.container(name, Stream::transient(dtype, shape).into())
    }

    /// Adds a constant.
    pub fn constant(&mut self, name: &str, values: Tensor) -> &mut Self {
        self.container(name, ConstantArray::new(values).into())
    }

    /// Adds a structure, or an array of structures of the given extents, as arguments: one container for each member.
    pub fn structure(
        &mut self,
        name: &str,
        extents: impl Into<Vec<Expr>>,
        members: &[(&str, DType, &[Expr])],
    ) -> &mut Self {
        let mut structure = Structure { shape: extents.into(), ..Structure::default() };
        for (field, dtype, own) in members {
            let shape: Vec<Expr> = structure.shape.iter().chain(*own).cloned().collect();
            let full = member(name, field);
            let data: Data = match shape.is_empty() {
                true => crate::Scalar::new(*dtype).into(),
                false => Array::new(*dtype, shape).into(),
            };
            self.argument(&full, data);
            structure.members.push((*field).into());
        }
        self.sdfg.structures.insert(name.into(), structure);
        self
    }

    /// Adds a state machine; `fill` adds its vertices, the first one first.
    pub fn machine(&mut self, label: &str, fill: impl FnOnce(&mut MachineBuilder<'_>)) -> &mut Self {
        let machine = Machine { label: label.into(), ..Machine::default() };
        let mut builder = MachineBuilder { sdfg: self, machine };
        fill(&mut builder);
        let machine = builder.machine;
        self.push(Block::Machine(Box::new(machine)))
    }
}

/// Fills a state machine.
#[derive(Debug)]
pub struct MachineBuilder<'a> {
    sdfg: &'a mut SdfgBuilder,
    machine: Machine,
}

impl MachineBuilder<'_> {
    /// Adds a vertex; `body` fills it. Returns its number.
    pub fn vertex(&mut self, label: &str, body: impl FnOnce(&mut SdfgBuilder)) -> usize {
        let body = self.sdfg.nested(body);
        self.machine.vertices.push(Vertex { label: label.into(), body });
        self.machine.vertices.len() - 1
    }

    /// Adds a way from one vertex to another, tried after those that were added before it. Without a condition it is
    /// always taken.
    pub fn transition(
        &mut self,
        (from, to): (usize, usize),
        condition: Option<ScalarExpr>,
        assignments: &[(&str, ScalarExpr)],
    ) {
        let assignment = |(symbol, value): &(&str, ScalarExpr)| Assignment {
            symbol: (*symbol).into(),
            value: value.clone(),
        };
        let assignments: Vec<Assignment> = assignments.iter().map(assignment).collect();
        for it in &assignments {
            self.sdfg.sdfg.symbols.entry(it.symbol.clone()).or_insert(DType::Int64);
        }
        self.machine.transitions.push(Transition { from, to, condition, assignments });
    }
}

impl StateBuilder<'_> {
    /// Adds an access of a view that shows `subset` of a container for reading; returns it.
    pub fn view(&mut self, view: &str, (data, subset): (&str, &str)) -> NodeId {
        let (shown, access) = (self.state.add_access(data), self.state.add_access(view));
        let memlet = Memlet::new(data, parse_subset(subset));
        self.state.connect((shown, None), (access, Some(VIEWS)), memlet);
        access
    }

    /// Adds an access of a view through which `subset` of a container is written; returns it.
    pub fn view_for_writing(&mut self, view: &str, (data, subset): (&str, &str)) -> NodeId {
        let (access, shown) = (self.state.add_access(view), self.state.add_access(data));
        let memlet = Memlet::new(data, parse_subset(subset));
        self.state.connect((access, Some(VIEWS)), (shown, None), memlet);
        access
    }

    /// Adds an access of a reference that is set to `subset` of a container; returns it.
    pub fn set_reference(&mut self, reference: &str, (data, subset): (&str, &str)) -> NodeId {
        let (shown, access) = (self.state.add_access(data), self.state.add_access(reference));
        let memlet = Memlet::new(data, parse_subset(subset));
        self.state.connect((shown, None), (access, Some(SET)), memlet);
        access
    }

    /// Adds a scope that consumes one queue of a stream with `elements` processing elements, whose number inside is
    /// `element`: entry, exit. The element that an iteration takes leaves the entry at [`Consume::OUTPUT`].
    pub fn consume(
        &mut self,
        label: &str,
        (element, elements): (&str, Expr),
        (stream, queue): (&str, &str),
        stop: Option<ScalarExpr>,
    ) -> (NodeId, NodeId) {
        let access = self.state.add_access(stream);
        let (entry, exit) =
            self.state.add_consume(label, Name::from(element), elements, Consume { stop, chunk: 1 });
        let memlet = Memlet::new(stream, parse_subset(queue));
        self.state.connect((access, None), (entry, Some(Consume::INPUT)), memlet);
        (entry, exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::name;
    use crate::interp::{Arguments, run};
    use crate::{BinaryOp, Wcr};

    /// Halves 16 until 1 is left, and counts; reads through a view of a member of a structure.
    #[test]
    fn everything_can_be_built() {
        let mut b = SdfgBuilder::new("f");
        b.structure(
            "p",
            [Expr::int(3)],
            &[("x", DType::Float64, &[]), ("y", DType::Float64, &[Expr::int(2)])],
        );
        b.view("v", DType::Float64, [Expr::int(2)]).reference("r", DType::Float64, [Expr::int(1)]);
        b.stream("S", DType::Float64, []).constant("c", Tensor::vector(vec![16.0]));
        b.machine("m", |m| {
            let first = m.vertex("first", |_| {});
            let copy = m.vertex("copy", |b| {
                let mut state = b.state("s");
                let view = state.view("v", ("p.y", "1, 0:2"));
                let target = state.state.add_access("p.x");
                let memlet = Memlet::new("v", parse_subset("0:2")).to(parse_subset("0:2"));
                state.state.connect((view, None), (target, None), memlet);
            });
            m.transition((first, copy), None, &[("k", ScalarExpr::int(1))]);
        });
        b.state("fill").copy(("c", "0:1"), ("S", ""));
        b.state("set").set_reference("r", ("p.x", "2"));
        let mut consume = b.state("consume");
        let (entry, exit) = consume.consume("halve", ("e", Expr::int(2)), ("S", ""), None);
        let half = ScalarExpr::binary(BinaryOp::Mul, ScalarExpr::name("a"), ScalarExpr::float(0.5));
        let more = ScalarExpr::binary(BinaryOp::Gt, ScalarExpr::name("a"), ScalarExpr::float(1.0));
        let push = crate::Stmt::If {
            condition: more,
            then: vec![crate::Stmt::assign("next", half)],
            otherwise: Vec::new(),
        };
        let one = crate::Connector::scalar(DType::Float64);
        let tasklet = consume.state.add_tasklet(crate::Tasklet {
            label: "t".into(),
            inputs: [("a".into(), one)].into_iter().collect(),
            outputs: [("next".into(), one), ("count".into(), one)].into_iter().collect(),
            code: crate::TaskletCode::Native(vec![
                push,
                crate::Stmt::assign("count", ScalarExpr::float(1.0)),
            ]),
            span: Default::default(),
        });
        let (stream, count) = (consume.state.add_access("S"), consume.state.add_access("r"));
        let queue = Memlet::scalar("S").dynamic();
        let counted = Memlet::new("r", parse_subset("0")).with_wcr(Wcr::Sum);
        let graph = &mut *consume.state;
        graph.connect((entry, Some(Consume::OUTPUT)), (tasklet, Some("a")), Memlet::scalar("S"));
        graph.connect((tasklet, Some("next")), (exit, Some("IN_S")), queue.clone());
        graph.connect((tasklet, Some("count")), (exit, Some("IN_r")), counted.clone());
        graph.connect((exit, Some("OUT_S")), (stream, None), queue);
        graph.connect((exit, Some("OUT_r")), (count, None), counted);
        b.state("last").tasklet("t", &[("a", "p.x", "0")], name("a") + name("a"), ("p.y", "0, 0"));
        let sdfg = b.build();
        assert_eq!(crate::validate::validate(&sdfg), Ok(()));
        assert_eq!(crate::text::parse(&sdfg.to_string()), Ok(crate::text::normalize(&sdfg)));
        let y = Tensor::new(&[3, 2], vec![0.0, 0.0, 3.0, 4.0, 0.0, 0.0]).expect("six numbers");
        let x = Tensor::vector(vec![0.0; 3]);
        let mut arguments = Arguments::from_iter([("p.x".into(), x), ("p.y".into(), y)]);
        run(&sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(arguments["p.x"].as_slice::<f64>(), Some(&[3.0, 4.0, 5.0][..]));
        assert_eq!(arguments["p.y"].as_slice::<f64>().map(|y| y[0]), Some(6.0));
    }
}
