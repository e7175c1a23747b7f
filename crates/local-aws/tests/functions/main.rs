//! Lambda and EventBridge with a real process behind them.

#![cfg(test)]

mod lambda;
mod world;
