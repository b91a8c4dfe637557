//! What was found on this machine, and what each missing thing costs.
//!
//! Nothing of this is needed to build dacec. A C++ compiler is needed to run programs; everything else adds something.

use crate::{
    cache::Cache,
    cpu,
    libraries::{ENVIRONMENTS, Environment},
    provider::Provider,
    toolchain::{Toolchain, ToolchainError, find_program},
};
use serde::Serialize;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The variable that names a Python interpreter.
pub const PYTHON_VARIABLE: &str = "DACEC_PYTHON";

/// One thing that dacec can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub name: &'static str,
    /// What was found, with version and path; or why not.
    pub found: Result<String, String>,
    /// What does not work without it, and what to do.
    pub without: &'static str,
    /// Whether programs cannot run without it.
    pub required: bool,
}

/// A CPython that has NumPy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The interpreter.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
    /// The version of NumPy.
    pub numpy: String,
}

/// Looks for everything.
pub fn examine() -> Vec<Finding> {
    let cache = Cache::open_default();
    // Where the cache cannot be used, tools can still be looked for.
    let usable = cache.as_ref().ok().cloned().or_else(|| Cache::private().ok());
    let toolchain = usable.as_ref().map(Toolchain::find);
    let found = toolchain.as_ref().and_then(|toolchain| toolchain.as_ref().ok());
    let mut findings = vec![compiler(toolchain.as_ref())];
    findings.push(linker(found));
    findings.push(openmp(found));
    findings.push(Finding {
        name: "linear algebra",
        found: Ok(format!(
            "built in: products {}, factorizations and transforms {}",
            &Provider::Products.hash()[..12],
            &Provider::Dense.hash()[..12]
        )),
        without: "",
        required: false,
    });
    findings.extend(ENVIRONMENTS.iter().map(|it| library(it, found)));
    findings.push(python_finding());
    findings.extend(programs());
    findings.push(cuda_driver());
    findings.push(Finding {
        name: "CPU",
        found: Ok(format!("{}: {}", env::consts::ARCH, cpu::host_features().join(" "))),
        without: "",
        required: false,
    });
    findings.push(Finding {
        name: "build cache",
        found: cache.map(|cache| cache.folder().display().to_string()).map_err(|error| error.to_string()),
        without: "every run compiles anew; set DACEC_CACHE_DIR to a folder that only you can write",
        required: false,
    });
    findings
}

fn compiler(toolchain: Option<&Result<Toolchain, ToolchainError>>) -> Finding {
    let found = match toolchain {
        Some(Ok(found)) => Ok(format!("{} ({})", found.compiler.display(), found.version)),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("no folder for temporary files can be written".to_owned()),
    };
    let without = "programs cannot be compiled: install one, for example with `apt-get install g++`";
    Finding { name: "C++ compiler", found, without, required: true }
}

fn linker(toolchain: Option<&Toolchain>) -> Finding {
    let direct = toolchain.and_then(|toolchain| toolchain.direct.as_ref());
    Finding {
        name: "linker",
        found: direct
            .map(|direct| direct.linker.display().to_string())
            .ok_or_else(|| "runs through the compiler".to_owned()),
        without: "every first build takes some 15 ms longer",
        required: false,
    }
}

fn openmp(toolchain: Option<&Toolchain>) -> Finding {
    let library = toolchain.and_then(|toolchain| toolchain.openmp.as_ref());
    Finding {
        name: "OpenMP",
        found: library.map(|path| path.display().to_string()).ok_or_else(|| "not found".to_owned()),
        without: "programs run on one core; with Clang, install libomp-dev",
        required: false,
    }
}

fn library(environment: &Environment, toolchain: Option<&Toolchain>) -> Finding {
    let found = match toolchain {
        Some(toolchain) => environment.examine(toolchain),
        None => Err("there is no compiler that knows where libraries are".to_owned()),
    };
    let found = found.map(|library| format!("{} ({})", library.path.display(), environment.provides));
    Finding { name: environment.name, found, without: environment.without, required: false }
}

fn python_finding() -> Finding {
    let describe = |python: Python| {
        format!("{} (Python {}, NumPy {})", python.path.display(), python.version, python.numpy)
    };
    Finding {
        name: "Python with NumPy",
        found: python().map(describe),
        without: "`--verify` cannot compare with NumPy; install it, or set DACEC_PYTHON to an interpreter that has it",
        required: false,
    }
}

/// The interpreter of `DACEC_PYTHON`, or `python3` of the search path, if it has NumPy; or the reason why there is none.
pub fn python() -> Result<Python, String> {
    let name = env::var(PYTHON_VARIABLE)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| "python3".to_owned());
    let path = find_program(&name, &env::var("PATH").unwrap_or_default());
    let path = path.ok_or_else(|| format!("there is no program `{name}`"))?;
    let script = "import platform, numpy; print(platform.python_version(), numpy.__version__)";
    let output = Command::new(&path).args(["-c", script]).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [version, numpy] if output.status.success() => {
            Ok(Python { path, version: version.to_owned(), numpy: numpy.to_owned() })
        }
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let last = complaint.lines().last().unwrap_or("it does not answer").to_owned();
            Err(format!("{}: {last}", path.display()))
        }
    }
}

/// Programs that are used as they are.
fn programs() -> Vec<Finding> {
    let look = |names: &[&str]| -> Result<String, String> {
        let path = env::var("PATH").unwrap_or_default();
        let found = names.iter().find_map(|name| find_program(name, &path));
        found
            .map(|path| path.display().to_string())
            .ok_or_else(|| format!("no {} on PATH", names.join(" or ")))
    };
    vec![
        Finding {
            name: "Graphviz",
            found: look(&["dot"]),
            without: "`dacec emit --as svg` does not work; `--as dot` does",
            required: false,
        },
        Finding {
            name: "MPI",
            found: look(&["mpirun", "mpiexec"]),
            without: "programs run on one machine",
            required: false,
        },
    ]
}

/// The CUDA driver comes with the graphics card, not with the toolkit.
fn cuda_driver() -> Finding {
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/lib/wsl/lib",
        "/usr/lib/aarch64-linux-gnu",
    ];
    let path = folders.iter().map(|folder| Path::new(folder).join("libcuda.so.1")).find(|path| path.exists());
    Finding {
        name: "CUDA driver",
        found: path.map(|path| path.display().to_string()).ok_or_else(|| "no libcuda.so.1".to_owned()),
        without: "programs do not run on a graphics card",
        required: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named_once_and_says_what_it_is_for() {
        let findings = examine();
        for finding in &findings {
            assert_eq!(
                findings.iter().filter(|other| other.name == finding.name).count(),
                1,
                "{}",
                finding.name
            );
            assert!(finding.found.is_ok() || !finding.without.is_empty(), "{}", finding.name);
        }
        let required: Vec<_> = findings.iter().filter(|finding| finding.required).collect();
        assert_eq!(required.len(), 1);
        assert!(required[0].found.is_ok(), "tests of the runtime need a C++ compiler");
    }
}
