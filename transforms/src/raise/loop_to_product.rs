//! Loop to product: products of matrices, or of a matrix and a vector, in loops over the elements of the result.
//!
//! ```text
//! before:  for i { for j { s = 0;  for k { s += A[i, k]*B[k, j] };  C[i, j] = s } }
//! after:   for i { for j { C[i, j] = 0 } }   Gemm: C = A @ B + C
//! before:  for i { s = 0;  for k { s += A[i, k]*x[k] };  y[i] = 2*s + y[i] }
//! after:   for i { t[i] = 0 }   Gemv: t = A @ x + t   for i { y[i] = 2*t[i] + y[i] }
//! before:  for i { C[i, :] *= beta;  for k { C[i, :] += A[i, k]*B[k, :] } }
//! after:   for i { C[i, :] *= beta }   Gemm: C = A @ B + C
//! kept:    for i { for j { C[i, j] = 0;  for k in 0:i { C[i, j] += A[i, k]*B[k, j] } } }      not a rectangle
//!          for i { for j { s = 0;  for k { s += A[i, k]*B[k, j] };  A[i, j] = s } }           changes an operand
//!          for i { for j { C[j] = 0;  for k { C[j] += A[i, k]*B[k, j] } } }                   `C[j]` begins anew with each `i`
//! ```
//!
//! This is a loop fission for a purpose, so it is done only when [`LiftEinsum`] finds the operation in the part that
//! adds products.
//!
//! **Legal when** the innermost body is two states, of which the second begins with a map that adds products to a scalar or
//! an array; where it is an array, all that the body touches of it is in the row, column or element of the iteration; a
//! scalar is used nowhere else and begins with a new value in each iteration; what one part of the body writes, no other
//! part touches; and sums may be computed in any order. Loops are left for what comes before the products, and for what
//! comes after them unless that only stores the sum.

use super::lift_einsum::{Contraction, LiftEinsum};
use crate::loops::loop_to_map::iterations;
use crate::loops::nest::contents;
use crate::loops::outside_in::{Rewrite, rewrite_blocks};
use crate::loops::symbols::SymbolUses;
use crate::map::paths;
use crate::pass::{Changed, Context, Pass};
use crate::simplify::relabel;
use crate::surroundings::{Surroundings, Uses, assigned_symbols};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::dependence::{Touch, touches};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::{
    Array, Block, Data, Expr, Loop, Memlet, Name, Node, NodeId, Range, Region, ScalarExpr, Sdfg, State, Stmt,
    Subset, TaskletCode, propagate,
};
use std::collections::BTreeSet;

/// Makes operations of nests that add products; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToProduct;

impl Pass for LoopToProduct {
    fn name(&self) -> &'static str {
        "loop-to-product"
    }

    fn summary(&self) -> &'static str {
        "Makes operations of loops over elements that begin with a value and add products"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let assigned = assigned_symbols(&sdfg.body);
        rewrite_blocks(sdfg, context, "LoopToProduct", &mut Separate { assigned })
    }
}

/// A run of the pass.
struct Separate {
    /// Symbols that change while the program runs.
    assigned: BTreeSet<Name>,
}

/// A nest in parts, of which the middle one is perhaps an operation.
struct Parts {
    nest: Nest,
    initial: State,
    product: State,
    /// The map of the product.
    entry: NodeId,
    rest: Option<State>,
    /// The array that takes the place of a scalar, if it is a new one.
    sums: Option<(Name, Array)>,
}

impl Rewrite for Separate {
    type Match = (Parts, Contraction);

    fn find(
        &mut self,
        around: &mut Surroundings<'_>,
        block: &Block,
        _symbols: &SymbolUses,
    ) -> Result<Self::Match, Refusal> {
        let nest = Nest::of(block)?;
        let [initial, sum] = nest.states(block)?;
        let update = Update::of(sum)?;
        let body = Body { initial, sum, update };
        let parts = match around.container(&body.update.data).rank() {
            0 => body.with_scalar(around, nest, &self.assigned)?,
            _ => body.with_array(around, nest)?,
        };
        if let Some((name, array)) = &parts.sums {
            around.sdfg.containers.insert(name.clone(), array.clone().into());
        }
        let operation = LiftEinsum.find(around, &parts.product, parts.entry);
        if let (Some((name, _)), Err(_)) = (&parts.sums, &operation) {
            around.sdfg.containers.shift_remove(name);
        }
        Ok((parts, operation?))
    }

