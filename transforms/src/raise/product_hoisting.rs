//! Product hoisting: a matrix that each iteration multiplies by another vector is multiplied by all of them before the loop.
//!
//! ```text
//! before:  for i in 0:N { t = A[i, :] @ B;  C[i, :] = f(t) }
//! after:   Gemm: P = A @ B;  for i in 0:N { t = P[i, :];  C[i, :] = f(t) }
//! before:  for i in 0:N { C[i, i:N] = A[:, i] @ A[:, i:N];  C[i:N, i] = C[i, i:N] }
//! after:   Syrk: upper triangle of P = A.T @ A;  for i in 0:N { C[i, i:N] = P[i, i:N];  C[i:N, i] = C[i, i:N] }
//! kept:    for i { C[i, :] = A[i, :] @ B;  B[0, i] = 1 }       the loop changes an operand
//!          for i { C[i, :] = A[i, :] @ B;  if …: break }       products that nobody asked for
//!          for i { t = A[i, :] @ B;  s += t[0] }               memory for all of what is one row now
//!          for i { C[i, i:N] = A[:, i] @ B[:, i:N] }           half of a product that is not symmetric
//! ```
//!
//! A product of matrices is computed from the cache; one of a matrix and a vector waits for memory. Statistics, neural
//! networks and Gram matrices are written row by row because NumPy has no name for half of a symmetric product.
//!
//! **Legal when** every iteration of a loop that counts up by 1 computes the product; nothing that the loop writes is an
//! operand or another name for one; the indices of the vectors are the loop's variable up to a constant, all others do not
//! change in the loop; all vectors and the matrix provably lie in their arrays, so that none is read that the loop would not have
//! reached; and sums may be computed in any order. **Applies when** the matrix is all of what the vectors meet, or the part of the
//! vectors' own matrix before or behind the diagonal (`Syrk`); it is not known to have few rows or columns, so that it would stay in
//! the cache; and the loop writes a matrix that is as large as all products, so that memory at most doubles.

use super::loop_to_rank_update::Counted;
use super::replace::{Operand, operation};
use crate::library::SMALL;
use crate::library::scale_after_product::{is_product, operand};
use crate::map::paths;
use crate::surroundings::{Surroundings, Uses, assigned_symbols};
use crate::{Refusal, Transformation};
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{Factor, RankUpdate, Trans, Triangle};
use dacec_ir::{
    Array, Block, Connector, Constant, DType, Data, Edge, Expr, IndexMap, Memlet, Name, NodeId, Range,
    Region, Schedule, State, Stmt, Subset, Tasklet, TaskletCode,
};
use std::collections::BTreeSet;

/// Multiplies matrices before a loop that multiplies their rows; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductHoisting;

/// A product of one row in each iteration of a loop; made only by [`ProductHoisting::find`].
#[derive(Clone, Debug)]
pub struct RowProduct {
    /// The loop, the state in its body, and the product there.
    place: (usize, usize, NodeId),
    all: All,
}

impl Transformation for ProductHoisting {
    type Place = Region;
    type Match = RowProduct;

