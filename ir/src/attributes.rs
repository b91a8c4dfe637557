//! What files say about elements and this IR has no word for.
//!
//! `.sdfg` files carry more than a compiler needs: colours of viewers, instrumentation, hints for other targets, ids by
//! which a comparison of two versions finds the same element again. A reader keeps it here, a writer puts it back, and
//! nothing else looks at it: what an attribute *means* is either a field of the IR or a reason to refuse the file.
//!
//! Attributes follow their element. What a pass removes loses them, what a pass adds has none. The text form
//! ([`crate::text`]) leaves them out.

use crate::Name;
use crate::state::{EdgeId, NodeId};
use std::collections::BTreeMap;

/// Attributes of one element, by their names in the file.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// Attributes of an SDFG and of its parts outside of states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SdfgAttributes {
    /// Of the SDFG itself.
    pub sdfg: Attributes,
    /// Of containers that have some.
    pub containers: BTreeMap<Name, Attributes>,
    /// Of loops that have some, by label.
    pub loops: BTreeMap<Name, Attributes>,
}

/// Attributes of a state and of its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateAttributes {
    /// Of the state itself.
    pub state: Attributes,
    /// Of nodes that have some.
    pub nodes: BTreeMap<NodeId, Attributes>,
    /// Of the memlets of edges that have some.
    pub edges: BTreeMap<EdgeId, Attributes>,
}
