//! The way from the served repositories to their open pull requests.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::time::{Duration, SystemTime};

use crate::ids::{PullRequestId, RepositoryName};
use crate::served_repositories::ServedRepositories;

/// A call of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalkStep {
    /// List the repositories of the account and region; only where the setting has patterns.
    ListRepositories {
        /// The token of the page; the first page has none.
        page: Option<String>,
    },
    /// List the open pull requests of a repository.
    ListPullRequests {
        /// The repository.
        repository_name: RepositoryName,
        /// The token of the page; the first page has none.
        page: Option<String>,
    },
}

/// What came of a call of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalkAnswer {
    /// A page of the repositories.
    Repositories {
        /// Their names.
        names: Vec<RepositoryName>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
    /// A page of a repository's open pull requests; none if there is no such repository any more.
    PullRequests {
        /// The repository.
        repository_name: RepositoryName,
        /// The pull requests.
        ids: Vec<PullRequestId>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
}

/// An open pull request that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) pull_request_id: PullRequestId,
    pub(super) repository_name: RepositoryName,
}

/// What follows an answer.
pub(super) enum Walked {
    /// One more page.
    Step(WalkStep),
    /// A repository's open pull requests, in the order in which to look at them.
    PullRequests(Vec<Listed>),
    /// The last page of the repositories.
    RepositoriesListed,
}

/// The walk of one run.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    served: ServedRepositories,
    tick: u64,
    repositories: BTreeSet<RepositoryName>,
    /// Where a look at the pull requests of a repository begins.
    rotation: Rotation,
    /// The pull requests on the pages so far of repositories that have more.
    pages: BTreeMap<RepositoryName, BTreeSet<PullRequestId>>,
}

impl Walk {
    pub(super) fn new(served: ServedRepositories, tick: u64) -> Self {
        let repositories = served.names().clone();
        let rotation = Rotation::of_tick(tick);
        Self { served, tick, repositories, rotation, pages: BTreeMap::new() }
    }

    /// Turns `items` until the one where the run begins is the first.
    pub(super) fn rotate<T>(&self, items: &mut [T]) {
        Rotation::of_tick(self.tick).rotate(items);
    }

    /// The call to begin with, if the setting alone does not name the repositories.
    pub(super) fn first_step(&self) -> Option<WalkStep> {
        self.served.has_patterns().then_some(WalkStep::ListRepositories { page: None })
    }

    /// The calls that list the pull requests of the repositories known by now.
    pub(super) fn repository_steps(&mut self) -> impl Iterator<Item = WalkStep> + use<> {
        let mut names: Vec<RepositoryName> = take(&mut self.repositories).into_iter().collect();
        self.rotation = Rotation::of_tick(self.tick).rotate(&mut names);
        names.into_iter().map(|repository_name| WalkStep::ListPullRequests { repository_name, page: None })
    }

    pub(super) fn take(&mut self, answer: WalkAnswer) -> Walked {
        match answer {
            WalkAnswer::Repositories { names, next_page } => {
                let served = names.into_iter().filter(|name| self.served.serves(name));
                self.repositories.extend(served);
                match next_page {
                    Some(page) => Walked::Step(WalkStep::ListRepositories { page: Some(page) }),
                    None => Walked::RepositoriesListed,
                }
            }
            WalkAnswer::PullRequests { repository_name, ids, next_page } => {
                let listed = self.pages.entry(repository_name.clone()).or_default();
                listed.extend(ids);
                match next_page {
                    Some(page) => {
                        Walked::Step(WalkStep::ListPullRequests { repository_name, page: Some(page) })
                    }
                    None => {
                        let ids = self.pages.remove(&repository_name).unwrap_or_default();
                        Walked::PullRequests(self.in_order(&repository_name, ids))
                    }
                }
            }
        }
    }

    /// The pull requests of repositories of which a later page could not be read.
    pub(super) fn take_rest(&mut self) -> Vec<Listed> {
        let pages = take(&mut self.pages).into_iter();
        pages.flat_map(|(repository_name, ids)| self.in_order(&repository_name, ids)).collect()
    }

    fn in_order(&self, repository_name: &RepositoryName, ids: BTreeSet<PullRequestId>) -> Vec<Listed> {
        let mut ids: Vec<PullRequestId> = ids.into_iter().collect();
        self.rotation.rotate(&mut ids);
        let listed = |pull_request_id| Listed { pull_request_id, repository_name: repository_name.clone() };
        ids.into_iter().map(listed).collect()
    }
}

/// The number of the run that a schedule of that period makes at `time`.
pub fn schedule_tick(time: SystemTime, period: Duration) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since_epoch.as_secs() / period.as_secs().max(1)
}

/// Where a run begins, as a share of 2 to the power of 64.
///
/// A run that is cut short looks at a part of everything, of a length that nobody knows beforehand. The golden ratio
/// spreads the beginnings so evenly that parts of any length soon cover all: the gap between two beginnings of `n` runs
/// in succession is never larger than about 2.7 times its fair share (the three-gap theorem).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rotation(u64);

impl Rotation {
    fn of_tick(tick: u64) -> Self {
        /// 2 to the power of 64, divided by the golden ratio.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        Self(tick.wrapping_mul(STEP))
    }

    /// Turns `items` until the one where the run begins is the first. The rotation that is left says where in that one:
    /// a repository with thousands of pull requests is one item, too.
    fn rotate<T>(self, items: &mut [T]) -> Self {
        let place = u128::from(self.0) * items.len() as u128;
        let first = usize::try_from(place >> 64).unwrap_or_default();
        if first < items.len() {
            items.rotate_left(first);
        }
        Self(u64::try_from(place & u128::from(u64::MAX)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