    fn name(&self) -> &'static str {
        "ProductHoisting"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<RowProduct, Refusal> {
        let rows = Rows::of(around, &region.blocks[site])?;
        let mut reason = Refusal::NoMatch("no product in the loop");
        for (at, block) in rows.counted.body.blocks.iter().enumerate() {
            let Block::State(state) = block else { continue };
            for node in state.node_ids().into_iter().filter(|&node| is_product(state, node)) {
                match rows.product(state, node) {
                    Ok(all) => return Ok(RowProduct { place: (site, at, node), all }),
                    Err(refusal) if refusal.is_interesting() => reason = refusal,
                    Err(_) => {}
                }
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: RowProduct) {
        let RowProduct { place: (block, inner, product), all } = found;
        let All { op, mut operands, shape, used } = all;
        let Block::Loop(it) = &region.blocks[block] else { unreachable!("the match names a loop") };
        let Block::State(state) = &it.body.blocks[inner] else { unreachable!("the match names a state") };
        let [result] = state.out_edges(product)[..] else { unreachable!("the match has one result") };
        let (target, written) = (result.dst, result.memlet().expect("a result has data").subset.clone());
        let dtype = around.container(state.node(target).as_access().expect("results are stored")).dtype();

        let name = around.names.fresh("__products");
        around.sdfg.containers.insert(name.clone(), Array::transient(dtype, shape.clone()).into());
        let all = Memlet::new(&name, Subset::full(&shape));
        operands.extend(op.old().map(|connector| (connector, all.clone())));
        let mut before = operation(around, it, op, (operands, ("_c", all)), Vec::new());
        if let Some(old) = before.accesses(&name).into_iter().find(|&it| before.in_degree(it) == 0) {
            fill(&mut before, old, dtype, &shape);
        }
        before.label = around.names.fresh("products");

        let Block::Loop(it) = &mut region.blocks[block] else { unreachable!("the match names a loop") };
        let Block::State(state) = &mut it.body.blocks[inner] else { unreachable!("the match names a state") };
        let operands = state.predecessors(product);
        state.remove_node(product);
        for access in operands {
            if state.out_degree(access) == 0 {
                around.uses.remove(state.node(access).as_access().expect("operands are containers"));
                state.remove_node(access);
            }
        }
        let access = state.add_access(&name);
        around.uses.add(&name);
        let copied = Memlet::new(&name, used).to(written);
        state.add_edge(access, target, Edge { src_conn: None, dst_conn: None, memlet: Some(copied) });
        region.blocks.insert(block, Block::State(before));
    }
}

/// A loop that counts up by 1.
struct Rows<'a> {
    around: &'a Surroundings<'a>,
    counted: Counted<'a>,
    variable: &'a Name,
    range: Range,
    /// Containers that an iteration writes, and symbols that it assigns.
    written: BTreeSet<Name>,
    assigned: BTreeSet<Name>,
}

/// All products of a loop.
#[derive(Clone, Debug)]
struct All {
    op: Blas,
    operands: Vec<Operand>,
    /// Extents of all products.
    shape: [Expr; 2],
    /// Which of them an iteration uses.
    used: Subset,
}

/// A matrix of which each iteration reads a row or a column, and where that is.
struct Vectors<'m> {
    memlet: &'m Memlet,
    /// The dimension with one index.
    along: usize,
    /// How far the index is behind the variable.
    shift: Expr,
}

/// A matrix of which an iteration reads a part.
struct Matrix<'m> {
    memlet: &'m Memlet,
    /// The dimension with an element for each element of the result.
    along: usize,
}

impl<'a> Rows<'a> {
    fn of(around: &'a Surroundings<'a>, block: &'a Block) -> Result<Self, Refusal> {
        let counted = Counted::of(block)?;
        let range = Range::new(counted.start.clone(), counted.stop.clone());
        let states = counted.body.states().into_iter();
        let written = states.flat_map(Uses::written_by).collect();
        let assigned = assigned_symbols(counted.body);
        Ok(Rows { around, variable: counted.variable, counted, range, written, assigned })
    }

    /// The products of all iterations, of which `node` is one.
    fn product(&self, state: &State, node: NodeId) -> Result<All, Refusal> {
        let (vectors, matrix) = self.operands(state, node)?;
        self.check_loop()?;
        self.check_result(state, node, &[vectors.memlet, matrix.memlet])?;
        let part = &matrix.memlet.subset.dims[matrix.along];
        let all = if !part.symbols().contains(self.variable) {
            self.rectangle(&vectors, &matrix)
        } else if vectors.memlet.data == matrix.memlet.data && vectors.along == matrix.along {
            self.triangle(&vectors, &matrix)?
        } else {
            return Err(Refusal::unproved("a part of a product that is not symmetric"));
        };
        self.check_size(&all, &vectors.memlet.subset.dims[1 - vectors.along])?;
        self.check_bounds(&all)?;
        Ok(all)
    }

