//! What is computed for one element: the expression behind a write, with what it reads.
//!
//! ```text
//! (alpha) ─▶ {t = alpha*a} ─▶ (t) ─▶ [map j { u = t*b; C[i, j] = c + u }]
//! C[i, j] = C[i, j] + alpha*A[i, k]*A[j, k]
//! ```

use dacec_ir::{
    BinaryOp, Constant, Data, EdgeId, IndexMap, Memlet, Name, Node, NodeId, ScalarExpr, State, Stmt, Subset,
    TaskletCode, UnaryOp,
};

/// Products that an expression is multiplied out to at most.
const MAX_PRODUCTS: usize = 4;

/// Something that an expression uses.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// One element of a container, or a scalar.
    Load(Memlet),
    /// What a library node computes.
    Library(NodeId),
    /// One element of the array that a library node computes.
    Part(NodeId, Subset),
}

/// An expression over leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) value: ScalarExpr,
    /// What the names in the expression stand for.
    pub(super) leaves: IndexMap<Name, Leaf>,
}

/// `constant * leaf * leaf …`
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Product {
    pub(super) negative: bool,
    pub(super) constants: Vec<Constant>,
    pub(super) leaves: Vec<Leaf>,
}

impl Element {
    /// What moves along an edge; `None` if it is more than one element or not computed by plain tasklets.
    ///
    /// What the state itself computes is no load, as it is not there before the state.
    pub(super) fn of(state: &State, containers: &IndexMap<Name, Data>, edge: EdgeId) -> Option<Element> {
        let mut reader = Reader { state, containers, leaves: IndexMap::default(), own: false };
        let value = reader.value_of(edge)?;
        Some(Element { value, leaves: reader.leaves })
    }

    /// What an edge with a conflict resolution combines with what is there. Loads may be of what the state has computed.
    pub(super) fn of_update(
        state: &State,
        containers: &IndexMap<Name, Data>,
        edge: EdgeId,
    ) -> Option<Element> {
        let mut reader = Reader { state, containers, leaves: IndexMap::default(), own: true };
        let memlet = state.edge(edge).memlet.as_ref()?;
        let value = reader.computed(edge, memlet)?;
        Some(Element { value, leaves: reader.leaves })
    }

    /// The expression as a sum of products.
    pub(super) fn products(&self) -> Option<Vec<Product>> {
        multiply_out(&self.value, &self.leaves)
    }
}

/// Follows edges backwards and collects what is loaded.
struct Reader<'s> {
    state: &'s State,
    containers: &'s IndexMap<Name, Data>,
    leaves: IndexMap<Name, Leaf>,
    /// Whether arrays that the state itself writes are loaded.
    own: bool,
}

impl Reader<'_> {
    fn value_of(&mut self, edge: EdgeId) -> Option<ScalarExpr> {
        let memlet = self.state.edge(edge).memlet.as_ref()?;
        let plain = memlet.wcr.is_none() && !memlet.dynamic;
        plain.then(|| self.computed(edge, memlet)).flatten()
    }

    /// What the node at the source of an edge gives it.
    fn computed(&mut self, edge: EdgeId, memlet: &Memlet) -> Option<ScalarExpr> {
        let state = self.state;
        let (src, _) = state.endpoints(edge);
        match state.node(src) {
            Node::Tasklet(tasklet) => {
                let TaskletCode::Native(stmts) = &tasklet.code else { return None };
                let [Stmt::Assign { target, value }] = &stmts[..] else { return None };
                if Some(target) != state.edge(edge).src_conn.as_ref() {
                    return None;
                }
                let mut inputs = IndexMap::default();
                for input in state.in_edges(src) {
                    let name = input.dst_conn()?;
                    inputs.insert(name.clone(), self.value_of(input.id)?);
                }
                let mut value = value.clone();
                replace(&mut value, &inputs)?;
                Some(value)
            }
            Node::Access(data) => match state.in_edges(src)[..] {
                // A value that was computed for this element.
                [write] if matches!(self.containers.get(data), Some(Data::Scalar(it)) if it.transient) => {
                    self.value_of(write.id)
                }
                [] => self.load(memlet),
                _ => None,
            },
            Node::MapEntry(_) => {
                let outside = state.origin(edge)?;
                let (outer, _) = state.endpoints(outside);
                let computed = state.node(outer).as_access().is_some_and(|data| {
                    matches!(self.containers.get(data), Some(Data::Scalar(_))) && state.in_degree(outer) > 0
                });
                match state.node(outer) {
                    Node::Access(_) if !computed && state.in_degree(outer) > 0 && !self.own => {
                        self.part(outer, memlet)
                    }
                    Node::Access(_) if !computed => self.load(memlet),
                    _ => self.value_of(outside),
                }
            }
            Node::Library(_) => {
                memlet.subset.as_element()?;
                Some(leaf(Leaf::Library(src), &mut self.leaves))
            }
            Node::MapExit { .. } | Node::Nested(_) => None,
        }
    }

    fn load(&mut self, memlet: &Memlet) -> Option<ScalarExpr> {
        memlet.subset.as_element()?;
        Some(leaf(Leaf::Load(memlet.clone()), &mut self.leaves))
    }

    /// An element of an array that is computed as a whole in this state, by a library node.
    fn part(&mut self, access: NodeId, memlet: &Memlet) -> Option<ScalarExpr> {
        memlet.subset.as_element()?;
        let [write] = self.state.in_edges(access)[..] else { return None };
        let written = write.memlet()?;
        let data = self.containers.get(&written.data).filter(|it| it.is_transient())?;
        let whole =
            written.wcr.is_none() && written.data == memlet.data && written.subset.is_full(data.shape());
        let computed = whole && matches!(self.state.node(write.src), Node::Library(_));
        computed.then(|| leaf(Leaf::Part(write.src, memlet.subset.clone()), &mut self.leaves))
    }
}

