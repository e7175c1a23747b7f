//! Random calls and pushes, right and wrong ones: whatever is asked, a local AWS stays consistent.

#![cfg(test)]

mod calls;
mod checks;
mod random;
mod world;

use world::World;

/// How many calls and pushes are made.
const STEPS: u64 = 10_000;

/// How many steps lie between two looks at everything.
const BETWEEN_CHECKS: u64 = 1_000;

/// Where the random numbers begin. The same seed makes the same choices again.
const SEED: u64 = 20_261_121;

#[tokio::test(flavor = "multi_thread")]
async fn random_calls_and_pushes_leave_it_consistent() {
    println!("the seed is {SEED}");
    let mut world = World::start(SEED).await;
    for step in 1..=STEPS {
        world.step().await;
        if step % BETWEEN_CHECKS == 0 {
            world.check_codecommit().await;
        }
    }
    world.check_builds().await;
    world.check_coverage();
    world.aws.shutdown().await;
}
