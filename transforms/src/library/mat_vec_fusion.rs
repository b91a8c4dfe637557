//! Fusion of matrix-vector products: a matrix that is multiplied by vectors from both sides is read once.
//!
//! ```text
//! before:  y = A @ x                                s = r @ A
//! after:   map panel { y[panel] = A[panel, :] @ x   partial[panel, :] = r[panel] @ A[panel, :] }   s = partial.sum(axis=0)
//! kept:    y = A @ x    v = y + 1    s = v @ A      needs all of `y` before its first row of `A`
//!          y = A @ x    s = r @ B                   two matrices
//! ```
//!
//! A product of a matrix and a vector takes as long as it takes to bring the matrix from memory. A panel is a few rows, which
//! are still in the cache when the second product uses them. `r` may be `y` itself, as in `(A @ x) @ A`: a panel of it is
//! there when it is needed. This is the routine GEMVT of the updated BLAS standard (Blackford et al., An Updated Set of Basic
//! Linear Algebra Subprograms, ACM TOMS 28, 2002).
//!
//! **Legal when** both products read the same elements of the matrix from the same access, neither depends on the other
//! except for `y` being `r`, and what the first one writes is no operand of either. The second sum rounds otherwise, so this is
//! not done where sums are computed in the order of the program. **Applies to** matrices stored by rows that may be larger
//! than a panel.

use super::scale_after_product::{is_product, operand, rank};
use crate::map::paths;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::{LibraryOp, MatMul, Reduce};
use dacec_ir::node::LibraryNode;
use dacec_ir::{
    Array, Block, DType, Data, Expr, Memlet, Name, NestedSdfg, Node, NodeId, Range, Region, Schedule, Sdfg,
    State, Subset, Wcr, propagate,
};
use std::sync::Arc;

/// Bytes of a panel: half of a small second-level cache, which has to hold the vectors too. Twice as many are not faster.
const PANEL_BYTES: i64 = 512 << 10;
/// Rows of a panel of very long rows: as many partial sums are written as there are panels.
const FEWEST_ROWS: i64 = 8;
/// Rows of a panel of short rows: enough for long loops.
const MOST_ROWS: i64 = 256;
/// Rows of a panel where nobody knows how long they are: those of 4096 doubles. A number keeps what is proved of panels short.
const USUAL_ROWS: i64 = 16;

/// Reads a matrix once for two products; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MatVecFusion;

/// Two products with one matrix; made only by [`MatVecFusion::find`].
#[derive(Clone, Debug)]
pub struct Pair {
    /// The products `A @ x` and `r @ A`.
    products: [NodeId; 2],
    /// Whether `r` is the result of the first product.
    chained: bool,
    matrix: Used,
    x: Used,
    r: Used,
    y: Used,
    s: Used,
}

/// What a product reads or writes, and where.
#[derive(Clone, Debug, PartialEq)]
struct Used {
    memlet: Memlet,
    access: NodeId,
}

impl Transformation for MatVecFusion {
    type Place = State;
    type Match = Pair;

