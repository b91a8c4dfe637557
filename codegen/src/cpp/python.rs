//! Calls back into Python.
//!
//! The caller of the program passes the address of a function that makes such calls, and what that needs to know:
//!
//! ```text
//! {
//!     void *dacec_data[] = {(void *)(A), (void *)(&result)};
//!     const int64_t dacec_extents[] = {N, 3};
//!     if (dacec_python(__python, "…", dacec_data, dacec_extents) != 0) {
//!         return 100; // a check failed
//!     }
//! }
//! ```

use super::literals::c_text;
use super::{Printer, Result};
use crate::tree::PythonCall;

impl Printer<'_> {
    pub(super) fn python(&mut self, call: &PythonCall) -> Result<()> {
        self.helper("dacec_python");
        let interpreter = self.address(&call.interpreter)?;
        let mut data = Vec::new();
        for place in &call.data {
            data.push(format!("(void *)({})", self.address(place)?));
        }
        let mut extents = Vec::new();
        for extent in &call.extents {
            extents.push(self.text(extent)?);
        }
        // C++ has no arrays without elements.
        let list = |items: Vec<String>| if items.is_empty() { "0".to_owned() } else { items.join(", ") };
        self.line("{");
        self.indent += 1;
        self.line(&format!("void *dacec_data[] = {{{}}};", list(data)));
        self.line(&format!("const int64_t dacec_extents[] = {{{}}};", list(extents)));
        let what = c_text(&call.what);
        self.line(&format!("if (dacec_python({interpreter}, {what}, dacec_data, dacec_extents) != 0) {{"));
        self.nested(|printer| printer.fail(call.code, &call.escape));
        self.line("}");
        self.indent -= 1;
        self.line("}");
        Ok(())
    }
}
