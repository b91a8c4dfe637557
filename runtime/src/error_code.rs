//! The numbers that compiled programs return.
//!
//! Code generation emits these numbers and headers document them; they are part of the C interface and never change
//! their meaning. Zero means success. The message that belongs to an error is at `dacec_error_<name>()`.

use std::fmt;

/// Why a compiled program refused its arguments or gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum ErrorCode {
    /// A pointer to an array is null.
    NullPointer = 1,
    /// An extent or a size symbol is negative.
    NegativeSize = 2,
    /// Memory for a temporary or a result could not be had.
    OutOfMemory = 3,
    /// The CPU lacks instruction sets that the library was compiled for.
    UnsupportedCpu = 4,
    /// Symbols have values for which the program has no meaning.
    BadSymbol = 5,
    /// A check that could only be made at run time failed, such as a mismatch of shapes.
    CheckFailed = 6,
}

impl ErrorCode {
    /// Every code, in ascending order.
    pub const ALL: [ErrorCode; 6] = [
        ErrorCode::NullPointer,
        ErrorCode::NegativeSize,
        ErrorCode::OutOfMemory,
        ErrorCode::UnsupportedCpu,
        ErrorCode::BadSymbol,
        ErrorCode::CheckFailed,
    ];

    /// The number that the program returns.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The code of a number that a program returned; `None` for success and for numbers that no program returns.
    pub fn from_number(number: i32) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The name of the code in C headers.
    pub fn c_name(self) -> &'static str {
        match self {
            ErrorCode::NullPointer => "DACEC_ERROR_NULL_POINTER",
            ErrorCode::NegativeSize => "DACEC_ERROR_NEGATIVE_SIZE",
            ErrorCode::OutOfMemory => "DACEC_ERROR_OUT_OF_MEMORY",
            ErrorCode::UnsupportedCpu => "DACEC_ERROR_UNSUPPORTED_CPU",
            ErrorCode::BadSymbol => "DACEC_ERROR_BAD_SYMBOL",
            ErrorCode::CheckFailed => "DACEC_ERROR_CHECK_FAILED",
        }
    }

    /// One sentence for documentation.
    pub fn summary(self) -> &'static str {
        match self {
            ErrorCode::NullPointer => "a pointer to an array is null",
            ErrorCode::NegativeSize => "an extent or a size symbol is negative",
            ErrorCode::OutOfMemory => "memory for a temporary or a result could not be allocated",
            ErrorCode::UnsupportedCpu => "the CPU lacks instruction sets that the library was compiled for",
            ErrorCode::BadSymbol => "symbols have values for which the program has no meaning",
            ErrorCode::CheckFailed => "a check at run time failed",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_headers() {
        let published = [
            (1, "DACEC_ERROR_NULL_POINTER"),
            (2, "DACEC_ERROR_NEGATIVE_SIZE"),
            (3, "DACEC_ERROR_OUT_OF_MEMORY"),
            (4, "DACEC_ERROR_UNSUPPORTED_CPU"),
            (5, "DACEC_ERROR_BAD_SYMBOL"),
            (6, "DACEC_ERROR_CHECK_FAILED"),
        ];
        assert_eq!(ErrorCode::ALL.map(|code| (code.number(), code.c_name())), published);
        assert_eq!(ErrorCode::from_number(0), None);
        assert_eq!(ErrorCode::from_number(4), Some(ErrorCode::UnsupportedCpu));
    }
}
