//! From annotated Python and NumPy to the stateful dataflow multigraph
