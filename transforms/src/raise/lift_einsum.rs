//! Einsum lifting: products of matrices, or of a matrix and a vector, written as loops over elements.
//!
//! ```text
//! before:  map i in 0:N, k in 0:K, j in 0:M { C[i, j] += alpha*A[i, k]*B[k, j] }
//! after:   Gemm: C = alpha*A @ B + C
//! before:  map i in 0:N, k in 0:K { y[i] += A[k, i]*x[k] }
//! after:   Gemv: y = A.T @ x + y
//! kept:    map i in 0:N { map k in 0:i { y[i] += A[i, k]*x[k] } }           not a rectangle
//!          map i in 0:N, k in 0:K, j in 0:M { C[i, j] += A[i, k]*C[k, j] }  reads what it writes
//!          map i in 0:N, k in 0:K, j in 0:M { C[i, j] += A[i, k]*B[k + i, j] }
//! ```
//!
//! **Legal when** the map does nothing but add, to each element of the result, products of one element of each operand and a
//! number; each index is one parameter, up to a constant, or none; all ranges have steps of 1, do not depend on other
//! parameters, and are not longer than 0 in the other direction; the arrays are of one floating-point type, and the result is another one than the
//! operands; nothing else touches the result meanwhile; and sums may be computed in any order. **Applies when** the matrices
//! are not known to be small.

use super::element::{Element, Leaf};
use super::replace::{Scale, factor};
use crate::library::SMALL;
use crate::map::paths;
use crate::map::untouched;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::blas::{Factor, Trans};
use dacec_ir::library::{Blas, LibraryOp};
use dacec_ir::node::{LibraryNode, Map};
use dacec_ir::{EdgeId, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, State, Subset, Wcr};
use std::sync::Arc;

/// Makes one operation of a map that adds products; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LiftEinsum;

/// A map that is a product; made only by [`LiftEinsum::find`].
#[derive(Clone, Debug)]
pub struct Contraction {
    map: NodeId,
    op: Blas,
    /// What is read at which connector, and from which access.
    operands: Vec<(&'static str, Memlet, NodeId)>,
    /// The connector of the result, before and after.
    result: &'static str,
    memlet: Memlet,
    access: NodeId,
    alpha: Scale,
}

impl Transformation for LiftEinsum {
    type Place = State;
    type Match = Contraction;

