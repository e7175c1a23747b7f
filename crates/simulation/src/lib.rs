#![doc = include_str!("../README.md")]

mod aws;
mod chance;
mod codebuild;
mod codecommit;
mod delivery;
mod faults;
mod function;
mod history;
mod moment;
mod names;
mod people;
mod promises;
mod tally;
mod world;

use std::fmt;

pub use aws::Laws;
pub use promises::Promise;
pub use tally::Tally;

use world::World;

/// A world in which a promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenWorld {
    /// What it grew from.
    pub seed: u64,
    /// The promises.
    pub promises: Vec<Promise>,
    /// What happened, a line each.
    pub history: String,
}

/// Runs the world of `seed` under `laws`.
pub fn run_world(seed: u64, laws: Laws) -> Result<Tally, Box<BrokenWorld>> {
    let mut world = World::new(seed, laws, false);
    world.run();
    if world.broken.is_empty() {
        Ok(Tally { worlds: 1, ..world.tally })
    } else {
        let history = tell_world(seed, laws);
        Err(Box::new(BrokenWorld { seed, promises: world.broken, history }))
    }
}

/// What happens in the world of `seed`, a line each.
pub fn tell_world(seed: u64, laws: Laws) -> String {
    let mut world = World::new(seed, laws, true);
    world.run();
    world.history.to_string()
}

impl fmt::Display for BrokenWorld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, promises, history } = self;
        writeln!(formatter, "{history}\nIn the world of seed {seed}:")?;
        for Promise { promise, instead } in promises {
            writeln!(formatter, "- broken: {promise}. Instead: {instead}.")?;
        }
        write!(formatter, "See it again: cargo run -p simulation -- --seed {seed}")
    }
}