    /// The operands of a product of a vector and a matrix.
    fn operands<'s>(&self, state: &'s State, node: NodeId) -> Result<(Vectors<'s>, Matrix<'s>), Refusal> {
        if state.scope_of(node).is_some() || state.in_degree(node) != 2 || state.out_degree(node) != 1 {
            return Err(Refusal::NoMatch("not a product of what the loop reads"));
        }
        let read = |connector| {
            let (memlet, access) = operand(state, node, connector)?;
            let plain = memlet.other_subset.is_none() && state.in_degree(access) == 0;
            let unit = memlet.subset.rank() == 2 && memlet.subset.dims.iter().all(|dim| dim.step.is_one());
            (plain && unit && state.node(access).as_access().is_some()).then_some(memlet)
        };
        let (Some(a), Some(b)) = (read("_a"), read("_b")) else {
            return Err(Refusal::NoMatch("not a product of parts of two matrices"));
        };
        let index = |memlet: &Memlet| memlet.subset.dims.iter().position(|dim| dim.as_index().is_some());
        // `vector @ matrix` sums over the rows of the matrix, `matrix @ vector` over its columns.
        let (memlet, along, matrix) = match (index(a), index(b)) {
            (Some(along), None) => (a, along, Matrix { memlet: b, along: 1 }),
            (None, Some(along)) => (b, along, Matrix { memlet: a, along: 0 }),
            _ => return Err(Refusal::NoMatch("not a product of a vector and a matrix")),
        };
        let Some(at) = memlet.subset.dims[along].as_index() else { unreachable!("it was looked for") };
        if memlet.subset.dims[1 - along].as_index().is_some() || !at.uses(self.variable) {
            return Err(Refusal::NoMatch("not a vector of each iteration"));
        }
        let shift = at - Expr::sym(self.variable);
        Ok((Vectors { memlet, along, shift }, matrix))
    }

    /// Every iteration computes the product.
    fn check_loop(&self) -> Result<(), Refusal> {
        let mut leaves = false;
        self.counted.body.visit(&mut |block| {
            leaves |= matches!(block, Block::Break | Block::Continue | Block::Return | Block::Machine(_));
        });
        if leaves || self.assigned.contains(self.variable) {
            return Err(Refusal::unproved("the loop may end before all products are computed"));
        }
        Ok(())
    }

    /// The product goes to one place, and what it reads stays as it is while the loop runs.
    fn check_result(&self, state: &State, node: NodeId, operands: &[&Memlet]) -> Result<(), Refusal> {
        let [edge] = state.out_edges(node)[..] else { return Err(Refusal::NoMatch("not one result")) };
        let plain = |it: &&Memlet| it.wcr.is_none() && !it.dynamic && it.other_subset.is_none();
        let target = edge.memlet().filter(plain).filter(|_| state.node(edge.dst).as_access().is_some());
        let target = target.ok_or(Refusal::NoMatch("the product is not simply stored"))?;
        let dtype = self.around.container(&target.data).dtype();
        for name in operands.iter().map(|memlet| &memlet.data) {
            let array = self.around.container(name).as_array().filter(|array| array.dtype == dtype);
            if array.is_none() || !(dtype.is_float() || dtype.is_complex()) {
                return Err(Refusal::unproved("the operands and the result are not arrays of one type"));
            }
            if self.written.contains(name) {
                return Err(Refusal::unproved(format!("the loop writes `{name}`, which the product reads")));
            }
        }
        match self.written.iter().find(|name| self.around.container(name).is_alias()) {
            Some(name) => {
                Err(Refusal::unproved(format!("`{name}`, which the loop writes, is part of another array")))
            }
            None => Ok(()),
        }
    }

    /// All vectors times all of a matrix.
    fn rectangle(&self, vectors: &Vectors<'_>, matrix: &Matrix<'_>) -> All {
        let columns = matrix.memlet.subset.dims[matrix.along].len();
        let form = |transposed| if transposed { Trans::Transposed } else { Trans::No };
        let (a, b) = (form(vectors.along == 1), form(matrix.along == 0));
        let rows = self.range.moved(&vectors.shift);
        let row = Expr::sym(self.variable) - &self.range.start;
        All {
            op: Blas::Gemm { a, b, alpha: Factor::ONE, beta: Factor::ZERO },
            operands: vec![
                ("_a", with_dim(vectors.memlet, vectors.along, rows)),
                ("_b", matrix.memlet.clone()),
            ],
            shape: [self.range.len(), columns.clone()],
            used: Subset::new([Range::index(row), Range::full(&columns)]),
        }
    }

    /// Vectors of a matrix times the part of it before or behind each.
    fn triangle(&self, vectors: &Vectors<'_>, matrix: &Matrix<'_>) -> Result<All, Refusal> {
        let terms = |memlet: &Memlet| memlet.subset.dims[1 - vectors.along].clone();
        if terms(vectors.memlet) != terms(matrix.memlet) {
            return Err(Refusal::unproved("the vector and the matrix are of other columns"));
        }
        let part = &matrix.memlet.subset.dims[matrix.along];
        let (first, last) = (&self.range.start + &vectors.shift, &self.range.stop + &vectors.shift);
        let own = Expr::sym(self.variable) + &vectors.shift;
        // Numbers of rows: how far the part begins behind the diagonal, and how many vectors are missing.
        let within = |distance: Expr, most: i64| distance.as_int().is_some_and(|it| (0..=most).contains(&it));
        let (triangle, rows) = if within(&part.start - &own, 1) && within(&part.stop - &last, 1) {
            (Triangle::Upper, Range::new(first, part.stop.clone()))
        } else if within(&own + 1 - &part.stop, 1) && within(&first - &part.start, 1) {
            (Triangle::Lower, Range::new(part.start.clone(), last))
        } else {
            return Err(Refusal::unproved(format!("`{}` is no triangle", matrix.memlet)));
        };
        let update = RankUpdate {
            triangle,
            transposed: vectors.along == 1,
            hermitian: false,
            alpha: Factor::ONE,
            beta: Factor::ZERO,
        };
        let used = Subset::new([Range::index(own - &rows.start), part.moved(&-&rows.start)]);
        let extent = rows.len();
        Ok(All {
            op: Blas::Syrk(update),
            operands: vec![("_a", with_dim(vectors.memlet, vectors.along, rows))],
            shape: [extent.clone(), extent],
            used,
        })
    }

    /// Operands lie in their arrays, and are the same before the loop.
    fn check_bounds(&self, all: &All) -> Result<(), Refusal> {
        for (_, memlet) in &all.operands {
            let symbols = memlet.subset.symbols();
            if symbols.contains(self.variable) || !symbols.is_disjoint(&self.assigned) {
                return Err(Refusal::unproved(format!("`{memlet}` changes in the loop")));
            }
            if memlet.subset.dims.iter().flat_map(Range::exprs).any(|expr| !expr.loads().is_empty()) {
                return Err(Refusal::unproved(format!("the bounds of `{memlet}` are read from memory")));
            }
            let proved = |a: &Expr, b: &Expr| self.around.facts.prove_le(a, b) == Some(true);
            let shape = self.around.container(&memlet.data).shape();
            let inside = |(dim, extent): (&Range, &Expr)| {
                proved(&Expr::zero(), &dim.start)
                    && proved(&dim.start, &dim.stop)
                    && proved(&dim.stop, extent)
            };
            if !memlet.subset.dims.iter().zip(shape).all(inside) {
                return Err(Refusal::unproved(format!("`{memlet}` is perhaps not inside of the array")));
            }
        }
        Ok(())
    }

    /// There is memory for all products, and each waits for more than its own vector.
    fn check_size(&self, all: &All, terms: &Range) -> Result<(), Refusal> {
        let small = |extent: &Expr| extent.as_int().is_some_and(|extent| extent <= SMALL);
        if small(&all.shape[1]) || small(&terms.len()) {
            return Err(Refusal::unproved("the matrix has few rows or columns, and stays in the cache"));
        }
        let proved = |(a, b): (&Expr, &Expr)| self.around.facts.prove_le(a, b) == Some(true);
        let holds_all = |data: &Data| {
            let shape = data.shape();
            shape.len() == 2
                && (all.shape.iter().zip(shape).all(proved) || all.shape.iter().rev().zip(shape).all(proved))
        };
        match self.written.iter().any(|name| holds_all(self.around.container(name))) {
            true => Ok(()),
            false => {
                Err(Refusal::unproved("all products need more memory than the matrices that the loop writes"))
            }
        }
    }
}

