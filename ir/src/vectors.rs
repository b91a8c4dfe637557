//! Vectors as arrays, for those who know numbers only.
//!
//! ```text
//! data x: float32x4[N]                          data x: float32[N, 4]
//! n0 -> n1.a: x[i]                       ──▶    n0 -> n1.a: x[i, 0:4]
//! {t = a*a; o = t + float32x4(2.0f32)}          {t_0 = a[0]*a[0]; …; o[0] = t_0 + 2.0f32; …}
//! ```
//!
//! **Sound because** every operation on vectors does the same to each lane and no lane sees another one. A statement becomes
//! one for each lane, all before the next statement.

use crate::dtype::Vector;
use crate::features::{Feature, features, makes_vectors};
use crate::{
    Array, Connector, DType, Data, Expr, Memlet, Name, Node, Range, ScalarExpr, Sdfg, State, Stmt, Tasklet,
    TaskletCode, Wcr,
};
use std::collections::BTreeMap;

impl Sdfg {
    /// Rewrites containers of vectors, in this SDFG and in those nested in it, as arrays whose last dimension are the lanes;
    /// callers see that dimension too. Nothing happens where something has no such form: streams and constants of vectors,
    /// library operations on them, code in other languages that uses them.
    pub fn lower_vectors(&mut self) {
        if features(self).contains(&Feature::Vectors) && has_form(self) {
            lower(self);
        }
    }
}

/// The vectors that containers hold.
type Vectors = BTreeMap<Name, Vector>;

fn vectors(sdfg: &Sdfg) -> Vectors {
    let all = sdfg.containers.iter();
    all.filter_map(|(name, data)| Some((name.clone(), data.dtype().as_vector()?))).collect()
}

/// Whether everything that uses vectors can be rewritten.
fn has_form(sdfg: &Sdfg) -> bool {
    let vectors = vectors(sdfg);
    let held = |name: &Name| matches!(sdfg.container(name), Some(Data::Stream(_) | Data::Constant(_)));
    if vectors.keys().any(held) {
        return false;
    }
    let mut fits = true;
    sdfg.body.visit(&mut |block| {
        fits &=
            !block.scalars().iter().any(|scalar| scalar.names().iter().any(|it| vectors.contains_key(it)));
        if let Some(state) = block.as_state() {
            fits &= state.nodes().all(|(id, node)| match node {
                Node::Nested(nested) => has_form(&nested.sdfg),
                Node::Tasklet(Tasklet { code: TaskletCode::Native(_), .. }) => true,
                Node::Tasklet(_) | Node::Library(_) => {
                    let edges = state.in_edges(id).into_iter().chain(state.out_edges(id));
                    !edges.filter_map(|edge| edge.memlet()).any(|memlet| vectors.contains_key(&memlet.data))
                }
                _ => true,
            });
            let custom = |memlet: &Memlet| matches!(memlet.wcr, Some(Wcr::Custom(_)));
            let memlets = || state.edges().filter_map(|edge| edge.memlet());
            fits &= !memlets().any(|memlet| custom(memlet) && vectors.contains_key(&memlet.data));
        }
    });
    fits
}

fn lower(sdfg: &mut Sdfg) {
    let vectors = vectors(sdfg);
    for (name, data) in &mut sdfg.containers {
        if let Some(vector) = vectors.get(name) {
            widen(data, *vector);
        }
    }
    sdfg.body.visit_states_mut(&mut |state| lower_state(state, &vectors));
}

/// Gives a container one more dimension.
fn widen(data: &mut Data, vector: Vector) {
    let lanes = Expr::int(vector.lanes() as i64);
    match data {
        Data::Array(array) | Data::View(array) | Data::Reference(array) => {
            array.dtype = vector.element();
            array.strides.iter_mut().for_each(|stride| *stride = &*stride * &lanes);
            array.strides.push(Expr::one());
            array.shape.push(lanes);
        }
        Data::Scalar(scalar) => {
            let array = Array::new(vector.element(), [lanes]);
            let (transient, lifetime, span) = (scalar.transient, scalar.lifetime, scalar.span);
            *data = Array { transient, lifetime, span, ..array }.into();
        }
        // Refused before.
        Data::Stream(_) | Data::Constant(_) => {}
    }
}

fn lower_state(state: &mut State, vectors: &Vectors) {
    let edges: Vec<_> = state.edges().map(|edge| edge.id).collect();
    for id in edges {
        let Some(memlet) = &mut state.edge_mut(id).memlet else { continue };
        if let Some(vector) = vectors.get(&memlet.data) {
            let lanes = Range::new(0, Expr::int(vector.lanes() as i64));
            memlet.subset.dims.push(lanes.clone());
            if let Some(other) = &mut memlet.other_subset {
                other.dims.push(lanes);
            }
        }
    }
    for id in state.node_ids() {
        match state.node_mut(id) {
            Node::Tasklet(tasklet) => lower_tasklet(tasklet),
            Node::Nested(nested) => lower(&mut nested.sdfg),
            _ => {}
        }
    }
}

