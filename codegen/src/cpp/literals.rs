//! Literals.

use super::Printer;
use super::types::c_type;
use super::values::{Level, Text};
use dacec_ir::{Constant, DType};

impl Printer<'_> {
    pub(super) fn literal(&mut self, constant: &Constant) -> Text {
        match *constant {
            Constant::Bool(value) => Text::primary(value.to_string()),
            Constant::Int(value, dtype) => integer(value, dtype),
            Constant::UInt(value) => Text::primary(format!("{value}ul")),
            Constant::Float(value, dtype) => float(value, dtype),
            Constant::Complex(re, im, dtype) => {
                let part = dtype.real();
                let (re, im) = (float(re, part).text, float(im, part).text);
                let helper = self.helper("dacec_complex");
                Text::primary(format!("{helper}({re}, {im})"))
            }
        }
    }
}

/// An integer; 64-bit ones get a suffix only where they need it.
pub(super) fn integer(value: i64, dtype: DType) -> Text {
    let level = if value < 0 { Level::Unary } else { Level::Primary };
    if value == i64::MIN {
        return Text::primary("(-9223372036854775807L - 1)");
    }
    let suffix = match dtype {
        DType::UInt32 => "u",
        DType::UInt64 => "ul",
        _ if i32::try_from(value).is_err() || value == i64::from(i32::MIN) => "L",
        _ => "",
    };
    Text::new(format!("{value}{suffix}"), level)
}

fn float(value: f64, dtype: DType) -> Text {
    let level = if value.is_sign_negative() { Level::Unary } else { Level::Primary };
    let single = dtype != DType::Float64;
    // What is beyond the range of a short float is infinite in it.
    let value = if single { f64::from(value as f32) } else { value };
    let text = match value {
        _ if value.is_nan() => {
            return Text::primary(if single { "__builtin_nanf(\"\")" } else { "__builtin_nan(\"\")" });
        }
        f64::INFINITY => (if single { "__builtin_inff()" } else { "__builtin_inf()" }).to_owned(),
        f64::NEG_INFINITY => (if single { "-__builtin_inff()" } else { "-__builtin_inf()" }).to_owned(),
        // Rust prints the shortest text that reads back as the same number.
        _ if single => format!("{:?}f", value as f32),
        _ => format!("{value:?}"),
    };
    match dtype {
        DType::Float16 | DType::BFloat16 => Text::new(format!("({}){text}", c_type(dtype)), Level::Unary),
        _ => Text::new(text, level),
    }
}
/// A text as a literal; what C++ might read as something else is written as an octal number.
pub(crate) fn c_text(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'\n' => literal.push_str("\\n"),
            b'"' | b'\\' => literal.extend(['\\', char::from(byte)]),
            b' '..=b'~' if byte != b'?' => literal.push(char::from(byte)),
            _ => literal.push_str(&format!("\\{byte:03o}")),
        }
    }
    literal.push('"');
    literal
}
