//! The dacec compiler: a facade over its layers.
