//! Loop to rank update: products of rows that are added to one triangle of a matrix, written as loops.
//!
//! ```text
//! before:  for i in 0:N { C[i, 0:i + 1] *= beta;  for k in 0:M { C[i, 0:i + 1] += alpha*A[i, k]*A[0:i + 1, k] } }
//! after:   Syrk: lower triangle of C = alpha*A @ A.T + beta*C
//! kept:    for i { for k { C[i, 0:i + 1] += A[i, k]*B[0:i + 1, k] } }     the sum is not symmetric
//!          for i { for k { A[i, 0:i + 1] += A[i, k]*A[0:i + 1, k] } }     it reads what it writes
//!          for i { for k { C[i, 0:i + 1] += A[i, k]*A[0:i + 1, i] } }     not the same column of both
//!          for i { for k in 0:i { C[i, 0:i + 1] += A[i, k]*A[0:i + 1, k] } }  not the same products in all rows
//! ```
//!
//! **Legal when** the loops contain nothing but the update and the multiple of what was there, both of the same triangle;
//! each row gets the products of the same columns;
//! the update is a constant times `A[i, k]*A[j, k]`, or that times `A[j, k]*B[i, k] + B[j, k]*A[i, k]` (`Syr2k`), perhaps with
//! rows and columns exchanged; the operands are other arrays of the same type; and sums may be computed in any order.

use super::element::{Element, Leaf, Product};
use super::replace::{Scale, operation, replace};
use crate::loops::nest::contents;
use crate::map::paths;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{RankUpdate, Triangle};
use dacec_ir::{Block, Expr, Loop, Memlet, Name, Node, NodeId, Range, Region, State, Subset};

/// Makes one operation of loops that add products of rows; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToRankUpdate;

/// Loops that are a rank-k update; made only by [`LoopToRankUpdate::find`].
#[derive(Clone, Debug)]
pub struct RankUpdates {
    block: usize,
    c: Memlet,
    a: Memlet,
    /// The other operand of `Syr2k`.
    b: Option<Memlet>,
    transposed: bool,
    alpha: Scale,
    beta: Scale,
}

impl Transformation for LoopToRankUpdate {
    type Place = Region;
    type Match = RankUpdates;

    fn name(&self) -> &'static str {
        "LoopToRankUpdate"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<RankUpdates, Refusal> {
        let rows = Counted::of(&region.blocks[site])?;
        let (scaling, sum) = match rows.contents()[..] {
            [sum] => (None, Counted::of(sum)?),
            [Block::State(scaling), sum] => (Some(scaling), Counted::of(sum)?),
            _ => return Err(Refusal::NoMatch("not a loop over sums")),
        };
        let [Block::State(state)] = sum.contents()[..] else {
            return Err(Refusal::NoMatch("the inner loop is not one state"));
        };
        let update = Update::of(around, state, rows.variable)?;
        let (c, alpha, terms) = update.terms(rows.variable, sum.variable)?;
        let beta = match scaling {
            None => Scale::default(),
            Some(state) => Update::of(around, state, rows.variable)?.scale(&c)?,
        };
        let (n, k) = (rows.bounds(), (sum.start, sum.stop));
        let facts = &around.facts;
        if !n.0.is_zero() || facts.prove_ge(n.1, n.0) != Some(true) || facts.prove_ge(k.1, k.0) != Some(true)
        {
            return Err(Refusal::unproved("the loops do not provably run from 0 to sizes"));
        }
        // The operation has the same products in all rows.
        if k.0.uses(rows.variable) || k.1.uses(rows.variable) {
            return Err(Refusal::unproved("the number of products is not the same for all rows"));
        }
        let (a, b, transposed) = symmetric(&terms)?;
        let dtype = around.container(&c).dtype();
        let factors =
            [&alpha, &beta].into_iter().flat_map(|scale| &scale.leaves).filter_map(|leaf| match leaf {
                Leaf::Load(memlet) => Some(&memlet.data),
                Leaf::Library(_) | Leaf::Part(..) => None,
            });
        for name in [&a, &b].into_iter().chain(factors) {
            if *name == c || around.container(name).dtype() != dtype || !dtype.is_float() {
                return Err(Refusal::unproved(format!(
                    "`{name}` and `{c}` are one array, or of other types"
                )));
            }
        }
        let constants = [&alpha, &beta].into_iter().flat_map(|scale| &scale.constants);
        if constants.into_iter().any(|constant| constant.dtype() != dtype) {
            return Err(Refusal::unproved("a factor is of another type"));
        }
        let columns = Range::new(k.0.clone(), k.1.clone());
        let operand = |data: &Name| {
            let dims = [Range::full(n.1), columns.clone()];
            let [rows, columns] = dims;
            let dims = if transposed { [columns, rows] } else { [rows, columns] };
            Memlet::new(data, Subset::new(dims))
        };
        let square = Subset::new([Range::full(n.1), Range::full(n.1)]);
        Ok(RankUpdates {
            block: site,
            c: Memlet::new(&c, square),
            a: operand(&a),
            b: (a != b).then(|| operand(&b)),
            transposed,
            alpha,
            beta,
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: RankUpdates) {
        let Block::Loop(it) = &region.blocks[found.block] else { unreachable!("the match names a loop") };
        let update = RankUpdate {
            triangle: Triangle::Lower,
            transposed: found.transposed,
            hermitian: false,
            alpha: found.alpha.as_factor(),
            beta: found.beta.as_factor(),
        };
        let op = if found.b.is_some() { Blas::Syr2k(update) } else { Blas::Syrk(update) };
        let mut inputs = vec![("_a", found.a), ("_c", found.c.clone())];
        inputs.extend(found.b.map(|b| ("_b", b)));
        let scales = vec![("_alpha", found.alpha), ("_beta", found.beta)];
        let state = operation(around, it, op, (inputs, ("_c", found.c)), scales);
        replace(around, region, found.block, state);
    }
}

/// A loop that counts up by 1.
pub(super) struct Counted<'a> {
    pub(super) variable: &'a Name,
    pub(super) start: &'a Expr,
    pub(super) stop: &'a Expr,
    pub(super) body: &'a Region,
}

impl<'a> Counted<'a> {
    pub(super) fn of(block: &'a Block) -> Result<Self, Refusal> {
        match block {
            Block::Loop(it) => match (&**it, &it.header) {
                (Loop { body, .. }, LoopHeader::For { variable, start, stop, step }) if step.is_one() => {
                    Ok(Counted { variable, start, stop, body })
                }
                _ => Err(Refusal::NoMatch("not a loop that counts up by 1")),
            },
            _ => Err(Refusal::NoMatch("not a loop")),
        }
    }

