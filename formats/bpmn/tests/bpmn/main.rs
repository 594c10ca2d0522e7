//! The engine and its models: one program, so that what the tests share is compiled and looked at once.

mod bombs;
mod check;
mod clock;
mod edit;
mod events;
mod interchange;
mod list;
mod migrate;
mod outline;
mod properties;
mod reference;
mod repeat;
mod same;
mod stepper;
mod stored;
mod support;
