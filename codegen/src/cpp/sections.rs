//! Code of the program's author: declarations before the kernel, and functions that run when the program is initialized
//! and finalized.
//!
//! The texts see what they see in DaCe: the program's symbols, `__result`, which tells with another number than 0 that
//! the initialization failed, and `__state`, the structure with what tasklets keep between calls.

use crate::tree::{Parameter, ParameterKind, Program};

/// What the kernel unit begins with.
pub(super) fn globals(program: &Program) -> String {
    let mut text = match program.sections.global.as_str() {
        "" => String::new(),
        code => format!("// Code of the program's author.\n{code}\n\n"),
    };
    if !program.sections.state.is_empty() {
        let (name, members) = (&program.name, &program.sections.state);
        text.push_str(&format!(
            "// What tasklets keep between calls.\nstruct {name}_state_t {{\n{members}\n}};\nstatic {name}_state_t \
             {name}_state = {{}}, *const __state __attribute__((unused)) = &{name}_state;\n\n"
        ));
    }
    text
}

/// The functions that the exported ones call.
pub(super) fn functions(program: &Program) -> String {
    let sections = [("init", &program.sections.init), ("exit", &program.sections.exit)];
    let mut text = String::new();
    for (section, code) in sections.into_iter().filter(|(_, code)| !code.is_empty()) {
        let head = declaration(program, section);
        text.push_str(&format!(
            "\nextern \"C\" {head} {{\n    int __result = 0;\n    {{\n{code}\n    }}\n    return __result;\n}}\n"
        ));
    }
    text
}

/// The head of the function of a section.
pub(crate) fn declaration(program: &Program, section: &str) -> String {
    let symbols = symbols(program, section);
    let symbols: Vec<String> =
        symbols.map(|it| format!("__attribute__((unused)) int64_t {}", it.source)).collect();
    format!("int32_t dacec_{section}_{}({})", program.name, symbols.join(", "))
}

/// What the section gets: those of DaCe get symbols at the beginning, and nothing at the end.
fn symbols<'p>(program: &'p Program, section: &str) -> impl Iterator<Item = &'p Parameter> {
    let all = if section == "init" { &program.parameters[..] } else { &[] };
    all.iter().filter(|it| it.kind == ParameterKind::Symbol)
}

/// A call of the function, with the names of the parameters; `None` if the section is empty.
pub(crate) fn call(program: &Program, section: &str) -> Option<String> {
    let code = match section {
        "init" => &program.sections.init,
        _ => &program.sections.exit,
    };
    let symbols: Vec<&str> = symbols(program, section).map(|it| it.name.as_str()).collect();
    (!code.is_empty()).then(|| format!("dacec_{section}_{}({})", program.name, symbols.join(", ")))
}