/// The name of a leaf; equal ones have one.
fn leaf(new: Leaf, leaves: &mut IndexMap<Name, Leaf>) -> ScalarExpr {
    let known = leaves.iter().find(|(_, leaf)| **leaf == new).map(|(name, _)| name.clone());
    let name = known.unwrap_or_else(|| {
        let name = Name::from(format!("leaf{}", leaves.len()));
        leaves.insert(name.clone(), new);
        name
    });
    ScalarExpr::Name(name)
}

/// Replaces names by values; `None` if there is another one, or an element of a part of an array.
fn replace(expr: &mut ScalarExpr, values: &IndexMap<Name, ScalarExpr>) -> Option<()> {
    match expr {
        ScalarExpr::Name(name) => *expr = values.get(name)?.clone(),
        ScalarExpr::Load { .. } => return None,
        _ => {
            for child in expr.children_mut() {
                replace(child, values)?;
            }
        }
    }
    Some(())
}

fn multiply_out(expr: &ScalarExpr, leaves: &IndexMap<Name, Leaf>) -> Option<Vec<Product>> {
    let products = match expr {
        ScalarExpr::Constant(constant) => {
            vec![Product { constants: vec![*constant], ..Product::default() }]
        }
        ScalarExpr::Name(name) => {
            vec![Product { leaves: vec![leaves.get(name)?.clone()], ..Product::default() }]
        }
        ScalarExpr::Unary(UnaryOp::Neg, operand) => negated(multiply_out(operand, leaves)?),
        ScalarExpr::Binary(BinaryOp::Add, lhs, rhs) => {
            [multiply_out(lhs, leaves)?, multiply_out(rhs, leaves)?].concat()
        }
        ScalarExpr::Binary(BinaryOp::Sub, lhs, rhs) => {
            [multiply_out(lhs, leaves)?, negated(multiply_out(rhs, leaves)?)].concat()
        }
        ScalarExpr::Binary(BinaryOp::Mul, lhs, rhs) => {
            let (lhs, rhs) = (multiply_out(lhs, leaves)?, multiply_out(rhs, leaves)?);
            let pairs = lhs.iter().flat_map(|a| rhs.iter().map(move |b| (a, b)));
            let product = |(a, b): (&Product, &Product)| Product {
                negative: a.negative != b.negative,
                constants: [&a.constants[..], &b.constants[..]].concat(),
                leaves: [&a.leaves[..], &b.leaves[..]].concat(),
            };
            pairs.map(product).collect()
        }
        _ => return None,
    };
    (products.len() <= MAX_PRODUCTS).then_some(products)
}

fn negated(mut products: Vec<Product>) -> Vec<Product> {
    products.iter_mut().for_each(|product| product.negative = !product.negative);
    products
}
