//! Either function killed at any of its AWS calls, before and after the call took effect.
//!
//! Nobody lists the calls. The stories are rehearsed once without faults, and every call that the functions made then is
//! a scene; each scene is played twice, in a pull request of its own, with the function killed there. Lambda tries the
//! event again, and the pull request has to end as in the rehearsal. The sweeps have scenes of their own.

mod stage;
mod story;
mod sweeps;

use std::collections::BTreeMap;
use std::ops::Range;

use end_to_end_tests::{World, WorldOptions, run_test_with};
use local_aws::faults::{Call, DeliveryFault, FaultList, Moment};
use serde_json::{Value, json};

use crate::permissions::{START, committed_template, template_without};
use stage::{LATE, Play, Stage};
use story::{STORIES, Scene};

/// How often a scene is tried. Where two events come at the same time, an invocation may find the work of the other done
/// and make fewer calls than in the rehearsal.
const ROUNDS: usize = 4;

/// A template whose schedules rest: here the events have to do it alone.
fn without_schedules(mut template: Value) -> String {
    for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
        if resource["Properties"].get("ScheduleExpression").is_some() {
            resource["Properties"]["State"] = "DISABLED".into();
        }
    }
    template.to_string()
}

/// A scene for each call that was made in the rehearsal before it took effect, and one after.
fn list_scenes(calls: &[Call], rehearsal: &[Play]) -> Vec<Scene> {
    let mut scenes = Vec::new();
    for call in calls {
        for when in [Moment::Before, Moment::After] {
            let scene = Scene::of(call, when, rehearsal);
            if !scenes.contains(&scene) {
                scenes.push(scene);
            }
        }
    }
    scenes
}

/// Makes the events late that shall be.
fn delay_events(world: &World) -> Vec<DeliveryFault> {
    let function = world.function("publish-build-result").name;
    let late = |(status, late)| DeliveryFault {
        event: Some(json!({ "detail": { "build-status": [status] } })),
        times: u32::MAX,
        ..DeliveryFault::new(&function, &[late])
    };
    LATE.map(late).into()
}

/// Rehearses stories, and plays them with the functions killed in each of their scenes. Of each play so many messages
/// stay in the failure queue.
async fn kill_everywhere(world: &World, stories: Range<usize>, kept: usize) {
    let stage = Stage::build(world).await;
    let mut rehearsal: Vec<Play> = stories.map(Play::rehearsal).collect();
    world.aws.faults.inject(FaultList { deliveries: delay_events(world), ..FaultList::default() }).unwrap();
    stage.perform(&mut rehearsal).await;
    let expected = stage.outcomes(&rehearsal).await;
    world.aws.faults.end();
    let mut played = rehearsal.len();
    let mut scenes = list_scenes(&world.aws.faults.calls(), &rehearsal);
    for round in 1..=ROUNDS {
        let play = |(index, scene)| Play::of(scene, format!("round-{round}-play-{index}"));
        let mut plays: Vec<Play> = scenes.into_iter().enumerate().map(play).collect();
        let calls = plays.iter().filter_map(Play::fault).collect();
        world.aws.faults.inject(FaultList { calls, deliveries: delay_events(world) }).unwrap();
        stage.perform(&mut plays).await;
        let outcomes = stage.outcomes(&plays).await;
        let mut wrong = BTreeMap::new();
        for (play, outcome) in plays.iter().zip(&outcomes) {
            let of_story = rehearsal.iter().position(|rehearsed| rehearsed.story == play.story).unwrap();
            if *outcome != expected[of_story] {
                wrong.insert(play.title(), (outcome, &expected[of_story]));
            }
        }
        assert!(wrong.is_empty(), "these ended otherwise than the rehearsal: {wrong:#?}");
        played += plays.len();
        assert_eq!(world.failures().len(), kept * played, "{}", world.describe().await);
        let left = world.aws.faults.left().calls;
        world.aws.faults.end();
        plays.retain(|play| play.fault().is_some_and(|fault| left.contains(&fault)));
        scenes = plays.into_iter().filter_map(|play| play.killed).collect();
        if scenes.is_empty() {
            return;
        }
    }
    panic!("in {ROUNDS} rounds these calls were never made: {scenes:#?}");
}

#[tokio::test]
async fn a_function_that_is_killed_at_any_of_its_calls_breaks_no_promise() {
    let options = WorldOptions {
        templates: vec![without_schedules(committed_template())],
        // Many builds wait at one time for what comes next in their stories.
        concurrent_builds: 500,
        ..WorldOptions::default()
    };
    run_test_with(options, async |world| kill_everywhere(world, 0..STORIES.len() - 1, 0).await).await;
}

#[tokio::test]
async fn a_function_that_is_killed_while_no_build_can_start_tells_of_it_all_the_same() {
    let template = without_schedules(template_without(START, "codebuild:StartBuild"));
    let options = WorldOptions { templates: vec![template], ..WorldOptions::default() };
    let story = STORIES.len() - 1;
    run_test_with(options, async |world| kill_everywhere(world, story..story + 1, 1).await).await;
}
