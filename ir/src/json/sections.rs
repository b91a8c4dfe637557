//! Code in C++ around a program: that of the SDFG, and that of its tasklets.

use super::error::{Path, Result};
use super::read::{Reader, text};
use super::tree::Value;
use crate::attributes::Attributes;
use crate::sections::CodeSections;
use serde_json::json;

/// The part of a program that DaCe compiles with the processor's compiler, beside the targets of that.
const TARGETS: [&str; 2] = ["frame", "cpu"];

impl Reader<'_> {
    /// Collects the code around the program that an SDFG or a tasklet has, from a file that is trusted.
    pub(super) fn sections(&self, attributes: &Value, path: &Path<'_>) -> Result<()> {
        let keys = [
            ("global_code", "global"),
            (STATE, "state"),
            ("init_code", "init"),
            ("exit_code", "exit"),
            ("code_global", "global"),
            ("code_init", "init"),
            ("code_exit", "exit"),
        ];
        for (key, section) in keys {
            let Some(value) = attributes.get(key) else { continue };
            for code in blocks(value, &path.key(key))? {
                self.section(section, code, &path.key(key))?;
            }
        }
        for field in attributes.get("state_fields").and_then(Value::as_array).into_iter().flatten() {
            let path = path.key("state_fields");
            self.section("state", text(field, &path)?, &path)?;
        }
        Ok(())
    }

    /// Adds code to a section.
    fn section(&self, section: &str, code: &str, path: &Path<'_>) -> Result<()> {
        if !self.options.trust_code {
            return Err(path.error(
                "this is foreign code, which would run with your rights: it is accepted only from a file that is trusted",
            ));
        }
        if let Some(section) = self.code.borrow_mut().section_mut(section) {
            CodeSections::append(section, code);
        }
        Ok(())
    }
}

/// The texts of one code block, or of one for each target; without empty ones.
fn blocks<'v>(value: &'v Value<'_>, path: &Path<'_>) -> Result<Vec<&'v str>> {
    let mut texts = Vec::new();
    match value.as_object() {
        Some(by_target) if !by_target.contains_key("string_data") => {
            for (target, block) in by_target {
                let text = text_of(block);
                if !text.is_empty() && !TARGETS.contains(&target) {
                    return Err(path
                        .key(target)
                        .error(format!("code for the target `{target}` is not supported")));
                }
                texts.push(text);
            }
        }
        _ => texts.push(text_of(value)),
    }
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

fn text_of<'v>(block: &'v Value<'_>) -> &'v str {
    let text = block.as_str().or_else(|| block.get("string_data").and_then(Value::as_str));
    text.map_or("", str::trim)
}

/// The attribute of an SDFG with the state of its tasklets, which DaCe has at the tasklets.
const STATE: &str = "_meta_state_code";

/// Adds the sections to an SDFG's attributes.
pub(super) fn write(sections: &CodeSections, attributes: &mut Attributes) {
    for (section, text) in sections.all().into_iter().filter(|(_, text)| !text.is_empty()) {
        let block = json!({ "frame": { "string_data": text, "language": "CPP" } });
        let key = if section == "state" { STATE.to_owned() } else { format!("{section}_code") };
        attributes.insert(key, block);
    }
}
