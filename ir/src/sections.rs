//! Code in C++ around a program: what stands before its functions, and what runs when it is initialized and finalized.
//!
//! Tasklets in C++ may need includes, helpers, and handles of libraries that are opened once. Nobody looks into the
//! texts; they come from sources that the user trusts.

/// The code of one SDFG. Those nested in it may have their own; the program has all of them, outer ones first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSections {
    /// At the beginning of the emitted file: declarations.
    pub global: String,
    /// Members of the structure that `__state` points to: what tasklets keep between calls.
    pub state: String,
    /// Statements that run when the program is initialized, after its persistent memory was allocated.
    pub init: String,
    /// Statements that run when the program is finalized, before its persistent memory is freed.
    pub exit: String,
}

impl CodeSections {
    /// The sections with their names in the text form.
    pub fn all(&self) -> [(&'static str, &str); 4] {
        [("global", &self.global), ("state", &self.state), ("init", &self.init), ("exit", &self.exit)]
    }

    /// The section of that name.
    pub fn section_mut(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "global" => Some(&mut self.global),
            "state" => Some(&mut self.state),
            "init" => Some(&mut self.init),
            "exit" => Some(&mut self.exit),
            _ => None,
        }
    }

    /// Whether there is no code.
    pub fn is_empty(&self) -> bool {
        self.all().iter().all(|(_, text)| text.is_empty())
    }

    /// Adds code at the end of a section, unless it is there already: tasklets repeat what they share.
    pub fn append(section: &mut String, code: &str) {
        let code = code.trim_end();
        if code.trim().is_empty() || section.contains(code) {
            return;
        }
        if !section.is_empty() {
            section.push('\n');
        }
        section.push_str(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_added_once() {
        let mut sections = CodeSections::default();
        assert!(sections.is_empty());
        for code in ["int a;\n", "int b;", "int a;", "  "] {
            CodeSections::append(&mut sections.global, code);
        }
        assert_eq!(sections.global, "int a;\nint b;");
        assert!(sections.section_mut("main").is_none() && !sections.is_empty());
    }
}
