//! The binary: hands the arguments to the command line.

fn main() -> std::process::ExitCode {
    changegate::cli::main()
}
