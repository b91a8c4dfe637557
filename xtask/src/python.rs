//! The Python environment of the tests: a virtual environment below the target folder, with pinned packages.
//!
//! It is made once, and again when the pins change or it stops working. `DACEC_PYTHON` names another interpreter, with
//! NumPy, to use in its place; then nothing is made or installed.

use crate::{Problem, process, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages and their exact versions, relative to the root of the repository.
const REQUIREMENTS: &str = "tests/requirements.txt";

const INSTALL_PYTHON: &str = "install CPython 3.10 or newer with its venv module \
    (Debian, Ubuntu: apt-get install python3 python3-venv; Fedora: dnf install python3; macOS: brew install python), \
    or set DACEC_PYTHON to an interpreter that has NumPy 2";

/// An interpreter with everything the tests need.
pub(crate) fn ready(root: &Path) -> Result<PathBuf, Problem> {
    if let Some(chosen) = std::env::var_os("DACEC_PYTHON") {
        let chosen = PathBuf::from(chosen);
        return if works(&chosen) {
            Ok(chosen)
        } else {
            Err(Problem::new(format!("DACEC_PYTHON is {}, which cannot import NumPy", chosen.display()))
                .help("point it to an interpreter with NumPy 2, or unset it to have one set up below target"))
        };
    }
    let requirements = root.join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements)
        .map_err(|error| Problem::new(format!("{REQUIREMENTS} cannot be read: {error}")))?;
    let folder = target(root).join("python");
    let interpreter = interpreter_in(&folder);
    // Written last, so that an interrupted installation is not taken for a complete one.
    let stamp = folder.join("installed-requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && works(&interpreter) {
        return Ok(interpreter);
    }
    make(&folder, &interpreter, &requirements, &wanted)?;
    std::fs::write(&stamp, &wanted)
        .map_err(|error| Problem::new(format!("{} cannot be written: {error}", stamp.display())))?;
    Ok(interpreter)
}

fn make(folder: &Path, interpreter: &Path, requirements: &Path, wanted: &str) -> Result<(), Problem> {
    let base = find_base()?;
    eprintln!("The tests compare with NumPy. Now a Python environment is made in {},", folder.display());
    eprintln!("and pip installs there, and nowhere else:");
    for pin in wanted.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        eprintln!("    {pin}");
    }
    process::run(Command::new(base).args(["-m", "venv", "--clear"]).arg(folder))
        .map_err(|problem| problem.help(INSTALL_PYTHON))?;
    process::run(
        Command::new(interpreter)
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    )
    .map_err(|problem| {
        problem.help("pip needs the network, once; DACEC_PYTHON can name an interpreter with NumPy")
    })
}

/// The interpreter of the machine that the environment is made from.
fn find_base() -> Result<&'static str, Problem> {
    let recent = |name: &&str| answers(Path::new(name), "import sys; sys.exit(sys.version_info < (3, 10))");
    ["python3", "python"]
        .into_iter()
        .find(|name| recent(name))
        .ok_or_else(|| Problem::new("no CPython 3.10 or newer was found").help(INSTALL_PYTHON))
}

fn interpreter_in(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

fn works(interpreter: &Path) -> bool {
    answers(interpreter, "import numpy, sys; sys.exit(int(numpy.__version__.split('.')[0]) < 2)")
}

fn answers(interpreter: &Path, question: &str) -> bool {
    let output = Command::new(interpreter).args(["-c", question]).output();
    output.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_that_is_missing_does_not_work() {
        assert!(!works(Path::new("/no/such/python")));
    }

    #[test]
    fn every_requirement_is_pinned_exactly() {
        let text = std::fs::read_to_string(crate::root().join(REQUIREMENTS)).unwrap();
        let pins: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(!pins.is_empty());
        assert!(pins.iter().all(|pin| pin.contains("==")), "{pins:?}");
    }
}
