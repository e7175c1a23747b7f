//! The commands that README.md gives, run as they stand there.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::aws_cli::AwsCli;
use super::log::Log;
use super::step::Outcome;
use super::tools;
use crate::checkout::Checkout;
use crate::error::Error;

/// How long a block may take. A loop in it that waits for something else would never end.
const LIMIT_SECONDS: u32 = 300;

/// Runs the block `demo` in the checkout.
pub(crate) fn run_demo(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    let script = write_script(checkout, "demo", "demo", "")?;
    log.run(checkout.command("bash").arg(script))
}

/// Runs the block `walk-through` with the pinned AWS CLI, which is of version 1.
pub(crate) fn run_walk_through(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    walk_through(checkout, log, "walk-through", &tools::path_with_python_tools(checkout)?)
}

/// Runs the block `walk-through` with the system's AWS CLI of version 2, if it has one.
pub(crate) fn run_walk_through_with_version_2(checkout: &Checkout, log: &Log) -> Result<Outcome, Error> {
    let Some(aws_cli) = AwsCli::find(&env::var_os("PATH").unwrap_or_default()) else {
        let reason = "no `aws` of version 2 is on the PATH; install it (Debian: apt-get install awscli)";
        return Ok(Outcome::NotChecked(reason.to_owned()));
    };
    let name = "walk-through-version-2";
    let path = aws_cli.put_on_path(&folder_of(checkout, &format!("{name}-bin")))?;
    walk_through(checkout, log, name, &path)?;
    log.line(&aws_cli.describe())?;
    Ok(Outcome::Passed)
}

/// Runs the block `walk-through` in an empty folder called `name`, against a local-aws of its own, as a person who has
/// git and the AWS CLI on this PATH and has pasted what local-aws prints.
fn walk_through(checkout: &Checkout, log: &Log, name: &str, path: &OsStr) -> Result<(), Error> {
    let script = write_script(checkout, "walk-through", name, "[[ $comment == *'Build succeeded'* ]]")?;
    let home = script.with_file_name("home");
    fs::create_dir(&home).map_err(Error::file(&home))?;
    let stand_in = StandIn::start(checkout, log)?;
    let mut bash = checkout.command("bash");
    bash.env("PATH", path).arg(&script).current_dir(&home).envs(stand_in.exports.iter().cloned());
    // Nothing of the person at this machine: no configuration of git, no profile of the AWS CLI.
    bash.env("HOME", &home).env("GIT_CONFIG_NOSYSTEM", "1").env_remove("AWS_PROFILE");
    for role in ["AUTHOR", "COMMITTER"] {
        bash.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.com");
    }
    log.run(&mut bash)
}

/// Where the files of one run are; git ignores it.
fn folder_of(checkout: &Checkout, name: &str) -> PathBuf {
    checkout.tools().join("readme").join(name)
}

