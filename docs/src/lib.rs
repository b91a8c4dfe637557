//! The book, as crate documentation, so that its examples compile
