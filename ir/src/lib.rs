//! The stateful dataflow multigraph: symbols, data, memlets, nodes, control flow, validation, interpretation
