//! Printing whole arrays, as NumPy does with the options that it has by default.
//!
//! ```text
//! {
//!     const int64_t dacec_extents[] = {N, 3}, dacec_strides[] = {3, 1};
//!     dacec_print_array<double, dacec_floats<double>>(x, 2, dacec_extents, dacec_strides);
//! }
//! ```
//!
//! The interpreter's `array_text` says what is written, and does the same.

use super::types::c_type;
use super::{Printer, Result};
use crate::tree::{Place, Value};
use dacec_ir::dtype::Kind;

impl Printer<'_> {
    /// Prints the array whose first element is at that place.
    pub(super) fn print_array(&mut self, first: &Place, extents: &[Value], strides: &[Value]) -> Result<()> {
        self.helper("dacec_print_array");
        let dtype = first.dtype();
        let element = c_type(dtype);
        let words = match dtype.kind() {
            Kind::Bool => "dacec_truths".to_owned(),
            Kind::Signed | Kind::Unsigned => format!("dacec_integers<{element}>"),
            // Other kinds have no numbers, and are refused before.
            Kind::Float | Kind::Vector | Kind::Handle => format!("dacec_floats<{element}>"),
            Kind::Complex => format!("dacec_complexes<{element}, {}>", c_type(dtype.real())),
        };
        let first = self.address(first)?;
        let mut list = |values: &[Value]| -> Result<String> {
            let texts: Result<Vec<String>> = values.iter().map(|value| self.text(value)).collect();
            Ok(texts?.join(", "))
        };
        let (sizes, steps, rank) = (list(extents)?, list(strides)?, extents.len());
        self.line("{");
        self.indent += 1;
        self.line(&format!("const int64_t dacec_extents[] = {{{sizes}}}, dacec_strides[] = {{{steps}}};"));
        self.line(&format!(
            "dacec_print_array<{element}, {words}>({first}, {rank}, dacec_extents, dacec_strides);"
        ));
        self.indent -= 1;
        self.line("}");
        Ok(())
    }
}

