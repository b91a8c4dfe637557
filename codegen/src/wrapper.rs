//! The Python wrapper of an emitted library.
use crate::Interface;
pub(crate) fn print(_interface: &Interface) -> String {
    String::new()
}
