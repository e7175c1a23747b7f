//! What holds in whatever order the answers come, wherever calls fail, and whenever the run has to end.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{build, build_of};
use super::*;

/// A pull request of each kind, with its head's age from `NOW` in seconds.
fn any_aws() -> impl Strategy<Value = Aws> {
    let pull_request = (0_u64..100_000, 0..6_u8);
    (prop::collection::vec(pull_request, 0..12), 1..4_usize).prop_map(|(kinds, page_size)| {
        let mut aws = Aws::with(&[]);
        aws.page_size = page_size;
        for (number, (time, kind)) in (1..).zip(kinds) {
            let mut pull_request = PullRequest::new(number, time);
            let unique = number.to_string();
            match kind {
                0 => pull_request.comments = vec![marker("hook", 'a', &[&unique])],
                1 => aws.builds.push(build(&unique, time + 5, Some(build_of(number)))),
                2 => {
                    pull_request.comments = vec![marker("hook", 'a', &[&unique])];
                    let revision_id = RevisionId::parse("earlier").unwrap();
                    let earlier = PullRequestBuild { revision_id, ..build_of(number) };
                    aws.builds.push(build(&unique, time / 2, Some(earlier)));
                }
                3 => aws.builds.push(build(&unique, time, None)),
                _ => {}
            }
            aws.pull_requests.push(pull_request);
        }
        aws.builds.sort_by_key(|build| std::cmp::Reverse(build.start_time));
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

proptest! {
    #[test]
    fn a_run_ends_makes_no_call_twice_and_starts_what_is_missing_only(
        aws in any_aws(),
        happenings in prop::collection::vec(any_happening(), 0..80),
        concurrency in 1..6_usize,
        most_builds in 1..4_usize,
        tick in any::<u64>(),
    ) {
        let settings = StartSweepSettings { most_builds, ..settings() };
        let mut sweep = StartSweep::new(settings.clone(), at(NOW), tick);
        let (mut made, mut under_way, mut started) = (BTreeSet::new(), Vec::new(), Vec::new());
        let (mut is_ended, mut is_undisturbed) = (false, true);
        let mut happenings = happenings.into_iter();
        loop {
            while under_way.len() < concurrency {
                let Some(step) = sweep.next() else { break };
                prop_assert!(!is_ended, "{} after the end", words(&step));
                prop_assert!(made.insert(words(&step)), "{} twice", words(&step));
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
                    let step = under_way.swap_remove(place.index(under_way.len()));
                    started.extend(words(&step).strip_prefix("start ").map(str::to_owned));
                    sweep.answer(StartSweepAnswer::Failed);
                    is_undisturbed = false;
                }
                happening => {
                    let place = match happening {
                        Some(Happening::Answer(place)) => place.index(under_way.len()),
                        _ => 0,
                    };
                    let step = under_way.swap_remove(place);
                    started.extend(words(&step).strip_prefix("start ").map(str::to_owned));
                    sweep.answer(aws.answer(step));
                }
            }
        }
        prop_assert_eq!(sweep.next(), None);
        prop_assert!(started.len() <= most_builds);
        // What a run that nothing disturbs and nothing limits starts.
        let (steps, whole) = run_with(StartSweepSettings { most_builds: 100, ..settings }, &aws, 1);
        for number in &started {
            prop_assert!(starts(&steps).contains(&number.as_str()), "{number} was not missing");
        }
        if is_undisturbed {
            prop_assert_eq!(started.len(), most_builds.min(whole.missing));
            prop_assert_eq!(sweep.summary().unproven, whole.unproven);
            prop_assert!(!sweep.summary().cut_short);
        }
    }
}
