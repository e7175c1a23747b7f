//! Lambda and EventBridge with a real process behind them.

#![cfg(test)]

mod eventbridge;
mod faults;
mod lambda;
mod lists;
mod schedules;
mod world;
