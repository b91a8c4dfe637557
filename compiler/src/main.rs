//! The `dacec` command.

fn main() -> std::process::ExitCode {
    dacec::cli::main()
}
