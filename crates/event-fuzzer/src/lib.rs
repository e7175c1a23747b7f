#![doc = include_str!("../README.md")]

mod check;
mod corpus;
mod function;
mod mutation;
mod odd;
mod scene;

use std::fmt;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

pub use corpus::{Document, read_corpus};
pub use function::{Function, Handled};
pub use scene::Scene;

use check::check;
use mutation::{Mutation, any_mutation, apply};
use scene::any_scene;

/// The most mutations of one document.
const MOST_MUTATIONS: usize = 6;

/// A document of the corpus and what is done to it.
#[derive(Debug, Clone)]
pub struct Mutant {
    document: Index,
    mutations: Vec<Mutation>,
}

/// How many inputs came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Inputs, each handed to every function.
    pub inputs: usize,
    /// No JSON that a function could see.
    pub unreadable: usize,
    /// Refused with a reason.
    pub refused: usize,
    /// Understood, and there was nothing to do.
    pub ignored: usize,
    /// Understood, and calls were made.
    pub acted: usize,
}

/// An input that was handled wrongly, made as small as it gets.
#[derive(Debug)]
pub struct Finding {
    /// What the inputs grew from.
    pub seed: u64,
    /// The document it began with.
    pub document: String,
    /// What is wrong.
    pub wrong: String,
    /// What was done to the document, and how AWS answered.
    pub made_by: String,
    /// The input.
    pub input: Vec<u8>,
}

impl Mutant {
    /// The mutant's text, and the name of the document that it was made of.
    pub fn make<'c>(&self, corpus: &'c [Document]) -> (&'c str, Vec<u8>) {
        let document = self.document.get(corpus);
        (&document.name, apply(&self.mutations, &document.text, corpus))
    }
}

/// Hands `count` mutants of the corpus to both functions, or fewer if one is handled wrongly.
pub fn fuzz(corpus: &[Document], seed: u64, count: u32) -> Result<Tally, Box<Finding>> {
    let tally = std::cell::Cell::new(Tally::default());
    let inputs = (any_mutant(), any_scene());
    let ended = runner(seed, count).run(&inputs, |(mutant, scene)| {
        let (_, input) = mutant.make(corpus);
        let mut so_far = tally.get();
        so_far.inputs += 1;
        for function in Function::ALL {
            let handled = function.handle(&input, &scene);
            check(&handled).map_err(TestCaseError::fail)?;
            so_far.count(&handled);
        }
        tally.set(so_far);
        Ok(())
    });
    match ended {
        Ok(()) => Ok(tally.get()),
        Err(TestError::Fail(reason, (mutant, scene))) => {
            let (document, input) = mutant.make(corpus);
            let made_by = format!("{:?}, {scene:?}", mutant.mutations);
            let (document, wrong) = (document.to_owned(), reason.to_string());
            Err(Box::new(Finding { seed, document, wrong, made_by, input }))
        }
        // Nothing is rejected, so nothing can be rejected too often.
        Err(TestError::Abort(reason)) => Err(Box::new(Finding {
            seed,
            document: String::new(),
            wrong: reason.to_string(),
            made_by: String::new(),
            input: Vec::new(),
        })),
    }
}

/// The texts of `count` mutants of the corpus.
pub fn make_mutants(corpus: &[Document], seed: u64, count: u32) -> Vec<Vec<u8>> {
    let mutants = std::cell::RefCell::new(Vec::new());
    let ended = runner(seed, count).run(&any_mutant(), |mutant| {
        mutants.borrow_mut().push(mutant.make(corpus).1);
        Ok(())
    });
    debug_assert!(ended.is_ok());
    mutants.into_inner()
}

fn runner(seed: u64, cases: u32) -> TestRunner {
    let rng_seed = RngSeed::Fixed(seed);
    TestRunner::new(Config { cases, rng_seed, failure_persistence: None, ..Config::default() })
}

fn any_mutant() -> impl Strategy<Value = Mutant> {
    let mutations = prop::collection::vec(any_mutation(), 0..=MOST_MUTATIONS);
    (any::<Index>(), mutations).prop_map(|(document, mutations)| Mutant { document, mutations })
}

impl Tally {
    fn count(&mut self, handled: &Handled) {
        *match handled {
            Handled::Unreadable(_) => &mut self.unreadable,
            Handled::Refused(_) => &mut self.refused,
            Handled::Ignored(_) => &mut self.ignored,
            Handled::Acted { .. } => &mut self.acted,
        } += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, unreadable, refused, ignored, acted } = self;
        write!(
            formatter,
            "{inputs} inputs to each of two functions: {unreadable} unreadable, {refused} refused with a reason, \
             {ignored} understood with nothing to do, {acted} acted on"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, document, wrong, made_by, input } = self;
        let input = String::from_utf8_lossy(input);
        let beginning: String = input.chars().take(2000).collect();
        write!(
            formatter,
            "{wrong}\nIt was made of {document} by {made_by}\nIt begins with: {beginning}\nSee it again: \
             cargo run -p event-fuzzer -- --seed {seed}"
        )
    }
}
