//! Printing: text for the user, as Python writes it.

use super::literals::c_text;
use super::types::c_type;
use super::{Printer, Result};
use crate::tree::{Value, Written};
use dacec_ir::control_flow::{Format, Notation};
use dacec_ir::dtype::Kind;

impl Printer<'_> {
    pub(super) fn print(&mut self, pieces: &[Written]) -> Result<()> {
        self.helper("dacec_print");
        for piece in pieces {
            match piece {
                Written::Text(text) => self.line(&format!("printf(\"%s\", {});", c_text(text))),
                Written::Value(value, None) => self.print_plain(value)?,
                Written::Value(value, Some(format)) => self.print_formatted(value, *format)?,
                Written::Array { first, extents, strides } => self.print_array(first, extents, strides)?,
            }
        }
        self.line("fflush(0);");
        Ok(())
    }

    fn print_plain(&mut self, value: &Value) -> Result<()> {
        let text = self.text(value)?;
        let line = match value.dtype().kind() {
            Kind::Bool => format!("printf(\"%s\", ({text}) ? \"True\" : \"False\");"),
            Kind::Signed => format!("printf(\"%lld\", (long long)({text}));"),
            Kind::Unsigned => format!("printf(\"%llu\", (unsigned long long)({text}));"),
            // The others are refused before.
            Kind::Float | Kind::Vector | Kind::Handle => {
                format!("dacec_print_float(({})({text}), true);", c_type(value.dtype()))
            }
            Kind::Complex => {
                self.helper("dacec_print_complex");
                format!("dacec_print_complex<{}>({text});", c_type(value.dtype().real()))
            }
        };
        self.line(&line);
        Ok(())
    }

    fn print_formatted(&mut self, value: &Value, format: Format) -> Result<()> {
        let text = self.text(value)?;
        let flag = |set: bool, text: &'static str| if set { text } else { "" };
        let mut pattern =
            format!("%{}{}{}", flag(format.left, "-"), flag(format.plus, "+"), flag(format.zero, "0"));
        if format.width > 0 {
            pattern.push_str(&format.width.to_string());
        }
        if let Some(precision) = format.precision {
            pattern.push_str(&format!(".{precision}"));
        }
        let unsigned = value.dtype().kind() == Kind::Unsigned;
        let (conversion, number) = match format.notation {
            Notation::Integer if unsigned => ("llu".to_owned(), format!("(unsigned long long)({text})")),
            Notation::Integer => (format!("ll{}", format.notation.letter()), format!("(long long)({text})")),
            Notation::Fixed | Notation::Exponent | Notation::General => {
                (format.notation.letter().to_string(), format!("dacec_shown((double)({text}))"))
            }
        };
        self.line(&format!("printf(\"{pattern}{conversion}\", {number});"));
        Ok(())
    }
}
