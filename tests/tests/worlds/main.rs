//! Worlds of random faults with the real functions in a local AWS: people do what they like while calls fail, functions
//! are killed and events are lost, repeated and late. Then the faults end, two sweeps pass, and what the hook promises is
//! checked through the services' own answers.
//!
//! One world again, with its plan: `WORLD=17 cargo test --workspace --test worlds -- --nocapture`.

#![cfg(test)]

mod live;
mod plan;
mod promises;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use end_to_end_tests::{World, run_test};

use live::Lived;
use plan::Plan;

const WORLDS: u64 = 50;

/// Worlds at one time. Each waits for its processes most of the time.
const AT_ONCE: usize = 4;

/// What is told of worlds that were checked.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    heads: usize,
    comments: usize,
    faults: usize,
    queued: usize,
    swept: usize,
}

fn live_and_check(seed: u64) -> Tally {
    let plan = Plan::of_seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = format!("WORLD={seed} cargo test --workspace --test worlds -- --nocapture\n{plan:#?}");
    let mut tally = Tally::default();
    runtime.block_on(run_test(async |world: &World| {
        let mut lived = Lived::start(world).await;
        lived.follow(&plan).await;
        lived.end_faults().await;
        let broken = promises::check(&lived, &mut tally).await;
        if !broken.is_empty() {
            panic!("in the world of seed {seed}: {broken:#?}\n{told}\n{}", world.describe().await);
        }
    }));
    tally
}

#[test]
fn every_promise_is_kept_once_the_faults_have_ended() {
    if let Some(seed) = std::env::var_os("WORLD") {
        let seed = seed.to_str().and_then(|seed| seed.parse().ok()).expect("WORLD is a number");
        println!("{:#?}", Plan::of_seed(seed));
        println!("{:?}", live_and_check(seed));
        return;
    }
    let next = AtomicU64::new(0);
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let live = || {
            let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
            seeds.take_while(|seed| *seed < WORLDS).map(live_and_check).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(live)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a promise was broken")).collect()
    });
    assert_eq!(tallies.len() as u64, WORLDS);
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (heads, comments, faults) =
        (sum(|tally| tally.heads), sum(|tally| tally.comments), sum(|tally| tally.faults));
    let (queued, swept) = (sum(|tally| tally.queued), sum(|tally| tally.swept));
    let told = format!(
        "{WORLDS} worlds: {faults} faults struck, {heads} heads and {comments} comments were checked, {swept} of them \
         owed to a sweep, {queued} events ended in the failure queue"
    );
    println!("{told}");
    // A world in which nothing goes wrong shows nothing.
    for (count, least) in [(faults, 100), (heads, 50), (comments, 100), (swept, 10), (queued, 1)] {
        assert!(count >= least, "{told}");
    }
}