    fn name(&self) -> &'static str {
        "MatVecFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Pair, Refusal> {
        let (matrix, x) = operands(state, site, ["_a", "_b"])?;
        let uses = state.out_edges(matrix.access).into_iter().map(|edge| edge.dst);
        let mut others = uses.filter(|&other| other != site);
        let found = others.find_map(|other| {
            let (same, r) = operands(state, other, ["_b", "_a"]).ok()?;
            (same == matrix).then_some((other, r))
        });
        let Some((other, r)) = found else {
            return Err(Refusal::NoMatch("no vector is multiplied by the same matrix"));
        };
        let (y, s) = (result(state, site)?, result(state, other)?);
        let chained = r.access == y.access && r.memlet.subset == y.memlet.subset;
        let pair = Pair { products: [site, other], chained, matrix, x, r, y, s };
        pair.check_order(state)?;
        pair.check_data(around)?;
        Ok(pair)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Pair) {
        let dtype = around.container(&found.matrix.memlet.data).dtype();
        let [rows, columns] = found.extents();
        let height = panel_rows(dtype, &columns);
        let panel = around.names.fresh("__panel");
        let start = &height * Expr::sym(&panel);
        let stop = &start + height.min(&(&rows - &start));
        let here = |used: &Used| rows_of(&used.memlet, &start, &stop);

        let shape = [rows.ceil_div(&height), columns];
        let partial = around.names.fresh("__partial");
        around.sdfg.containers.insert(partial.clone(), Array::transient(dtype, shape.clone()).into());
        let sums = Subset::new(vec![Range::index(Expr::sym(&panel)), Range::new(0, shape[1].clone())]);

        let mut inputs = vec![("_A", here(&found.matrix), found.matrix.access)];
        inputs.push(("_x", found.x.memlet.clone(), found.x.access));
        if !found.chained {
            inputs.push(("_r", here(&found.r), found.r.access));
        }
        let access = state.add_access(&partial);
        let outputs = [("_y", here(&found.y), found.y.access), ("_s", Memlet::new(&partial, sums), access)];
        let nested = nested(around, (&inputs, &outputs), found.chained, state);
        let node = state.add_node(Node::Nested(Box::new(nested)));
        let dims = [(panel, Range::new(0, shape[0].clone()))];
        let (entry, exit) = state.add_map("matmul", dims, Schedule::Default);
        for (connector, memlet, source) in inputs {
            paths::read(state, (source, None), &[entry], (node, Some(connector.into())), memlet);
        }
        for (connector, memlet, target) in outputs {
            paths::write(state, (node, Some(connector.into())), &[exit], (target, None), memlet);
        }
        propagate::scope(state, entry, &around.sdfg.containers, &around.facts);

        let sum = add_library(state, Reduce { wcr: Wcr::Sum, axes: Some(vec![0]), accumulate: false });
        state.connect((access, None), (sum, Some("_in")), Memlet::new(&partial, Subset::full(&shape)));
        state.connect((sum, Some("_out")), (found.s.access, None), found.s.memlet);
        around.uses.add(&partial);
        for product in found.products {
            state.remove_node(product);
        }
    }
}

impl Pair {
    /// Neither product waits for the other, except for a result that is an operand.
    fn check_order(&self, state: &State) -> Result<(), Refusal> {
        let [first, second] = self.products;
        // What else they wait for, or what waits for them, has no place in one node.
        let plain = |node| state.in_degree(node) == 2 && state.out_degree(node) == 1;
        let alone = state.in_degree(self.s.access) == 1 && state.in_degree(self.y.access) == 1;
        if !plain(first) || !plain(second) || !alone {
            return Err(Refusal::unproved("something else is in order with the products"));
        }
        let waits = !self.chained && state.reaches(first, second);
        if waits || state.reaches(second, first) {
            return Err(Refusal::unproved("one product needs all of the result of the other"));
        }
        Ok(())
    }

    fn check_data(&self, around: &Surroundings<'_>) -> Result<(), Refusal> {
        let all = [&self.matrix, &self.x, &self.r, &self.y, &self.s];
        let arrays: Vec<&Array> =
            all.iter().filter_map(|used| around.container(&used.memlet.data).as_array()).collect();
        let [matrix, ..] = arrays[..] else { return Err(Refusal::NoMatch("not arrays")) };
        if arrays.len() < all.len() {
            return Err(Refusal::unproved("an operand is part of another container"));
        }
        let dtype = matrix.dtype;
        if !(dtype.is_float() || dtype.is_complex()) || arrays.iter().any(|array| array.dtype != dtype) {
            return Err(Refusal::NoMatch("not floating-point numbers of one type"));
        }
        let strides = kept(&self.matrix.memlet).map(|at| &matrix.strides[at]);
        if !strides.last().is_some_and(Expr::is_one) {
            return Err(Refusal::NoMatch("not stored by rows"));
        }
        let written = &self.y.memlet;
        let operands = [&self.matrix, &self.x, &self.r, &self.s];
        let mut operands = operands.into_iter().filter(|used| !(self.chained && **used == self.r));
        if let Some(same) = operands.find(|used| used.memlet.data == written.data) {
            return Err(Refusal::conflict(&same.memlet, written));
        }
        let [rows, columns] = self.extents();
        let panel = panel_rows(dtype, &columns);
        if around.facts.prove_le(&rows, &panel) == Some(true) {
            return Err(Refusal::NoMatch("the matrix stays in the cache"));
        }
        Ok(())
    }

    /// Rows and columns of the matrix.
    fn extents(&self) -> [Expr; 2] {
        let mut shape = self.matrix.memlet.subset.squeezed_shape().into_iter();
        std::array::from_fn(|_| shape.next().expect("a matrix has two dimensions"))
    }
}

