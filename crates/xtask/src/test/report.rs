//! What a person reads about the steps: lines while they run, the table at the end.

use std::time::Duration;

use super::plan::{Ending, Plan};
use super::step::{Lane, Step};

/// Writes the lines about steps, in color or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    colors: bool,
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

impl Report {
    /// A report with colors if a person looks at it. `NO_COLOR` is <https://no-color.org>'s.
    pub(crate) fn new(is_terminal: bool, no_color: Option<&std::ffi::OsStr>) -> Self {
        Self { colors: is_terminal && no_color.is_none_or(std::ffi::OsStr::is_empty) }
    }

    /// The line that a step starts with.
    pub(crate) fn start(self, step: &Step) -> String {
        let name = self.paint(BOLD, &step.name.text());
        let place = match step.lane {
            Lane::Rust => "",
            Lane::Side => " (in the background)",
        };
        format!("==> {name}: {}{place}\n", step.about)
    }

    /// The line that a step ends with.
    pub(crate) fn end(self, step: &Step, ending: &Ending, duration: Duration) -> String {
        let (word, color) = result(ending);
        let name = self.paint(BOLD, &step.name.text());
        let detail = detail(ending).map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("<== {name} {} after {}{detail}\n", self.paint(color, word), time(duration))
    }

    /// The table of all steps, then what to do about those that did not pass, then their counts. What could not be
    /// checked counts as skipped.
    pub(crate) fn summary(self, plan: &Plan, total: Duration) -> String {
        let mut text = String::from("\n");
        let width = plan.ended().map(|(step, ..)| step.name.text().len()).max().unwrap_or_default();
        for (step, ending, duration) in plan.ended() {
            let (word, color) = result(ending);
            let time = if matches!(ending, Ending::Skipped(_)) { "-".to_owned() } else { time(duration) };
            let cell = self.paint(color, &format!("{word:<11}"));
            text += &format!("{:<width$}  {cell}  {time:>12}\n", step.name.text());
        }
        text += &format!("{:<width$}  {:<11}  {:>12}\n", "total", "", time(total));

        for (step, ending, _) in plan.ended() {
            let Some(detail) = detail(ending) else { continue };
            text += &format!("\n{} {}: {detail}\n", self.paint(BOLD, &step.name.text()), result(ending).0);
            if matches!(ending, Ending::Failed(_)) {
                text += &format!("  {}\n", step.advice);
                text += &format!("  Then run it again: cargo xtask test --step {}\n", step.name.text());
            }
        }
        let count =
            |wanted: fn(&Ending) -> bool| plan.ended().filter(|(_, ending, _)| wanted(ending)).count();
        let passed = count(|ending| matches!(ending, Ending::Passed));
        let failed = count(|ending| matches!(ending, Ending::Failed(_)));
        let skipped = plan.ended().count() - passed - failed;
        text + &format!("\nsteps: {passed} passed, {failed} failed, {skipped} skipped\n")
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn result(ending: &Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Passed => ("passed", GREEN),
        Ending::NotChecked(_) => ("not checked", YELLOW),
        Ending::Failed(_) => ("failed", RED),
        Ending::Skipped(_) => ("skipped", YELLOW),
    }
}

fn detail(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Passed => None,
        Ending::NotChecked(reason) | Ending::Failed(reason) => Some(reason.clone()),
        Ending::Skipped(need) => Some(format!("it needs {}, which did not pass", need.text())),
    }
}

fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::StepName;
    use super::super::steps::STEPS;
    use super::*;

    const PLAIN: Report = Report { colors: false };

    #[test]
    fn the_summary_says_what_failed_and_what_to_do() {
        let mut plan = Plan::select(STEPS, &[StepName::Format, StepName::Advisories, StepName::Arm64]);
        plan.end(
            StepName::Format,
            Ending::Failed("`cargo fmt` ended with 1".to_owned()),
            Duration::from_millis(740),
        );
        plan.end(StepName::PythonTools, Ending::Failed("no Python".to_owned()), Duration::from_secs(2));
        plan.end(StepName::CargoDeny, Ending::Passed, Duration::from_secs(125));
        plan.end(StepName::Advisories, Ending::NotChecked("no network".to_owned()), Duration::ZERO);
        assert_eq!(
            PLAIN.summary(&plan, Duration::from_secs(190)),
            "
format        failed              0.7 s
python-tools  failed              2.0 s
cargo-deny    passed         2 min 05 s
advisories    not checked         0.0 s
arm64         skipped                 -
total                        3 min 10 s

format failed: `cargo fmt` ended with 1
  Run `cargo fmt --all` and look at what it changed.
  Then run it again: cargo xtask test --step format

python-tools failed: no Python
  Install Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv).
  Then run it again: cargo xtask test --step python-tools

advisories not checked: no network

arm64 skipped: it needs python-tools, which did not pass

steps: 1 passed, 2 failed, 2 skipped
"
        );
    }

    #[test]
    fn only_a_terminal_without_no_color_gets_colors() {
        assert!(Report::new(true, None).colors);
        assert!(Report::new(true, Some("".as_ref())).colors);
        assert!(!Report::new(true, Some("1".as_ref())).colors);
        assert!(!Report::new(false, None).colors);
        assert_eq!(Report { colors: true }.paint(RED, "failed"), "\x1b[31mfailed\x1b[0m");
    }

    #[test]
    fn minutes_are_written_out() {
        for (seconds, text) in
            [(0.04, "0.0 s"), (59.4, "59.4 s"), (60.0, "1 min 00 s"), (3_725.0, "62 min 05 s")]
        {
            assert_eq!(time(Duration::from_secs_f64(seconds)), text);
        }
    }
}
