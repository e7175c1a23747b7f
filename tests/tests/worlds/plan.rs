//! What happens in a world: drawn from its seed, and from nothing else.

use std::time::Duration;

use local_aws::faults::{CallFault, DeliveryFault, Effect, FaultList, Moment};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// The functions, by the names of their binaries.
pub(crate) const FUNCTIONS: [&str; 2] = ["start-build", "publish-build-result"];

/// The longest that an event is late.
pub(crate) const LATEST: Duration = Duration::from_secs(15 * 60);

/// What people do, and what goes wrong meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) acts: Vec<Act>,
    /// With the functions' binaries in place of their logical ids.
    pub(crate) faults: FaultList,
}

/// What a person does. Pull requests are counted in the order in which they were opened, and around.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Open {
        passes: bool,
    },
    Push {
        pull_request: usize,
        passes: bool,
    },
    Close {
        pull_request: usize,
    },
    Merge {
        pull_request: usize,
    },
    DeleteComment {
        pull_request: usize,
    },
    /// Time passes on the clock of the services.
    Wait(Duration),
    /// Nothing more is done until nothing is under way.
    Rest,
}

impl Plan {
    pub(crate) fn of_seed(seed: u64) -> Self {
        let config =
            Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
        let mut plan =
            any_plan().new_tree(&mut TestRunner::new(config)).expect("nothing is rejected").current();
        // Something has to be there to act on.
        plan.acts.splice(0..0, [Act::Open { passes: true }, Act::Open { passes: false }]);
        plan
    }
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let acts = prop::collection::vec(any_act(), 6..16);
    let calls = prop::collection::vec(any_call_fault(), 1..8);
    let deliveries = prop::collection::vec(any_delivery_fault(), 1..6);
    (acts, calls, deliveries).prop_map(|(acts, calls, deliveries)| {
        let faults = FaultList { calls, deliveries };
        Plan { acts, faults }
    })
}

fn any_act() -> impl Strategy<Value = Act> {
    let pull_request = 0..3_usize;
    let passes = any::<bool>();
    prop_oneof![
        2 => passes.prop_map(|passes| Act::Open { passes }),
        4 => (pull_request.clone(), passes).prop_map(|(pull_request, passes)| Act::Push { pull_request, passes }),
        1 => pull_request.clone().prop_map(|pull_request| Act::Close { pull_request }),
        1 => pull_request.clone().prop_map(|pull_request| Act::Merge { pull_request }),
        1 => pull_request.prop_map(|pull_request| Act::DeleteComment { pull_request }),
        3 => (1..400_u64).prop_map(|seconds| Act::Wait(Duration::from_secs(seconds))),
        3 => Just(Act::Rest),
    ]
}

fn any_call_fault() -> impl Strategy<Value = CallFault> {
    let effects =
        select(vec![Effect::Throttled, Effect::Failed, Effect::Cut, Effect::Killed, Effect::Killed]);
    let moments = select(vec![Moment::Before, Moment::After]);
    let number = prop::option::of(1..8_u32);
    // The SDK makes a call three times, and Lambda tries an event three times: few faults get an event into the queue.
    let times = prop_oneof![7 => 1..5_u32, 1 => 9..20_u32];
    (select(FUNCTIONS.to_vec()), effects, moments, number, times).prop_map(
        |(function, effect, when, number, times)| CallFault {
            number,
            // A throttled call never takes effect.
            when: if effect == Effect::Throttled { Moment::Before } else { when },
            times,
            ..CallFault::new(function, effect)
        },
    )
}

fn any_delivery_fault() -> impl Strategy<Value = DeliveryFault> {
    let late = || (0..LATEST.as_secs()).prop_map(Duration::from_secs);
    let arrivals = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![Duration::ZERO; 2]),
        2 => late().prop_map(|late| vec![late]),
        1 => late().prop_map(|late| vec![Duration::ZERO, late]),
    ];
    (select(FUNCTIONS.to_vec()), arrivals, 1..4_u32).prop_map(|(function, arrivals, times)| DeliveryFault {
        times,
        ..DeliveryFault::new(function, &arrivals)
    })
}
