//! The one source of chance of a world.

use rand_core::{Rng, SeedableRng};
use rand_xorshift::XorShiftRng;

use crate::moment::Span;

/// A generator whose numbers follow from its seed alone, on every machine and in every release: its algorithm is named
/// by its crate, and ranges are drawn here.
#[derive(Debug, Clone)]
pub(crate) struct Chance(XorShiftRng);

impl Chance {
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self(XorShiftRng::seed_from_u64(seed))
    }

    /// A number from 0 to `limit` - 1; 0 if there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * (limit as u128);
        (wide >> 64) as usize
    }

    /// True in so many of a thousand cases.
    pub(crate) fn per_mille(&mut self, cases: usize) -> bool {
        // Drawn in any case, so that a fault which is turned off does not change everything else.
        self.below(1000) < cases
    }

    /// A span from the first to the second.
    pub(crate) fn span(&mut self, (least, most): (Span, Span)) -> Span {
        let range = usize::try_from(most.0.saturating_sub(least.0)).unwrap_or(0);
        Span(least.0 + self.below(range + 1) as u64)
    }

    pub(crate) fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        self.below(others.len() + 1).checked_sub(1).map_or(first, |index| others[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_in_every_release() {
        let mut chance = Chance::of_seed(5);
        let drawn: Vec<usize> = (0..8).map(|_| chance.below(100)).collect();
        assert_eq!(drawn, [9, 79, 44, 21, 52, 13, 66, 71]);
    }

    #[test]
    fn every_number_of_a_range_is_drawn_and_no_other() {
        let mut chance = Chance::of_seed(1);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[chance.below(7)] = true;
        }
        assert_eq!(seen, [true; 7]);
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.span((Span(3), Span(3))), Span(3));
        assert!(!(0..1000).any(|_| chance.per_mille(0)));
        assert!((0..1000).all(|_| chance.per_mille(1000)));
    }
}
