//! Subsets with tiles as loops, for those who know boxes only.
//!
//! ```text
//! n0 -> n1: A[0:N:4:2] to [0:M]      map tiles(t in 0:int_ceil(N, 4), t_1 in 0:2) { B[2*t + t_1] = A[4*t + t_1] }
//! ```
//!
//! A tasklet that reads or writes tiles gets a container with the tiles, which is filled before or copied after. Where a
//! memlet with tiles crosses the border of a scope, it becomes the box around them, of which not all is accessed.

use crate::features::{Feature, features};
use crate::sdfg::NameSupply;
use crate::state::EdgeView;
use crate::validate::{source, target};
use crate::{
    Array, Connector, Data, Edge, EdgeId, Expr, IndexMap, Memlet, Name, Node, Range, ScalarExpr, Schedule,
    Sdfg, Span, State, Stmt, Subset, Tasklet, TaskletCode,
};

impl Sdfg {
    /// Rewrites every memlet with tiles, in this SDFG and in those nested in it. Graphs without any stay as they are.
    pub fn lower_tiles(&mut self) {
        if features(self).contains(&Feature::Tiles) {
            lower(self);
        }
    }
}

fn lower(sdfg: &mut Sdfg) {
    let mut lowering = Lowering { names: NameSupply::new(sdfg), containers: sdfg.containers.clone() };
    sdfg.body.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::Nested(nested) = state.node_mut(id) {
                lower(&mut nested.sdfg);
            }
        }
        lowering.state(state);
    });
    sdfg.containers = lowering.containers;
}

/// What the states of an SDFG share.
struct Lowering {
    names: NameSupply,
    containers: IndexMap<Name, Data>,
}

/// One end of a copy.
struct End {
    data: Name,
    subset: Subset,
}

impl Lowering {
    fn state(&mut self, state: &mut State) {
        let tiled = |edge: &EdgeView<'_>| edge.memlet().is_some_and(Memlet::has_tiles);
        let edges: Vec<EdgeId> = state.edges().filter(tiled).map(|edge| edge.id).collect();
        let (border, inner): (Vec<EdgeId>, Vec<EdgeId>) =
            edges.into_iter().partition(|id| is_border(state, *id));
        // The ends of paths are found by their edges, so these stay until all of them are known.
        let ends: Vec<_> = inner.iter().map(|id| self.ends(state, *id)).collect();
        for id in border {
            if let Some(memlet) = &mut state.edge_mut(id).memlet {
                *memlet = around(memlet);
            }
        }
        for (id, [from, to]) in inner.into_iter().zip(ends) {
            match (from, to) {
                (Some(from), Some(to)) if self.is_direct(&from, &to) => self.copy(state, id, from, to),
                (from, to) => self.through_container(state, id, from, to),
            }
        }
    }

    /// The containers at the ends of the path of an edge, each with its part.
    fn ends(&self, state: &State, id: EdgeId) -> [Option<End>; 2] {
        let (src, dst) = state.endpoints(id);
        let edge = EdgeView { id, src, dst, edge: state.edge(id) };
        let Some(memlet) = edge.memlet() else { return [None, None] };
        let [from, to] = [source(state, edge), target(state, edge)].map(|name| name.cloned());
        let own_is_from = from.as_ref() == Some(&memlet.data);
        let end = |name: Name, own: bool| {
            let whole = || self.containers.get(&name).map(Data::whole).unwrap_or_default();
            let subset =
                if own { memlet.subset.clone() } else { memlet.other_subset.clone().unwrap_or_else(whole) };
            End { data: name, subset }
        };
        [from.map(|name| end(name, own_is_from)), to.map(|name| end(name, !own_is_from))]
    }

    /// Whether elements can be copied one by one, in any order.
    fn is_direct(&self, from: &End, to: &End) -> bool {
        let stream = |end: &End| self.containers.get(&end.data).is_none_or(|data| data.as_stream().is_some());
        from.data != to.data && !stream(from) && !stream(to)
    }

    /// Puts a map over all elements in the place of an edge.
    fn copy(&mut self, state: &mut State, id: EdgeId, from: End, to: End) {
        let (src, dst) = state.endpoints(id);
        let Some(Edge { src_conn, dst_conn, memlet: Some(memlet) }) = state.remove_edge(id) else { return };
        let first = if from.subset.has_tiles() { &from.subset } else { &to.subset };
        let params: Vec<(Name, Range)> =
            axes(first).into_iter().map(|extent| (self.names.fresh("t"), Range::new(0, extent))).collect();
        let (here, there) = (indices(&from.subset, &params), indices(&to.subset, &params));
        let (entry, exit) = state.add_map("tiles", params, Schedule::Default);
        let dtype = self.containers.get(&from.data).map_or(crate::DType::Float64, Data::dtype);
        let tasklet = state.add_tasklet(assignment(dtype));
        let outer = |end: &End| around(&Memlet::new(&end.data, end.subset.clone()));
        let written = |inner: Memlet| Memlet { wcr: memlet.wcr, ..inner };
        let [before, after] = [src_conn, dst_conn].map(|it| it.as_deref().map(str::to_owned));
        state.connect((src, before.as_deref()), (entry, Some("IN_x")), outer(&from));
        state.connect((entry, Some("OUT_x")), (tasklet, Some("x")), Memlet::element(&from.data, here));
        let element = written(Memlet::element(&to.data, there));
        state.connect((tasklet, Some("y")), (exit, Some("IN_y")), element);
        state.connect((exit, Some("OUT_y")), (dst, after.as_deref()), written(outer(&to)));
    }

