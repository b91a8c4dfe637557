//! The catalogue of transformations: a page made of the passes' names, parameters and the headers of their files.

use crate::registry::{Entry, OTHER_NAMES, entries};

const HEAD: &str = "\
# Transformations

Every pass by its name, as `dacec opt --apply NAME` takes it. Those that rewrite wherever they can also take `skip` and
`count`: `--apply map-fusion:skip=2:count=1` fuses at the third place only. `dacec opt FILE --matches NAME` lists the places.

This page is made of the headers of the source files; `UPDATE_EXPECT=1 cargo test -p dacec-transforms catalogue` makes it
again.
";

/// The page; `header` gives the text of the file at a path below this crate's `src`.
pub fn page(header: &dyn Fn(&str) -> String) -> String {
    let mut page = HEAD.to_owned();
    for entry in entries() {
        page.push_str(&section(&entry, &header(entry.source)));
    }
    page + &other_names()
}

/// The names of other compilers, as a table.
fn other_names() -> String {
    let mut text =
        "\n## Other names\n\nWhat other compilers call by another name is found by it too.\n\n".to_owned();
    text.push_str("| name | pass |\n| --- | --- |\n");
    for (other, pass) in OTHER_NAMES {
        text.push_str(&format!("| `{other}` | `{pass}` |\n"));
    }
    text
}

fn section(entry: &Entry, source: &str) -> String {
    let pass = (entry.make)(&Default::default());
    let summary = pass.map(|pass| pass.summary()).unwrap_or_default();
    let mut text = format!("\n## `{}`\n\n{summary}.\n", entry.name);
    if !entry.parameters.is_empty() {
        let names: Vec<String> = entry.parameters.iter().map(|name| format!("`{name}`")).collect();
        text.push_str(&format!("\nParameters: {}.\n", names.join(", ")));
    }
    // A file with several passes says nothing about one of them.
    if entry.source.ends_with("auto.rs") {
        return text;
    }
    text.push('\n');
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = without_links(line.strip_prefix(' ').unwrap_or(line));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text with links to items replaced by the items' names.
fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("[`") {
        text.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let Some(end) = after.find("`]") else {
            text.push_str(&rest[start..]);
            return text;
        };
        text.push_str(&after[..=end]);
        rest = &after[end + 2..];
        if rest.starts_with('(')
            && let Some(close) = rest.find(')')
        {
            rest = &rest[close + 1..];
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_catalogue_is_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: &str| std::fs::read_to_string(folder.join("src").join(path)).expect(path);
        let (page, file) = (page(&read), folder.join("../docs/transformations.md"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, &page).expect("the page can be written");
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == page, "docs/transformations.md is old: run with UPDATE_EXPECT=1");
    }

    #[test]
    fn links_become_names() {
        assert_eq!(without_links("see [`a::B`] and [`c`](d), [0]"), "see `a::B` and `c`, [0]");
    }
}
