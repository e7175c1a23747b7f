//! Fuzzes both functions for as many inputs as one has time for.

use std::process::ExitCode;

use clap::Parser;
use event_fuzzer::{fuzz, read_corpus};

/// Mutates events and hands them to what both functions do with an event.
#[derive(Debug, Parser)]
#[command(name = "event-fuzzer")]
struct Arguments {
    /// What the inputs grow from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many inputs to try.
    #[arg(long, default_value_t = 1_000_000)]
    inputs: u32,
}

fn main() -> ExitCode {
    let Arguments { seed, inputs } = Arguments::parse();
    let corpus = match read_corpus() {
        Ok(corpus) => corpus,
        Err(error) => {
            eprintln!("the corpus cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    match fuzz(&corpus, seed, inputs) {
        Ok(tally) => {
            println!("{tally}");
            ExitCode::SUCCESS
        }
        Err(finding) => {
            println!("{finding}");
            let path = std::env::temp_dir().join(format!("event-fuzzer-{seed}.json"));
            match std::fs::write(&path, &finding.input) {
                Ok(()) => println!("The whole input: {}", path.display()),
                Err(error) => eprintln!("the input cannot be written to {}: {error}", path.display()),
            }
            ExitCode::FAILURE
        }
    }
}
