//! How the calls and the time of a sweep grow with repositories and open pull requests.
//!
//! `cargo run -p end-to-end-tests --example sweep_growth -- REPOSITORIES PULL_REQUESTS` makes that many on a local AWS
//! whose events are all lost, lets both functions sweep once, and prints what they did. No head has a comment: nothing
//! costs a sweep more. Every call of a pull request starts a `git` here, so the times say how they grow and no more.

#![expect(clippy::unwrap_used, reason = "this program is for those who work on the repository")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_codecommit::Client;
use aws_sdk_codecommit::primitives::Blob;
use aws_sdk_codecommit::types::Target;
use end_to_end_tests::{HOOK, World, WorldOptions, hook_template, logical_id, run_test_with};
use local_aws::faults::{DeliveryFault, FaultList};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Repositories that are made at a time.
const AT_ONCE: usize = 8;

/// The least that the setting `sweepBuilds` allows: the builds are not what is measured.
const SWEEP_BUILDS: &str = "1";

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    let [repositories, pull_requests] = numbers[..] else {
        eprintln!("usage: sweep_growth REPOSITORIES PULL_REQUESTS");
        std::process::exit(2);
    };
    let mut template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    let function = &mut template["Resources"][logical_id("start-build")]["Properties"];
    function["Environment"]["Variables"]["SWEEP_BUILDS"] = SWEEP_BUILDS.into();
    let options = WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() };
    run_test_with(options, async |world| {
        lose_events(world);
        let start = Instant::now();
        fill(world, repositories, pull_requests).await;
        let made = start.elapsed().as_secs();
        println!("{repositories} repositories with {pull_requests} open pull requests, made in {made} s");
        for binary in ["start-build", "publish-build-result"] {
            measure(world, binary).await;
        }
    })
    .await;
}

fn lose_events(world: &World) {
    let lost = |binary: &str| DeliveryFault {
        function: logical_id(binary),
        event: None,
        arrivals: Vec::new(),
        times: u32::MAX,
    };
    let deliveries = vec![lost("start-build"), lost("publish-build-result")];
    world.aws.faults.inject(FaultList { deliveries, ..FaultList::default() }).unwrap();
}

/// Makes the repositories, and as equal a number of pull requests in each as there can be.
async fn fill(world: &World, repositories: usize, pull_requests: usize) {
    let mut making = JoinSet::new();
    for number in 0..repositories {
        if making.len() == AT_ONCE {
            making.join_next().await.unwrap().unwrap();
        }
        let share = pull_requests / repositories + usize::from(number < pull_requests % repositories);
        making.spawn(make_repository(world.codecommit.clone(), format!("repository-{number}"), share));
    }
    while let Some(made) = making.join_next().await {
        made.unwrap();
    }
}

/// A repository in which that many branches at one commit each have a pull request into main.
async fn make_repository(client: Client, name: String, pull_requests: usize) {
    client.create_repository().repository_name(&name).send().await.unwrap();
    let base = put_file(&client, &name, "main", None).await;
    create_branch(&client, &name, "feature", &base).await;
    let head = put_file(&client, &name, "feature", Some(&base)).await;
    for number in 0..pull_requests {
        let branch = format!("feature-{number}");
        create_branch(&client, &name, &branch, &head).await;
        let target = Target::builder().repository_name(&name).source_reference(branch);
        let target = target.destination_reference("main").build().unwrap();
        client.create_pull_request().title("One of many").targets(target).send().await.unwrap();
    }
}

async fn put_file(client: &Client, repository: &str, branch: &str, parent: Option<&str>) -> String {
    let request = client.put_file().repository_name(repository).branch_name(branch).file_path("README.md");
    let request = request.file_content(Blob::new(branch)).set_parent_commit_id(parent.map(str::to_owned));
    request.send().await.unwrap().commit_id
}

async fn create_branch(client: &Client, repository: &str, branch: &str, commit: &str) {
    let request = client.create_branch().repository_name(repository).branch_name(branch).commit_id(commit);
    request.send().await.unwrap();
}

/// Lets a function sweep as if an hour had passed, and prints its calls, its time and its words.
async fn measure(world: &World, binary: &str) {
    let time = world.aws.clock.now() + Duration::from_secs(3600);
    let (date, clock) = (time.date(), time.time());
    let (hour, minute, second) = clock.as_hms();
    let time = format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
    let event = json!({ "detail-type": "Scheduled Event", "time": time }).to_string();
    let start = Instant::now();
    let request_id = world.aws.lambda.invoke_event(&world.function(binary).name, event.into()).unwrap();
    let handled = async || {
        let invocations = world.aws.lambda.invocations().borrow().clone();
        invocations.iter().any(|invocation| invocation.request_id == request_id).then_some(())
    };
    let mut changes = world.aws.activity.changes();
    while handled().await.is_none() {
        changes.next().await;
    }
    println!("{binary}: {:.1} s", start.elapsed().as_secs_f64());
    let mut calls = BTreeMap::<String, usize>::new();
    for call in world.aws.faults.calls() {
        if call.invocation.request_id == request_id {
            *calls.entry(call.operation).or_default() += 1;
        }
    }
    for (operation, count) in calls {
        println!("{count:>8} {operation}");
    }
    let log = world.function_log(binary);
    for line in
        log.lines().filter(|line| line.contains("\"swept\"") || line.contains("could look at nothing"))
    {
        println!("         {line}");
    }
}
