//! All reports and report groups of an account.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use super::report::{Report, ReportGroup};

/// Keeps what builds have reported.
#[derive(Debug, Default)]
pub(in super::super) struct ReportStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order of their creation.
    groups: Vec<ReportGroup>,
    /// In the order of their creation.
    reports: Vec<Arc<Report>>,
}

impl ReportStore {
    pub(super) fn group(&self, arn: &str) -> Option<ReportGroup> {
        self.lock().groups.iter().find(|group| group.arn == arn).cloned()
    }

    pub(super) fn groups(&self) -> Vec<ReportGroup> {
        self.lock().groups.clone()
    }

    /// The group with this one's ARN: the one that is there, or this one.
    pub(super) fn create_group(&self, group: ReportGroup) -> ReportGroup {
        let mut state = self.lock();
        if let Some(known) = state.groups.iter().find(|known| known.arn == group.arn) {
            return known.clone();
        }
        state.groups.push(group.clone());
        group
    }

    /// A report that has not expired.
    pub(super) fn report(&self, arn: &str, now: OffsetDateTime) -> Option<Arc<Report>> {
        self.lock().reports.iter().find(|report| report.arn == arn && report.exists(now)).cloned()
    }

    /// All reports that have not expired, the newest last.
    pub(super) fn reports(&self, now: OffsetDateTime) -> Vec<Arc<Report>> {
        self.lock().reports.iter().filter(|report| report.exists(now)).cloned().collect()
    }

    pub(super) fn add(&self, report: Report) {
        self.lock().reports.push(Arc::new(report));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
