//! Rewrites of the stateful dataflow multigraph, pipelines of them, and library-node expansions
