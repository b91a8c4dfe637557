//! What can be written on the command line.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use dacec_ir::Name;
use dacec_runtime::{BlasProvider, FpMode, OptLevel};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Compiles annotated Python/NumPy functions to native code.
#[derive(Debug, Parser)]
#[command(name = "dacec", version, styles = STYLES, max_term_width = 110)]
pub(crate) struct Command {
    #[command(subcommand)]
    pub(crate) task: Task,
    /// How messages are printed
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human")]
    pub(crate) message_format: MessageFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Compile a program to a shared library with a C header, a NumPy wrapper and its graph
    Build(Build),
    /// Run a benchmark file, or a program on your own arrays
    Run(Run),
    /// Measure programs at -O1 and -O3 against NumPy, in alternating turns
    Bench(Bench),
    /// Print the graph or the code of a program
    Emit(Emit),
    /// Run passes on the graph of a program, one by one or as a pipeline
    Opt(Opt),
    /// Write a page that shows the graph in a browser
    View(View),
    /// Say what of a file would not compile, and why
    Check(Check),
    /// Explain an error code
    Explain {
        /// A code, such as E0101
        code: String,
    },
    /// Say what was found on this machine, and what each missing thing costs
    Doctor,
    /// Show or clear the build cache
    Cache {
        #[command(subcommand)]
        action: Option<CacheAction>,
    },
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// For people: source lines with carets, colours on a terminal
    Human,
    /// For tools: one JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheAction {
    /// Show where the cache is and how much is in it
    Show,
    /// Delete everything in it
    Clear,
}

#[derive(Debug, Args)]
pub(crate) struct Source {
    /// An annotated Python file, or a graph: a .sdfg file
    pub(crate) file: PathBuf,
    /// The program to compile; by default the one named like the file, else the last one that is not `initialize`
    #[arg(long, value_name = "NAME")]
    pub(crate) program: Option<String>,
    /// Accept code in other languages than Python, in tasklets and in a .sdfg file: it will run with your rights
    #[arg(long)]
    pub(crate) trust_code: bool,
    /// Types for parameters without annotations, from examples: A=a.npy, n=10, B=float64[N,M]
    #[arg(long = "args", value_name = "NAME=EXAMPLE")]
    pub(crate) examples: Vec<String>,
    /// Say what of the program costs performance: implicit copies, extents that are known only at run time
    #[arg(long)]
    pub(crate) warn: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// How much to optimize: 0 (nothing), 1 (simplify), 3 (everything)
    #[arg(short = 'O', value_name = "LEVEL", default_value = "3")]
    pub(crate) opt: Level,
    /// What to compile for
    #[arg(long, value_name = "TARGET", default_value = "cpu")]
    pub(crate) target: Target,
    /// The CPU to compile for, as the C++ compiler names it: native, x86-64-v3, skylake-avx512, …
    #[arg(long, value_name = "CPU", default_value = "native")]
    pub(crate) march: String,
    /// What may be done to floating-point arithmetic
    #[arg(long, value_name = "MODE", default_value = "default")]
    pub(crate) fp: Fp,
    /// Who computes library operations: `blas=` with `built-in`, `openblas`, `mkl` or `blis`, or an operation's name with that of
    /// an implementation, such as `MatMul=pure`; can be repeated
    #[arg(long, value_name = "LIBRARY=CHOICE", value_parser = parse_library)]
    pub(crate) library: Vec<LibraryChoice>,
    /// Build in a private folder that is removed afterwards
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Check the graph after every pass
    #[arg(long)]
    pub(crate) verify_each: bool,
    /// Run at most this many passes
    #[arg(long, value_name = "N")]
    pub(crate) opt_bisect_limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Where the files go
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Arguments for your own data: A=a.npy, B=data.npz:B, alpha=1.5
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<String>,
    /// A set of sizes that the file names
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Set a symbol or scalar of the preset: N=1000
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// How often to run the kernel
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) repeat: usize,
    /// Compare every output with CPython and NumPy on the same file
    #[arg(long)]
    pub(crate) verify: bool,
    /// Run the graph by the reference interpreter, without compiling it: every access is checked
    #[arg(long, conflicts_with = "verify")]
    pub(crate) interpret: bool,
    /// With --interpret, also look for iterations of a parallel loop that use the same element
    #[arg(long, requires = "interpret")]
    pub(crate) races: bool,
    /// The largest relative difference that `--verify` accepts; by default 1e-9, and 1e-4 for single precision
    #[arg(long, value_name = "X")]
    pub(crate) tolerance: Option<f64>,
    /// Save an array after the run: C=c.npy
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) save: Vec<String>,
    /// Write what timers of the graph have measured as a trace, which DaCe's reports and browsers read
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Benchmark files, or names of programs that come with dacec; by default all of those
    #[arg(value_name = "PROGRAM")]
    pub(crate) programs: Vec<String>,
    /// Sets of sizes that the files name
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "S")]
    pub(crate) preset: Vec<String>,
    /// Number of turns of each contender
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) repeat: usize,
    /// A contender that has run for this long gets no more turns
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    pub(crate) seconds: f64,
    /// Measure without NumPy and do not check results
    #[arg(long)]
    pub(crate) no_numpy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Emit {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The form to print
    #[arg(long = "as", value_name = "FORM", default_value = "text")]
    pub(crate) form: Form,
    /// Print what became of loops and maps instead, which rewrites were made, and why others were not
    #[arg(long)]
    pub(crate) explain: bool,
    /// Say how often each pass ran, and how long it took
    #[arg(long)]
    pub(crate) time_passes: bool,
    /// Which DaCe can read what `--as sdfg` prints; version 2 reads both
    #[arg(long, value_name = "VERSION", default_value = "1")]
    pub(crate) sdfg_version: SdfgVersion,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

#[derive(Debug, Args)]
pub(crate) struct Opt {
    /// An annotated Python file, or a graph in an `.sdfg` file
    #[arg(required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// The program to optimize; by default the one named like the file, else the last one that is not `initialize`
    #[arg(long, value_name = "NAME")]
    pub(crate) program: Option<String>,
    /// List every pass
    #[arg(long)]
    pub(crate) list: bool,
    /// Run a pipeline first
    #[arg(long, value_name = "NAME")]
    pub(crate) pipeline: Option<Steps>,
    /// Run a pass: map-fusion, MapTiling:sizes=64,64, loop-to-map:skip=1:count=1
    #[arg(long, value_name = "PASS")]
    pub(crate) apply: Vec<String>,
    /// List the places where a transformation applies afterwards, instead of the graph
    #[arg(long, value_name = "PASS")]
    pub(crate) matches: Option<String>,
    /// List the rewrites that were made instead of the graph
    #[arg(long)]
    pub(crate) history: bool,
    /// The form to print
    #[arg(long = "as", value_name = "FORM", default_value = "text")]
    pub(crate) form: Form,
    /// Check the graph after every pass
    #[arg(long)]
    pub(crate) verify_each: bool,
    /// Run at most this many passes and rewrites
    #[arg(long, value_name = "N")]
    pub(crate) opt_bisect_limit: Option<usize>,
    /// Say how often each pass ran, and how long it took
    #[arg(long)]
    pub(crate) time_passes: bool,
}

/// A list of passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Steps {
    /// What every program goes through
    Simplify,
    /// Everything for the processor
    AutoOptimize,
    /// Library operations become dataflow
    ExpandLibraries,
}

