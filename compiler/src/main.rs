//! The `dacec` command.

// A compiler allocates many small things, and this allocator is much faster at that than the one of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    dacec::cli::main()
}