    fn apply(
        &mut self,
        around: &mut Surroundings<'_>,
        block: Block,
        (parts, operation): Self::Match,
    ) -> Vec<Block> {
        let Parts { nest, initial, mut product, rest, .. } = parts;
        around.uses.extend(&Uses::of_region(&Region::new([Block::State(product.clone())])));
        LiftEinsum.apply(around, &mut product, operation);
        let mut loops = vec![nest.around(&block, initial)];
        loops.extend(rest.map(|state| nest.renamed(around, nest.around(&block, state))));
        around.uses.extend(&Uses::of_region(&Region::new(loops.clone())));
        around.uses.discount(&Uses::of_region(&Region::new([block])));
        loops.insert(1, Block::State(product));
        loops
    }
}

/// Counted loops, each of which is all of the body of the one around it, outermost first.
struct Nest {
    dims: Vec<(Name, Range)>,
}

impl Nest {
    fn of(block: &Block) -> Result<Nest, Refusal> {
        let mut dims: Vec<(Name, Range)> = Vec::new();
        let mut block = block;
        while let Block::Loop(it) = block {
            let (variable, range) = iterations(it)?;
            let fixed = dims.iter().all(|(outer, _)| !range.symbols().contains(outer) && *outer != variable);
            if !range.step.is_one() || !fixed {
                return Err(Refusal::NoMatch("not a rectangle of iterations"));
            }
            dims.push((variable, range));
            match contents(&it.body)[..] {
                [inner] => block = inner,
                _ => return Ok(Nest { dims }),
            }
        }
        Err(Refusal::NoMatch("not loops around two states"))
    }

    /// The states of the innermost body.
    fn states<'b>(&self, block: &'b Block) -> Result<[&'b State; 2], Refusal> {
        let mut body = Vec::new();
        let mut block = Some(block);
        while let Some(Block::Loop(it)) = block {
            body = contents(&it.body);
            block = body.first().copied();
        }
        match body[..] {
            [Block::State(first), Block::State(second)] if !first.has_effects() && !second.has_effects() => {
                Ok([first, second])
            }
            _ => Err(Refusal::NoMatch("not loops around two states")),
        }
    }

    /// The loops of `block` around another body.
    fn around(&self, block: &Block, body: State) -> Block {
        let Block::Loop(it) = block else { return Block::State(body) };
        let inner = contents(&it.body).first().map(|inner| self.around(inner, body));
        let Loop { label, header, span, .. } = (**it).clone();
        Block::Loop(Box::new(Loop {
            label,
            header,
            span,
            body: Region::new(inner.into_iter().collect::<Vec<_>>()),
        }))
    }

    /// The same loops with variables and labels of their own, so that nothing is defined twice.
    fn renamed(&self, around: &mut Surroundings<'_>, block: Block) -> Block {
        let mut region = Region::new([block]);
        relabel(around.names, &mut region);
        for (variable, _) in &self.dims {
            let fresh = around.names.fresh(variable);
            around.substitute_in(&mut region, &[(variable.clone(), Expr::sym(&fresh))].into());
            region.visit_mut(&mut |block| {
                let Block::Loop(it) = block else { return };
                it.label = format!("{}_rest", it.label).into();
                if let LoopHeader::For { variable: own, .. } = &mut it.header
                    && own == variable
                {
                    *own = fresh.clone();
                }
            });
        }
        match region.blocks.pop() {
            Some(block) => block,
            None => unreachable!("the region was made of one block"),
        }
    }

    /// The element of an array with an element for each iteration.
    fn element(&self) -> Subset {
        Subset::element(self.dims.iter().map(|(variable, range)| Expr::sym(variable) - &range.start))
    }
}

/// A map that adds something to a container, and nothing else before what uses the sum.
struct Update {
    entry: NodeId,
    exit: NodeId,
    /// The access of the container.
    access: NodeId,
    data: Name,
    /// What one iteration adds to.
    element: Memlet,
    /// What comes after the sum.
    rest: BTreeSet<NodeId>,
}

impl Update {
    fn of(state: &State) -> Result<Update, Refusal> {
        let refuse = || Refusal::NoMatch("not a state that begins with one sum");
        let scopes = state.scopes();
        let mut maps = state
            .nodes()
            .filter(|(id, node)| node.as_map().is_some() && scopes.get(id).copied().flatten().is_none());
        let (entry, node) = maps.next().ok_or_else(refuse)?;
        let map = node.as_map().ok_or_else(refuse)?;
        let exit = map.exit;
        let [outside] = state.out_edges(exit)[..] else { return Err(refuse()) };
        let access = outside.dst;
        let data = state.node(access).as_access().ok_or_else(refuse)?.clone();
        let [inside] = paths::origins(state, outside.id)[..] else { return Err(refuse()) };
        let element = state.edge(inside).memlet.clone().filter(|it| it.data == data).ok_or_else(refuse)?;
        let rest: BTreeSet<NodeId> =
            state.descendants(access).into_iter().filter(|it| *it != access).collect();
        let mut scope: BTreeSet<NodeId> = state.scope_nodes(entry).into_iter().collect();
        scope.extend([entry, exit, access]);
        let known = |id: &NodeId| {
            let source = state.in_degree(*id) == 0 && state.node(*id).as_access().is_some();
            scope.contains(id) || rest.contains(id) || source
        };
        match state.in_degree(access) == 1 && state.node_ids().iter().all(known) {
            true => Ok(Update { entry, exit, access, data, element, rest }),
            false => Err(refuse()),
        }
    }
}

