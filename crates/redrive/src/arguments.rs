//! The command line.

use clap::Parser;

/// As few characters of an id are taken as git takes of a commit's.
const SHORTEST_ID: usize = 4;

/// What `--help` says beside the options. `cargo xtask redrive --help` says it too, before this program is built.
const ABOUT_THE_REST: &str = include_str!("help.txt");

/// List what is in the failure queue in words, or hand it back to its function.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask redrive", bin_name = "cargo xtask redrive", after_help = ABOUT_THE_REST)]
pub(crate) struct Arguments {
    /// Hand every message back to its function.
    #[arg(long, conflicts_with = "messages")]
    pub(crate) all: bool,
    /// Hand this message back; the first characters of its id are enough. May be given more than once.
    #[arg(long = "message", value_name = "ID", num_args = 1.., value_delimiter = ',', value_parser = parse_id)]
    pub(crate) messages: Vec<String>,
    /// The hook's name, as it was deployed.
    #[arg(long, value_name = "NAME", default_value = "pull-request-hook")]
    pub(crate) hook: String,
    /// The URL of the failure queue, in place of the one in which the hook's functions leave their failures.
    #[arg(long, value_name = "URL")]
    pub(crate) queue_url: Option<String>,
}

fn parse_id(text: &str) -> Result<String, String> {
    if text.chars().count() < SHORTEST_ID {
        return Err(format!("give at least {SHORTEST_ID} characters of the id"));
    }
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn clap_accepts_the_definition() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn messages_are_given_one_by_one_or_together() {
        for line in ["redrive --message 5F0C,0a1b", "redrive --message 5f0c 0a1b"] {
            assert_eq!(parse(line).unwrap().messages, ["5f0c", "0a1b"], "{line}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for line in ["redrive --message 5f0", "redrive --message", "redrive --all --message 5f0c"] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