    fn name(&self) -> &'static str {
        "LiftEinsum"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Contraction, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let [outside] = state.out_edges(map.exit)[..] else {
            return Err(Refusal::NoMatch("the map writes several containers"));
        };
        let (Some(_), [inside]) =
            (state.node(outside.dst).as_access(), &paths::origins(state, outside.id)[..])
        else {
            return Err(Refusal::NoMatch("not one write of an array"));
        };
        let sums = Sums::of(around, state, map, *inside)?;
        rectangle(around, state, site, &sums.dims)?;
        let Arranged { op, operands, connectors } = sums.arrange()?;
        let memlet = sums.result.memlet.clone();
        let data = &memlet.data;
        let dtype = around.container(data).dtype();
        let alike =
            |it: &Indexed| it.memlet.data != *data && around.container(&it.memlet.data).dtype() == dtype;
        if !(dtype.is_float() || dtype.is_complex()) || !operands.iter().all(|it| alike(it)) {
            return Err(Refusal::unproved(
                "the operands and the result are not different arrays of one type",
            ));
        }
        check_scale(around, state, &sums, data)?;
        untouched(around, state, &memlet, (site, map.exit), &[map.exit])?;
        let [first, second, result] = connectors;
        let operands = [first, second]
            .into_iter()
            .zip(operands)
            .map(|(connector, it)| Ok((connector, it.memlet.clone(), source(state, site, &it.memlet.data)?)));
        Ok(Contraction {
            map: site,
            op,
            operands: operands.collect::<Result<_, Refusal>>()?,
            result,
            memlet,
            access: outside.dst,
            alpha: sums.alpha,
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Contraction) {
        let exit = paths::exit_of(state, found.map);
        let span = state.node(found.map).as_map().map_or_else(Default::default, |map| map.span);
        let label = Name::from(LibraryOp::name(&found.op).to_lowercase());
        let op: Arc<dyn LibraryOp> = Arc::new(found.op);
        let node = state.add_node(Node::Library(LibraryNode { label, op, implementation: None, span }));
        for (connector, memlet, source) in &found.operands {
            state.connect((*source, None), (node, Some(connector)), memlet.clone());
        }
        if found.alpha.as_factor() == Factor::Operand {
            let dtype = around.container(&found.memlet.data).dtype();
            let value = factor(around, state, &mut IndexMap::default(), (&found.alpha, dtype));
            let memlet = Memlet::scalar(state.node(value).as_access().cloned().unwrap_or_default());
            state.connect((value, None), (node, Some("_alpha")), memlet);
        }
        let old = old_value(around, state, &found, node);
        state.connect((old, None), (node, Some(found.result)), found.memlet.clone());
        state.connect((node, Some(found.result)), (found.access, None), found.memlet.clone());
        let waits = |edges: Vec<(NodeId, bool)>| -> Vec<NodeId> {
            edges.into_iter().filter(|(_, moves)| !moves).map(|(node, _)| node).collect()
        };
        let before = state.in_edges(found.map).iter().map(|it| (it.src, it.memlet().is_some())).collect();
        let after = state.out_edges(exit).iter().map(|it| (it.dst, it.memlet().is_some())).collect();
        waits(before).into_iter().for_each(|it| paths::order_once(state, it, node));
        waits(after).into_iter().for_each(|it| paths::order_once(state, node, it));
        let sources: Vec<NodeId> = state.predecessors(found.map);
        for inner in state.scope_nodes(found.map).into_iter().chain([found.map, exit]) {
            if let Some(data) = state.node(inner).as_access().cloned() {
                around.uses.remove(&data);
            }
            state.remove_node(inner);
        }
        // Those of numbers are read by what computes the factor.
        for source in sources {
            if let Some(data) = state.node(source).as_access().cloned()
                && state.in_degree(source) + state.out_degree(source) == 0
            {
                around.uses.remove(&data);
                state.remove_node(source);
            }
        }
    }
}

/// The access from which the operation reads what it adds to: that of the last write before the map, or a new one.
fn old_value(around: &mut Surroundings<'_>, state: &mut State, found: &Contraction, node: NodeId) -> NodeId {
    let data = &found.memlet.data;
    let writes: Vec<NodeId> =
        state.accesses(data).into_iter().filter(|&it| state.in_degree(it) > 0).collect();
    let before: Vec<NodeId> = writes.into_iter().filter(|&it| state.reaches(it, found.map)).collect();
    let last = |it: &NodeId| before.iter().all(|other| other == it || !state.reaches(*it, *other));
    match before.iter().copied().find(|it| last(it)) {
        Some(access) => {
            before.iter().filter(|&&it| it != access).for_each(|&it| paths::order_once(state, it, node));
            access
        }
        None => {
            around.uses.add(data);
            state.add_access(data)
        }
    }
}

/// An element whose indices are parameters of the map, with all elements that it stands for.
#[derive(Clone, Debug)]
struct Indexed {
    memlet: Memlet,
    /// The parameters, by dimension; dimensions with one index have none.
    params: Vec<Name>,
}

impl Indexed {
    fn of(map: &Map, memlet: &Memlet) -> Result<Indexed, Refusal> {
        let unknown = || Refusal::unproved(format!("the indices of `{memlet}` are not parameters"));
        let mut params = Vec::new();
        let mut dims = Vec::new();
        for index in memlet.subset.as_element().ok_or_else(unknown)? {
            let Some(at) = map.params.iter().position(|param| index.uses(param)) else {
                dims.push(Range::index(index));
                continue;
            };
            let shift = &index - Expr::sym(&map.params[at]);
            let alone = !map.params.iter().any(|param| shift.uses(param));
            if !alone || params.contains(&map.params[at]) {
                return Err(unknown());
            }
            params.push(map.params[at].clone());
            dims.push(Range::new(&map.ranges[at].start + &shift, &map.ranges[at].stop + &shift));
        }
        Ok(Indexed { memlet: Memlet::new(&memlet.data, Subset::new(dims)), params })
    }
}

/// What the map adds to an element of the result: a product of a number and two elements.
struct Sums {
    params: Vec<Name>,
    dims: IndexMap<Name, Range>,
    result: Indexed,
    factors: [Indexed; 2],
    alpha: Scale,
}

impl Sums {
    fn of(around: &Surroundings<'_>, state: &State, map: &Map, inside: EdgeId) -> Result<Sums, Refusal> {
        let update = state.edge(inside).memlet.as_ref().filter(|it| it.wcr == Some(Wcr::Sum) && !it.dynamic);
        let update = update.ok_or(Refusal::NoMatch("not a sum"))?;
        let element = Element::of_update(state, &around.sdfg.containers, inside);
        let products =
            element.and_then(|it| it.products()).ok_or(Refusal::NoMatch("not a sum of products"))?;
        let [product] = &products[..] else { return Err(Refusal::NoMatch("not one product")) };
        let varies = |leaf: &Leaf| match leaf {
            Leaf::Load(it) => it.subset.symbols().iter().any(|symbol| map.params.contains(symbol)),
            Leaf::Library(_) | Leaf::Part(..) => true,
        };
        let (factors, leaves): (Vec<Leaf>, Vec<Leaf>) = product.leaves.iter().cloned().partition(varies);
        let [Leaf::Load(first), Leaf::Load(second)] = &factors[..] else {
            return Err(Refusal::NoMatch("not a product of two elements"));
        };
        Ok(Sums {
            params: map.params.clone(),
            dims: map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect(),
            result: Indexed::of(map, update)?,
            factors: [Indexed::of(map, first)?, Indexed::of(map, second)?],
            alpha: Scale { leaves, ..product.clone() },
        })
    }

