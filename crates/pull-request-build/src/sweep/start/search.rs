//! The search for the builds of heads that no comment proves one of, in the list of the project's builds.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::mem::take;
use std::time::SystemTime;

use crate::start::{CLOCK_DIFFERENCE, ListedBuild};
use crate::sweep::start::{MissingBuild, is_build_of};

/// The heads that call for a build, unless the project has it, and how far its builds are listed.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    wanted: Vec<MissingBuild>,
    listed_back_to: Option<SystemTime>,
}

impl Search {
    pub(super) fn add(&mut self, wanted: MissingBuild) {
        self.wanted.push(wanted);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Takes a page of the project's builds, and says which to list next. None is needed once as many heads as `enough`
    /// are known to have no build: the list has the newest builds first, and the newest heads are built first.
    pub(super) fn take_page(
        &mut self,
        builds: &[ListedBuild],
        next_page: Option<String>,
        enough: usize,
    ) -> Option<String> {
        self.wanted.retain(|wanted| !builds.iter().any(|build| is_build_of(build, &wanted.revision.build)));
        let oldest = builds.iter().filter_map(|build| build.start_time).min();
        self.listed_back_to = match next_page {
            Some(_) => oldest.or(self.listed_back_to),
            None => Some(SystemTime::UNIX_EPOCH),
        };
        let settled = self.wanted.iter().filter(|wanted| self.is_settled(wanted)).count();
        next_page.filter(|_| settled < self.wanted.len().min(enough))
    }

    /// What is known to be missing, newest heads first. What the list does not go back to may be there.
    pub(super) fn take_missing(&mut self) -> VecDeque<MissingBuild> {
        let mut missing = take(&mut self.wanted);
        missing.retain(|wanted| self.is_settled(wanted));
        missing.sort_by_cached_key(|missing| {
            (Reverse(missing.revision.time), missing.revision.build.pull_request_id.clone())
        });
        missing.into()
    }

    /// Whether the list of builds goes back to before the head was pushed.
    fn is_settled(&self, wanted: &MissingBuild) -> bool {
        let earliest = wanted.revision.time.checked_sub(CLOCK_DIFFERENCE);
        earliest.is_none_or(|earliest| self.listed_back_to.is_some_and(|listed| listed < earliest))
    }
}
