//! Mathematical functions: builtins of the compiler, which are calls of the C library or instructions.

use super::types::c_type;
use super::values::{Level, Text};
use super::{Printer, Result};
use crate::CodegenError;
use crate::tree::Value;
use dacec_ir::DType;
use dacec_ir::code::Function;

impl Printer<'_> {
    pub(super) fn call(&mut self, function: Function, dtype: DType, operands: &[Value]) -> Result<Text> {
        let operands = operands.iter().map(|operand| self.value(operand)).collect::<Result<Vec<_>>>()?;
        let unsupported = CodegenError::UnsupportedFunction { function: function.name(), dtype };
        let text = if dtype.is_complex() {
            self.complex_call(function, dtype, &operands)
        } else if dtype.is_float() {
            self.float_call(function, dtype, &operands)
        } else {
            self.integer_function(function, dtype, &operands)
        };
        text.ok_or(unsupported)
    }

    fn integer_function(&mut self, function: Function, dtype: DType, operands: &[Text]) -> Option<Text> {
        use Function::*;
        let name = match function {
            FromBits => return same_bits(function, dtype, operands),
            Abs => "dacec_abs",
            Sign => "dacec_sign",
            Gcd => "dacec_gcd",
            Fmin => "dacec_min",
            Fmax => "dacec_max",
            Fmod => "dacec_rem",
            _ => return None,
        };
        Some(match operands {
            [a] => self.helper_call(name, dtype, [a]),
            [a, b] => self.helper_call(name, dtype, [a, b]),
            _ => return None,
        })
    }

    fn float_call(&mut self, function: Function, dtype: DType, operands: &[Text]) -> Option<Text> {
        use Function::*;
        let base = match function {
            Sign => return operands.first().map(|operand| self.helper_call("dacec_sign", dtype, [operand])),
            Isnan => return Some(test("__builtin_isnan", operands)),
            Isinf => return Some(test("__builtin_isinf", operands)),
            Isfinite => return Some(test("__builtin_isfinite", operands)),
            Signbit => {
                return Some(test(
                    if dtype == DType::Float64 { "__builtin_signbit" } else { "__builtin_signbitf" },
                    operands,
                ));
            }
            Abs => "fabs",
            Complex => {
                let parts: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
                let helper = self.helper("dacec_complex");
                return Some(Text::primary(format!("{helper}({})", parts.join(", "))));
            }
            Bits => return same_bits(function, dtype, operands),
            Real | Imag | Conj | Gcd | FromBits => return None,
            // The names of the others are those of C.
            other => other.name(),
        };
        let operands: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
        let operands = operands.join(", ");
        Some(match dtype {
            DType::Float64 => Text::primary(format!("__builtin_{base}({operands})")),
            DType::Float32 => Text::primary(format!("__builtin_{base}f({operands})")),
            _ => Text::new(format!("({})__builtin_{base}f({operands})", c_type(dtype)), Level::Unary),
        })
    }

    fn complex_call(&mut self, function: Function, dtype: DType, operands: &[Text]) -> Option<Text> {
        use Function::*;
        let [operand] = operands else { return None };
        let suffix = if dtype == DType::Complex64 { "f" } else { "" };
        let builtin = |name: &str, text: &str| Text::primary(format!("__builtin_{name}{suffix}({text})"));
        let text = &operand.text;
        let product =
            |factor: &str| format!("{}*({}){factor}", operand.at(Level::Unary), c_type(dtype.real()));
        Some(match function {
            Abs => builtin("cabs", text),
            Sqrt | Exp | Log | Sin | Cos | Tan | Asin | Acos | Atan | Sinh | Cosh | Tanh | Asinh | Acosh
            | Atanh => builtin(&format!("c{}", function.name()), text),
            Real => Text::new(format!("__real__ {}", operand.at(Level::Unary)), Level::Unary),
            Imag => Text::new(format!("__imag__ {}", operand.at(Level::Unary)), Level::Unary),
            Conj => builtin("conj", text),
            Exp2 => builtin("cexp", &product("0.693147180559945309417")),
            Log2 => scaled(&builtin("clog", text), dtype, "1.44269504088896340736"),
            Log10 => scaled(&builtin("clog", text), dtype, "0.434294481903251827651"),
            Expm1 => self.helper_call("dacec_complex_expm1", dtype, [operand]),
            Log1p => {
                builtin("clog", &format!("({})1 + {}", c_type(dtype.real()), operand.at(Level::Product)))
            }
            Sign => self.helper_call("dacec_complex_sign", dtype, [operand]),
            Isnan => self.helper_call("dacec_complex_isnan", dtype, [operand]),
            Isinf => self.helper_call("dacec_complex_isinf", dtype, [operand]),
            Isfinite => self.helper_call("dacec_complex_isfinite", dtype, [operand]),
            _ => return None,
        })
    }
}

/// A value of another type with the same bits.
fn same_bits(function: Function, dtype: DType, operands: &[Text]) -> Option<Text> {
    let [operand] = operands else { return None };
    let result = function.result(dtype);
    let is_known = result != dtype && result.size() == dtype.size();
    is_known.then(|| Text::primary(format!("__builtin_bit_cast({}, {})", c_type(result), operand.text)))
}

fn test(builtin: &str, operands: &[Text]) -> Text {
    let operands: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
    Text::new(format!("{builtin}({}) != 0", operands.join(", ")), Level::Equal)
}

fn scaled(text: &Text, dtype: DType, factor: &str) -> Text {
    Text::new(format!("{} * ({}){factor}", text.text, c_type(dtype.real())), Level::Product)
}
