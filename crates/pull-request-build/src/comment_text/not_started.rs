//! What stands on a pull request while its build cannot be started.

use super::facts::commit_facts;
use super::failure::quote;
use super::room::{PARAGRAPH, Room};
use crate::marker::Marker;
use crate::not_started::{NotStarted, NotStartedKind};

/// As much of AWS's message is quoted.
const MAX_MESSAGE_BYTES: usize = 2_000;

/// The comment on a commit whose build could not be started, with the marker, which names no build, as its last line.
///
/// It says nothing that a push, a close or a merge would make wrong: nobody writes it again after them.
pub(crate) fn not_started_text(not_started: &NotStarted, marker: &Marker) -> String {
    let mut room = Room::of_a_comment();
    let headline = room.take(headline(not_started.reason.kind).to_owned());
    let outlook = room.take(
        "It is tried again as long as this commit is the newest of the open pull request, and then this comment \
         shows the build. AWS says:"
            .to_owned(),
    );
    let facts = room.take(format!("- {}", commit_facts(&not_started.build, None)));
    let marker = room.take(marker.to_string());
    let quotation = room.give(MAX_MESSAGE_BYTES, |bytes| {
        Some(quote(&not_started.reason.message, "the log of the function start-build has", bytes))
    });
    let page = [Some(headline), Some(outlook), quotation, Some(facts), Some(marker)];
    page.into_iter().flatten().collect::<Vec<_>>().join(PARAGRAPH)
}

/// What is wrong, and who can do what.
fn headline(kind: NotStartedKind) -> &'static str {
    match kind {
        NotStartedKind::AccountLimit => {
            "⏳ **Build not started yet.** As many builds run and wait as the AWS account allows. The build starts when \
             others have ended; whoever runs the hook can have the limit raised."
        }
        NotStartedKind::ProjectNotFound => {
            "🚧 **Build not started.** The hook's CodeBuild project does not exist. Whoever runs the hook has to deploy \
             it again."
        }
        NotStartedKind::AccessDenied => {
            "🚧 **Build not started.** The hook is denied to start builds. Whoever runs the hook has to give it the \
             permission that the message names: deploying the hook again does, unless a policy of the organization \
             or a permissions boundary denies it."
        }
        NotStartedKind::Refused => {
            "🚧 **Build not started.** CodeBuild does not take the request. Whoever runs the hook has to correct what \
             the message names: in the hook's settings or in its CodeBuild project."
        }
    }
}
