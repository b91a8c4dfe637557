//! Containers that begin with zeros.
//!
//! | Container | 0 when |
//! |---|---|
//! | used inside of one map only, where each iteration has its own | an iteration begins |
//! | whose lifetime is one state | the state begins |
//! | any other that ends with the call of its SDFG | the SDFG is called |
//! | kept between calls | it is allocated |
//!
//! [`Sdfg::lower_zeroed`] writes the zeros of the first three kinds out, for those who do not know of them:
//!
//! ```text
//! transient t: float64[N] state zeroed           transient t: float64[N] state
//! state s {                                ──▶   state s { map z in 0:N { t[z] = 0.0 } → what was there }
//! ```

use crate::features::{Feature, features};
use crate::interp::single_state_containers;
use crate::sdfg::NameSupply;
use crate::{
    Block, Connector, Constant, DType, Data, Expr, Lifetime, Memlet, Name, Node, NodeId, Range, Schedule,
    Sdfg, State, Stmt, Tasklet, TaskletCode,
};
use std::collections::{BTreeMap, BTreeSet};

/// When a container becomes 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// When an iteration of the map begins that all of its accesses are in.
    Iteration,
    /// When a state begins.
    State,
    /// When the SDFG is called.
    Call,
}

/// When each container of an SDFG becomes 0 that has to, without those that are kept between calls.
pub(crate) fn homes(sdfg: &Sdfg) -> BTreeMap<Name, Home> {
    let zeroed = |data: &Data| data.is_zeroed() && !data.lifetime().outlives_call();
    let names: Vec<&Name> =
        sdfg.containers.iter().filter(|(_, data)| zeroed(data)).map(|(name, _)| name).collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let local = single_state_containers(sdfg);
    let states = sdfg.body.states();
    let home = |name: &Name| match sdfg.containers[name].lifetime() {
        Lifetime::State => Home::State,
        _ if local.contains(name) && states.iter().any(|state| scope_of(state, name).is_some()) => {
            Home::Iteration
        }
        _ => Home::Call,
    };
    names.into_iter().map(|name| (name.clone(), home(name))).collect()
}

/// The innermost map with all accesses of a container in it.
pub(crate) fn scope_of(state: &State, name: &Name) -> Option<NodeId> {
    let accesses = state.accesses(name);
    if accesses.is_empty() {
        return None;
    }
    let scopes = state.scopes();
    let around = |id: NodeId| {
        std::iter::successors(scopes.get(&id).copied().flatten(), |id| scopes.get(id).copied().flatten())
    };
    let (first, rest) = accesses.split_first()?;
    around(*first).find(|scope| rest.iter().all(|other| around(*other).any(|it| it == *scope)))
}

impl Sdfg {
    /// Writes the zeros of containers that begin with them, except of those that are kept between calls, in this SDFG and
    /// in those nested in it. Offsets of arrays are lowered before.
    pub fn lower_zeroed(&mut self) {
        if features(self).contains(&Feature::Zeroed) {
            lower(self);
        }
    }
}

fn lower(sdfg: &mut Sdfg) {
    let homes = homes(sdfg);
    let data: BTreeMap<Name, Data> =
        homes.keys().map(|name| (name.clone(), sdfg.containers[name].clone())).collect();
    let mut names = NameSupply::new(sdfg);
    sdfg.body.visit_states_mut(&mut |state| {
        for (name, home) in &homes {
            if state.accesses(name).is_empty() {
                continue;
            }
            match home {
                Home::Iteration => {
                    let scope = scope_of(state, name);
                    fill_first(state, scope, name, &data[name], &mut names);
                }
                Home::State => fill_first(state, None, name, &data[name], &mut names),
                Home::Call => {}
            }
        }
        for id in state.node_ids() {
            if let Node::Nested(nested) = state.node_mut(id) {
                lower(&mut nested.sdfg);
            }
        }
    });
    let mut first = State::new(fresh_label(sdfg));
    for (name, _) in homes.iter().filter(|(_, home)| **home == Home::Call) {
        fill(&mut first, name, &data[name], &mut names);
    }
    if !first.is_empty() {
        sdfg.body.blocks.insert(0, Block::State(first));
    }
    homes.keys().for_each(|name| sdfg.containers[name].set_zeroed(false));
}

fn fresh_label(sdfg: &Sdfg) -> Name {
    let taken: BTreeSet<&Name> = sdfg.body.states().into_iter().map(|state| &state.label).collect();
    let mut labels =
        (0..).map(|at| Name::from(if at == 0 { "zeros".to_owned() } else { format!("zeros_{at}") }));
    labels.find(|label| !taken.contains(label)).unwrap_or_default()
}

/// Fills a container before anything else happens in a scope of the state.
fn fill_first(state: &mut State, scope: Option<NodeId>, name: &Name, data: &Data, names: &mut NameSupply) {
    let scopes = state.scopes();
    let begins = |id: &NodeId| {
        scopes.get(id).copied().flatten() == scope
            && !matches!(state.node(*id), Node::MapExit { .. })
            && state.predecessors(*id).iter().all(|before| Some(*before) == scope)
    };
    let first: Vec<NodeId> = state.node_ids().into_iter().filter(begins).collect();
    let (start, end) = fill(state, name, data, names);
    if let Some(entry) = scope {
        state.order(entry, start);
    }
    for node in first {
        state.order(end, node);
    }
}

