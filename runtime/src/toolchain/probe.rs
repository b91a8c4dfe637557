//! Asks a compiler what it would do.

use super::{DirectLink, Family, FileStamp, Toolchain, ToolchainError, find_program};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The object file that the driver is asked to link; it exists, but nothing reads it.
const PROBE: &str = "probe.o";

/// Learns everything about a compiler from its own answers.
pub(super) fn probe(compiler: &Path) -> Result<Toolchain, ToolchainError> {
    let folder = tempfile::tempdir().map_err(ToolchainError::Temporary)?;
    fs::write(folder.path().join(PROBE), b"").map_err(ToolchainError::Temporary)?;
    let unusable = |reason: String| ToolchainError::Unusable { compiler: compiler.to_owned(), reason };

    // A GCC without its OpenMP files refuses the flag at once.
    let with_openmp = ask(compiler, &["-###", "-shared", "-fopenmp", PROBE, "-o", "probe.so"], folder.path());
    let (answer, openmp_accepted) = match with_openmp {
        Ok(answer) => (answer, true),
        Err(_) => (
            ask(compiler, &["-###", "-shared", PROBE, "-o", "probe.so"], folder.path()).map_err(unusable)?,
            false,
        ),
    };
    let family = family(&answer).ok_or_else(|| unusable("it is neither GCC nor Clang".to_owned()))?;
    let version =
        line_with(&answer, " version ").ok_or_else(|| unusable("it tells no version".to_owned()))?;
    let target = answer.lines().find_map(|line| line.strip_prefix("Target: "));
    let target = target.ok_or_else(|| unusable("it tells no target".to_owned()))?.trim().to_owned();
    let command =
        link_command(&answer).ok_or_else(|| unusable("it does not tell how it links".to_owned()))?;

    let library_folders = library_folders(&command);
    let openmp = openmp_library(&command, &library_folders).filter(|_| openmp_accepted);
    let direct = linker(compiler, family, &command, folder.path())
        .filter(|_| target.starts_with("x86_64") && target.contains("linux"))
        .and_then(|linker| direct_link(linker, &command));
    let mut files = vec![compiler.to_owned()];
    files.extend(direct.iter().map(|direct| direct.linker.clone()));
    files.extend(openmp.clone());
    let files = files.iter().map(|file| FileStamp::of(file)).collect::<Result<Vec<_>, _>>();
    let files = files.map_err(|error| unusable(error.to_string()))?;
    Ok(Toolchain {
        compiler: compiler.to_owned(),
        family,
        version,
        target,
        direct,
        openmp,
        library_folders,
        files,
    })
}

/// Runs the compiler in a folder; everything that it printed, or its complaint.
fn ask(compiler: &Path, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let mut command = Command::new(compiler);
    command.args(arguments).current_dir(folder).env("LC_ALL", "C");
    let Output { status, stdout, stderr } = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    if status.success() { Ok(text) } else { Err(format!("{status}: {}", text.trim())) }
}

fn family(answer: &str) -> Option<Family> {
    if answer.contains("clang version") {
        Some(Family::Clang)
    } else if answer.contains("gcc version") {
        Some(Family::Gnu)
    } else {
        None
    }
}

fn line_with(answer: &str, part: &str) -> Option<String> {
    answer.lines().find(|line| line.contains(part)).map(|line| line.trim().to_owned())
}

/// The words of the line that links: the last that mentions the object.
fn link_command(answer: &str) -> Option<Vec<String>> {
    let is_link = |line: &&str| line.starts_with(' ') && line.contains("-shared") && line.contains(PROBE);
    answer.lines().rfind(is_link).map(split_words).filter(|words| words.iter().any(|word| word == PROBE))
}

/// Splits a command line as drivers print them: words at spaces, some in double quotes with backslash escapes.
fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn library_folders(command: &[String]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in command.iter().filter_map(|word| word.strip_prefix("-L")) {
        // Drivers print `../../..` paths and repeat themselves.
        let Ok(folder) = fs::canonicalize(folder) else { continue };
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

fn openmp_library(command: &[String], folders: &[PathBuf]) -> Option<PathBuf> {
    let mut names = ["gomp", "omp", "iomp5"].into_iter();
    let name = names.find(|name| command.iter().any(|word| *word == format!("-l{name}")))?;
    folders.iter().map(|folder| folder.join(format!("lib{name}.so"))).find(|path| path.exists())
}

/// The program that does the linking. GCC's link command starts with a wrapper around it.
fn linker(compiler: &Path, family: Family, command: &[String], folder: &Path) -> Option<PathBuf> {
    let name = match family {
        Family::Gnu => ask(compiler, &["-print-prog-name=ld"], folder).ok()?.trim().to_owned(),
        Family::Clang => command.first()?.clone(),
    };
    find_program(&name, &env::var("PATH").ok()?)
}

fn direct_link(linker: PathBuf, command: &[String]) -> Option<DirectLink> {
    let emulation = command.iter().position(|word| word == "-m").and_then(|at| command.get(at + 1))?.clone();
    let object = command.iter().position(|word| word == PROBE)?;
    let files = |words: &[String]| -> Vec<PathBuf> {
        let objects = words.iter().filter(|word| word.ends_with(".o") && word.starts_with('/'));
        // Files for offloading to accelerators: tables that only code with such sections needs.
        objects.filter(|word| !word.contains("crtoffload")).map(PathBuf::from).collect()
    };
    let (start, end) = (files(&command[..object]), files(&command[object..]));
    (start.iter().chain(&end).all(|file| file.exists())).then_some(DirectLink {
        linker,
        emulation,
        start,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_drivers_print_them() {
        let line = r#" "/usr/bin/ld" -m elf_x86_64 "-L/a folder" a\ b "q\"uote" "" last"#;
        assert_eq!(
            split_words(line),
            ["/usr/bin/ld", "-m", "elf_x86_64", "-L/a folder", "a b", "q\"uote", "", "last"]
        );
    }

    #[test]
    fn parts_of_a_link_command_are_found() {
        let answer = "Target: x86_64-linux-gnu\n\
            gcc version 12.2.0 (Debian 12.2.0-14)\n\
            COLLECT_GCC_OPTIONS='-shared' probe.o\n\
            \x20/usr/lib/collect2 -plugin x.so \"-plugin-opt=-lc\" --eh-frame-hdr -m elf_x86_64 -shared -o probe.so \
            /nowhere/crti.o -L/usr -L/usr/. probe.o -lgomp -lc /nowhere/crtn.o\n";
        let command = link_command(answer).unwrap();
        assert_eq!(library_folders(&command), [Path::new("/usr")]);
        assert_eq!(openmp_library(&command, &[PathBuf::from("/nowhere")]), None);
        assert_eq!(family(answer), Some(Family::Gnu));
        assert!(direct_link("/usr/bin/ld".into(), &command).is_none(), "start files that do not exist");
    }

    #[test]
    fn the_compiler_of_this_machine_answers() {
        let compiler = super::super::find_compiler(&|name| env::var(name).ok()).unwrap();
        let toolchain = probe(&compiler).unwrap();
        assert!(!toolchain.target.is_empty() && !toolchain.library_folders.is_empty());
        assert!(toolchain.library("m").is_some());
    }
}
