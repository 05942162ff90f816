//! A headless CLAP host in the process of the tests and of the demo. It plays on whichever thread calls it.
//!
//! It knows of a plug-in what a DAW knows: the CLAP entry, handed over as [`Source::Static`] or loaded from disk.
//! Nothing here imports `tracklight`; a test passes `&tracklight::clap_entry`.
//!
//! ```text
//! source     where plug-ins come from          instance   one plug-in, main-thread side
//! block      audio, events in and out          processor  one plug-in, audio side (may move to another thread)
//! transport  what the host says about time     params, editor, callbacks   further sides of an instance
//! watch      allocations inside `process`      timings    wall, CPU and waiting per `process`
//! oracle     what a session should play, worked out a second time
//! ```
//!
//! A pass from start to end:
//!
//! ```ignore
//! let mut instance = Instance::open(&Source::Static(&tracklight::clap_entry), "org.example.plugin")?;
//! instance.activate(48_000.0, 1, 512)?;
//! instance.start_processing()?;
//! let mut timeline = Timeline::new(48_000.0, 120.0);
//! timeline.play();
//! let mut block = Block::new(instance.layout(), 512);
//! for frames in BlockSizes::random(512, 7).take(100) {
//!     block.begin(frames);
//!     block.transport = Some(timeline.advance(frames));
//!     block.at(0, Event::param("gain", 0.5));
//!     instance.process(&mut block)?;
//!     let left = block.output(0, 0);
//!     instance.idle();
//! }
//! ```
#![deny(unsafe_code)]

mod block;
mod block_sizes;
mod callbacks;
mod counting_alloc;
mod editor;
mod error;
mod event;
mod instance;
pub mod oracle;
mod params;
mod ports;
mod processor;
mod source;
mod timings;
mod transport;
mod watch;

pub use block::{Block, Layout, PortShape, Presence};
pub use block_sizes::BlockSizes;
pub use callbacks::{LogLine, Requests};
pub use clack_extensions::log::LogSeverity;
pub use clack_extensions::tail::TailLength;
pub use clack_host::events::event_types::NoteExpressionType as Expression;
pub use clack_host::process::ProcessStatus as Status;
pub use counting_alloc::CountingAlloc;
pub use error::Error;
pub use event::{Event, Note, OutEvent};
pub use instance::{Instance, leaked_instances};
pub use params::{Param, param_id};
pub use ports::{AudioPort, NotePort, Ports};
pub use processor::Processor;
pub use source::{ClapEntry, PluginInfo, Source};
pub use timings::{Sample, Spread, Stopwatch, Timings, thread_cpu_ns};
pub use transport::{Timeline, Transport, beats_to_fixed, fixed_to_beats};
pub use watch::{Allocations, allocations_are_counted, process_allocations, watched};
