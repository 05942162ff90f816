//! A mapping against a desk that answers requests as `docs/desk-protocol.md` says, without a wire. Thread: the test's.

mod desk;
mod flow;
mod held;
mod random;
mod rig;
