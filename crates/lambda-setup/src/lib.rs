#![doc = include_str!("../README.md")]

mod call_failure;
mod log_lines;
mod metrics;
mod sdk_config;
mod setting;
mod sweep;
mod walk;

pub use call_failure::CallFailure;
pub use log_lines::start_log_lines;
pub use metrics::{Metric, write_metrics};
pub use sdk_config::load_sdk_config;
pub use setting::{InvalidSetting, parse_sweep_period, read_setting};
pub use sweep::{CALLS_AT_A_TIME, SweepTime, carry_out_sweep};
pub use walk::walk;
