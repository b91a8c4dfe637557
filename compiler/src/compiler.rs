//! From a source or a graph to a shared library.

use crate::library::Libraries;
use crate::{Error, Library, Options, Phases, signature};
use dacec_codegen::{Blas, CodegenError, Generated};
use dacec_frontend::SourceFile;
use dacec_ir::Sdfg;
use dacec_ir::validate::{Violation, validate};
use dacec_runtime::cache::Origin;
use dacec_runtime::{
    BlasProvider, Cache, CompileJob, CompiledProgram, FpMode, OptLevel, Signature, Toolchain, Unit,
};
use dacec_transforms::{Context, InvalidAfter, auto, library, simplify};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Compiles programs with one set of options.
#[derive(Debug)]
pub struct Compiler {
    options: Options,
    cache: Cache,
    toolchain: Toolchain,
    libraries: Libraries,
}

/// A compiled program, not yet loaded.
#[derive(Debug)]
pub struct Compiled {
    /// The graph after optimization.
    pub sdfg: Sdfg,
    /// The emitted texts.
    pub generated: Generated,
    /// How the program is called.
    pub signature: Signature,
    /// The shared library, in the build cache.
    pub library: PathBuf,
    /// Whether the library was in the cache already.
    pub cached: bool,
    /// Where the time went.
    pub phases: Phases,
    // A private cache is removed when the last user of it is gone.
    _cache: Cache,
}

impl Compiler {
    /// A compiler that keeps what it builds in the platform's cache folder, or where `DACEC_CACHE_DIR` says.
    pub fn new(options: Options) -> Result<Self, Error> {
        Compiler::with_cache(options, Cache::open_default()?)
    }

    /// A compiler that keeps what it builds in the given cache.
    pub fn with_cache(options: Options, cache: Cache) -> Result<Self, Error> {
        let toolchain = Toolchain::find(&cache)?;
        Ok(Compiler { options, cache, toolchain, libraries: Libraries::default() })
    }

    /// The compiler's options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The same compiler with other options.
    pub fn with_options(&self, options: Options) -> Compiler {
        let Compiler { cache, toolchain, libraries, .. } = self;
        Compiler { options, cache: cache.clone(), toolchain: toolchain.clone(), libraries: libraries.clone() }
    }

    /// The same compiler with one more library, whose ways to compute operations are tried before those that are known.
    ///
    /// # Errors
    /// If the machine does not have it.
    pub fn with_library(mut self, library: Library) -> Result<Compiler, Error> {
        self.libraries.add(library, &self.toolchain)?;
        Ok(self)
    }

    /// Compiles a program of a source file.
    pub fn compile_program(&self, file: &SourceFile, program: &str) -> Result<Compiled, Error> {
        let mut phases = Phases::default();
        let sdfg = phases.time("front end", || file.lower(program)).map_err(Error::Source)?;
        self.finish(sdfg, Some(file.text()), phases)
    }

    /// Compiles a graph.
    pub fn compile(&self, sdfg: Sdfg) -> Result<Compiled, Error> {
        self.compile_with_source(sdfg, None)
    }

    /// Compiles a graph that was made from a source text; comments of the emitted code show its lines.
    pub fn compile_with_source(&self, sdfg: Sdfg, source: Option<&str>) -> Result<Compiled, Error> {
        self.finish(sdfg, source, Phases::default())
    }

    fn finish(&self, mut sdfg: Sdfg, source: Option<&str>, mut phases: Phases) -> Result<Compiled, Error> {
        phases.time("optimize", || run_passes(&mut sdfg, &self.options, &self.libraries))?;
        let generated = phases.time("generate", || print(&sdfg, source, &self.options, &self.libraries))?;
        let signature = signature(&generated.interface);
        let start = Instant::now();
        let built = self.job(&sdfg, &generated, &signature)?.build(&self.toolchain, &self.cache)?;
        let cached = built.origin == Origin::Found;
        match cached {
            true => phases.add("cache", start.elapsed()),
            false => {
                phases.add("C++ compiler", built.compile_time);
                phases.add("linker", built.link_time);
                phases.add("cache", start.elapsed().saturating_sub(built.compile_time + built.link_time));
            }
        }
        let library = built.library;
        Ok(Compiled { sdfg, generated, signature, library, cached, phases, _cache: self.cache.clone() })
    }

    fn job(&self, sdfg: &Sdfg, generated: &Generated, signature: &Signature) -> Result<CompileJob, Error> {
        let unit = |suffix: &str, text: &str, march: Option<&str>| Unit {
            file_name: format!("{}{suffix}.cpp", sdfg.name),
            text: text.to_owned(),
            march: march.map(str::to_owned),
        };
        let machine = self.machine(generated)?;
        let mut libraries = self.libraries.files(&generated.environments);
        let blas = match (generated.uses_products, machine) {
            (true, machine) => {
                libraries.extend(machine.library(&self.toolchain)?);
                BlasProvider::BuiltIn
            }
            (false, machine) => machine,
        };
        Ok(CompileJob {
            name: sdfg.name.to_string(),
            units: vec![
                unit("", &generated.kernel_unit, Some(&self.options.march)),
                unit("_abi", &generated.abi_unit, None),
            ],
            opt: self.options.opt,
            fp: self.options.fp,
            openmp: self.options.openmp,
            blas,
            dense: generated.uses_dense,
            libraries,
            description: serde_json::to_value(signature).unwrap_or_default(),
        })
    }