fn lower_tasklet(tasklet: &mut Tasklet) {
    let TaskletCode::Native(code) = &mut tasklet.code else { return };
    let connectors: BTreeMap<Name, Connector> =
        tasklet.inputs.iter().chain(&tasklet.outputs).map(|(name, it)| (name.clone(), *it)).collect();
    let vectors = connectors.values().any(|it| it.dtype.as_vector().is_some());
    if !vectors && !code.iter().any(makes_vectors) {
        return;
    }
    let mut lanes = Lanes { connectors, locals: BTreeMap::new() };
    *code = lanes.statements(code);
    for connector in tasklet.inputs.values_mut().chain(tasklet.outputs.values_mut()) {
        if let Some(vector) = connector.dtype.as_vector() {
            *connector = Connector::array(vector.element(), connector.rank + 1);
        }
    }
}

/// The names of a tasklet.
struct Lanes {
    connectors: BTreeMap<Name, Connector>,
    /// Types of variables.
    locals: BTreeMap<Name, DType>,
}

impl Lanes {
    fn statements(&mut self, code: &[Stmt]) -> Vec<Stmt> {
        code.iter().flat_map(|stmt| self.statement(stmt)).collect()
    }

    fn statement(&mut self, stmt: &Stmt) -> Vec<Stmt> {
        match stmt {
            Stmt::Assign { target, value } => {
                let dtype = self.dtype(value);
                let connector = self.connectors.contains_key(target);
                if let (Some(dtype), false) = (dtype, connector) {
                    self.locals.insert(target.clone(), dtype);
                }
                let Some(vector) = dtype.and_then(DType::as_vector) else { return vec![stmt.clone()] };
                let assign = |at: usize| {
                    let value = self.lane(value, at);
                    match connector {
                        true => Stmt::Store { target: target.clone(), indices: vec![index(at)], value },
                        false => Stmt::Assign { target: lane_of(target, at), value },
                    }
                };
                (0..vector.lanes()).map(assign).collect()
            }
            Stmt::Store { target, indices, value } => {
                let Some(vector) = self.dtype(value).and_then(DType::as_vector) else {
                    return vec![stmt.clone()];
                };
                let store = |at: usize| {
                    let indices = indices.iter().cloned().chain([index(at)]).collect();
                    Stmt::Store { target: target.clone(), indices, value: self.lane(value, at) }
                };
                (0..vector.lanes()).map(store).collect()
            }
            Stmt::If { condition, then, otherwise } => vec![Stmt::If {
                condition: condition.clone(),
                then: self.statements(then),
                otherwise: self.statements(otherwise),
            }],
        }
    }

    fn known(&self, name: &Name) -> Option<DType> {
        self.locals.get(name).copied().or_else(|| self.connectors.get(name).map(|it| it.dtype))
    }

    fn dtype(&self, value: &ScalarExpr) -> Option<DType> {
        value.dtype(&|name| self.known(name)).ok()
    }

    /// The value of one lane; of what is no vector, the value.
    fn lane(&self, value: &ScalarExpr, at: usize) -> ScalarExpr {
        let is_vector = |name: &Name| self.known(name).is_some_and(|dtype| dtype.as_vector().is_some());
        match value {
            ScalarExpr::Name(name) if is_vector(name) => match self.connectors.contains_key(name) {
                true => ScalarExpr::Load { name: name.clone(), indices: vec![index(at)] },
                false => ScalarExpr::Name(lane_of(name, at)),
            },
            ScalarExpr::Load { name, indices } if is_vector(name) => {
                let indices = indices.iter().cloned().chain([index(at)]).collect();
                ScalarExpr::Load { name: name.clone(), indices }
            }
            ScalarExpr::Cast(dtype, operand) if dtype.as_vector().is_some() => {
                let from = self.dtype(operand).map(DType::lane);
                let operand = self.lane(operand, at);
                operand.cast(from.unwrap_or(DType::Int64), dtype.lane())
            }
            _ => {
                let mut value = value.clone();
                for child in value.children_mut() {
                    *child = self.lane(child, at);
                }
                value
            }
        }
    }
}

fn index(at: usize) -> ScalarExpr {
    ScalarExpr::Symbolic(Expr::int(at as i64))
}

/// The variable for one lane of a variable; sources have no names like this.
fn lane_of(name: &Name, at: usize) -> Name {
    format!("__{name}_lane{at}").into()
}

#[cfg(test)]
mod tests {
    use crate::features::{Feature, features};
    use crate::interp::{Arguments, Tensor, run};
    use crate::{Sdfg, json, text, validate};

