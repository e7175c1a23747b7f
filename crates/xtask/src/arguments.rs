//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::test::StepName;

/// The commands of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

const EXIT_CODES: &str = "Exit codes: 0 passed, 1 failed, 2 wrong arguments; \
    demo, local and redrive end with the exit code of the program they become.";

/// The program's own words.
const ABOUT_REDRIVE: &str = include_str!("../../redrive/src/help.txt");

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Open three pull requests against a local stand-in for AWS and print the comments they receive.
    Demo(DemoOptions),
    /// Run the local stand-in for AWS until Ctrl-C.
    Local(LocalOptions),
    /// List what is in a hook's failure queue in words, or hand it back to its function.
    #[command(after_help = ABOUT_REDRIVE)]
    Redrive(RedriveOptions),
    /// Run every check that a change has to pass.
    #[command(after_help = "Exit codes: 0 every step passed, 1 a step failed, 2 wrong arguments.")]
    Test(TestOptions),
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// How long to wait for the comments; the demo has its own default.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct LocalOptions {
    /// The loopback port to listen on; 0 takes a free one [default: 4580].
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The CloudFormation template to load in place of the committed one.
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// Run another executable as the function with this logical id. May be given more than once.
    #[arg(long = "function", value_name = "LOGICAL_ID=PATH")]
    pub(crate) functions: Vec<String>,
    /// What goes wrong, and when: a JSON file as doc/semantics/faults.md describes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Tell what happens as it happens, a line each; without it, one line a build.
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RedriveOptions {
    /// Hand every message back to its function.
    #[arg(long, conflicts_with = "messages")]
    pub(crate) all: bool,
    /// Hand this message back; the first characters of its id are enough. May be given more than once.
    #[arg(long = "message", value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub(crate) messages: Vec<String>,
    /// The hook's name, as it was deployed [default: pull-request-hook].
    #[arg(long, value_name = "NAME")]
    pub(crate) hook: Option<String>,
    /// The URL of the failure queue, in place of the one in which the hook's functions leave their failures.
    #[arg(long, value_name = "URL")]
    pub(crate) queue_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Run only this step and the steps it needs. May be given more than once.
    #[arg(long = "step", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) steps: Vec<StepName>,
    /// Print the steps, what each does and what it needs, and run nothing.
    #[arg(long, conflicts_with = "steps")]
    pub(crate) list: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Task, clap::Error> {
        Arguments::try_parse_from(line.split(' ')).map(|arguments| arguments.task)
    }

    #[test]
    fn clap_accepts_the_definition() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn steps_are_given_one_by_one_or_together() {
        for line in ["xtask test --step lints --step cfn-lint", "xtask test --step lints cfn-lint"] {
            let Ok(Task::Test(options)) = parse(line) else { panic!("{line} is refused") };
            assert_eq!(options.steps, [StepName::Lints, StepName::CfnLint], "{line}");
        }
    }

    #[test]
    fn an_unknown_step_is_answered_with_the_nearest_one() {
        let message = parse("xtask test --step lint").expect_err("there is no step of that name").to_string();
        assert!(message.contains("'lints'"), "{message}");
    }

    #[test]
    fn list_runs_no_step() {
        assert!(parse("xtask test --list --step lints").is_err());
    }

    #[test]
    fn messages_are_chosen_or_all_are() {
        let Ok(Task::Redrive(options)) = parse("xtask redrive --message 5f0c,0a1b 7c7c") else {
            panic!("the options are refused")
        };
        assert_eq!(options.messages, ["5f0c", "0a1b", "7c7c"]);
        assert!(parse("xtask redrive --all --message 5f0c").is_err());
    }

    #[test]
    fn functions_can_be_replaced_more_than_once() {
        let Ok(Task::Local(options)) = parse("xtask local --port 4566 --function A=/a --function B=/b")
        else {
            panic!("the options are refused")
        };
        assert_eq!(
            (options.port, options.functions),
            (Some(4566), vec!["A=/a".to_owned(), "B=/b".to_owned()])
        );
    }
}