/// The matrix and the vector of a product, by their connectors.
fn operands(state: &State, node: NodeId, [matrix, vector]: [&str; 2]) -> Result<(Used, Used), Refusal> {
    if !is_product(state, node) || state.scope_of(node).is_some() {
        return Err(Refusal::NoMatch("not a product"));
    }
    let used = |connector, wanted| {
        let (memlet, access) = operand(state, node, connector)?;
        let plain = rank(memlet) == wanted && is_plain(memlet) && state.node(access).as_access().is_some();
        plain.then(|| Used { memlet: memlet.clone(), access })
    };
    match (used(matrix, 2), used(vector, 1)) {
        (Some(matrix), Some(vector)) => Ok((matrix, vector)),
        _ => Err(Refusal::NoMatch("not a matrix and a vector")),
    }
}

fn result(state: &State, node: NodeId) -> Result<Used, Refusal> {
    let [edge] = state.out_edges(node)[..] else { return Err(Refusal::NoMatch("not one result")) };
    let memlet = edge.memlet().filter(|memlet| rank(memlet) == 1 && is_plain(memlet) && memlet.wcr.is_none());
    let access = state.node(edge.dst).as_access().map(|_| edge.dst);
    match (memlet, access) {
        (Some(memlet), Some(access)) => Ok(Used { memlet: memlet.clone(), access }),
        _ => Err(Refusal::NoMatch("not a vector")),
    }
}

fn is_plain(memlet: &Memlet) -> bool {
    let unit = memlet.subset.dims.iter().all(|dim| dim.step.is_one());
    unit && !memlet.dynamic && memlet.other_subset.is_none()
}

/// Positions of the dimensions that are more than one element.
fn kept(memlet: &Memlet) -> impl Iterator<Item = usize> + '_ {
    (0..memlet.subset.dims.len()).filter(|&at| memlet.subset.dims[at].as_index().is_none())
}

fn panel_rows(dtype: DType, columns: &Expr) -> Expr {
    let elements = PANEL_BYTES / dtype.size() as i64;
    Expr::int(match columns.as_int() {
        Some(columns) => (elements / columns.max(1)).clamp(FEWEST_ROWS, MOST_ROWS),
        None => USUAL_ROWS,
    })
}

/// Rows `start` to `stop` of what is read or written.
fn rows_of(memlet: &Memlet, start: &Expr, stop: &Expr) -> Memlet {
    let mut memlet = memlet.clone();
    let along = kept(&memlet).next();
    if let Some(at) = along {
        let dim = &memlet.subset.dims[at];
        memlet.subset.dims[at] = Range::new(&dim.start + start, &dim.start + stop);
    }
    memlet
}