    /// The BLAS of the machine that a program calls. Two of them have the same names, so there can be one only.
    fn machine(&self, generated: &Generated) -> Result<BlasProvider, Error> {
        let mut found = BlasProvider::None;
        for name in &generated.machine {
            let provider = if name.is_empty() { Some(self.options.blas) } else { BlasProvider::named(name) };
            let provider = provider.unwrap_or(BlasProvider::None);
            if found != BlasProvider::None && found != provider {
                return Err(Error::SeveralBlas { first: found, second: provider });
            }
            found = provider;
        }
        Ok(found)
    }
}

impl Compiled {
    /// Loads the program into this process.
    pub fn load(&self) -> Result<CompiledProgram, Error> {
        // SAFETY: the library was built from this program, and lies in a cache that no other user can write.
        Ok(unsafe { CompiledProgram::load(&self.library, self.signature.clone()) }?)
    }
}

/// Runs the passes that the options ask for; returns what happened.
pub fn optimize(sdfg: &mut Sdfg, options: &Options) -> Result<Context, Error> {
    run_passes(sdfg, options, &Libraries::default())
}

fn run_passes(sdfg: &mut Sdfg, options: &Options, libraries: &Libraries) -> Result<Context, Error> {
    sdfg.lower_machines();
    sdfg.lower_data();
    libraries.choose(sdfg, &options.implementations)?;
    let expansions = libraries.expansions.clone();
    let mut context = Context::new(dacec_transforms::Options {
        bisect_limit: options.opt_bisect_limit,
        verify: options.verify_each.then(|| verification(sdfg)),
        explain: options.explain,
        record: options.record,
        ..dacec_transforms::Options::default()
    });
    let pipeline = match options.passes.unwrap_or(options.opt) {
        OptLevel::O0 => auto::expand_libraries_with(expansions),
        OptLevel::O1 => simplify().then_all(auto::expand_libraries_with(expansions)),
        OptLevel::O3 => {
            auto::auto_optimize_with(auto::Choices { expansions, in_order: options.fp == FpMode::Strict })
        }
    };
    let invalid =
        |error: InvalidAfter| Error::Invalid { pass: error.pass.to_owned(), violation: error.complaint };
    let _ = pipeline.run(sdfg, &mut context).map_err(invalid)?;
    Ok(context)
}

/// Whether a graph is valid; the first violation if it is not.
pub fn verify(sdfg: &Sdfg) -> Result<(), String> {
    first_violation(sdfg, |_| true)
}

/// As [`verify`], for a graph that had an access out of bounds from the start: it may be in a branch that is not taken.
fn verify_all_but_bounds(sdfg: &Sdfg) -> Result<(), String> {
    first_violation(sdfg, |violation| violation.rule.code != OUT_OF_BOUNDS)
}

/// The rule that accesses keep to their containers.
const OUT_OF_BOUNDS: &str = "V019";

fn first_violation(sdfg: &Sdfg, counts: fn(&Violation) -> bool) -> Result<(), String> {
    let violations = validate(sdfg).err().unwrap_or_default();
    violations.iter().find(|violation| counts(violation)).map_or(Ok(()), |first| Err(first.to_string()))
}

/// What is asked of the graph after each pass, so that a pass is not blamed for what was there before it.
fn verification(sdfg: &Sdfg) -> fn(&Sdfg) -> Result<(), String> {
    match validate(sdfg) {
        Err(violations) if violations.iter().all(|it| it.rule.code == OUT_OF_BOUNDS) => verify_all_but_bounds,
        _ => verify,
    }
}

/// Emits the texts of a program; with the source's text, comments show its lines.
pub fn generate(sdfg: &Sdfg, source: Option<&str>, options: &Options) -> Result<Generated, Error> {
    print(sdfg, source, options, &Libraries::default())
}

fn print(
    sdfg: &Sdfg,
    source: Option<&str>,
    options: &Options,
    libraries: &Libraries,
) -> Result<Generated, Error> {
    let machine = options.blas.word();
    let blas = if machine.is_some() { Blas::Cblas } else { Blas::BuiltIn };
    let lapack = options.blas != BlasProvider::Blis;
    let environments = libraries.environments_with_known();
    let options = dacec_codegen::Options { source, blas, lapack, machine, environments: &environments };
    dacec_codegen::generate(sdfg, &options).map_err(|error| match error {
        CodegenError::NotExpanded { .. } => {
            let reasons: Vec<String> =
                library::refusals(sdfg, &libraries.expansions).iter().map(ToString::to_string).collect();
            Error::NotExpanded { reason: reasons.join("; ") }
        }
        error => error.into(),
    })
}

/// Reads an annotated source file.
pub fn read_source(path: &Path) -> Result<SourceFile, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|reason| Error::Read { path: path.to_owned(), reason })?;
    SourceFile::parse(&path.display().to_string(), &text).map_err(Error::Source)
}
