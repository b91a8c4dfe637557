//! The C and C++ header of an emitted library.
use crate::Interface;
pub(crate) fn print(_interface: &Interface) -> String {
    String::new()
}
