//! Timers of instrumented elements: counted in the unit with the exported functions, which reads the clock, too.
//!
//! The kernel unit may begin with headers of the user's code, so it declares nothing of the system itself.

use crate::tree::Program;
use std::fmt::Write;

/// Declarations for the kernel unit.
pub(crate) fn declarations(program: &Program) -> String {
    if program.timers.is_empty() {
        return String::new();
    }
    let name = &program.name;
    format!(
        "\n// Timers of instrumented elements.\nextern \"C\" int64_t dacec_now_{name}();\n\
         extern \"C\" void dacec_measured_{name}(int32_t timer, int64_t start);\n"
    )
}

/// Definitions for the unit with the exported functions. The last function tells the label of a timer, how often its
/// element has run since the library was loaded, and the nanoseconds of these runs together; null after the last timer.
pub(crate) fn definitions(program: &Program) -> String {
    if program.timers.is_empty() {
        return String::new();
    }
    let (name, count) = (&program.name, program.timers.len());
    let mut text = String::from("\n// Timers of instrumented elements.\n");
    let labels: Vec<String> = program.timers.iter().map(|label| crate::cpp::c_text(label)).collect();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "static const char *const abi_timer_labels[{count}] = {{{}}};\n\
         static int64_t abi_timer_runs[{count}], abi_timer_nanoseconds[{count}];\n{CLOCK}\n\
         extern \"C\" int64_t dacec_now_{name}() {{ return abi_now(); }}\n\
         extern \"C\" void dacec_measured_{name}(int32_t timer, int64_t start) {{\n\
         \x20   __atomic_fetch_add(&abi_timer_nanoseconds[timer], abi_now() - start, __ATOMIC_RELAXED);\n\
         \x20   __atomic_fetch_add(&abi_timer_runs[timer], 1, __ATOMIC_RELAXED);\n}}\n\
         EXPORT const char *dacec_timer_{name}(int32_t timer, int64_t *runs, int64_t *nanoseconds) {{\n\
         \x20   if (timer < 0 || timer >= {count}) return 0;\n\
         \x20   *runs = __atomic_load_n(&abi_timer_runs[timer], __ATOMIC_RELAXED);\n\
         \x20   *nanoseconds = __atomic_load_n(&abi_timer_nanoseconds[timer], __ATOMIC_RELAXED);\n\
         \x20   return abi_timer_labels[timer];\n}}\n",
        labels.join(", "),
    );
    text
}

const CLOCK: &str = "\
#ifdef __APPLE__
enum { abi_monotonic = 6 };
#else
enum { abi_monotonic = 1 };
#endif
struct abi_timespec { long seconds, nanoseconds; };
extern \"C\" int clock_gettime(int clock, abi_timespec *now);
static int64_t abi_now() {
    abi_timespec now = {0, 0};
    clock_gettime(abi_monotonic, &now);
    return (int64_t)now.seconds * 1000000000 + now.nanoseconds;
}";
