//! From the stateful dataflow multigraph to a program tree, and from there to text of a target language
