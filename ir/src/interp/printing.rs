//! Numbers as Python writes them.

use super::Value;
use crate::DType;
use crate::control_flow::{Format, Notation};
use crate::dtype::Kind;

/// The text of a number: as `print` writes it, or as a format says.
pub(super) fn written(value: Value, format: Option<Format>) -> String {
    match format {
        Some(format) => formatted(value, format),
        None => plain(value),
    }
}

fn plain(value: Value) -> String {
    let dtype = value.dtype();
    match dtype.kind() {
        Kind::Bool => (if value.is_true() { "True" } else { "False" }).to_owned(),
        Kind::Signed => value.to_i64().to_string(),
        Kind::Unsigned => (value.to_i64() as u64).to_string(),
        Kind::Float | Kind::Vector | Kind::Handle => float(value.to_f64(), dtype),
        Kind::Complex => {
            let number = value.to_complex();
            let part = |value: f64| {
                let text = float(value, dtype.real());
                text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
            };
            let sign = if number.im.is_sign_negative() || number.im.is_nan() { "" } else { "+" };
            let sign = if number.im.is_nan() { "+" } else { sign };
            if number.re == 0.0 && number.re.is_sign_positive() {
                return format!("{}j", part(number.im));
            }
            format!("({}{sign}{}j)", part(number.re), part(number.im))
        }
    }
}

/// The shortest digits that give the number back, with an exponent where Python writes one.
fn float(value: f64, dtype: DType) -> String {
    if !value.is_finite() {
        let text = if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        };
        return text.to_owned();
    }
    let scientific = (0..17).map(|digits| format!("{value:.digits$e}"));
    let scientific = scientific.into_iter().find(|text| reads_back(text, value, dtype));
    let scientific = scientific.unwrap_or_else(|| format!("{value:e}"));
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        // The same digits, without an exponent.
        let text = scientific.parse::<f64>().unwrap_or(value).to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Whether the text is the number as the type has it.
pub(super) fn reads_back(text: &str, value: f64, dtype: DType) -> bool {
    text.parse().is_ok_and(|read: f64| match dtype {
        DType::Float64 => read == value,
        // Reading the text as a double and rounding that might round twice.
        DType::Float32 => text.parse() == Ok(value as f32),
        _ => Value::float(read, dtype).to_f64() == value,
    })
}

fn formatted(value: Value, format: Format) -> String {
    let precision = usize::from(format.precision.unwrap_or(6));
    let number = value.to_f64();
    let digits = match format.notation {
        Notation::Integer => value.to_i64().unsigned_abs().to_string(),
        _ if !number.is_finite() => (if number.is_nan() { "nan" } else { "inf" }).to_owned(),
        Notation::Fixed => format!("{:.precision$}", number.abs()),
        Notation::Exponent => exponent(number.abs(), precision),
        Notation::General => general(number.abs(), precision.max(1)),
    };
    let negative = match format.notation {
        Notation::Integer => value.to_i64() < 0,
        _ => number.is_sign_negative() && !number.is_nan(),
    };
    let sign = if negative {
        "-"
    } else if format.plus {
        "+"
    } else {
        ""
    };
    let width = usize::from(format.width);
    let zeros = format.zero && (number.is_finite() || format.notation == Notation::Integer);
    if zeros {
        let inner = width.saturating_sub(sign.len());
        return format!("{sign}{digits:0>inner$}");
    }
    let text = format!("{sign}{digits}");
    if format.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// So many significant digits, without zeros at the end.
fn general(value: f64, digits: usize) -> String {
    let text = format!("{value:.*e}", digits - 1);
    let power: i32 = text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if power < -4 || power >= digits as i32 {
        let text = exponent(value, digits - 1);
        return match text.split_once('e') {
            Some((mantissa, power)) => format!("{}e{power}", trimmed(mantissa)),
            None => text,
        };
    }
    trimmed(&format!("{value:.*}", (digits as i32 - 1 - power).max(0) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let float = |value: f64| plain(Value::float(value, DType::Float64));
        for (value, text) in [
            (0.1, "0.1"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (123456789012345.0, "123456789012345.0"),
            (1e-5, "1e-05"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (f64::INFINITY, "inf"),
            (-f64::INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (1.0 / 3.0, "0.3333333333333333"),
        ] {
            assert_eq!(float(value), text);
        }
        assert_eq!(plain(Value::float(f64::from(0.1_f32), DType::Float32)), "0.1");
        assert_eq!(plain(Value::float(0.1, DType::Float16)), "0.1");
        assert_eq!(plain(Value::bool(true)), "True");
        let complex = |re, im| plain(Value::complex(Complex64::new(re, im), DType::Complex128));
        assert_eq!(complex(1.0, -2.5), "(1-2.5j)");
        assert_eq!(complex(0.0, 1.0), "1j");
    }

    #[test]
    fn formats_are_those_of_python() {
        let text = |value: f64, format: &str| {
            written(Value::float(value, DType::Float64), Some(format.parse().expect("a format")))
        };
        assert_eq!(text(4.15159, "8.3f"), "   4.152");
        assert_eq!(text(-4.15159, "<8.2f"), "-4.15   ");
        assert_eq!(text(4.15159, "+.2e"), "+4.15e+00");
        assert_eq!(text(-1.5, "08.2f"), "-0001.50");
        assert_eq!(text(100000.0, "g"), "100000");
        assert_eq!(text(1e6, "g"), "1e+06");
        assert_eq!(text(0.00012, ".3g"), "0.00012");
        assert_eq!(written(Value::int(-7, DType::Int64), "5d".parse().ok()), "   -7");
    }
}
