//! A world that follows its plan.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end_tests::{FAILING, PASSING, Repository, World, logical_id};
use local_aws::faults::FaultList;

use crate::plan::{Act, LATEST, Plan};

/// How far apart sweeps are (the setting `sweepMinutes`, by default).
const BETWEEN_SWEEPS: Duration = Duration::from_secs(15 * 60);

/// A pull request and what people did to it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) branch: String,
    pub(crate) is_open: bool,
    /// When a person last deleted the hook's comment on a commit, in epoch seconds by the clock of the services.
    pub(crate) deletions: BTreeMap<String, f64>,
}

pub(crate) struct Lived<'w> {
    pub(crate) world: &'w World,
    repository: Repository,
    pub(crate) pull_requests: Vec<Known>,
    pub(crate) faults: u32,
}

impl<'w> Lived<'w> {
    pub(crate) async fn start(world: &'w World) -> Self {
        let repository = world.create_repository("payments").await;
        Self { world, repository, pull_requests: Vec::new(), faults: 0 }
    }

    pub(crate) async fn follow(&mut self, plan: &Plan) {
        self.world.aws.faults.inject(with_logical_ids(plan.faults.clone())).unwrap();
        for act in &plan.acts {
            self.act(*act).await;
        }
        self.faults = count(&plan.faults) - count(&self.world.aws.faults.left());
    }

    async fn act(&mut self, act: Act) {
        let count = self.pull_requests.len().max(1);
        match act {
            Act::Open { passes } => {
                let branch = format!("feature-{}", self.pull_requests.len());
                self.push(&branch, passes).await;
                let id = self.world.open_pull_request(&self.repository, &branch).await.id;
                let deletions = BTreeMap::new();
                self.pull_requests.push(Known { id, branch, is_open: true, deletions });
            }
            Act::Push { pull_request, passes } => {
                let branch = self.pull_requests[pull_request % count].branch.clone();
                self.push(&branch, passes).await;
            }
            Act::Close { pull_request } => {
                let known = &mut self.pull_requests[pull_request % count];
                if known.is_open {
                    known.is_open = false;
                    self.world.close(&self.world.pull_request(&known.id).await).await;
                }
            }
            Act::Merge { pull_request } => {
                let known = &mut self.pull_requests[pull_request % count];
                let merge = self.world.codecommit.merge_pull_request_by_squash().pull_request_id(&known.id);
                // It is refused where it is closed already.
                if merge.repository_name(&self.repository.name).send().await.is_ok() {
                    known.is_open = false;
                }
            }
            Act::DeleteComment { pull_request } => {
                let known = &mut self.pull_requests[pull_request % count];
                let comments = self.world.comments(&known.id).await;
                let Some(comment) = comments.into_iter().find(|comment| comment.in_reply_to.is_none()) else {
                    return;
                };
                self.world.codecommit.delete_comment_content().comment_id(&comment.id).send().await.unwrap();
                known.deletions.insert(comment.after_commit, self.world.aws.clock.epoch_seconds());
            }
            Act::Wait(time) => {
                // Pushing the clock under a running invocation would make it last longer than its timeout allows.
                self.world.settle().await;
                self.world.aws.clock.advance(time);
            }
            Act::Rest => self.world.settle().await,
        }
    }

    /// Pushes a commit of its own. Every branch changes a file of its own, so that each can be merged.
    async fn push(&self, branch: &str, passes: bool) {
        let buildspec = if passes { PASSING } else { FAILING };
        let file = format!("{branch}.txt");
        let commit = [("buildspec-tests.yaml", buildspec), (&*file, branch)];
        self.repository.commit(branch, &commit).await;
        self.repository.push(&[&format!("refs/heads/{branch}:refs/heads/{branch}")]).await;
    }

    /// Lets what is late arrive and what failed be tried again, then two sweeps pass.
    pub(crate) async fn end_faults(&self) {
        self.world.aws.faults.end();
        self.world.settle().await;
        let mut passed = Duration::ZERO;
        while passed < LATEST + 2 * BETWEEN_SWEEPS {
            // The retries of a failed event come after one and after two minutes.
            let step = Duration::from_secs(150);
            self.world.aws.clock.advance(step);
            passed += step;
            self.world.settle().await;
        }
    }
}

fn count(faults: &FaultList) -> u32 {
    let calls = faults.calls.iter().map(|fault| fault.times);
    calls.chain(faults.deliveries.iter().map(|fault| fault.times)).sum()
}

fn with_logical_ids(mut faults: FaultList) -> FaultList {
    for fault in &mut faults.calls {
        fault.function = logical_id(&fault.function);
    }
    for fault in &mut faults.deliveries {
        fault.function = logical_id(&fault.function);
    }
    faults
}
