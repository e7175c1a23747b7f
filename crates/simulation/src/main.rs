//! Runs one world and tells its history, or many and tells whether they keep the promises.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use simulation::{Laws, Tally, run_world, tell_world};

/// How often the progress of many worlds is told.
const PROGRESS: Duration = Duration::from_secs(5);

/// Drives the hook's decisions through worlds in which everything goes wrong.
#[derive(Debug, Parser)]
#[command(name = "simulation")]
struct Arguments {
    /// Run the world of this seed alone and tell its history.
    #[arg(long, conflicts_with_all = ["worlds", "first"])]
    seed: Option<u64>,
    /// How many worlds to run.
    #[arg(long, default_value_t = 100_000)]
    worlds: u64,
    /// The seed of the first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let succeeded = match arguments.seed {
        Some(seed) => run_one(seed),
        None => run_many(arguments.first, arguments.worlds),
    };
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_one(seed: u64) -> bool {
    match run_world(seed, Laws::default()) {
        Ok(tally) => {
            println!("{}\n{tally}", tell_world(seed, Laws::default()));
            true
        }
        Err(broken) => {
            println!("{broken}");
            false
        }
    }
}

fn run_many(first: u64, worlds: u64) -> bool {
    let began = Instant::now();
    let mut told = began;
    let mut tally = Tally::default();
    for seed in first..first.saturating_add(worlds) {
        match run_world(seed, Laws::default()) {
            Ok(of_world) => tally += of_world,
            Err(broken) => {
                println!("{broken}");
                return false;
            }
        }
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            eprintln!("{} of {worlds} worlds, {:.0} a minute", tally.worlds, a_minute(&tally, began));
        }
    }
    println!("Every promise was kept, in {:.0} worlds a minute. {tally}", a_minute(&tally, began));
    true
}

fn a_minute(tally: &Tally, began: Instant) -> f64 {
    tally.worlds as f64 / began.elapsed().as_secs_f64() * 60.0
}