/// Writes the block `block`, with `last` as its last command, into a script in the empty folder called `name`.
fn write_script(checkout: &Checkout, block: &str, name: &str, last: &str) -> Result<PathBuf, Error> {
    let readme = checkout.root.join("README.md");
    let text = fs::read_to_string(&readme).map_err(Error::file(&readme))?;
    let (line, block) = find_block(&text, block).ok_or_else(|| Error::NoBlock(block.to_owned()))?;
    let folder = folder_of(checkout, name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Error::file(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let script = folder.join("script.sh");
    fs::write(&script, make_script(line, &block, last)).map_err(Error::file(&script))?;
    Ok(script)
}

/// The block of shell commands after the line `<!-- tested: NAME -->`, and the number of its first line.
fn find_block(text: &str, name: &str) -> Option<(usize, String)> {
    let marker = format!("<!-- tested: {name} -->");
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| *line != marker).skip(1);
    let (fence, _) = lines.next().filter(|(_, line)| *line == "```sh")?;
    let block = lines.take_while(|(_, line)| *line != "```").map(|(_, line)| format!("{line}\n"));
    Some((fence + 2, block.collect()))
}

/// A script that prints each command of `block` before it runs, and stops with the first that fails or comes after the
/// limit. Its lines have the numbers that they have in README.md, where `block` begins at `line`.
fn make_script(line: usize, block: &str, last: &str) -> String {
    let show = format!(
        "show() {{ echo \"README.md:$1: $2\"; \
         ((SECONDS < {LIMIT_SECONDS})) || {{ echo \"README.md:$1: not done after $SECONDS s\" >&2; exit 1; }}; }}"
    );
    let failed = "trap 'echo \"README.md:$LINENO: this failed: $BASH_COMMAND\" >&2' ERR";
    let shown = "trap 'show \"$LINENO\" \"$BASH_COMMAND\"' DEBUG";
    format!("set -euo pipefail; {show}; {failed}; {shown}{}{block}{last}\n", "\n".repeat(line - 1))
}

/// A local-aws on a free port. It is stopped when this is dropped.
struct StandIn {
    child: Child,
    /// Kept open, so that it can go on printing.
    _output: BufReader<ChildStdout>,
    /// The variables that it asks to set.
    exports: Vec<(String, String)>,
}

impl StandIn {
    fn start(checkout: &Checkout, log: &Log) -> Result<Self, Error> {
        let mut command = checkout.command(checkout.binaries().join("local-aws"));
        command.args(["--port", "0", "--template"]).arg(checkout.template());
        log.redirect(&mut command)?;
        command.stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|source| Error::not_started(&command, source))?;
        let mut output = BufReader::new(child.stdout.take().ok_or(Error::NotReady)?);
        let lines = output.by_ref().lines().map_while(Result::ok);
        let lines: Vec<String> = lines.take_while(|line| line != "ready").collect();
        Ok(Self { child, _output: output, exports: find_exports(&lines) })
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // Not `Child::kill`, which would leave it no time to stop what it started.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        drop(asked.and_then(|_| self.child.wait()));
    }
}

/// The variables in lines such as `  export NAME=VALUE`.
fn find_exports(lines: &[String]) -> Vec<(String, String)> {
    let exports = lines.iter().filter_map(|line| line.trim().strip_prefix("export ")?.split_once('='));
    exports.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str =
        "# Title\n\n<!-- tested: demo -->\n```sh\ntrue\nfalse\n```\n\n<!-- tested: other -->\ntext\n";

    fn run(block: &str, last: &str) -> (bool, String) {
        let output = Command::new("bash").arg("-c").arg(make_script(5, block, last)).output();
        let output = output.expect("bash runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn a_block_is_found_by_its_name_with_its_first_line() {
        assert_eq!(find_block(README, "demo"), Some((5, "true\nfalse\n".to_owned())));
        for name in ["other", "none"] {
            assert_eq!(find_block(README, name), None, "{name}");
        }
    }

    #[test]
    fn the_command_that_fails_is_named_with_its_line_in_the_readme() {
        assert_eq!(run("true\n", "true"), (true, String::new()));
        assert_eq!(run("true\nfalse\ntrue\n", ""), (false, "README.md:6: this failed: false\n".to_owned()));
        assert!(run("true\n", "[[ yes == no ]]").1.contains("[[ yes == no ]]"));
        assert!(run("echo \"$none\"\n", "").1.contains("none: unbound variable"));
    }

    #[test]
    fn a_loop_without_an_end_is_ended() {
        let (succeeded, errors) = run("SECONDS=1000\nwhile true; do true; done\n", "");
        assert!(!succeeded && errors.starts_with("README.md:6: not done after "), "{errors}");
    }

    #[test]
    fn the_lines_to_paste_are_read() {
        let lines = ["Paste:", "  export A=b=c", "  git clone"].map(str::to_owned);
        assert_eq!(find_exports(&lines), [("A".to_owned(), "b=c".to_owned())]);
    }
}
