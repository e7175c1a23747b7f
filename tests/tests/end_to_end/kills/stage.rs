//! Where stories are played: one repository with a branch and a pull request for each.

use std::time::Duration;

use end_to_end_tests::{PullRequest, Repository, Turnstile, World};
use local_aws::faults::CallFault;

use super::story::{Buildspec, Meanwhile, STORIES, Scene, Story};

/// How many stories go on at one time: enough to keep the ten invocations busy that may run in the account.
const AT_ONE_TIME: usize = 5;

/// How far the clock is pushed at a time while events wait to be tried again: not so far that all come at one time.
const STEP: Duration = Duration::from_secs(2);

/// How late the events of builds come, by status: those of one push come one after the other, so that in each play the
/// same event is first to find the same work.
pub(crate) const LATE: [(&str, Duration); 2] =
    [("IN_PROGRESS", Duration::from_secs(10)), ("STOPPED", Duration::from_secs(30))];

/// A story that is played.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) story: usize,
    /// The scene in which a function is killed.
    pub(crate) killed: Option<Scene>,
    branch: String,
    pull_request: Option<PullRequest>,
}

/// How a pull request ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Which commit was built and how that ended, a line each.
    builds: Vec<String>,
    /// Which commit was commented on and the state that the comment shows, a line each.
    comments: Vec<String>,
}

pub(crate) struct Stage<'w> {
    world: &'w World,
    repository: Repository,
    turnstile: Turnstile,
    /// The commit with each buildspec. Pull requests share them.
    commits: Vec<(Buildspec, String)>,
}

impl Play {
    pub(crate) fn rehearsal(story: usize) -> Self {
        let branch = format!("rehearsal-{story}");
        Self { story, branch, killed: None, pull_request: None }
    }

    pub(crate) fn of(scene: Scene, branch: String) -> Self {
        Self { story: scene.story, branch, killed: Some(scene), pull_request: None }
    }

    pub(crate) fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    pub(crate) fn fault(&self) -> Option<CallFault> {
        self.killed.as_ref().map(|scene| scene.kill(&self.reference()))
    }

    pub(crate) fn title(&self) -> String {
        self.killed.as_ref().map_or_else(|| self.branch.clone(), Scene::title)
    }

    fn story(&self) -> &'static Story {
        &STORIES[self.story]
    }

    fn pull_request(&self) -> &PullRequest {
        self.pull_request.as_ref().unwrap()
    }
}

impl<'w> Stage<'w> {
    pub(crate) async fn build(world: &'w World) -> Self {
        let repository = world.create_repository("payments").await;
        let turnstile = world.turnstile().await;
        let mut commits = Vec::new();
        for buildspec in [Buildspec::Endless, Buildspec::Succeeds, Buildspec::Fails] {
            let text = write_buildspec(buildspec, &turnstile.command());
            // On one line of history, so that each is a push forward from the one before.
            commits.push((buildspec, repository.commit("history", &[("buildspec-tests.yaml", &text)]).await));
        }
        Self { world, repository, turnstile, commits }
    }

    /// Plays stories from the beginning to the end.
    pub(crate) async fn perform(&self, plays: &mut [Play]) {
        let firsts = plays.iter().map(|play| self.refspec(play.story().first, play)).collect::<Vec<_>>();
        self.repository.push(&firsts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for some in plays.chunks_mut(AT_ONE_TIME) {
            for play in some {
                play.pull_request = Some(self.world.open_pull_request(&self.repository, &play.branch).await);
            }
            self.world.settle_but_for_builds().await;
        }
        self.let_retries_end().await;
        for some in plays.chunks(AT_ONE_TIME) {
            for play in some {
                match play.story().meanwhile {
                    Meanwhile::Nothing => {}
                    Meanwhile::Push(next) => self.repository.push(&[&self.refspec(next, play)]).await,
                    Meanwhile::Close => self.world.close(play.pull_request()).await,
                }
            }
            self.world.settle_but_for_builds().await;
        }
        self.let_retries_end().await;
        while self.world.running_builds() > 0 {
            let before = self.world.running_builds();
            let some = before.min(AT_ONE_TIME);
            self.turnstile.let_through(some);
            let ended = async || (self.world.running_builds() == before - some).then_some(());
            self.world.wait_for("the end of the builds at the turnstile", ended).await;
            self.world.settle_but_for_builds().await;
        }
        self.let_retries_end().await;
        self.world.settle().await;
    }

    /// Lets time pass until what failed has been tried again, and what is late has come.
    async fn let_retries_end(&self) {
        let deliveries = self.world.aws.eventbridge.deliveries();
        loop {
            self.world.let_time_pass(STEP, 0).await;
            let before = deliveries.borrow().len();
            for (_, late) in LATE {
                self.world.aws.clock.advance(late);
                self.world.settle_but_for_builds().await;
            }
            if deliveries.borrow().len() == before {
                return;
            }
        }
    }

    /// How the pull requests of plays ended, in their order.
    pub(crate) async fn outcomes(&self, plays: &[Play]) -> Vec<Outcome> {
        let builds = self.world.builds().await;
        let mut outcomes = Vec::new();
        for play in plays {
            let reference = play.reference();
            let own = builds
                .iter()
                .filter(|build| self.world.variable(build, "SOURCE_REFERENCE") == Some(reference.as_str()));
            let mut builds: Vec<String> = own
                .map(|build| {
                    let commit = self.name_commit(build.source_version().unwrap());
                    format!("{commit}: {}", build.build_status().unwrap().as_str())
                })
                .collect();
            let mut comments: Vec<String> = Vec::new();
            for comment in self.world.comments(&play.pull_request().id).await {
                let commit = self.name_commit(&comment.after_commit);
                let mark = comment.text.split_whitespace().next().unwrap_or_default();
                comments.push(match comment.in_reply_to {
                    Some(_) => format!("{commit}: reply {mark}"),
                    None => {
                        let state = comment.text.split("**").nth(1).unwrap_or_default();
                        format!("{commit}: {mark} {state}")
                    }
                });
            }
            builds.sort();
            comments.sort();
            outcomes.push(Outcome { builds, comments });
        }
        outcomes
    }

    fn name_commit(&self, id: &str) -> String {
        let found = self.commits.iter().find(|(_, commit)| commit == id);
        format!("{:?}", found.unwrap_or_else(|| panic!("no story has the commit {id}")).0)
    }

    fn refspec(&self, buildspec: Buildspec, play: &Play) -> String {
        let commit = self.commits.iter().find(|(known, _)| *known == buildspec);
        format!("{}:{}", commit.unwrap().1, play.reference())
    }
}

fn write_buildspec(buildspec: Buildspec, wait: &str) -> String {
    let head = "version: 0.2\nphases:\n  build:\n    commands:\n";
    match buildspec {
        Buildspec::Endless => format!("{head}      - tail -f /dev/null\n"),
        Buildspec::Succeeds => format!("{head}      - {wait}\n"),
        Buildspec::Fails => format!(
            "{head}      - {wait}
      - |
        cat >results.xml <<'END'
        <testsuite name='unit'>
          <testcase name='adds'/>
          <testcase name='divides'><failure message='0 is not 2'/></testcase>
        </testsuite>
        END
        echo 'error: 0 is not 2' && false
reports:
  unit:
    files: [results.xml]
"
        ),
    }
}