    fn bounds(&self) -> (&'a Expr, &'a Expr) {
        (self.start, self.stop)
    }

    /// The blocks that do something.
    fn contents(&self) -> Vec<&'a Block> {
        contents(self.body)
    }
}

/// A state that writes `C[i, j]` for all `j` in `0:i + 1`, and nothing that anybody else sees.
struct Update {
    c: Name,
    written: Subset,
    column: Name,
    products: Vec<Product>,
}

/// `scale * X[j, k] * Y[i, k]`: both arrays, and whether the columns come first.
type Term = (Name, Name, bool);

impl Update {
    fn of(around: &Surroundings<'_>, state: &State, row: &Name) -> Result<Update, Refusal> {
        let (exit, edge) = only_write(around, state)?;
        let Node::MapExit { entry } = state.node(exit) else { return Err(Refusal::NoMatch("not a map")) };
        let Node::MapEntry(map) = state.node(*entry) else { return Err(Refusal::NoMatch("not a map")) };
        let ([column], [range]) = (&map.params[..], &map.ranges[..]) else {
            return Err(Refusal::NoMatch("a map over several parameters"));
        };
        if *range != Range::new(0, Expr::sym(row) + 1) {
            return Err(Refusal::NoMatch("not a row of the lower triangle"));
        }
        let [inside] = paths::origins(state, edge)[..] else {
            return Err(Refusal::NoMatch("several writes"));
        };
        let memlet = state.edge(inside).memlet.as_ref().filter(|it| it.wcr.is_none() && !it.dynamic);
        let memlet = memlet.ok_or(Refusal::NoMatch("not a plain write"))?;
        let at = Subset::element([Expr::sym(row), Expr::sym(column)]);
        if memlet.subset != at {
            return Err(Refusal::NoMatch("not the element of the row"));
        }
        let element = Element::of(state, &around.sdfg.containers, inside);
        let products = element.and_then(|element| element.products());
        let products = products.ok_or(Refusal::NoMatch("not a sum of products"))?;
        Ok(Update { c: memlet.data.clone(), written: at, column: column.clone(), products })
    }

    fn is_old(&self, leaf: &Leaf) -> bool {
        matches!(leaf, Leaf::Load(memlet) if memlet.data == self.c && memlet.subset == self.written)
    }