/// The helper `dacec_print_array`, which needs `dacec_print`.
pub(super) const HELPER: &str = "\
// The shortest digits that tell a number from others, 8 after the point at most, without zeros at the end.
template <typename F> struct dacec_digits {
    char text[48], power[8];
    int point, end;
    __attribute__((noinline, cold)) dacec_digits(F value, bool scientific, bool plus) {
        const char *const format = scientific ? (plus ? \"%+.*e\" : \"%.*e\") : (plus ? \"%+.*f\" : \"%.*f\");
        for (int precision = 0; precision <= 8; ++precision) {
            snprintf(text, sizeof text, format, precision, (double)value);
            if (dacec_read(text, value) == value) break;
        }
        end = 0;
        while (text[end] != 0 && text[end] != 'e') ++end;
        snprintf(power, sizeof power, \"%s\", text[end] == 'e' ? text + end + 1 : \"\");
        point = 0;
        while (point < end && text[point] != '.') ++point;
        if (point == end) {
            text[end++] = '.';
        } else {
            while (text[end - 1] == '0') --end;
        }
    }
    int fraction() const { return end - point - 1; }
    int exponent() const { return power[0] == 0 ? 0 : (int)__builtin_strlen(power) - 1; }
};

// How floats of an array are written: seen three times, then written.
template <typename F> struct dacec_floats {
    bool plus = false, scientific = false;
    F largest = (F)0, least = (F)0;
    int left = 0, right = 0, exponent = 0;
    int behind() const { return exponent == 0 ? right : exponent + 2 + right; }
    static int more(int a, int b) { return a > b ? a : b; }
    void see(F value, int pass) {
        if (!__builtin_isfinite((double)value)) {
            const int sign = value == value && (plus || value < 0) ? 1 : 0;
            if (pass == 2) left = more(left, 3 + sign - behind() - 1);
        } else if (pass == 0) {
            const F size = value < 0 ? (F)-value : value;
            if (size > largest) largest = size;
            if (size != 0 && (least == 0 || size < least)) least = size;
        } else if (pass == 1) {
            const dacec_digits<F> digits(value, scientific, plus);
            left = more(left, digits.point);
            right = more(right, digits.fraction());
            exponent = more(exponent, digits.exponent());
        }
    }
    void seen(int pass) {
        const double limit = sizeof(F) == 8 ? 1e8 : sizeof(F) == 4 ? 1e6 : 1e3;
        if (pass != 0 || largest == 0) return;
        scientific = (double)largest >= limit || least < (F)0.0001 || (F)(largest / least) > (F)1000;
    }
    __attribute__((noinline, cold)) int write(char *out, F value) const {
        if (!__builtin_isfinite((double)value)) {
            const char *const text = value != value ? (plus ? \"+nan\" : \"nan\") : value < 0 ? \"-inf\" : plus ? \"+inf\" : \"inf\";
            return snprintf(out, 64, \"%*s\", left + behind() + 1, text);
        }
        const dacec_digits<F> digits(value, scientific, plus);
        int length = 0;
        for (int k = digits.point; k < left; ++k) out[length++] = ' ';
        for (int k = 0; k < digits.end; ++k) out[length++] = digits.text[k];
        for (int k = digits.fraction(); k < right; ++k) out[length++] = scientific ? '0' : ' ';
        if (!scientific) return length;
        out[length++] = 'e';
        out[length++] = digits.power[0];
        for (int k = digits.exponent(); k < exponent; ++k) out[length++] = '0';
        for (int k = 1; k <= digits.exponent(); ++k) out[length++] = digits.power[k];
        return length;
    }
};

template <typename T, typename F> struct dacec_complexes {
    dacec_floats<F> real, imaginary;
    dacec_complexes() { imaginary.plus = true; }
    void see(T value, int pass) {
        real.see((F)__real__ value, pass);
        imaginary.see((F)__imag__ value, pass);
    }
    void seen(int pass) {
        real.seen(pass);
        imaginary.seen(pass);
    }
    int write(char *out, T value) const {
        const int length = real.write(out, (F)__real__ value);
        const int all = length + imaginary.write(out + length, (F)__imag__ value);
        int end = all;
        while (out[end - 1] == ' ') --end;
        out[end] = 'j';
        for (int k = end + 1; k <= all; ++k) out[k] = ' ';
        return all + 1;
    }
};

template <typename T> struct dacec_integers {
    int width = 0;
    static int text(char *out, int width, T value) {
        return (T)-1 < (T)0 ? snprintf(out, 64, \"%*lld\", width, (long long)value)
                            : snprintf(out, 64, \"%*llu\", width, (unsigned long long)value);
    }
    void see(T value, int) {
        char out[64];
        const int length = text(out, 0, value);
        if (length > width) width = length;
    }
    void seen(int) {}
    int write(char *out, T value) const { return text(out, width, value); }
};

struct dacec_truths {
    void see(bool, int) {}
    void seen(int) {}
    int write(char *out, bool value) const { return snprintf(out, 64, value ? \" True\" : \"False\"); }
};

// Writes an array: in lines of 75 characters, and with gaps if it has more than 1000 elements.
template <typename T, typename W> struct dacec_rows {
    int rank;
    const int64_t *extents, *strides;
    bool gaps;
    W words;
    int blanks;
    int64_t items(int axis) const { return gaps && extents[axis] > 6 ? 7 : extents[axis]; }
    // The position of an item, or -1 for a gap.
    int64_t position(int axis, int64_t item) const {
        if (!gaps || extents[axis] <= 6 || item < 3) return item;
        return item == 3 ? -1 : extents[axis] - 7 + item;
    }
    __attribute__((noinline, cold)) void see(int pass, int axis, const T *at) {
        if (axis == rank) return words.see(*at, pass);
        for (int64_t item = 0; item < items(axis); ++item) {
            const int64_t k = position(axis, item);
            if (k >= 0) see(pass, axis + 1, at + k * strides[axis]);
        }
    }
    // Blanks are written when something follows them in the line.
    __attribute__((noinline, cold)) void put(const char *text, int length) {
        for (int k = 0; k < length; ++k) {
            if (text[k] == ' ') {
                ++blanks;
            } else {
                if (text[k] != '\\n' && blanks > 0) printf(\"%*s\", blanks, \"\");
                blanks = 0;
                printf(\"%c\", text[k]);
            }
        }
    }
    __attribute__((noinline, cold)) void write(int axis, const T *at) {
        int line = axis + 1;
        put(\"[\", 1);
        for (int64_t item = 0; item < items(axis); ++item) {
            const int64_t k = position(axis, item);
            if (axis + 1 < rank) {
                for (int left = axis + 1; item > 0 && left < rank; ++left) put(\"\\n\", 1);
                if (item > 0) blanks = axis + 1;
                if (k >= 0) write(axis + 1, at + k * strides[axis]);
                else put(\"...\", 3);
                continue;
            }
            char word[128] = \"...\";
            const int length = k < 0 ? 3 : words.write(word, at[k * strides[axis]]);
            if (item > 0) {
                ++blanks;
                ++line;
            }
            if (line > axis + 1 && line + length > 74 - axis) {
                put(\"\\n\", 1);
                blanks = line = axis + 1;
            }
            put(word, length);
            line += length;
        }
        if (blanks > 0) printf(\"%*s\", blanks, \"\");
        blanks = 0;
        printf(\"]\");
    }
};

template <typename T, typename W>
static inline void dacec_print_array(const T *first, int rank, const int64_t *extents, const int64_t *strides) {
    int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= extents[axis];
    dacec_rows<T, W> rows = {rank, extents, strides, count > 1000, W(), 0};
    if (count <= 0) {
        printf(\"[]\");
        return;
    }
    for (int pass = 0; pass < 3; ++pass) {
        rows.see(pass, 0, first);
        rows.words.seen(pass);
    }
    rows.write(0, first);
}
";
