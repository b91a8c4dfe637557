//! Indices that begin with 0, for those who know no others.
//!
//! ```text
//! data x: float64[N] offset [-1]                 data x: float64[N]
//! map m(i in 1:N + 1) { … x[i] … }        ──▶    map m(i in 1:N + 1) { … x[i - 1] … }
//! ```

use crate::features::{Feature, features};
use crate::symbolic::Atom;
use crate::validate::{source, target};
use crate::{Expr, Memlet, Name, Node, ScalarExpr, Sdfg, State, Subset};
use std::collections::BTreeMap;

impl Sdfg {
    /// Adds the offset of arrays to every index of their elements, in this SDFG and in those nested in it. The offsets
    /// are 0 then. Graphs in which nothing has an offset stay as they are.
    pub fn lower_offsets(&mut self) {
        if features(self).contains(&Feature::Offsets) {
            lower(self);
        }
    }
}

/// What is added to the indices of containers.
type Offsets = BTreeMap<Name, Vec<Expr>>;

fn lower(sdfg: &mut Sdfg) {
    let mut offsets = Offsets::new();
    for (name, data) in &mut sdfg.containers {
        if let crate::Data::Array(it) | crate::Data::View(it) | crate::Data::Reference(it) = data
            && !it.offset.is_empty()
        {
            offsets.insert(name.clone(), std::mem::take(&mut it.offset));
        }
    }
    sdfg.body.visit_mut(&mut |block| {
        block.scalars_mut().into_iter().for_each(|scalar| shift_scalar(scalar, &offsets));
        for expr in block.symbolic_mut() {
            *expr = shift_expr(expr, &offsets);
        }
        if let crate::Block::State(state) = block {
            shift_state(state, &offsets);
        }
    });
}

fn shift_state(state: &mut State, offsets: &Offsets) {
    let edges: Vec<_> = state.edges().map(|edge| edge.id).collect();
    for id in edges {
        let (src, dst) = state.endpoints(id);
        let view = crate::state::EdgeView { id, src, dst, edge: state.edge(id) };
        let ends = [source(state, view), target(state, view)].map(|name| name.cloned());
        if let Some(memlet) = &mut state.edge_mut(id).memlet {
            shift_memlet(memlet, ends, offsets);
        }
    }
    for id in state.node_ids() {
        match state.node_mut(id) {
            Node::Nested(nested) => lower(&mut nested.sdfg),
            Node::MapEntry(map) => {
                let stop = map.consume.as_mut().and_then(|consume| consume.stop.as_mut());
                stop.into_iter().for_each(|stop| shift_scalar(stop, offsets));
            }
            _ => {}
        }
    }
}

fn shift_memlet(memlet: &mut Memlet, ends: [Option<Name>; 2], offsets: &Offsets) {
    if let Some(other) = &mut memlet.other_subset {
        let [source, target] = ends;
        let name = if source.as_ref() == Some(&memlet.data) { target } else { source };
        shift(other, name.and_then(|name| offsets.get(&name)));
    }
    shift(&mut memlet.subset, offsets.get(&memlet.data));
}

fn shift(subset: &mut Subset, offset: Option<&Vec<Expr>>) {
    if let Some(offset) = offset.filter(|offset| offset.len() == subset.rank()) {
        let origin: Vec<Expr> = offset.iter().map(|offset| -offset).collect();
        *subset = subset.relative_to(&origin);
    }
}

/// Loads on control flow. (Those in tasklets are of connectors, whose indices begin with 0.)
fn shift_scalar(scalar: &mut ScalarExpr, offsets: &Offsets) {
    scalar.visit_mut(&mut |part| match part {
        ScalarExpr::Load { name, indices } => {
            for (index, offset) in indices.iter_mut().zip(offsets.get(name).into_iter().flatten()) {
                let old = std::mem::replace(index, ScalarExpr::int(0));
                *index = match old.to_symbolic().map(|symbolic| symbolic + offset) {
                    Some(moved) => {
                        moved.as_int().map_or_else(|| ScalarExpr::Symbolic(moved), ScalarExpr::int)
                    }
                    None => {
                        ScalarExpr::binary(crate::BinaryOp::Add, old, ScalarExpr::Symbolic(offset.clone()))
                    }
                };
            }
        }
        ScalarExpr::Symbolic(expr) => *expr = shift_expr(expr, offsets),
        _ => {}
    });
}

fn shift_expr(expr: &Expr, offsets: &Offsets) -> Expr {
    expr.rewrite(&mut |atom| match atom {
        Atom::Load(name, indices) => {
            let offset = offsets.get(name)?;
            let moved = indices.iter().zip(offset).map(|(index, offset)| shift_expr(index, offsets) + offset);
            Some(Expr::load(name, moved.collect()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::interp::{Arguments, Tensor, run};
    use crate::{text, validate::validate};

    const SHIFTED: &str = "sdfg f(x, y, n) {
  symbol N: int64
  data x: float64[N] offset [-1]
  data y: float64[N, 3] offset [2, 0]
  data n: int64[2] offset [-4]

  if n[5] > 1 {
    state s {
      n0 = access x
      n1 = access y
      n0 -> n2.IN_x: x[1:N + 1]
      n2 = map m(i in 1:N + 1) {
        n2.OUT_x -> n3.a: x[i]
        n3 = tasklet t(a: float64) -> (b: float64) { b = 2.0*a }
        n3.b -> n4.IN_y: y[i - 3, 1]
      } n4
      n4.OUT_y -> n1: y[-2:N - 2, 1]
      n0 -> n5: x[2:4] to [-2:0, 2]
      n5 = access y
    }
  }
}
";

    #[test]
    fn indices_are_moved() {
        let mut sdfg = text::parse(SHIFTED).unwrap();
        assert!(validate(&sdfg).is_ok(), "{:?}", validate(&sdfg));
        let tensor = |values: &[f64], shape: &[usize]| Tensor::new(shape, values.to_vec()).unwrap();
        let mut arguments: Arguments = [
            ("x".into(), tensor(&[1.0, 2.0, 3.0], &[3])),
            ("y".into(), tensor(&[0.0; 9], &[3, 3])),
            ("n".into(), Tensor::vector(vec![0i64, 2])),
        ]
        .into_iter()
        .collect();
        run(&sdfg, &mut arguments, &[]).unwrap();
        let expected = [0.0, 2.0, 2.0, 0.0, 4.0, 3.0, 0.0, 6.0, 0.0];
        assert_eq!(arguments["y"], tensor(&expected, &[3, 3]));
        sdfg.lower_offsets();
        let printed = text::print(&sdfg);
        assert!(validate(&sdfg).is_ok() && !printed.contains("offset"), "{printed}");
        assert!(printed.contains("x[i - 1]") && printed.contains("x[1:3] to [0:2, 2]"), "{printed}");
        assert!(printed.contains("if n[1] > 1"), "{printed}");
    }
}