    /// The array, the factor and the products of rows of `C[i, j] + factor*(…)`.
    fn terms(&self, row: &Name, sum: &Name) -> Result<(Name, Scale, Vec<Term>), Refusal> {
        let is_old = |product: &&Product| {
            !product.negative
                && product.constants.is_empty()
                && matches!(&product.leaves[..], [it] if self.is_old(it))
        };
        let (old, new): (Vec<&Product>, Vec<&Product>) = self.products.iter().partition(is_old);
        if old.len() != 1 || new.is_empty() {
            return Err(Refusal::NoMatch("not an update"));
        }
        let mut scale: Option<Scale> = None;
        let mut terms = Vec::new();
        for product in new {
            let (factor, term) = self.term(product, row, sum)?;
            if scale.as_ref().is_some_and(|scale| *scale != factor) {
                return Err(Refusal::unproved("the products have different factors"));
            }
            scale = Some(factor);
            terms.push(term);
        }
        Ok((self.c.clone(), scale.unwrap_or_default(), terms))
    }

    fn term(&self, product: &Product, row: &Name, sum: &Name) -> Result<(Scale, Term), Refusal> {
        let (mut scale, mut first, mut second) =
            (Scale { leaves: Vec::new(), ..product.clone() }, None, None);
        for leaf in &product.leaves {
            let Leaf::Load(memlet) = leaf else { return Err(Refusal::NoMatch("a factor is a result")) };
            let of = |own: &Name| match memlet.subset.as_element().as_deref() {
                Some([x, y]) if *x == Expr::sym(own) && *y == Expr::sym(sum) => Some(false),
                Some([x, y]) if *y == Expr::sym(own) && *x == Expr::sym(sum) => Some(true),
                _ => None,
            };
            let uses = |symbol: &Name| memlet.subset.symbols().contains(symbol);
            if let Some(transposed) = of(&self.column).filter(|_| first.is_none()) {
                first = Some((memlet.data.clone(), transposed));
            } else if let Some(transposed) = of(row).filter(|_| second.is_none()) {
                second = Some((memlet.data.clone(), transposed));
            } else if uses(row) || uses(sum) || uses(&self.column) {
                return Err(Refusal::unproved(format!("`{memlet}` is neither an operand nor a factor")));
            } else {
                scale.leaves.push(leaf.clone());
            }
        }
        match (first, second) {
            (Some((x, a)), Some((y, b))) if a == b => Ok((scale, (x, y, a))),
            _ => Err(Refusal::unproved("a summand is no product of two rows")),
        }
    }

    /// The factor, if the row is multiplied by one.
    fn scale(&self, c: &Name) -> Result<Scale, Refusal> {
        let [product] = &self.products[..] else { return Err(Refusal::NoMatch("not a multiple")) };
        let (old, factors): (Vec<&Leaf>, Vec<&Leaf>) =
            product.leaves.iter().partition(|leaf| self.is_old(leaf));
        let constant =
            factors.iter().all(|leaf| matches!(leaf, Leaf::Load(it) if it.subset.symbols().is_empty()));
        if self.c != *c || old.len() != 1 || !constant {
            return Err(Refusal::unproved("what was there is not multiplied by a number"));
        }
        Ok(Scale { leaves: factors.into_iter().cloned().collect(), ..product.clone() })
    }
}

/// The map exit whose results are the only ones that leave the state, and the edge.
fn only_write(around: &Surroundings<'_>, state: &State) -> Result<(NodeId, dacec_ir::EdgeId), Refusal> {
    let mut found = None;
    for (id, node) in state.nodes() {
        match node {
            Node::Access(data) if state.in_degree(id) > 0 && !is_value(around, state, data) => {
                let [edge] = state.in_edges(id)[..] else { return Err(Refusal::NoMatch("several writes")) };
                if found.is_some() || state.out_degree(id) > 0 {
                    return Err(Refusal::NoMatch("several results"));
                }
                found = Some((edge.src, edge.id));
            }
            Node::Library(_) | Node::Nested(_) => return Err(Refusal::NoMatch("not only tasklets")),
            _ => {}
        }
    }
    found.ok_or(Refusal::NoMatch("no result"))
}

/// Whether a container is a value on the way to another one.
pub(super) fn is_value(around: &Surroundings<'_>, state: &State, data: &Name) -> bool {
    around.container(data).rank() == 0 && around.is_local_to(state, data)
}

