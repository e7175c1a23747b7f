//! The calls of publish-build-result's sweep.

use pull_request_build::{
    PublishSweep, PublishSweepAnswer, PublishSweepStep, Publisher, Repair, Step, Sweep,
};

use crate::aws::{At, Aws};
use crate::function::lanes::Calls;
use crate::function::start_sweep::{describe_walk, walk};
use crate::function::{End, Refused, Settings, Single, join};

impl Calls for PublishSweep {
    const FAILED: PublishSweepAnswer = PublishSweepAnswer::Failed;

    fn machine(step: &PublishSweepStep, aws: &Aws, settings: Settings) -> Option<Single> {
        let PublishSweepStep::Repair(repair) = step else { return None };
        let Repair { event, build } = (**repair).clone();
        let (identity, author) = (aws.names.identity(&build), aws.names.author.clone());
        let publisher = Box::new(Publisher::new(event, identity, author, settings.publish));
        Some(Single::Publish { publisher, pull_request_id: build.pull_request_id })
    }

    fn call(step: &PublishSweepStep, aws: &mut Aws, at: At) -> Result<PublishSweepAnswer, Refused> {
        let moment = at.now.before(at.lag);
        Ok(match step {
            PublishSweepStep::ListBuilds { page } => {
                let (builds, next_page) = aws.codebuild.list(page.as_deref(), moment);
                let listed_back_to = builds.iter().filter_map(|build| build.start_time).min();
                PublishSweepAnswer::Builds { builds, listed_back_to, next_page }
            }
            PublishSweepStep::Walk(step) => PublishSweepAnswer::Walk(walk(step, aws, at)),
            PublishSweepStep::ReadComments(pull_request_id) => PublishSweepAnswer::Comments {
                pull_request_id: pull_request_id.clone(),
                comments: aws
                    .codecommit
                    .index(pull_request_id)
                    .map(|index| aws.codecommit.read_comments(index, &aws.names)),
            },
            PublishSweepStep::ReadNamedBuilds(ids) => {
                PublishSweepAnswer::NamedBuilds(aws.codebuild.read(ids, moment))
            }
            PublishSweepStep::Repair(_) => return Err(Refused("a repair takes several calls")),
        })
    }

    fn outcome(step: &PublishSweepStep, machine: &Single) -> Option<PublishSweepAnswer> {
        let (PublishSweepStep::Repair(repair), Single::Publish { publisher, .. }) = (step, machine) else {
            return None;
        };
        match publisher.step() {
            Step::Finished(publication) => Some(PublishSweepAnswer::Published {
                repair: repair.clone(),
                publication: publication.clone(),
            }),
            Step::GiveUp { .. } => Some(PublishSweepAnswer::Failed),
            _ => None,
        }
    }

    fn describe(step: &PublishSweepStep) -> String {
        match step {
            PublishSweepStep::ListBuilds { page } => format!("lists builds, page {page:?}"),
            PublishSweepStep::Walk(step) => describe_walk(step),
            PublishSweepStep::ReadComments(id) => format!("reads the comments of pull request {id}"),
            PublishSweepStep::ReadNamedBuilds(ids) => format!("reads the builds {}", join(ids)),
            PublishSweepStep::Repair(repair) => format!("publishes {:?}", repair.event),
        }
    }

    fn end(&self) -> End {
        let summary = self.summary();
        if summary.saw_nothing() {
            return End::Failed(format!("could look at nothing: {summary:?}"));
        }
        End::Handled(format!("{summary:?}"))
    }
}
