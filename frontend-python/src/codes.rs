//! Every code of a diagnostic, with the paragraph that `dacec explain` prints.

/// A kind of diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is wrong, and what to do.
    pub explanation: &'static str,
}

/// The kind of that code, if there is one.
pub fn explain(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

macro_rules! codes {
    ($($name:ident $code:literal $title:literal $explanation:literal)*) => {
        $(pub(crate) const $name: &str = $code;)*

        /// Every kind of diagnostic, by code.
        pub const CODES: &[Code] = &[$(Code { code: $code, title: $title, explanation: $explanation }),*];
    };
}

codes! {
    SYNTAX "E0001" "invalid syntax"
        "The file is not valid Python. dacec reads the syntax of current Python versions; if Python itself accepts the \
         file, please report it."
    UNSUPPORTED_STATEMENT "E0002" "unsupported statement"
        "The statement has no meaning in a compiled function: for example `try`, `with`, `yield`, `import` or `del`. Move it \
         into the code that calls the function."
    UNSUPPORTED_EXPRESSION "E0003" "unsupported expression"
        "The expression has no meaning in a compiled function. Values are numbers, arrays, and tuples of them; lists, \
         dictionaries and strings exist only where they are known at compile time."
    TOO_DEEP "E0004" "expression nested too deeply"
        "The expression has more nested operations than the compiler follows. Give parts of it names."
    NO_PROGRAM "E0010" "no such program"
        "The file has no annotated function of the requested name. Annotated functions are those decorated by \
         `@dace.program`."
    UNDEFINED "E0101" "undefined name"
        "Nothing of this name is visible here: no parameter, no variable that was assigned before, no name of the module \
         and no builtin. Note that a name that is assigned anywhere in a function is local to all of it."
    UNASSIGNED "E0102" "variable used before it is assigned"
        "The name is a local variable, because it is assigned somewhere in the function, but no assignment comes before \
         this use. Assign it first, also if a loop would assign it before."
    NO_ATTRIBUTE "E0103" "unknown attribute"
        "The module, array or number has no attribute of this name that can be compiled."
    ANNOTATION "E0104" "missing or invalid annotation"
        "Every parameter needs a type: an array such as `dace.float64[N, M]` or a scalar such as `dace.int32`. Extents are \
         integers, symbols, or arithmetic on them."
    MODULE_VALUE "E0105" "module-level value that cannot be used"
        "The name is assigned at module level, but its value is not one that the compiler can know: it must be a number, a \
         symbol, a type, a tuple of these, or an annotated function."
    SHAPE "E0201" "shapes do not fit"
        "The extents of two arrays differ and neither is 1, so they cannot be combined element by element. Shapes are \
         aligned at their last axis, as in NumPy. Extents that cannot be compared at compile time are trusted."
    TYPE "E0202" "operation not defined for these types"
        "NumPy does not define the operation for operands of these types, or a result does not fit the type of the array \
         that should hold it."
    INDEX "E0203" "invalid index"
        "The array is indexed with too many indices, or with something that is no integer, slice, ellipsis or `None`, or \
         outside of its extent."
    NOT_SYMBOLIC "E0204" "not an integer expression"
        "Extents, slices and loop bounds must be integers that are known before the statement runs."
    CONSTANT "E0205" "must be known at compile time"
        "The argument decides which code is generated, so it must be a constant."
    REBIND "E0206" "cannot rebind"
        "A name refers to one array in one branch or iteration and to another one elsewhere, so that what it refers to is not \
         known at compile time. Copy the array (`x = y.copy()`), or write into it (`x[:] = y`)."
    NO_VALUE "E0207" "has no value"
        "The expression is used as a value, but has none, or not one of the kind that is needed here."
    UNSUPPORTED_CALL "E0301" "call of something that cannot be compiled"
        "The function is neither annotated nor one of the supported functions of Python, NumPy and math. Annotate it with \
         `@dace.program` if it is yours."
    ARGUMENTS "E0302" "wrong arguments"
        "The call does not fit the function's parameters: an argument is missing, unknown, or given twice."
    UNSUPPORTED_ARGUMENT "E0303" "unsupported argument"
        "The function is supported, but not with this argument: the message says which values it may have. Often another \
         function does the same, or a loop."
    RECURSION "E0304" "recursive call"
        "Annotated functions are expanded where they are called, so a function cannot call itself, directly or through \
         others. Write a loop."
    UNBOUND_SYMBOL "E0305" "symbol without a value"
        "The function that is called has a symbol that the shapes of its arguments do not determine. Pass it by keyword."
    ARGUMENT_TYPE "E0306" "argument of another type"
        "The argument does not have the type that the parameter is declared with."
    FOREIGN_CODE "E0307" "code in another language"
        "A tasklet whose body is a text in C++ does whatever that text says, with your rights. It is compiled only if you trust \
         the file: `--trust-code` on the command line."
    MAP "E0401" "invalid parallel loop"
        "`dace.map` takes ranges with an end, one for each loop variable, and steps that are positive. Its iterations are \
         independent: they cannot be left early, and cannot give a value to a variable outside except by accumulating."
    ITERATION "E0402" "cannot iterate"
        "Loops run over `range(...)`, `dace.map[...]`, and sequences that are known at compile time."
    RETURN "E0403" "inconsistent or misplaced return"
        "All `return` statements of a function give the same number of values of the same shapes."
    CONDITION "E0404" "condition is not a single truth value"
        "A condition must be one value. For arrays use `np.any` or `np.all`."
    COPY "W0001" "implicit copy"
        "Only a warning, which `--warn` asks for: elements are copied although the program does not say so. The operation \
         reads and writes parts of one array that may overlap, so that its result is held elsewhere first, or it needs its \
         operand in the order of memory. Use another array for the result, or keep the operand in the order in which it is \
         needed."
    DYNAMIC_SIZE "W0002" "extent known only at run time"
        "Only a warning, which `--warn` asks for: an extent depends on numbers that the program computes, so memory is \
         allocated each time when the statement runs, and loops over it cannot be planned at compile time. Where there is a \
         largest size, allocate that once and use a part of it."
    INTERPRETER "W0003" "call of the Python interpreter"
        "Only a warning, which `--warn` asks for: the function cannot be compiled, so the interpreter runs it, one call after \
         the other. Annotate it with `@dace.program` if it is yours, or move the call out of the function."
    WIDENED "W0004" "number whose type depends on the path"
        "Only a warning, which `--warn` asks for: a name is given numbers of different types on different paths, or a function \
         returns them. In a compiled program a number has one type, so it is the one that can hold all of them: an integer that \
         may become a float is a float from the start. Give the first value the type of the others, as in `s = 0.0`."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_sorted() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(explain("e0101").map(|code| code.title), Some("undefined name"));
        assert_eq!(explain("E9999"), None);
    }
}