/// The two operands of a symmetric sum of products.
fn symmetric(terms: &[Term]) -> Result<(Name, Name, bool), Refusal> {
    match terms {
        [(x, y, transposed)] if x == y => Ok((x.clone(), y.clone(), *transposed)),
        [(x, y, transposed), (v, w, other)] if (x, y) == (w, v) && x != y && transposed == other => {
            Ok((x.clone(), y.clone(), *transposed))
        }
        _ => Err(Refusal::unproved("the sum of products is not symmetric")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{Code, SdfgBuilder, name, value};
    use dacec_ir::{DType, Sdfg};

    /// `for i in 0:N: C[i, j] *= beta; for k in 0:M: C[i, j] = code`, `j` in a range. Matrices `A` and `B` are of `N` rows
    /// and `M` columns, `T` is of `M` rows.
    fn program(columns: &str, inputs: &[(&str, &str, &str)], code: Code) -> Sdfg {
        summed([Expr::zero(), Expr::sym("M")], columns, inputs, code)
    }

    /// The same with other bounds of `k`.
    fn summed([from, to]: [Expr; 2], columns: &str, inputs: &[(&str, &str, &str)], code: Code) -> Sdfg {
        let (n, m) = (Expr::sym("N"), Expr::sym("M"));
        let mut b = SdfgBuilder::new("update");
        for matrix in ["A", "B"] {
            b.array(matrix, DType::Float64, [n.clone(), m.clone()]);
        }
        b.array("C", DType::Float64, [n.clone(), n.clone()]).array(
            "T",
            DType::Float64,
            [m.clone(), n.clone()],
        );
        b.scalar("alpha", DType::Float64).scalar("beta", DType::Float64);
        b.for_loop("i", 0, n, |b| {
            let old = [("c", "C", "i, j"), ("beta", "beta", "")];
            let scaled = name("c") * name("beta");
            b.state("scale").map("scale", &[("j", columns)], &old, scaled, ("C", "i, j"));
            b.for_loop("k", from, to, |b| {
                b.state("sum").map("sum", &[("j", columns)], inputs, code, ("C", "i, j"));
            });
        });
        b.build()
    }

    const ROW: &str = "0:i + 1";
    const SIZES: [(&str, i64); 2] = [("N", 4), ("M", 3)];

    #[track_caller]
    fn operation_of(sdfg: &Sdfg) -> String {
        let after = apply(&LoopToRankUpdate, sdfg, &SIZES);
        let node = after.body.states()[0].nodes().find_map(|(_, node)| match node {
            Node::Library(it) => Some(it.op.name().to_owned()),
            _ => None,
        });
        node.unwrap_or_else(|| format!("{:?}", refusals(&LoopToRankUpdate, sdfg)))
    }

    #[test]
    fn products_of_a_matrix_with_itself_are_one_operation() {
        let code = || name("c") + name("alpha") * name("x") * name("y");
        let inputs = [("c", "C", "i, j"), ("alpha", "alpha", ""), ("x", "A", "i, k"), ("y", "A", "j, k")];
        assert_eq!(operation_of(&program(ROW, &inputs, code())), "Syrk");
        let inputs = [("c", "C", "i, j"), ("alpha", "alpha", ""), ("x", "T", "k, i"), ("y", "T", "k, j")];
        assert_eq!(operation_of(&program(ROW, &inputs, code())), "Syrk");
    }

    #[test]
    fn two_matrices_that_change_places_are_one_operation() {
        let inputs = [
            ("c", "C", "i, j"),
            ("a", "A", "i, k"),
            ("b", "B", "j, k"),
            ("v", "A", "j, k"),
            ("w", "B", "i, k"),
        ];
        let code = name("c") - (name("a") * name("b") + name("v") * name("w")) * value(0.5);
        assert_eq!(operation_of(&program(ROW, &inputs, code)), "Syr2k");
    }

    #[test]
    fn other_sums_stay_loops() {
        let cases = [
            (ROW, ("x", "A", "i, k"), ("y", "B", "j, k")),   // not symmetric
            ("0:i", ("x", "A", "i, k"), ("y", "A", "j, k")), // not the whole triangle
            (ROW, ("x", "A", "i, k"), ("y", "A", "j, i")),   // not the same column
            (ROW, ("x", "C", "i, k"), ("y", "C", "j, k")),   // reads what it writes
            (ROW, ("x", "A", "i, k"), ("y", "T", "k, j")),   // one by rows, one by columns
        ];
        for (columns, x, y) in cases {
            let code = name("c") + name("x") * name("y");
            let sdfg = program(columns, &[("c", "C", "i, j"), x, y], code);
            let _ = refusals(&LoopToRankUpdate, &sdfg);
        }
        // What is multiplied is the sum, too.
        let inputs = [("c", "C", "i, j"), ("x", "A", "i, k"), ("y", "A", "j, k")];
        let code = (name("c") + name("x") * name("y")) * value(2.0);
        let _ = refusals(&LoopToRankUpdate, &program(ROW, &inputs, code));
    }

    #[test]
    fn rows_with_products_of_their_own_stay_loops() {
        let inputs = [("c", "C", "i, j"), ("x", "A", "i, k"), ("y", "A", "j, k")];
        let code = name("c") + name("x") * name("y");
        let sdfg = summed([Expr::sym("i"), Expr::sym("i") + 2], ROW, &inputs, code);
        let reasons = refusals(&LoopToRankUpdate, &sdfg).join("; ");
        assert!(reasons.contains("not the same for all rows"), "{reasons}");
    }
}