/// The states of the innermost body.
struct Body<'a> {
    initial: &'a State,
    sum: &'a State,
    update: Update,
}

impl Body<'_> {
    /// The parts where products are added to elements of an array.
    fn with_array(&self, around: &Surroundings<'_>, nest: Nest) -> Result<Parts, Refusal> {
        let Update { data, element, entry, rest, .. } = &self.update;
        if !rest.is_empty() {
            return Err(Refusal::NoMatch("the sum is used in the loop that computes it"));
        }
        let (before, during) = (self.touches(around, self.initial)?, self.touches(around, self.sum)?);
        let own: Vec<&Touch> = before.iter().chain(&during).filter(|it| it.data == *data).collect();
        for (variable, _) in &nest.dims {
            let varies = |index: &Expr| {
                let shift = index - Expr::sym(variable);
                index.uses(variable)
                    && !nest.dims.iter().any(|(it, _)| shift.uses(it))
                    && is_fixed(&shift, self.sum)
            };
            let at = element.subset.dims.iter().position(|dim| dim.as_index().is_some_and(varies));
            let at =
                at.ok_or_else(|| Refusal::unproved(format!("`{element}` is not one for each `{variable}`")))?;
            if let Some(other) = own.iter().find(|it| it.subset.dims.get(at) != element.subset.dims.get(at)) {
                return Err(Refusal::conflict(element, &other.memlet()));
            }
        }
        let others = |it: &&Touch| it.is_write && it.data != *data;
        apart(before.iter().filter(others), &during)?;
        let product = self.widened(around, &nest, self.sum.clone());
        Ok(Parts { nest, initial: self.initial.clone(), product, entry: *entry, rest: None, sums: None })
    }

    /// The parts where products are added to a scalar.
    fn with_scalar(
        &self,
        around: &mut Surroundings<'_>,
        nest: Nest,
        assigned: &BTreeSet<Name>,
    ) -> Result<Parts, Refusal> {
        let Update { data, entry, rest, .. } = &self.update;
        let local =
            around.uses.of_container(data) == self.initial.num_accesses(data) + self.sum.num_accesses(data);
        if !around.container(data).is_transient() || !local {
            return Err(Refusal::used_elsewhere(data, "outside of the loops"));
        }
        self.check_initial()?;
        let before = self.touches(around, self.initial)?;
        let during = self.touches(around, &self.without_rest())?;
        let after = self.touches(around, &self.only_rest())?;
        let others = |it: &&Touch| it.is_write && it.data != *data;
        apart(before.iter().filter(others), &[&during[..], &after[..]].concat())?;
        apart(during.iter().filter(others), &[&before[..], &after[..]].concat())?;
        apart(after.iter().filter(others), &[&before[..], &during[..]].concat())?;
        let target = self
            .stored()
            .filter(|it| nest.dims.iter().all(|(variable, _)| it.subset.symbols().contains(variable)));
        let (target, rest, sums) = match target {
            Some(target) => (target, None, None),
            None if rest.is_empty() => return Err(Refusal::NoMatch("the sum is not used")),
            None => {
                let shape: Vec<Expr> = nest.dims.iter().map(|(_, range)| range.len()).collect();
                if shape.iter().any(|len| !len.symbols().is_disjoint(assigned)) {
                    return Err(Refusal::unproved("the number of iterations changes while the program runs"));
                }
                let name = around.names.fresh(data);
                let array = Array::transient(around.container(data).dtype(), shape);
                let memlet = Memlet::new(&name, nest.element());
                (memlet, Some(self.only_rest()), Some((name, array)))
            }
        };
        let moved = |mut state: State| {
            move_to(&mut state, data, &target);
            state
        };
        let product = self.widened(around, &nest, moved(self.without_rest()));
        let (initial, rest) = (moved(self.initial.clone()), rest.map(moved));
        Ok(Parts { nest, initial, product, entry: *entry, rest, sums })
    }

    /// What a state touches, if no container is another name for a part of one.
    fn touches(&self, around: &Surroundings<'_>, state: &State) -> Result<Vec<Touch>, Refusal> {
        let touches = touches(state, &around.sdfg.containers);
        match touches.iter().find(|it| around.sdfg.container(&it.data).is_none_or(Data::is_alias)) {
            Some(it) => Err(Refusal::unproved(format!("`{}` is a part of another array", it.data))),
            None => Ok(touches),
        }
    }

    /// The scalar begins with a new value in each iteration.
    fn check_initial(&self) -> Result<(), Refusal> {
        let accesses = self.initial.accesses(&self.update.data);
        let begins = |id: &NodeId| {
            let plain = |memlet: &Memlet| memlet.wcr.is_none() && !memlet.dynamic;
            let edges = self.initial.in_edges(*id);
            !edges.is_empty() && edges.iter().all(|edge| edge.memlet().is_some_and(plain))
        };
        let once = self.sum.num_accesses(&self.update.data) == 1;
        match once && !accesses.is_empty() && accesses.iter().all(begins) {
            true => Ok(()),
            false => Err(Refusal::unproved(format!(
                "`{}` may keep a value of another iteration",
                self.update.data
            ))),
        }
    }

    /// The element that the sum is stored to, if nothing else happens to it.
    fn stored(&self) -> Option<Memlet> {
        let state = self.sum;
        let [out] = state.out_edges(self.update.access)[..] else { return None };
        let copy = match state.node(out.dst) {
            Node::Access(_) => out,
            Node::Tasklet(tasklet) => {
                let [only] = state.out_edges(out.dst)[..] else { return None };
                let (TaskletCode::Native(stmts), [(input, _)]) =
                    (&tasklet.code, &tasklet.inputs.iter().collect::<Vec<_>>()[..])
                else {
                    return None;
                };
                let is_same = matches!(&stmts[..], [Stmt::Assign { value: ScalarExpr::Name(name), .. }] if name == *input);
                let one = is_same && state.in_degree(out.dst) == 1;
                if !one {
                    return None;
                }
                only
            }
            _ => return None,
        };
        let memlet = copy.memlet().filter(|it| it.wcr.is_none() && !it.dynamic)?;
        let name = state.node(copy.dst).as_access()?;
        let only = state.num_accesses(name) == 1
            && state.in_degree(copy.dst) == 1
            && state.out_degree(copy.dst) == 0;
        let untouched = self.initial.num_accesses(name) == 0;
        let subset = match memlet.data == *name {
            true => memlet.subset.clone(),
            false => memlet.other_subset.clone()?,
        };
        // The access, and the tasklet if there is one.
        let all = if copy.id == out.id { 1 } else { 2 };
        (only && untouched && self.update.rest.len() == all && subset.as_element().is_some())
            .then(|| Memlet::new(name, subset))
    }

    fn without_rest(&self) -> State {
        let mut state = self.sum.clone();
        for id in &self.update.rest {
            state.remove_node(*id);
        }
        drop_unused(&mut state);
        state
    }

    fn only_rest(&self) -> State {
        let mut state = self.sum.clone();
        let Update { entry, exit, .. } = self.update;
        for id in self.sum.scope_nodes(entry).into_iter().chain([entry, exit]) {
            state.remove_node(id);
        }
        drop_unused(&mut state);
        state
    }

    /// The map over all iterations of the nest.
    fn widened(&self, around: &Surroundings<'_>, nest: &Nest, mut state: State) -> State {
        if let Node::MapEntry(map) = state.node_mut(self.update.entry) {
            map.params.splice(0..0, nest.dims.iter().map(|(variable, _)| variable.clone()));
            map.ranges.splice(0..0, nest.dims.iter().map(|(_, range)| range.clone()));
        }
        propagate::scope(&mut state, self.update.entry, &around.sdfg.containers, &around.facts);
        state
    }
}