    /// Leads an edge through a container that has the elements side by side.
    fn through_container(&mut self, state: &mut State, id: EdgeId, from: Option<End>, to: Option<End>) {
        let (src, dst) = state.endpoints(id);
        let Some(Edge { src_conn, dst_conn, memlet: Some(memlet) }) = state.remove_edge(id) else { return };
        // A subset of a stream tells queues, not elements.
        let is_stream =
            |end: &&End| self.containers.get(&end.data).is_some_and(|data| data.as_stream().is_some());
        let Some(end) = [&from, &to].into_iter().flatten().find(|end| !is_stream(end)) else { return };
        let shape = end.subset.squeezed_shape();
        let dtype = self.containers.get(&end.data).map_or(crate::DType::Float64, Data::dtype);
        let local = self.names.fresh(&format!("{}_tiles", end.data.replace('.', "_")));
        self.containers.insert(local.clone(), Array::transient(dtype, shape.clone()).into());
        let whole = Subset::full(&shape);
        let access = state.add_access(&local);
        let own = |end: &End| Memlet::new(&end.data, end.subset.clone()).to(whole.clone());
        let before = match &from {
            Some(end) => own(end),
            None => Memlet::new(&local, whole.clone()),
        };
        let after = match &to {
            Some(end) => Memlet { wcr: memlet.wcr, ..own(end) },
            None => Memlet { dynamic: memlet.dynamic, ..Memlet::new(&local, whole.clone()) },
        };
        let first = state.add_edge(src, access, Edge { src_conn, dst_conn: None, memlet: Some(before) });
        let second = state.add_edge(access, dst, Edge { src_conn: None, dst_conn, memlet: Some(after) });
        let packed = || End { data: local.clone(), subset: whole.clone() };
        if let Some(from) = from.filter(|end| end.subset.has_tiles()) {
            self.copy(state, first, from, packed());
        }
        if let Some(to) = to.filter(|end| end.subset.has_tiles()) {
            self.copy(state, second, packed(), to);
        }
    }
}

/// Whether an edge joins a scope to what is around it.
fn is_border(state: &State, id: EdgeId) -> bool {
    let (src, dst) = state.endpoints(id);
    matches!(state.node(dst), Node::MapEntry(_)) || matches!(state.node(src), Node::MapExit { .. })
}

/// The same movement over the box around its tiles.
fn around(memlet: &Memlet) -> Memlet {
    let mut result = memlet.clone();
    for dim in result.subset.dims.iter_mut().filter(|dim| dim.tile.is_some()) {
        *dim = Range::new(dim.start.clone(), dim.last() + 1);
        result.dynamic = true;
    }
    result
}

/// The lengths along which a subset counts: those of dimensions that are no single index, and of their tiles.
fn axes(subset: &Subset) -> Vec<Expr> {
    subset.squeezed_shape()
}

/// The element of a subset for values of parameters that run over as many elements, in C order.
fn indices(subset: &Subset, params: &[(Name, Range)]) -> Vec<Expr> {
    let own = axes(subset);
    let given: Vec<Expr> = params.iter().map(|(_, range)| range.stop.clone()).collect();
    let values: Vec<Expr> = params.iter().map(|(name, _)| Expr::sym(name)).collect();
    let mut position = if own == given { values } else { unravel(&own, ravel(&given, &values)) }.into_iter();
    let mut next = || position.next().unwrap_or_default();
    let index = |dim: &Range| match (dim.as_index(), &dim.tile) {
        (Some(at), _) => at.clone(),
        (None, None) => dim.at(&next()),
        (None, Some(_)) => &dim.start + next() * &dim.step + next(),
    };
    subset.dims.iter().map(index).collect()
}

/// The number of an element in C order.
fn ravel(shape: &[Expr], position: &[Expr]) -> Expr {
    shape.iter().zip(position).fold(Expr::zero(), |number, (extent, at)| number * extent + at)
}

/// The position of the element with a number.
fn unravel(shape: &[Expr], number: Expr) -> Vec<Expr> {
    let mut rest = number;
    let mut position = Vec::with_capacity(shape.len());
    for (dim, extent) in shape.iter().enumerate().rev() {
        position.push(if dim == 0 { rest.clone() } else { rest.modulo(extent) });
        rest = rest.floor_div(extent);
    }
    position.reverse();
    position
}

