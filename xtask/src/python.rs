//! Python environments of the tests: virtual environments below the target folder, with pinned packages.
//!
//! Each is made once, and again when its pins change or it stops working. A variable can name another interpreter to use
//! in its place; then nothing is made or installed.

use crate::{Problem, process, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What an environment is for, and what is in it.
pub(crate) struct Environment {
    /// Its folder below the target folder.
    folder: &'static str,
    /// The packages and their exact versions, relative to the root of the repository.
    requirements: &'static str,
    /// The variable that names another interpreter.
    variable: &'static str,
    /// Succeeds in an interpreter that has what is needed.
    probe: &'static str,
    /// Why it is made, for the person who waits for it.
    reason: &'static str,
    /// Interpreters of the machine that it can be made from, best first.
    bases: &'static [&'static str],
    /// Succeeds in an interpreter that it can be made from.
    base_probe: &'static str,
    /// What to install where there is no such interpreter.
    help: &'static str,
}

/// NumPy and SciPy, whose results are the ones to agree with.
pub(crate) const NUMPY: Environment = Environment {
    folder: "python",
    requirements: "tests/requirements.txt",
    variable: "DACEC_PYTHON",
    probe: "import numpy, scipy, sys; sys.exit(int(numpy.__version__.split('.')[0]) < 2)",
    reason: "The tests compare with NumPy and SciPy.",
    bases: &["python3", "python"],
    base_probe: "import sys; sys.exit(sys.version_info < (3, 10))",
    help: "install CPython 3.10 or newer with its venv module \
        (Debian, Ubuntu: apt-get install python3 python3-venv; Fedora: dnf install python3; macOS: brew install python), \
        or set DACEC_PYTHON to an interpreter that has NumPy 2 and SciPy",
};

/// DaCe, which has to read what dacec writes and the other way round.
pub(crate) const DACE: Environment = Environment {
    folder: "dace-python",
    requirements: "tests/interchange/requirements.txt",
    variable: "DACEC_DACE_PYTHON",
    probe: "import dace, sys; sys.exit(dace.__version__ != '1.0.2')",
    reason: "The tests exchange files with DaCe.",
    bases: &["python3.12", "python3.11", "python3.10", "python3", "python"],
    base_probe: "import sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 13))",
    help: "DaCe 1.0.2 runs on CPython 3.10 to 3.12; install one of them with its venv module, \
        or set DACEC_DACE_PYTHON to an interpreter that has DaCe 1.0.2",
};

impl Environment {
    /// An interpreter with everything that is needed.
    pub(crate) fn ready(&self, root: &Path) -> Result<PathBuf, Problem> {
        if let Some(chosen) = std::env::var_os(self.variable) {
            let chosen = PathBuf::from(chosen);
            return if answers(&chosen, self.probe) {
                Ok(chosen)
            } else {
                Err(Problem::new(format!(
                    "{} is {}, which has not what it needs",
                    self.variable,
                    chosen.display()
                ))
                .help(format!("unset it to have an environment set up below target; {}", self.help)))
            };
        }
        let requirements = root.join(self.requirements);
        let wanted = std::fs::read_to_string(&requirements)
            .map_err(|error| Problem::new(format!("{} cannot be read: {error}", self.requirements)))?;
        let folder = target(root).join(self.folder);
        let interpreter = interpreter_in(&folder);
        // Written last, so that an interrupted installation is not taken for a complete one.
        let stamp = folder.join("installed-requirements.txt");
        let complete = std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
        if complete && answers(&interpreter, self.probe) {
            return Ok(interpreter);
        }
        self.make(&folder, &interpreter, &requirements, &wanted)?;
        std::fs::write(&stamp, &wanted)
            .map_err(|error| Problem::new(format!("{} cannot be written: {error}", stamp.display())))?;
        Ok(interpreter)
    }

    /// Whether the environment can be had on this machine: it is there, or an interpreter to make it from.
    pub(crate) fn possible(&self) -> bool {
        std::env::var_os(self.variable).is_some() || self.base().is_some()
    }

    /// The interpreter of the machine that environments of this kind are made from.
    pub(crate) fn machine_interpreter(&self) -> Result<&'static str, Problem> {
        self.base().ok_or_else(|| Problem::new("no suitable CPython was found").help(self.help))
    }

    /// The file with the packages and their exact versions, relative to the root of the repository.
    pub(crate) fn requirements(&self) -> &'static str {
        self.requirements
    }

    /// What to do where the environment cannot be had.
    pub(crate) fn help(&self) -> &'static str {
        self.help
    }

    fn make(
        &self,
        folder: &Path,
        interpreter: &Path,
        requirements: &Path,
        wanted: &str,
    ) -> Result<(), Problem> {
        let base = self.machine_interpreter()?;
        eprintln!("{} Now a Python environment is made in {},", self.reason, folder.display());
        eprintln!("and pip installs there, and nowhere else:");
        for pin in wanted.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            eprintln!("    {pin}");
        }
        process::run(Command::new(base).args(["-m", "venv", "--clear"]).arg(folder))
            .map_err(|problem| problem.help(self.help))?;
        process::run(
            Command::new(interpreter)
                .args(["-m", "pip", "install", "--disable-pip-version-check", "--requirement"])
                .arg(requirements),
        )
        .map_err(|problem| {
            problem.help(format!("pip needs the network, once; {} can name an interpreter", self.variable))
        })
    }

    /// The interpreter of the machine that the environment is made from.
    fn base(&self) -> Option<&'static str> {
        self.bases.iter().find(|name| answers(Path::new(name), self.base_probe)).copied()
    }
}

pub(crate) fn interpreter_in(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
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
        assert!(!answers(Path::new("/no/such/python"), NUMPY.probe));
    }

    #[test]
    fn every_requirement_is_pinned_exactly() {
        for environment in [NUMPY, DACE] {
            let text = std::fs::read_to_string(crate::root().join(environment.requirements)).unwrap();
            let pins: Vec<_> =
                text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
            assert!(!pins.is_empty());
            assert!(pins.iter().all(|pin| pin.contains("==")), "{pins:?}");
        }
    }
}
