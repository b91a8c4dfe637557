//! Passes on graphs in small files: what goes in, which pass runs, what has to come out.
//!
//! ```text
//! # why the pass does this, or must not
//! pass: map-fusion
//! sizes: N = 7
//!
//! sdfg before(…) { … }
//! ---
//! sdfg before(…) { … }            or: unchanged, and the reasons
//! ```
//!
//! A file of `tests/passes` is one case. `pass:` may stand several times; each names a pass as `dacec opt --apply` does.
//! The result has to be valid, and to compute what the input computes on random arguments. After a change that is meant,
//! `UPDATE_EXPECT=1 cargo test -p dacec-transforms --test passes` writes what comes out now; then read the difference.

use dacec_ir::interp::testing::assert_same;
use dacec_ir::{Sdfg, text, validate};
use dacec_transforms::{Context, Options, registry, run_pass};
use std::collections::BTreeSet;
use std::path::Path;

/// The line between what goes in and what comes out.
const SEPARATOR: &str = "---\n";

struct Case {
    /// Everything before the separator, as it stands in the file.
    head: String,
    passes: Vec<String>,
    sizes: Vec<(String, i64)>,
    input: Sdfg,
    expected: String,
}

impl Case {
    fn read(text: &str) -> Result<Case, String> {
        let (head, expected) = text.split_once(SEPARATOR).unwrap_or((text, ""));
        let mut case = Case {
            head: head.to_owned(),
            passes: Vec::new(),
            sizes: Vec::new(),
            input: Sdfg::default(),
            expected: expected.to_owned(),
        };
        let start = head.find("sdfg ").ok_or("the file has no graph")?;
        for line in head[..start].lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once(':') {
                Some(("pass", name)) => case.passes.push(name.trim().to_owned()),
                Some(("sizes", sizes)) => {
                    for size in sizes.split(',') {
                        let (name, value) = size.split_once('=').ok_or("a size is `name = value`")?;
                        let value = value.trim().parse().map_err(|_| format!("`{value}` is no size"))?;
                        case.sizes.push((name.trim().to_owned(), value));
                    }
                }
                _ => return Err(format!("`{line}` is neither `pass: …` nor `sizes: …`")),
            }
        }
        case.input = text::parse(&head[start..]).map_err(|error| error.to_string())?;
        Ok(case)
    }

    /// What comes out: the graph, or that it is the same, and why.
    fn run(&self) -> Result<String, String> {
        let complaints = |all: Vec<validate::Violation>| all[0].to_string();
        validate::validate(&self.input).map_err(complaints)?;
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        let mut output = self.input.clone();
        let mut changed = false;
        for name in &self.passes {
            let pass = registry::request(name).map_err(|error| error.to_string())?;
            let done = run_pass(&*pass, &mut output, &mut context).map_err(|error| error.to_string())?;
            changed |= done.any();
        }
        if !changed {
            // Of the places where a pattern is not there at all, nobody wants to hear.
            let told = context.refusals().iter().map(|it| it.reason.to_string());
            let reasons: BTreeSet<String> = told.filter(|reason| !reason.starts_with("not ")).collect();
            return Ok(reasons.iter().fold("unchanged\n".to_owned(), |text, it| format!("{text}{it}\n")));
        }
        validate::validate(&output).map_err(complaints)?;
        let sizes: Vec<(&str, i64)> =
            self.sizes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_same(&self.input, &output, &sizes);
        Ok(output.to_string())
    }
}

#[test]
fn passes_do_what_the_files_say() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it != "0");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is there").flatten().map(|it| it.path()).collect();
    paths.sort();
    assert!(paths.len() >= 8, "only {} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let outcome = Case::read(&text).and_then(|case| Ok((case.run()?, case)));
        match outcome {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok((output, case)) if output == case.expected => {}
            Ok((output, case)) if update => {
                std::fs::write(&path, format!("{}{SEPARATOR}{output}", case.head))
                    .expect("the file can be written");
            }
            Ok((output, case)) => {
                wrong.push(format!("{name}: expected\n{}\nfound\n{output}", case.expected));
            }
        }
    }
    let help = "after a change that is meant: UPDATE_EXPECT=1 cargo test -p dacec-transforms --test passes";
    assert!(wrong.is_empty(), "{}\n\n{help}", wrong.join("\n\n"));
}
