//! Carrying out a sweep: several of its calls at a time, for as long as the invocation has.

use std::time::{Duration, SystemTime};

use futures_util::stream::{FuturesUnordered, StreamExt};
use pull_request_build::Sweep;
use tokio::time::{Instant, sleep_until};

/// Calls at a time. CodeCommit and CodeBuild publish no rate for most of theirs and throttle by account and operation:
/// what else calls them needs room, too, and the events most of all.
pub const CALLS_AT_A_TIME: usize = 10;

/// What is left at the end of an invocation for its last words.
const MARGIN: Duration = Duration::from_secs(10);

/// How long a sweep may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepTime {
    /// Until then, it looks. Two thirds of the time: what it found is repaired in the rest.
    looking_until: Instant,
    /// Until then, it makes calls.
    until: Instant,
}

impl SweepTime {
    /// The time of an invocation that Lambda ends at `deadline`, by this machine's clock.
    pub fn until(deadline: SystemTime) -> Self {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN);
        let now = Instant::now();
        Self { looking_until: now + left * 2 / 3, until: now + left }
    }
}

/// Makes the calls that the sweep names with `make_call`, until it names none or `time` is over. Calls that are under way
/// then are dropped, as if the function had been killed: each is safe to be made again.
pub async fn carry_out_sweep<S: Sweep>(
    sweep: &mut S,
    time: SweepTime,
    make_call: impl AsyncFn(S::Step) -> S::Answer,
) {
    let make_call = &make_call;
    let mut under_way = FuturesUnordered::new();
    let mut may_look = true;
    loop {
        if Instant::now() >= time.until {
            return sweep.end();
        }
        if may_look && Instant::now() >= time.looking_until {
            may_look = false;
            sweep.end_looking();
        }
        while under_way.len() < CALLS_AT_A_TIME
            && let Some(step) = sweep.next()
        {
            under_way.push(make_call(step));
        }
        let limit = if may_look { time.looking_until } else { time.until };
        tokio::select! {
            answer = under_way.next() => match answer {
                Some(answer) => sweep.answer(answer),
                None => return,
            },
            () = sleep_until(limit) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A sweep of calls that are numbers, of which those below `looks` look.
    struct Numbers {
        next: usize,
        looks: usize,
        count: usize,
        answers: Vec<usize>,
        ended: bool,
    }

    impl Sweep for Numbers {
        type Step = usize;
        type Answer = usize;
        type Summary = Vec<usize>;

        fn next(&mut self) -> Option<usize> {
            let step = (!self.ended && self.next < self.count).then_some(self.next)?;
            self.next += 1;
            Some(step)
        }

        fn answer(&mut self, answer: usize) {
            self.answers.push(answer);
        }

        fn end_looking(&mut self) {
            self.next = self.next.max(self.looks);
        }

        fn end(&mut self) {
            self.ended = true;
        }

        fn summary(&self) -> &Vec<usize> {
            &self.answers
        }
    }

    fn numbers(looks: usize, count: usize) -> Numbers {
        Numbers { next: 0, looks, count, answers: Vec::new(), ended: false }
    }

    fn minutes(looking: u64, all: u64) -> SweepTime {
        let after = |minutes: u64| Instant::now() + Duration::from_secs(60 * minutes);
        SweepTime { looking_until: after(looking), until: after(all) }
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_calls_as_may_be_are_under_way_and_each_is_answered_once() {
        let (mut sweep, under_way, most) = (numbers(50, 100), Cell::new(0), Cell::new(0));
        carry_out_sweep(&mut sweep, minutes(60, 90), async |step| {
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            // The longer ones let the others overtake them.
            tokio::time::sleep(Duration::from_millis(100 - step as u64)).await;
            under_way.set(under_way.get() - 1);
            step
        })
        .await;
        assert_eq!(most.get(), CALLS_AT_A_TIME);
        assert!(!sweep.answers.is_sorted() && !sweep.ended, "{:?}", sweep.answers);
        sweep.answers.sort_unstable();
        assert_eq!(sweep.answers, (0..100).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_time_to_look_is_over_the_repairs_follow() {
        let mut sweep = numbers(1_000, 1_020);
        let slow = async |step| {
            tokio::time::sleep(Duration::from_secs(30)).await;
            step
        };
        carry_out_sweep(&mut sweep, minutes(2, 90), slow).await;
        let looks = sweep.answers.iter().filter(|&&answer| answer < 1_000).count();
        assert!((4 * CALLS_AT_A_TIME..=5 * CALLS_AT_A_TIME).contains(&looks), "{looks} looks in two minutes");
        assert!((1_000..1_020).all(|repair| sweep.answers.contains(&repair)), "{:?}", sweep.answers);
        assert!(!sweep.ended);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_never_end_do_not_outlast_the_time() {
        let mut sweep = numbers(5, 10);
        carry_out_sweep(&mut sweep, minutes(1, 2), async |_| std::future::pending().await).await;
        assert!(sweep.ended && sweep.answers.is_empty());
    }

    #[test]
    fn an_invocation_that_is_nearly_over_has_no_time_for_calls() {
        let deadline = SystemTime::now() + MARGIN - Duration::from_secs(1);
        let time = SweepTime::until(deadline);
        assert_eq!(time.looking_until, time.until);
        assert!(time.until <= Instant::now());
    }

    #[test]
    fn two_thirds_of_the_time_are_for_looking() {
        let time = SweepTime::until(SystemTime::now() + MARGIN + Duration::from_secs(300));
        let looking = time.looking_until - Instant::now();
        let all = time.until - Instant::now();
        assert!((195..=200).contains(&looking.as_secs()), "{looking:?}");
        assert!((295..=300).contains(&all.as_secs()), "{all:?}");
    }
}
