//! Symbols that are no integers, which DaCe's files have and this IR has not: scalars that states compute.
//!
//! ```text
//! transition: x = A[i]*2.0        state: (A) -A[i]-> { out = in0*2.0 } -x-> (x)
//! ```

use crate::{
    Connector, IndexMap, Memlet, Name, Node, NodeId, ScalarExpr, Sdfg, State, Stmt, Subset, Tasklet,
    TaskletCode,
};

/// A state that gives `value` to the scalar `target`. Indices in the value are made of symbols.
pub(super) fn state(sdfg: &Sdfg, label: &str, target: &str, value: ScalarExpr) -> Result<State, String> {
    let mut reads: Vec<(Memlet, Name)> = Vec::new();
    let value = replace_reads(value, &mut reads)?;
    let element = |data: &Name| {
        let data = sdfg.container(data).ok_or_else(|| format!("there is no container `{data}`"))?;
        Ok::<_, String>(Connector::scalar(data.dtype()))
    };
    let mut inputs = IndexMap::default();
    for (memlet, connector) in &reads {
        inputs.insert(connector.clone(), element(&memlet.data)?);
    }
    let target = Name::from(target);
    let outputs = IndexMap::from_iter([(Name::from("out"), element(&target)?)]);
    let code = TaskletCode::Native(vec![Stmt::assign("out", value)]);
    let tasklet = Tasklet { label: label.into(), inputs, outputs, code, span: Default::default() };
    let mut state = State::new(label);
    let tasklet = state.add_tasklet(tasklet);
    let mut accesses: IndexMap<Name, NodeId> = IndexMap::default();
    for (memlet, connector) in reads {
        let data = memlet.data.clone();
        let access = *accesses.entry(data.clone()).or_insert_with(|| state.add_node(Node::Access(data)));
        state.connect((access, None), (tasklet, Some(&connector)), memlet);
    }
    let written = state.add_access(&target);
    state.connect((tasklet, Some("out")), (written, None), Memlet::scalar(target));
    Ok(state)
}

/// Puts connectors in place of reads of containers.
fn replace_reads(mut value: ScalarExpr, reads: &mut Vec<(Memlet, Name)>) -> Result<ScalarExpr, String> {
    let memlet = match &value {
        ScalarExpr::Name(name) => Some(Memlet::scalar(name)),
        ScalarExpr::Load { name, indices } => {
            let indices: Option<Vec<_>> = indices.iter().map(ScalarExpr::to_symbolic).collect();
            let indices = indices.ok_or_else(|| format!("an index of `{name}` is read from memory"))?;
            Some(Memlet::new(name, Subset::element(indices)))
        }
        _ => None,
    };
    if let Some(memlet) = memlet {
        let known = reads.iter().find(|(read, _)| *read == memlet).map(|(_, connector)| connector.clone());
        let connector = known.unwrap_or_else(|| {
            let connector = Name::from(format!("in{}", reads.len()));
            reads.push((memlet, connector.clone()));
            connector
        });
        return Ok(ScalarExpr::Name(connector));
    }
    for child in value.children_mut() {
        let operand = std::mem::replace(child, ScalarExpr::int(0));
        *child = replace_reads(operand, reads)?;
    }
    Ok(value)
}
