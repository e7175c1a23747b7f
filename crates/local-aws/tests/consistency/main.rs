//! Random calls and pushes, right and wrong ones, one at a time and several at once: whatever is asked, a local AWS
//! stays consistent.

#![cfg(test)]

mod build_checks;
mod calls;
mod codecommit_calls;
mod codecommit_checks;
mod knowledge;
mod random;
mod services;
mod world;

use world::World;

/// How many calls and pushes are made.
const STEPS: u64 = 10_000;

/// How many steps lie between two looks at everything.
const BETWEEN_CHECKS: u64 = 2_500;

/// Where the random numbers begin. The same seed makes the same choices again, as far as what can be chosen does not
/// depend on which of several calls came first.
const SEED: u64 = 20_261_121;

#[tokio::test(flavor = "multi_thread")]
async fn random_calls_and_pushes_leave_it_consistent() {
    println!("the seed is {SEED}");
    let mut world = World::start(SEED).await;
    for checked in 1..=STEPS / BETWEEN_CHECKS {
        while world.steps < checked * BETWEEN_CHECKS {
            world.make_steps().await;
        }
        world.check_codecommit().await;
    }
    world.check_builds().await;
    world.check_coverage();
    world.aws.shutdown().await;
}