/// Makes zeros of a matrix: an operation that writes one triangle keeps the other, so there has to be one.
fn fill(state: &mut State, matrix: NodeId, dtype: DType, shape: &[Expr; 2]) {
    let tasklet = state.add_tasklet(Tasklet {
        label: "fill".into(),
        inputs: IndexMap::default(),
        outputs: [("out".into(), Connector::scalar(dtype))].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", Constant::of_int(0, dtype).into())]),
        span: state.span,
    });
    let params = ["__i0", "__i1"].map(Name::from);
    let dims: Vec<(Name, Range)> = params.iter().cloned().zip(shape.iter().map(Range::full)).collect();
    let (entry, exit) = state.add_map("fill", dims, Schedule::Default);
    state.connect((entry, None), (tasklet, None), None);
    let name = state.node(matrix).as_access().expect("a matrix is a container").clone();
    let element = Memlet::element(&name, params.iter().map(Expr::sym));
    paths::write(state, (tasklet, Some("out".into())), &[exit], (matrix, None), element);
    let outside = state.in_edges(matrix)[0].id;
    state.edge_mut(outside).memlet = Some(Memlet::new(&name, Subset::full(shape)));
}

/// What is read, with another range of one dimension.
fn with_dim(memlet: &Memlet, at: usize, range: Range) -> Memlet {
    let mut memlet = memlet.clone();
    memlet.subset.dims[at] = range;
    memlet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::{Node, Sdfg};

    /// `for i in range { C[row] = a @ b;  more }`: `A` is of `K` rows and `N` columns, `B` of `M` columns.
    fn program(range: &str, (a, b): (&str, &str), row: &str, more: &str) -> Sdfg {
        let read = |text: &str| (text[..1].to_owned(), text.to_owned());
        let ((x, a), (y, b)) = (read(a), read(b));
        let text = format!(
            "sdfg p(A, B, C, D, s) {{ symbol N: int64\n symbol M: int64\n symbol K: int64\n data A: float64[K, N]\n \
             data B: float64[K, M]\n data C: float64[N, N]\n data D: float64[N, M]\n data s: float64[M]\n \
             loop rows for i in {range} {{ state row {{ n0 = access {x}\n n1 = access {y}\n n0 -> n2._a: {a}\n \
             n1 -> n2._b: {b}\n n2 = library product MatMul()\n n2._c -> n3: {row}\n n3 = access {} }}\n {more} }} }}",
            &row[..1]
        );
        match dacec_ir::text::parse(&text) {
            Ok(sdfg) => sdfg,
            Err(error) => panic!("{error}\n{text}"),
        }
    }

    #[track_caller]
    fn operation_of(sdfg: &Sdfg) -> Blas {
        let after = apply(&ProductHoisting, sdfg, &[("N", 5), ("M", 4), ("K", 3)]);
        let states = after.body.states();
        let mut found = states.iter().flat_map(|state| state.nodes()).filter_map(|(_, node)| match node {
            Node::Library(it) => it.op.as_any().downcast_ref::<Blas>().copied(),
            _ => None,
        });
        found.next().unwrap_or_else(|| panic!("{:?}", refusals(&ProductHoisting, sdfg)))
    }

    #[test]
    fn halves_of_symmetric_products_are_one_operation() {
        let triangle = |sdfg: &Sdfg| match operation_of(sdfg) {
            Blas::Syrk(update) => (update.triangle, update.transposed),
            other => panic!("{other:?}"),
        };
        let upper = program("0:N", ("A[0:K, i]", "A[0:K, i:N]"), "C[i, i:N]", "");
        assert_eq!(triangle(&upper), (Triangle::Upper, true));
        let strict = program("0:N - 1", ("A[0:K, i]", "A[0:K, i + 1:N]"), "C[i, i + 1:N]", "");
        assert_eq!(triangle(&strict), (Triangle::Upper, true));
        // Rows of a matrix, and what is before each of them.
        let lower = program("0:N", ("C[0:i + 1, 0:N]", "C[i, 0:N]"), "D[i, 0:i + 1]", "");
        assert_eq!(triangle(&square(&lower)), (Triangle::Lower, false));
        let below = program("1:N", ("C[0:i, 0:N]", "C[i, 0:N]"), "D[i, 0:i]", "");
        assert_eq!(triangle(&square(&below)), (Triangle::Lower, false));
    }

    /// With `D` as large as `C`.
    fn square(sdfg: &Sdfg) -> Sdfg {
        let text = sdfg.to_string().replace("D: float64[N, M]", "D: float64[N, N]");
        dacec_ir::text::parse(&text).expect("what was printed can be read")
    }

    #[test]
    fn all_rows_times_a_matrix_are_one_operation() {
        let forms = |sdfg: &Sdfg| match operation_of(sdfg) {
            Blas::Gemm { a, b, .. } => (a, b),
            other => panic!("{other:?}"),
        };
        let columns = program("0:N", ("A[0:K, i]", "B[0:K, 0:M]"), "D[i, 0:M]", "");
        assert_eq!(forms(&columns), (Trans::Transposed, Trans::No));
        let rows = program("0:N", ("C[i, 0:N]", "C[0:N, 0:N]"), "D[i, 0:N]", "");
        assert_eq!(forms(&square(&rows)), (Trans::No, Trans::No));
        let behind = program("0:N", ("C[0:N, 0:N]", "C[i, 0:N]"), "D[i, 0:N]", "");
        assert_eq!(forms(&square(&behind)), (Trans::No, Trans::Transposed));
    }

    #[test]
    fn near_misses_stay_in_the_loop() {
        let columns = ("A[0:K, i]", "B[0:K, 0:M]");
        let change = "state change { n0 = tasklet one() -> (o: float64) { o = 1.0 }\n n0.o -> n1: B[0, 0]\n n1 = access B }";
        for (sdfg, reason) in [
            (program("0:N", columns, "D[i, 0:M]", change), "the loop writes `B`"),
            (program("0:N", columns, "D[i, 0:M]", "if $i > 2 { break }"), "may end before"),
            (program("0:N", columns, "s[0:M]", ""), "more memory"),
            (program("0:N", ("A[0:K, i]", "B[0:K, i:M]"), "D[i, i:M]", ""), "not symmetric"),
            (program("0:N", ("A[0:K, i]", "A[0:K, 2*i:N]"), "C[i, 2*i:N]", ""), "no triangle"),
            (program("0:M", ("A[0:K, i]", "A[0:K, 0:N]"), "D[0:N, i]", ""), "not inside of the array"),
            (program("1:N", columns, "D[i, 0:M]", ""), "not inside of the array"),
            (program("0:N", ("A[0:3, i]", "B[0:3, 0:M]"), "D[i, 0:M]", ""), "few rows or columns"),
            (program("0:N", ("A[0:i, 0:N]", "C[0:N, i]"), "D[0:i, i]", ""), "not symmetric"),
        ] {
            let reasons = refusals(&ProductHoisting, &sdfg);
            assert!(reasons.iter().any(|it| it.contains(reason)), "{reason}: {reasons:?}\n{sdfg}");
        }
    }
}
