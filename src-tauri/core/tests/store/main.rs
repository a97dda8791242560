//! The stores, from outside. `contract` holds what every store must do and knows none of them;
//! each store has a module that runs the contract on it and adds what only it promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[macro_use]
mod contract;
mod child;
mod damage;
mod model;
mod mongo;
#[path = "../../../../tests/support/mongod.rs"]
mod mongod;
mod processes;
mod refusals;
mod sqlite;
mod team;
