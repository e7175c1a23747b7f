//! What went wrong in a build, read from its phases.

use crate::build::{Build, BuildStatus, PhaseContext};

/// The phase that did not end well, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<'b> {
    /// The phase's name.
    pub phase: &'b str,
    /// What CodeBuild says about it.
    pub cause: Cause<'b>,
}

/// Why a phase did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause<'b> {
    /// A command of the buildspec failed.
    Command {
        /// The command as the buildspec has it: hostile text, possibly of many lines.
        command: &'b str,
        /// How it ended, such as `exit status 1`.
        reason: &'b str,
    },
    /// Something else, in CodeBuild's words.
    Reported {
        /// CodeBuild's code, such as `YAML_FILE_ERROR`. Never empty together with the message.
        status_code: &'b str,
        /// CodeBuild's sentence: hostile text.
        message: &'b str,
    },
    /// CodeBuild says nothing.
    Unexplained,
}

impl<'b> Failure<'b> {
    /// The first phase that did not end well. After a failed BUILD, POST_BUILD still runs and may fail because of it.
    pub fn of(build: &'b Build) -> Option<Self> {
        let phase = build.phases.iter().find(|phase| {
            !matches!(phase.status, None | Some(BuildStatus::Succeeded | BuildStatus::InProgress))
        })?;
        let said = |context: &&PhaseContext| !context.status_code.is_empty() || !context.message.is_empty();
        let cause = phase.contexts.iter().find(said).map_or(Cause::Unexplained, Cause::of);
        Some(Self { phase: &phase.name, cause })
    }

    /// Whether the buildspec itself is missing or broken, which CodeBuild reports while it downloads the source.
    pub fn is_of_the_buildspec(&self) -> bool {
        matches!(self.cause, Cause::Reported { status_code: "YAML_FILE_ERROR", .. })
    }
}

impl<'b> Cause<'b> {
    fn of(context: &'b PhaseContext) -> Self {
        let PhaseContext { status_code, message } = context;
        // Read from the right: a command may itself contain the words that follow it.
        let command = message
            .strip_prefix("Error while executing command: ")
            .and_then(|rest| rest.rsplit_once(". Reason: "));
        match command {
            Some((command, reason)) => Self::Command { command, reason: reason.trim_end_matches('.') },
            None => Self::Reported { status_code, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{a_phase, an_ended_build};

    fn cause(status_code: &str, message: &str) -> PhaseContext {
        PhaseContext { status_code: status_code.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn a_failing_command_is_read_from_the_right() {
        let context = cause(
            "COMMAND_EXECUTION_ERROR",
            "Error while executing command: echo 'x. Reason: exit status 0' && false. Reason: exit status 1",
        );
        assert_eq!(
            Cause::of(&context),
            Cause::Command { command: "echo 'x. Reason: exit status 0' && false", reason: "exit status 1" }
        );
    }

    #[test]
    fn anything_else_stays_as_codebuild_said_it() {
        for (status_code, message) in [
            ("YAML_FILE_ERROR", "YAML file does not exist"),
            ("COMMAND_EXECUTION_ERROR", "Error while executing command: make"),
            ("", "Reason: exit status 1"),
        ] {
            let context = cause(status_code, message);
            assert_eq!(Cause::of(&context), Cause::Reported { status_code, message });
        }
    }

    #[test]
    fn the_first_phase_that_did_not_end_well_is_the_failure() {
        let mut build = an_ended_build(BuildStatus::Failed, 9, "BUILD", "COMMAND_EXECUTION_ERROR", "x");
        build.phases.push(a_phase("POST_BUILD", BuildStatus::Failed));
        assert_eq!(Failure::of(&build).unwrap().phase, "BUILD");
    }

    #[test]
    fn an_empty_context_is_passed_over() {
        let mut build = an_ended_build(BuildStatus::Failed, 9, "BUILD", "", "");
        assert_eq!(Failure::of(&build).unwrap().cause, Cause::Unexplained);
        build.phases[1].contexts.push(cause("INTERNAL_SERVICE_ERROR", ""));
        assert_eq!(
            Failure::of(&build).unwrap().cause,
            Cause::Reported { status_code: "INTERNAL_SERVICE_ERROR", message: "" }
        );
    }

    #[test]
    fn a_build_that_runs_or_succeeded_has_no_failure() {
        for status in [BuildStatus::InProgress, BuildStatus::Succeeded] {
            assert_eq!(Failure::of(&an_ended_build(status, 9, "BUILD", "", "")), None);
        }
    }
}
