//! Reports of tests and of code coverage: read from the files that a build wrote, and kept for 30 days.

mod cobertura;
mod coverage;
mod describe;
mod files;
mod get;
mod junit;
mod lists;
mod page;
mod read;
mod report;
mod section;
mod store;
mod test_case;
mod upload;
mod xml;

pub(super) use section::{ReportSection, ReportSource};
pub(super) use store::ReportStore;
