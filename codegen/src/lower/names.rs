//! Names of the emitted code.
//!
//! Names of the source are kept wherever possible. A name is changed where it is a keyword of the target, or where it
//! already means something else at the same place: two nested loops over `i`, an inlined function with a container of
//! the same name. Loops next to each other may both use `i`.

use dacec_ir::Name;
use std::collections::BTreeSet;

/// Words that no name of the emitted code may be: keywords of C and C++, and what the printers use themselves.
const RESERVED: &str = "\
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const \
    constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit \
    export extern false float for friend goto if inline int long mutable namespace new noexcept not \
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict return \
    short signed sizeof static static_assert static_cast struct switch template this thread_local throw \
    true try typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor \
    xor_eq int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t complex64_t complex128_t \
    float16_t free aligned_alloc madvise main omp_get_max_threads omp_in_parallel linux unix __func__ \
    __restrict__ __restrict EXPORT calloc abi_run abi_check abi_fail abi_allocate abi_error abi_state \
    abi_status abi_arguments abi_now abi_start abi_result abi_surrounded cpu_is_supported char16_t \
    char32_t _Complex _LP64 _OPENMP printf snprintf strtod strtof fflush realloc clock_gettime alone \
    __asm __thread __int128 __typeof";

/// Whether compilers may have a word or a macro of that name, such as `__real__` and `__LINE__`.
fn is_of_compilers(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// Whether a function that others define can have that name in emitted code.
pub(super) fn is_linkable(name: &str) -> bool {
    let own = name.starts_with("dacec_") || RESERVED.split_whitespace().any(|word| word == name);
    Name::from(name).is_identifier() && !own
}

/// Hands out names, each unique where it is visible.
#[derive(Debug)]
pub(super) struct Names {
    /// Names of the whole function; never given twice.
    function: BTreeSet<Name>,
    /// Names of the open blocks, innermost last.
    blocks: Vec<BTreeSet<Name>>,
}

impl Names {
    pub(super) fn new() -> Names {
        let function = RESERVED.split_whitespace().map(Name::from).collect();
        Names { function, blocks: vec![BTreeSet::new()] }
    }

    /// Opens a block: names given from now on are forgotten when it is closed.
    pub(super) fn open(&mut self) {
        self.blocks.push(BTreeSet::new());
    }

    /// Closes the innermost block.
    pub(super) fn close(&mut self) {
        self.blocks.pop();
    }

    /// A name for the innermost block.
    pub(super) fn local(&mut self, prefix: &str) -> Name {
        let name = self.free(prefix);
        self.blocks.last_mut().expect("a block is open").insert(name.clone());
        name
    }

    /// A name for the whole function.
    pub(super) fn global(&mut self, prefix: &str) -> Name {
        let name = self.free(prefix);
        self.function.insert(name.clone());
        name
    }

    fn free(&mut self, prefix: &str) -> Name {
        // Members of structures have dots in their names.
        let prefix = &prefix.replace('.', "_");
        let plain = Name::from(prefix.as_str());
        // The printers' own helpers begin so.
        let own = prefix.starts_with("dacec_") || is_of_compilers(prefix);
        if !own && self.is_free(&plain) {
            return plain;
        }
        let stem = prefix.trim_start_matches("dacec_");
        let numbered = (1u64..).map(|count| Name::from(format!("{stem}_{count}")));
        numbered.into_iter().find(|name| self.is_free(name)).expect("there are more numbers than names")
    }

    fn is_free(&self, name: &Name) -> bool {
        !self.function.contains(name) && !self.blocks.iter().any(|block| block.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_names_and_nests_do_not() {
        let mut names = Names::new();
        names.open();
        assert_eq!(names.local("i"), "i");
        names.open();
        assert_eq!(names.local("i"), "i_1");
        names.close();
        names.close();
        names.open();
        assert_eq!(names.local("i"), "i");
    }

    #[test]
    fn keywords_are_no_names() {
        let mut names = Names::new();
        assert_eq!(names.local("new"), "new_1");
        assert_eq!(names.local("dacec_max"), "max_1");
        assert_eq!(names.local("__real__"), "__real___1");
    }
}
