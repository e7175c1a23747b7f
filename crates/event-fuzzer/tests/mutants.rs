//! Every input is understood or refused with a reason, whatever is done to an event.

use std::thread;

use event_fuzzer::{Tally, fuzz, read_corpus};

const INPUTS_OF_A_SEED: u32 = 10_000;
const SEEDS: u64 = 4;

#[test]
fn every_mutant_is_handled_or_refused_with_a_reason() {
    let corpus = read_corpus().unwrap();
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let start = |seed| {
            let corpus = &corpus;
            scope.spawn(move || fuzz(corpus, seed, INPUTS_OF_A_SEED))
        };
        let running: Vec<_> = (0..SEEDS).map(start).collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.map(|tally| tally.unwrap_or_else(|finding| panic!("{finding}"))).collect()
    });
    for tally in tallies {
        println!("{tally}");
        // What is fuzzed is the functions, and not serde_json alone.
        let least = tally.inputs / 20;
        for (what, count) in [
            ("unreadable", tally.unreadable),
            ("refused", tally.refused),
            ("ignored", tally.ignored),
            ("acted on", tally.acted),
        ] {
            assert!(count > least, "only {count} {what}: {tally}");
        }
    }
}
