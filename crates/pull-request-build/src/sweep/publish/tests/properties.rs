//! What holds in whatever order the answers come, wherever calls fail, and whenever the run has to end.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Pull requests with up to three builds each, of which the comment names none, some or all.
fn any_aws() -> impl Strategy<Value = Aws> {
    let pull_request =
        (prop::collection::vec((0..NOW, any::<bool>()), 0..4), 0..4_usize, any::<(bool, bool)>());
    (prop::collection::vec(pull_request, 0..8), 1..5_usize).prop_map(|(kinds, page_size)| {
        let mut aws = Aws { page_size: Some(page_size), ..Aws::default() };
        for (number, (builds, named, (unfinished, is_open))) in (1..).zip(kinds) {
            let mut names = Vec::new();
            for (place, (start, is_over)) in builds.into_iter().enumerate() {
                let unique = format!("{number}-{place}");
                aws.builds.push(if is_over {
                    ended(&unique, number, start, start + 60)
                } else {
                    build(&unique, number, start)
                });
                names.push(unique);
            }
            let names: Vec<&str> = names.iter().take(named).map(String::as_str).collect();
            let comment = Comment { unfinished: unfinished && !names.is_empty(), ..Comment::naming(&names) };
            if is_open {
                aws.pull_requests.push((number, vec![comment]));
            }
        }
        aws.builds.sort_by_key(|build| Reverse(build.start_time));
        aws
    })
}

/// What happens at a moment of a run.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// The call under way at this place is answered.
    Answer(prop::sample::Index),
    /// It fails.
    Fail(prop::sample::Index),
    EndLooking,
    End,
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        30 => any::<prop::sample::Index>().prop_map(Happening::Answer),
        2 => any::<prop::sample::Index>().prop_map(Happening::Fail),
        1 => Just(Happening::EndLooking),
        1 => Just(Happening::End),
    ]
}

fn pull_request_of(step: &PublishSweepStep) -> Option<&PullRequestId> {
    match step {
        PublishSweepStep::Repair(repair) => Some(&repair.build.pull_request_id),
        _ => None,
    }
}

proptest! {
    #[test]
    fn a_run_ends_makes_no_call_twice_and_repairs_what_is_out_of_date_only(
        aws in any_aws(),
        happenings in prop::collection::vec(any_happening(), 0..80),
        concurrency in 1..6_usize,
        tick in any::<u64>(),
    ) {
        let mut sweep = PublishSweep::new(settings(), at(NOW), tick);
        let (mut made, mut under_way) = (BTreeSet::new(), Vec::new());
        let (mut is_ended, mut is_undisturbed) = (false, true);
        let mut happenings = happenings.into_iter();
        loop {
            while under_way.len() < concurrency {
                let Some(step) = sweep.next() else { break };
                prop_assert!(!is_ended, "{} after the end", words(&step));
                prop_assert!(made.insert(words(&step)), "{} twice", words(&step));
                let writes_on = pull_request_of(&step);
                let is_beside = writes_on.is_some() && under_way.iter().any(|other| pull_request_of(other) == writes_on);
                prop_assert!(!is_beside, "{} beside a repair of the same pull request", words(&step));
                under_way.push(step);
            }
            if under_way.is_empty() {
                break;
            }
            match happenings.next() {
                Some(Happening::EndLooking) => {
                    sweep.end_looking();
                    is_undisturbed = false;
                }
                Some(Happening::End) => {
                    sweep.end();
                    (is_ended, is_undisturbed) = (true, false);
                }
                Some(Happening::Fail(place)) => {
                    under_way.swap_remove(place.index(under_way.len()));
                    sweep.answer(PublishSweepAnswer::Failed);
                    is_undisturbed = false;
                }
                happening => {
                    let place = match happening {
                        Some(Happening::Answer(place)) => place.index(under_way.len()),
                        _ => 0,
                    };
                    let step = under_way.swap_remove(place);
                    sweep.answer(aws.answer(step));
                }
            }
        }
        prop_assert_eq!(sweep.next(), None);
        // What a run that nothing disturbs repairs.
        let (steps, whole) = run(&aws);
        let expected: BTreeSet<&str> = repairs(&steps).into_iter().collect();
        let repaired: BTreeSet<&str> = made.iter().filter_map(|step| step.strip_prefix("repair ")).collect();
        prop_assert!(repaired.is_subset(&expected), "{repaired:?} of {expected:?}");
        if is_undisturbed {
            prop_assert_eq!(repaired, expected);
            prop_assert_eq!(*sweep.summary(), whole);
            prop_assert!(!whole.cut_short);
        }
    }
}