    const TEXT: &str = "\
sdfg f(x, y, s) {
  symbol N: int64
  data x: float32x4[N]
  data y: float32x4[N]
  data s: float32x4
  view v: float32x4[2]

  state only {
    n0 = access x
    n1 = access s
    n0 -> n2.IN_x: x[0:N]
    n1 -> n2.IN_s: s
    n2 = map m(i in 0:N) {
      n2.OUT_s -> n3.c: s
      n2.OUT_x -> n3.a: x[i]
      n3 = tasklet t(a: float32x4, c: float32x4) -> (o: float32x4) {
        t = a*c + float32x4(1.0f32)
        k = $i
        if k == 1 {
          o = max(t, -a)
        } else {
          o = sqrt(t)
        }
      }
      n3.o -> n4.IN_y: y[i]
    } n4
    n4.OUT_y -> n5: y[0:N]
    n5 = access y
    n5 -> n6.views: y[1:3]
    n6 = access v
    n6 -> n7: v[1] to [0]
    n7 = access x
  }
}
";

    fn program() -> Sdfg {
        let sdfg = text::parse(TEXT).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(validate::validate(&sdfg), Ok(()));
        sdfg
    }

    #[test]
    fn lanes_are_computed_alike() {
        let mut sdfg = program();
        sdfg.lower_vectors();
        assert_eq!(validate::validate(&sdfg), Ok(()));
        assert!(!features(&sdfg).contains(&Feature::Vectors));
        let x: Vec<f32> = (0..12).map(|at| at as f32).collect();
        let tensor =
            |shape: &[usize], values: Vec<f32>| Tensor::new(shape, values).expect("as many as needed");
        let mut arguments = Arguments::from_iter([
            ("x".into(), tensor(&[3, 4], x.clone())),
            ("y".into(), tensor(&[3, 4], vec![0.0; 12])),
            ("s".into(), tensor(&[4], vec![1.0, 2.0, -3.0, 0.5])),
        ]);
        run(&sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}"));
        let expected: Vec<f32> = (0..12)
            .map(|at| {
                let t = x[at] * [1.0, 2.0, -3.0, 0.5][at % 4] + 1.0;
                if at / 4 == 1 { t.max(-x[at]) } else { t.sqrt() }
            })
            .collect();
        let y = arguments["y"].as_slice::<f32>().expect("floats");
        let same = |a: f32, b: f32| (a - b).abs() < 1e-6 || a.is_nan() && b.is_nan();
        assert!(y.iter().zip(&expected).all(|(a, b)| same(*a, *b)), "{y:?} {expected:?}");
        let x = arguments["x"].as_slice::<f32>().expect("floats");
        assert!(x[..4].iter().zip(&expected[8..]).all(|(a, b)| same(*a, *b)), "{x:?}");
    }

    #[test]
    fn types_that_are_no_numbers_travel() {
        let text = TEXT.replace(
            "  view v",
            "  transient h: opaque_MPI_Request[2]\n  transient p: pointer_float64\n  view v",
        );
        let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(validate::validate(&sdfg), Ok(()));
        assert_eq!(sdfg.to_string(), text);
        for dialect in [json::Dialect::V1, json::Dialect::V2] {
            let file = json::to_string_in(&sdfg, dialect);
            let read = json::from_slice(file.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{file}"));
            assert_eq!(read.to_string(), text);
        }
        let used = features(&sdfg);
        assert!(used.contains(&Feature::Vectors) && used.contains(&Feature::Handles));
    }

    #[test]
    fn what_has_no_form_stays() {
        let queue = TEXT.replace("  view v", "  transient q: stream float32x4\n  view v");
        let mut sdfg = text::parse(&queue).unwrap_or_else(|error| panic!("{error}"));
        sdfg.lower_vectors();
        assert_eq!(sdfg.to_string(), queue);
    }

    #[test]
    fn vectors_and_handles_lack_operations() {
        let complaint = |from: &str, to: &str| {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT, "{from}");
            let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            validate::validate(&sdfg).expect_err(to)[0].to_string()
        };
        assert!(complaint("a*c +", "a*(1.0f32 if a < c else 2.0f32) +").contains("no operation `<`"));
        assert!(complaint("a*c +", "(a & c) +").contains("no operation `&`"));
        assert!(complaint("a*c +", "a*2.0f32 +").contains("types float32x4 and float32"));
        let handles = TEXT.replace("float32x4", "opaque_h").replace("opaque_h(1.0f32)", "a");
        let sdfg = text::parse(&handles).unwrap_or_else(|error| panic!("{error}"));
        let complaint = validate::validate(&sdfg).expect_err("handles are not multiplied")[0].to_string();
        assert!(complaint.contains("opaque_h has no operation `*`"), "{complaint}");
        let constant = "sdfg f() {\n  constant c: float32x4 = [1.0]\n}\n";
        assert!(text::parse(constant).is_err());
    }
}