/// Accesses that nothing is connected to any more.
fn drop_unused(state: &mut State) {
    for id in state.node_ids() {
        if state.in_degree(id) + state.out_degree(id) == 0 {
            state.remove_node(id);
        }
    }
}

/// Whether an index has the same value for all iterations of maps in the state.
fn is_fixed(index: &Expr, state: &State) -> bool {
    let maps = state.nodes().filter_map(|(_, node)| node.as_map());
    !maps.into_iter().any(|map| map.params.iter().any(|param| index.uses(param)))
}

/// No other part touches what one writes.
fn apart<'t>(writes: impl Iterator<Item = &'t Touch>, others: &[Touch]) -> Result<(), Refusal> {
    for write in writes {
        if let Some(other) = others.iter().find(|it| it.data == write.data) {
            return Err(Refusal::conflict(&write.memlet(), &other.memlet()));
        }
    }
    Ok(())
}

/// Puts an element of an array in the place of a scalar.
fn move_to(state: &mut State, scalar: &Name, target: &Memlet) {
    for id in state.accesses(scalar) {
        *state.node_mut(id) = Node::Access(target.data.clone());
    }
    let edges: Vec<_> = state.edges().map(|edge| edge.id).collect();
    for id in edges {
        if let Some(memlet) = &mut state.edge_mut(id).memlet
            && memlet.data == *scalar
        {
            memlet.data = target.data.clone();
            memlet.subset = target.subset.clone();
        }
    }
}
