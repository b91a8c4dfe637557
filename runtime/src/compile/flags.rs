//! The C++ compiler's flags.

use super::{CompileJob, FpMode, OptLevel, Unit};
use crate::{
    cpu,
    toolchain::{Family, Toolchain},
};

/// What every unit is compiled with.
///
/// Only marked functions are exported, and each lies in a section of its own so that the linker can drop those that
/// nobody calls. `-fno-math-errno` lets `sqrt` be an instruction.
const COMMON: [&str; 15] = [
    "-c",
    "-pipe",
    "-x",
    "c++",
    "-std=c++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-exceptions",
    "-fno-rtti",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-math-errno",
    "-fwrapv",
    "-w",
    "-g0",
];

/// All flags of a unit, without the names of the files.
pub(super) fn of_unit(job: &CompileJob, unit: &Unit, toolchain: &Toolchain) -> Vec<String> {
    let mut flags: Vec<String> = COMMON.iter().map(|flag| (*flag).to_owned()).collect();
    let mut add = |more: &[&str]| flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    add(&[optimization(job.opt)]);
    add(floating_point(job.fp));
    // Pragmas that ask for vector instructions mean something without threads too.
    add(&[if job.openmp { "-fopenmp" } else { "-fopenmp-simd" }]);
    if toolchain.family == Family::Gnu && job.opt == OptLevel::O1 {
        // GCC's pass that clears the upper halves of vector registers behind vector code belongs to these, and loops with
        // pragmas are vectorized at -O1 too. Left as they are, they slow down all SSE code that the thread runs afterwards.
        add(&["-fexpensive-optimizations"]);
    }
    if toolchain.family == Family::Gnu && job.opt == OptLevel::O3 {
        // A loop of few instructions that crosses a line of the instruction cache takes up to a fifth longer, and which one
        // does changes with every line of the program.
        add(&["-falign-loops=64"]);
    }
    if toolchain.family == Family::Gnu && job.fp != FpMode::Fast {
        // NumPy's arithmetic: products by the formula, quotients scaled against overflow.
        add(&["-fcx-fortran-rules"]);
    }
    flags.extend(cpu::flags(unit.march.as_deref(), &toolchain.target));
    flags
}

fn optimization(level: OptLevel) -> &'static str {
    match level {
        OptLevel::O0 => "-O0",
        OptLevel::O1 => "-O1",
        OptLevel::O3 => "-O3",
    }
}

/// See [`FpMode`]. Contraction has to be said: the ISO mode of the language has none.
fn floating_point(mode: FpMode) -> &'static [&'static str] {
    match mode {
        FpMode::Default => {
            &["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-ffp-contract=fast"]
        }
        FpMode::Strict => &["-ffp-contract=off"],
        FpMode::Fast => &["-ffast-math", "-ffp-contract=fast"],
    }
}