/// Adds nodes that fill a container; the first and the last of them.
fn fill(state: &mut State, name: &Name, data: &Data, names: &mut NameSupply) -> (NodeId, NodeId) {
    let zero = Constant::of_int(0, data.dtype());
    let tasklet = state.add_tasklet(Tasklet {
        label: "zero".into(),
        inputs: Default::default(),
        outputs: [(Name::from("out"), Connector::scalar(data.dtype()))].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", zero.into())]),
        span: data.span(),
    });
    let access = state.add_access(name);
    if data.rank() == 0 {
        state.connect((tasklet, Some("out")), (access, None), Memlet::scalar(name));
        return (tasklet, access);
    }
    let dims: Vec<(Name, Range)> =
        data.shape().iter().map(|extent| (names.fresh("z"), Range::full(extent))).collect();
    let element = Memlet::element(name, dims.iter().map(|(param, _)| Expr::sym(param)));
    let (entry, exit) = state.add_map(format!("zero_{}", name.replace('.', "_")), dims, Schedule::Default);
    state.order(entry, tasklet);
    state.connect((tasklet, Some("out")), (exit, Some("IN_out")), element);
    state.connect((exit, Some("OUT_out")), (access, None), Memlet::new(name, data.whole()));
    (entry, access)
}

/// Whether elements of a type can be 0.
pub(crate) fn has_zero(dtype: DType) -> bool {
    DType::ALL.contains(&dtype) || dtype.as_vector().is_some()
}

#[cfg(test)]
mod tests {
    use crate::interp::{Arguments, Options, Tensor, run_with};
    use crate::{text, validate::validate};

    /// Sums over an inner loop, by iteration, by state and by call.
    const SUMS: &str = "sdfg f(x, rows, last, all) {
  symbol N: int64
  data x: float64[N, N]
  data rows: float64[N]
  data last: float64[1]
  data all: float64[1]
  transient t: float64 zeroed
  transient u: float64[2] state zeroed
  transient v: float64[1] call zeroed

  state by_iteration {
    n0 = access x
    n0 -> n1.IN_x: x[0:N, 0:N]
    n1 = map m(i in 0:N) {
      n1.OUT_x -> n2.IN_x: x[i, 0:N]
      n2 = map n(j in 0:N) sequential {
        n2.OUT_x -> n3.a: x[i, j]
        n3 = tasklet s(a: float64) -> (b: float64) { b = a }
        n3.b -> n4.IN_t: t wcr sum
      } n4
      n4.OUT_t -> n5: t wcr sum
      n5 = access t
      n5 -> n6.IN_rows: t to [i]
    } n6
    n6.OUT_rows -> n7: rows[0:N]
    n7 = access rows
  }
  loop k for k in 0:N {
    state by_state {
      n0 = access x
      n0 -> n1.a: x[k, 0]
      n1 = tasklet s(a: float64) -> (b: float64) { b = a }
      n1.b -> n2: u[1] wcr sum
      n2 = access u
      n2 -> n3: u[1] to [0]
      n3 = access last
    }
    state by_call {
      n0 = access x
      n0 -> n1.a: x[k, 0]
      n1 = tasklet s(a: float64) -> (b: float64) { b = a }
      n1.b -> n2: v[0] wcr sum
      n2 = access v
    }
  }
  state after {
    n0 = access v
    n0 -> n1: v[0] to [0]
    n1 = access all
  }
}
";

    #[test]
    fn sums_begin_with_zeros() {
        let sdfg = text::parse(SUMS).unwrap();
        assert!(validate(&sdfg).is_ok(), "{:?}", validate(&sdfg));
        let mut lowered = sdfg.clone();
        lowered.lower_zeroed();
        assert!(validate(&lowered).is_ok(), "{:?}\n{}", validate(&lowered), text::print(&lowered));
        assert!(crate::features::features(&lowered).is_empty());
        for sdfg in [sdfg, lowered] {
            let zeros = Tensor::vector(vec![0.0, 0.0]);
            let mut arguments: Arguments = [
                ("x".into(), Tensor::new(&[2, 2], vec![1.0, 2.0, 4.0, 8.0]).unwrap()),
                ("rows".into(), zeros),
                ("last".into(), Tensor::vector(vec![0.0])),
                ("all".into(), Tensor::vector(vec![0.0])),
            ]
            .into_iter()
            .collect();
            run_with(&sdfg, &mut arguments, &[], &Options::thorough()).unwrap();
            assert_eq!(arguments["rows"], Tensor::vector(vec![3.0, 12.0]));
            assert_eq!(arguments["last"], Tensor::vector(vec![4.0]));
            assert_eq!(arguments["all"], Tensor::vector(vec![5.0]));
        }
    }

    #[test]
    fn zeros_have_a_beginning() {
        let refused = |declaration: &str, body: &str| {
            let source =
                format!("sdfg f(a, p) {{\n symbol N: int64\n data p: int64\n {declaration}\n {body}\n}}");
            let found = validate(&text::parse(&source).unwrap()).unwrap_err();
            assert!(found.iter().any(|it| it.rule.code == "V036"), "{found:?}");
        };
        refused("data a: float64[N] zeroed", "");
        refused(
            "data a: float64 transient t: float64[k] zeroed",
            "loop l for k in 0:N { state s { n0 = access t n0 -> n1: t[0:k] to [0:k] n1 = access t } \
             state r { n0 = access t n0 -> n1: t[0] to [] n1 = access a } }",
        );
    }
}
