//! `cargo xtask test`: every check that a change has to pass.

mod aws_cli;
mod crate_lints;
mod documents;
mod log;
mod plan;
mod readme;
mod report;
mod step;
mod steps;
mod tools;

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use self::log::{Log, last_lines, show};
use self::plan::{Ending, Next, Plan};
use self::report::Report;
pub(crate) use self::step::StepName;
use self::step::{Lane, Step};
use crate::checkout::Checkout;
use crate::error::Error;

/// The steps, what each does and what it needs, for a person to read.
pub(crate) fn list_steps() -> String {
    let width = steps::STEPS.iter().map(|step| step.name.text().len()).max().unwrap_or_default();
    let line = |step: &Step| {
        let needs: Vec<String> = step.needs.iter().map(|need| need.text()).collect();
        let needs = if needs.is_empty() { String::new() } else { format!(" (needs {})", needs.join(", ")) };
        format!("{:<width$}  {}{needs}\n", step.name.text(), step.about)
    };
    steps::STEPS.iter().map(line).collect()
}

/// Runs the named steps and what they need, or all of them, and shows how they went.
///
/// # Errors
/// Only if the run cannot begin: a step that fails is part of the summary and of the exit code.
pub(crate) fn run_steps(checkout: &Checkout, names: &[StepName]) -> Result<ExitCode, Error> {
    let _lock = lock_tools(checkout)?;
    let run = Run {
        checkout,
        report: Report::new(io::stdout().is_terminal(), env::var_os("NO_COLOR").as_deref()),
        plan: Mutex::new(Plan::select(steps::STEPS, names)),
        ended: Condvar::new(),
    };
    let started = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| run.follow(Lane::Side));
        run.follow(Lane::Rust);
    });
    let plan = run.plan.into_inner().unwrap_or_else(PoisonError::into_inner);
    show(&run.report.summary(&plan, started.elapsed()));
    Ok(if plan.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Two runs in one checkout would install the same tools over each other: the second waits for the first.
fn lock_tools(checkout: &Checkout) -> Result<File, Error> {
    let folder = checkout.tools();
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(Error::file(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            show("Waiting for another `cargo xtask test` in this checkout to end.\n");
            file.lock().map_err(Error::file(&path))?;
        }
        Err(TryLockError::Error(source)) => return Err(Error::file(&path)(source)),
    }
    Ok(file)
}

struct Run<'a> {
    checkout: &'a Checkout,
    report: Report,
    plan: Mutex<Plan>,
    /// Signaled whenever a step has ended.
    ended: Condvar,
}

impl Run<'_> {
    /// Runs the steps of `lane` until none is left.
    fn follow(&self, lane: Lane) {
        while let Some(step) = self.next(lane) {
            let started = Instant::now();
            show(&self.report.start(step));
            let (ending, output) = self.run(step);
            let duration = started.elapsed();
            show(&format!("{output}{}", self.report.end(step, &ending, duration)));
            self.plan.lock().unwrap_or_else(PoisonError::into_inner).end(step.name, ending, duration);
            self.ended.notify_all();
        }
    }

    fn next(&self, lane: Lane) -> Option<&'static Step> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match plan.take_next(lane) {
                Next::Run(step) => return Some(step),
                Next::Finished => return None,
                Next::Wait => plan = self.ended.wait(plan).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Runs one step. Returns what of its output is still to be shown, too.
    fn run(&self, step: &Step) -> (Ending, String) {
        let log = match step.lane {
            Lane::Rust => Ok(Log::Shown),
            Lane::Side => {
                Log::held(self.checkout.tools().join("logs").join(format!("{}.log", step.name.text())))
            }
        };
        let log = match log {
            Ok(log) => log,
            Err(error) => return (Ending::Failed(error.to_string()), String::new()),
        };
        match (step.run)(self.checkout, &log) {
            Ok(outcome) => (outcome.into(), last_lines(&log.text(), step.closing_lines)),
            Err(error) => (Ending::Failed(error.to_string()), log.text()),
        }
    }
}