    /// The product as one of matrices.
    fn arrange(&self) -> Result<Arranged<'_>, Refusal> {
        let [first, second] = &self.factors;
        let found = [(first, second), (second, first)].into_iter().find_map(|(a, b)| self.arranged(a, b));
        found.ok_or(Refusal::NoMatch("not a product of matrices"))
    }

    fn arranged<'s>(&'s self, first: &'s Indexed, second: &'s Indexed) -> Option<Arranged<'s>> {
        let (alpha, beta) = (self.alpha.as_factor(), Factor::ONE);
        let result = &self.result.params;
        let k = self.params.iter().find(|it| !result.contains(it))?;
        let (op, connectors) = match &result[..] {
            [i, j] if self.params.len() == 3 => {
                let (a, b) = (form(first, i, k)?, form(second, k, j)?);
                (Blas::Gemm { a, b, alpha, beta }, ["_a", "_b", "_c"])
            }
            [i] if self.params.len() == 2 && second.params == [k.clone()] => {
                (Blas::Gemv { a: form(first, i, k)?, alpha, beta }, ["_A", "_x", "_y"])
            }
            _ => return None,
        };
        Some(Arranged { op, operands: [first, second], connectors })
    }
}

/// A product of matrices with its operands.
struct Arranged<'s> {
    op: Blas,
    operands: [&'s Indexed; 2],
    /// Of the operands, and of the result.
    connectors: [&'static str; 3],
}

/// How a matrix with these rows and columns takes part.
fn form(matrix: &Indexed, row: &Name, column: &Name) -> Option<Trans> {
    match &matrix.params[..] {
        [first, second] if first == row && second == column => Some(Trans::No),
        [first, second] if first == column && second == row => Some(Trans::Transposed),
        _ => None,
    }
}

/// The ranges do not depend on data, and are long enough.
fn rectangle(
    around: &Surroundings<'_>,
    state: &State,
    site: NodeId,
    dims: &IndexMap<Name, Range>,
) -> Result<(), Refusal> {
    if !state.range_inputs(site).is_empty() || !dims.values().all(|it| it.step.is_one()) {
        return Err(Refusal::NoMatch("not a rectangle of iterations"));
    }
    for range in dims.values() {
        // A map may have a range that depends on a parameter before it.
        if range.symbols().iter().any(|symbol| dims.contains_key(symbol)) {
            return Err(Refusal::NoMatch("not a rectangle of iterations"));
        }
        if around.facts.prove_ge(&range.len(), &Expr::zero()) != Some(true) {
            return Err(Refusal::unproved(format!("`{range}` is perhaps shorter than empty")));
        }
    }
    let small = |range: &Range| range.len().as_int().is_some_and(|len| len <= SMALL);
    if dims.values().all(small) {
        return Err(Refusal::unproved("the matrices are so small that a call costs more than loops"));
    }
    Ok(())
}

/// The number is the same for all iterations, and was there before the state.
fn check_scale(around: &Surroundings<'_>, state: &State, sums: &Sums, data: &Name) -> Result<(), Refusal> {
    let before = |leaf: &Leaf| match leaf {
        Leaf::Load(it) => state.accesses(&it.data).into_iter().all(|access| state.in_degree(access) == 0),
        Leaf::Library(_) | Leaf::Part(..) => false,
    };
    match sums.alpha.is_constant(around, data, &sums.dims) && sums.alpha.leaves.iter().all(before) {
        true => Ok(()),
        false => Err(Refusal::unproved("the products have a factor that is not one number")),
    }
}

/// The access that brings a container into a map.
fn source(state: &State, entry: NodeId, data: &Name) -> Result<NodeId, Refusal> {
    let edges = state.in_edges(entry).into_iter();
    let mut sources: Vec<NodeId> =
        edges.filter(|edge| edge.memlet().is_some_and(|it| it.data == *data)).map(|edge| edge.src).collect();
    sources.dedup();
    match sources[..] {
        [source] if state.node(source).as_access() == Some(data) => Ok(source),
        _ => Err(Refusal::unproved(format!("`{data}` is read from several places"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::Sdfg;

    /// A state that adds `value` to `to` for each `i`, `j` and `k` of three ranges.
    fn sum(ranges: [&str; 3], (reads, value): (&[(&str, &str)], &str), to: &str) -> Sdfg {
        let mut text = String::from(
            "sdfg p(A, B, C, x, y, a) { symbol N: int64\n symbol K: int64\n symbol M: int64\n data A: float64[N, K]\n \
             data B: float64[K, M]\n data C: float64[N, M]\n data x: float64[K]\n data y: float64[N]\n data a: float64\n \
             state s {\n",
        );
        let inside = |access: &str| match access.split_once('[') {
            Some((name, _)) => name.to_owned(),
            None => access.to_owned(),
        };
        for (at, (_, access)) in reads.iter().enumerate() {
            let name = inside(access);
            let all = match &name[..] {
                "A" => "A[0:N, 0:K]",
                "B" => "B[0:K, 0:M]",
                "C" => "C[0:N, 0:M]",
                "x" => "x[0:K]",
                "y" => "y[0:N]",
                _ => "a",
            };
            text += &format!("n{} = access {name}\n n{} -> n90.IN_{at}: {all}\n", at + 1, at + 1);
        }
        let params = ["i", "k", "j"].iter().zip(ranges).filter(|(_, range)| !range.is_empty());
        let params: Vec<String> = params.map(|(param, range)| format!("{param} in {range}")).collect();
        text += &format!("n90 = map m({}) {{\n", params.join(", "));
        let inputs: Vec<String> = reads.iter().map(|(name, _)| format!("{name}: float64")).collect();
        for (at, (name, access)) in reads.iter().enumerate() {
            text += &format!("n90.OUT_{at} -> n91.{name}: {access}\n");
        }
        let name = inside(to);
        let all = if name == "C" { "C[0:N, 0:M]" } else { "y[0:N]" };
        text += &format!(
            "n91 = tasklet t({}) -> (o: float64) {{ o = {value} }}\n n91.o -> n92.IN_r: {to} wcr sum\n }} n92\n \
             n92.OUT_r -> n93: {all} wcr sum\n n93 = access {name}\n }} }}",
            inputs.join(", ")
        );
        dacec_ir::text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    const ALL: [&str; 3] = ["0:N", "0:K", "0:M"];
    const SIZES: [(&str, i64); 3] = [("N", 4), ("K", 3), ("M", 5)];

    #[test]
    fn products_are_one_operation() {
        let (product, scaled) = ("u*v", "-2.0*w*u*v");
        let straight: &[_] = &[("u", "A[i, k]"), ("v", "B[k, j]")];
        let with_a: &[_] = &[("u", "B[k, j]"), ("v", "A[i, k]"), ("w", "a")];
        for sdfg in [
            sum(ALL, (straight, product), "C[i, j]"),
            sum(ALL, (with_a, scaled), "C[i, j]"),
            sum(
                ["1:N + 1", "0:K", "0:M"],
                (&[("u", "A[i - 1, k]"), ("v", "B[k, j]")], product),
                "C[i - 1, j]",
            ),
            sum(["0:N", "0:K", ""], (&[("u", "A[i, k]"), ("v", "x[k]")], product), "y[i]"),
            sum(["0:K", "0:N", ""], (&[("u", "A[k, i]"), ("v", "y[k]")], product), "C[i, 0]"),
        ] {
            assert!(maps(&apply(&LiftEinsum, &sdfg, &SIZES)).is_empty());
        }
    }

    #[test]
    fn other_sums_are_kept() {
        let product = "u*v";
        for (sdfg, reason) in [
            (
                sum(ALL, (&[("u", "A[i, k]"), ("v", "C[k, j]")], product), "C[i, j]"),
                "the operands and the result are not different arrays of one type",
            ),
            (
                sum(["0:N", "0:K:2", "0:M"], (&[("u", "A[i, k]"), ("v", "B[k, j]")], product), "C[i, j]"),
                "not a rectangle of iterations",
            ),
            (
                sum(["0:N", "i:i + 16", "0:M"], (&[("u", "A[i, k]"), ("v", "B[k, j]")], product), "C[i, j]"),
                "not a rectangle of iterations",
            ),
            (
                sum(ALL, (&[("u", "A[i, k + i]"), ("v", "B[k, j]")], product), "C[i, j]"),
                "the indices of `A[i, i + k]` are not parameters",
            ),
            (
                sum(["0:4", "0:4", "0:4"], (&[("u", "A[i, k]"), ("v", "B[k, j]")], product), "C[i, j]"),
                "the matrices are so small that a call costs more than loops",
            ),
            (sum(ALL, (&[("u", "A[i, k]"), ("v", "B[k, j]")], "u + v"), "C[i, j]"), "not one product"),
        ] {
            let reasons = refusals(&LiftEinsum, &sdfg);
            assert!(reason.starts_with("not ") && reasons.is_empty() || reasons == [reason], "{reasons:?}");
        }
    }
}