/// `y = x`
fn assignment(dtype: crate::DType) -> Tasklet {
    let connector = |name: &str| IndexMap::from_iter([(Name::from(name), Connector::scalar(dtype))]);
    Tasklet {
        label: "tile".into(),
        inputs: connector("x"),
        outputs: connector("y"),
        code: TaskletCode::Native(vec![Stmt::Assign {
            target: "y".into(),
            value: ScalarExpr::Name("x".into()),
        }]),
        span: Span::default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::features::{Feature, features};
    use crate::interp::{Arguments, Tensor, run};
    use crate::validate::validate;
    use crate::{Sdfg, text};

    fn parsed(declarations: &str, state: &str) -> Sdfg {
        let source = format!(
            "sdfg f(A, B) {{\n symbol N: int64\n data A: float64[N]\n data B: float64[N]\n {declarations}\n state s {{\n \
             {state}\n }}\n}}"
        );
        text::parse(&source).unwrap_or_else(|error| panic!("{error}\n{source}"))
    }

    /// `B` after the program has run; `A` counts from 1.
    fn result(sdfg: &Sdfg, n: usize) -> Vec<f64> {
        assert_eq!(validate(sdfg), Ok(()), "{sdfg}");
        let tensor = |values: Vec<f64>| Tensor::new(&[n], values).expect("as many as needed");
        let counted: Vec<f64> = (1..=n).map(|at| at as f64).collect();
        let mut arguments =
            Arguments::from_iter([("A".into(), tensor(counted)), ("B".into(), tensor(vec![0.0; n]))]);
        run(sdfg, &mut arguments, &[("N", n as i64)]).unwrap_or_else(|error| panic!("{error}\n{sdfg}"));
        let mut lowered = sdfg.clone();
        lowered.lower_tiles();
        assert_eq!(validate(&lowered), Ok(()), "{lowered}");
        assert!(!features(&lowered).contains(&Feature::Tiles), "{lowered}");
        arguments["B"].as_slice::<f64>().expect("numbers").to_vec()
    }

    #[test]
    fn copies_move_tile_by_tile() {
        let gather = parsed("", "n0 = access A\n n1 = access B\n n0 -> n1: A[0:8:4:2] to [1:5]");
        assert_eq!(result(&gather, 8), [0.0, 1.0, 2.0, 5.0, 6.0, 0.0, 0.0, 0.0]);
        let scatter = parsed("", "n0 = access A\n n1 = access B\n n0 -> n1: B[1:9:3:2] to [2:8] wcr sum");
        assert_eq!(result(&scatter, 10), [0.0, 3.0, 4.0, 0.0, 5.0, 6.0, 0.0, 7.0, 8.0, 0.0]);
        let both = parsed("", "n0 = access A\n n1 = access B\n n0 -> n1: A[0:8:4:2] to [0:8:6:2]");
        assert_eq!(result(&both, 8), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 5.0, 6.0]);
        let other = parsed("", "n0 = access A\n n1 = access B\n n0 -> n1: A[0:9:3:2] to [0:8:4:3]");
        assert_eq!(result(&other, 9), [1.0, 2.0, 4.0, 0.0, 5.0, 7.0, 8.0, 0.0, 0.0]);
    }

    #[test]
    fn a_container_may_be_copied_to_itself() {
        let sdfg = parsed(
            "transient T: float64[N]",
            "n0 = access A\n n1 = access A\n n0 -> n1: A[0:6:3:2] to [1:5]\n n2 = access B\n n1 -> n2: A[0:N]",
        );
        assert_eq!(result(&sdfg, 6), [1.0, 1.0, 2.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn tasklets_see_tiles_as_two_dimensions() {
        let sdfg = parsed(
            "",
            "n0 = access A\n n0 -> n1.IN_A: A[0:N:4:2]\n n1 = map m(i in 0:1) {\n n1.OUT_A -> n2.a: A[4*i:4*i + 8:4:2]\n \
             n2 = tasklet t(a: float64[2]) -> (b: float64[2]) {\n b[0, 0] = a[1, 1]\n b[0, 1] = a[1, 0]\n \
             b[1, 0] = a[0, 1]\n b[1, 1] = 9.0\n }\n n2.b -> n3.IN_B: B[1:7:3:2]\n } n3\n n3.OUT_B -> n4: B[1:7:3:2]\n \
             n4 = access B",
        );
        assert_eq!(result(&sdfg, 8), [0.0, 6.0, 5.0, 0.0, 2.0, 9.0, 0.0, 0.0]);
    }

    #[test]
    fn streams_take_tiles_in_order() {
        let sdfg = parsed(
            "transient S: stream float64",
            "n0 = access A\n n1 = access S\n n0 -> n1: A[0:8:4:2]\n n2 = access B\n n1 -> n2: B[0:8:5:2] to []",
        );
        assert_eq!(result(&sdfg, 8), [1.0, 2.0, 0.0, 0.0, 0.0, 5.0, 6.0, 0.0]);
    }
}
