//! One binary of tests that read like the product: behaviour per room over public doors, the whole plug-in on one
//! thread (`rig`), properties that hold for anything, and the house's agreements (`tidy`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may read a real clock and start a thread of its own"
)]

mod banks;
mod bounce;
mod callbacks;
mod chains;
mod clock;
mod crash;
mod desk;
mod dice;
mod engine;
mod engine_rig;
mod examples;
mod fuzz;
mod golden;
mod headless;
mod host;
mod host_rig;
mod lua;
mod manual;
mod modules;
mod moments;
mod overrun;
mod patch_any;
mod properties;
mod rig;
mod rows;
mod sampler;
mod shell;
mod shell_vst3;
mod soak;
#[cfg(all(feature = "standalone", target_os = "linux"))]
mod standalone;
mod stopping;
mod strategy;
mod tidy;
mod timing;
mod twoway;
mod undo;
mod vst3_buses;
mod vst3_clap;
mod vst3_host;
mod window;

use tracklight_host::CountingAlloc;

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc;
