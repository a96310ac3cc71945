//! The small binary for pipelines: hands the arguments to their command line.

fn main() -> std::process::ExitCode {
    changegate::cli::pipeline::main()
}