type Operand = (&'static str, Memlet, NodeId);

/// Both products with one panel.
fn nested(
    around: &Surroundings<'_>,
    (inputs, outputs): (&[Operand], &[Operand]),
    chained: bool,
    state: &State,
) -> NestedSdfg {
    let mut sdfg = Sdfg::new("matmul_panel");
    sdfg.span = state.span;
    sdfg.file = around.sdfg.file.clone();
    for (name, memlet, _) in inputs.iter().chain(outputs) {
        let data = around.container(&memlet.data);
        let mut array = Array::new(data.dtype(), memlet.subset.squeezed_shape());
        array.strides = kept(memlet).map(|at| data.strides()[at].clone()).collect();
        sdfg.containers.insert((*name).into(), Data::Array(array));
        sdfg.arguments.push((*name).into());
    }
    sdfg.body = Region::new([Block::State(products(&sdfg, chained, state))]);
    let symbols = around.pass_symbols(&mut sdfg);
    let names = |operands: &[Operand]| operands.iter().map(|(name, ..)| (*name).into()).collect();
    NestedSdfg { inputs: names(inputs), outputs: names(outputs), symbols, span: state.span, sdfg }
}

fn products(sdfg: &Sdfg, chained: bool, outer: &State) -> State {
    let mut state = State::new("products");
    state.span = outer.span;
    let whole = |name: &str| Memlet::new(name, Subset::full(sdfg.containers[name].shape()));
    let [matrix, x, y, s] = ["_A", "_x", "_y", "_s"].map(|name| state.add_access(name));
    let r = if chained { y } else { state.add_access("_r") };
    let first = add_library(&mut state, MatMul);
    let second = add_library(&mut state, MatMul);
    state.connect((matrix, None), (first, Some("_a")), whole("_A"));
    state.connect((x, None), (first, Some("_b")), whole("_x"));
    state.connect((first, Some("_c")), (y, None), whole("_y"));
    state.connect((r, None), (second, Some("_a")), whole(if chained { "_y" } else { "_r" }));
    state.connect((matrix, None), (second, Some("_b")), whole("_A"));
    state.connect((second, Some("_c")), (s, None), whole("_s"));
    state
}

fn add_library(state: &mut State, op: impl LibraryOp + 'static) -> NodeId {
    let (label, span) = (Name::from("matmul"), state.span);
    state.add_node(Node::Library(LibraryNode { label, op: Arc::new(op), implementation: None, span }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};

    /// A state of `A[M, N]`, `B[M, N]` and the vectors `x[N]`, `r[M]`, `y[M]` and `s[N]`.
    fn program(state: &str) -> Sdfg {
        let text = format!(
            "sdfg p(A, B, x, r, y, s) {{ symbol M: int64\n symbol N: int64\n data A: float64[M, N]\n data B: float64[M, N]\n\
             data x: float64[N]\n data r: float64[M]\n data y: float64[M]\n data s: float64[N]\n state s {{\n{state}\n}} }}"
        );
        dacec_ir::text::parse(&text).expect("a valid text")
    }

    /// `y = A @ x` and `s = vector @ matrix`, whose accesses are given.
    fn products(accesses: &str, vector: &str, matrix: &str) -> Sdfg {
        program(&format!(
            "n0 = access A\n n1 = access x\n n2 = library matmul MatMul()\n n3 = access y\n n4 = library matmul MatMul()\n\
             n5 = access s\n {accesses}\n n0 -> n2._a: A[0:M, 0:N]\n n1 -> n2._b: x[0:N]\n n2._c -> n3: y[0:M]\n\
             {vector} -> n4._a: {of}[0:M]\n {matrix} -> n4._b: {array}[0:M, 0:N]\n n4._c -> n5: s[0:N]",
            of = if vector == "n3" { "y" } else { "r" },
            array = if matrix == "n0" { "A" } else { "B" },
        ))
    }

    fn is_fused(sdfg: &Sdfg) -> bool {
        let is_nested = |state: &&State| state.nodes().any(|(_, node)| matches!(node, Node::Nested(_)));
        maps(sdfg).len() == 1 && sdfg.body.states().iter().any(is_nested)
    }

    #[test]
    fn a_matrix_between_two_vectors_is_read_once() {
        let before = products("n6 = access r", "n6", "n0");
        // One panel and two of them; one row; no row.
        for sizes in
            [[("M", 300), ("N", 3)], [("M", 5), ("N", 4)], [("M", 1), ("N", 4)], [("M", 0), ("N", 2)]]
        {
            assert!(is_fused(&apply(&MatVecFusion, &before, &sizes)));
        }
    }

    #[test]
    fn the_second_vector_may_be_the_first_result() {
        let after = apply(&MatVecFusion, &products("", "n3", "n0"), &[("M", 300), ("N", 3)]);
        assert!(is_fused(&after));
    }

    #[test]
    fn two_matrices_stay_apart() {
        assert_eq!(refusals(&MatVecFusion, &products("n6 = access r\n n7 = access B", "n6", "n7")), [""; 0]);
    }

    #[test]
    fn a_product_that_needs_all_of_the_other_waits() {
        let between = "n6 = access r\n n3 -> n7.a: y[0]\n n7 = tasklet t(a: float64) -> (b: float64) { b = a }\n\
                       n7.b -> n6: r[0]";
        let reasons = refusals(&MatVecFusion, &products(between, "n6", "n0"));
        assert_eq!(reasons, ["one product needs all of the result of the other"]);
        let after = "n6 = access r\n n3 -> n6";
        let reasons = refusals(&MatVecFusion, &products(after, "n6", "n0"));
        assert!(!reasons.is_empty(), "an order between them counts as well");
    }

    #[test]
    fn a_result_in_place_of_an_operand_stays() {
        let sdfg = program(
            "n0 = access A\n n1 = access r\n n2 = library matmul MatMul()\n n3 = access r\n n4 = library matmul MatMul()\n\
             n5 = access s\n n6 = access y\n n0 -> n2._a: A[0:M, 0:M]\n n1 -> n2._b: r[0:M]\n n2._c -> n3: r[0:M]\n\
             n6 -> n4._a: y[0:M]\n n0 -> n4._b: A[0:M, 0:M]\n n4._c -> n5: s[0:M]",
        );
        let reasons = refusals(&MatVecFusion, &sdfg);
        assert_eq!(reasons, ["`r[0:M]` and `r[0:M]` may be the same elements"]);
    }
}
