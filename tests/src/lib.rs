//! Tests of the whole system, through the interfaces that users have