#[derive(Debug, Args)]
pub(crate) struct View {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Show the graph after each pass that changed it, not only at the beginning and at the end
    #[arg(long)]
    pub(crate) history: bool,
    /// The page; by default the program's name with .html, in the current folder
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

/// Generations of DaCe's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SdfgVersion {
    /// DaCe 1.0.2 and later
    #[value(name = "1")]
    One,
    /// DaCe 2 and later
    #[value(name = "2")]
    Two,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The graph, for people
    Text,
    /// The graph, for Graphviz
    Dot,
    /// The graph, as a picture
    Svg,
    /// The graph, as DaCe stores it
    Sdfg,
    /// The code
    Cpp,
    /// The C header
    Header,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The processor's cores
    Cpu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Nothing
    #[value(name = "0")]
    Zero,
    /// Simplify the graph
    #[value(name = "1")]
    One,
    /// Everything
    #[value(name = "3")]
    Three,
}

impl From<Level> for OptLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Zero => OptLevel::O0,
            Level::One => OptLevel::O1,
            Level::Three => OptLevel::O3,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fp {
    /// Reassociate and contract; NaN and infinity get lost only where they cancel
    Default,
    /// Exactly the operations as written
    Strict,
    /// Everything, as if NaN and infinity did not occur
    Fast,
}

impl From<Fp> for FpMode {
    fn from(fp: Fp) -> Self {
        match fp {
            Fp::Default => FpMode::Default,
            Fp::Strict => FpMode::Strict,
            Fp::Fast => FpMode::Fast,
        }
    }
}

/// What `--library` says.
#[derive(Clone, Debug)]
pub(crate) enum LibraryChoice {
    /// Who multiplies matrices.
    Blas(BlasProvider),
    /// How an operation is computed.
    Implementation(Name, Name),
}

fn parse_library(text: &str) -> Result<LibraryChoice, String> {
    match text.split_once('=') {
        Some(("blas", name)) if let Some(provider) = BlasProvider::named(name) => {
            Ok(LibraryChoice::Blas(provider))
        }
        Some((op, name)) if op != "blas" && !op.is_empty() && !name.is_empty() => {
            Ok(LibraryChoice::Implementation(op.into(), name.into()))
        }
        _ => {
            Err("write blas=built-in, blas=openblas, blas=mkl, blas=blis, or an operation as in MatMul=pure"
                .into())
        }
    }
}

impl Compile {
    /// The facade's options.
    pub(crate) fn options(&self) -> crate::Options {
        let Target::Cpu = self.target;
        let defaults = crate::Options::default();
        let (mut blas, mut implementations) = (defaults.blas, Vec::new());
        for choice in self.library.iter().cloned() {
            match choice {
                LibraryChoice::Blas(provider) => blas = provider,
                LibraryChoice::Implementation(op, name) => implementations.push((op, name)),
            }
        }
        crate::Options {
            opt: self.opt.into(),
            fp: self.fp.into(),
            march: self.march.clone(),
            blas,
            implementations,
            verify_each: self.verify_each || defaults.verify_each,
            opt_bisect_limit: self.opt_bisect_limit,
            ..defaults
        }
    }
}
