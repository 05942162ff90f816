//! Counting what `process` allocates, with [`CountingAlloc`] in effect: `--features counting`.
//!
//! A program of its own: nice-plug's `assert_process_allocs` brings a global allocator in debug builds, and there can be
//! only one in a program. Cargo builds this test only when asked, so a test run of the whole workspace may have that one.
#![allow(clippy::unwrap_used)]

#[path = "../examples/small_gain.rs"]
mod small_gain;

use tracklight_host::*;

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc;

fn playing() -> Instance {
    let source = Source::Static(&small_gain::clap_entry);
    let mut instance = Instance::open(&source, "org.tracklight.small-gain").unwrap();
    instance.activate(48_000.0, 1, 64).unwrap();
    instance.start_processing().unwrap();
    instance
}

#[test]
fn an_allocation_in_process_is_counted_for_its_instance_alone() {
    assert!(allocations_are_counted());
    let (mut clean, mut faulty) = (playing(), playing());
    let mut block = Block::new(clean.layout(), 64);
    let before = process_allocations();
    faulty.process(block.at(0, Event::param("leak", 1.0))).unwrap();
    for _ in 0..9 {
        faulty.process(&mut block).unwrap();
        clean.process(block.begin(64)).unwrap();
    }
    let found = faulty.processor().unwrap().allocations();
    assert_eq!(found, Allocations { allocated: 10, freed: 10, bytes: 1000 });
    assert_eq!(clean.processor().unwrap().allocations(), Allocations::NONE);
    // Another test may play at the same time, but its plug-in does not allocate.
    assert_eq!(process_allocations().allocated, before.allocated + 10);
    faulty.processor().unwrap().clear_measurements();
    assert_eq!(faulty.processor().unwrap().allocations(), Allocations::NONE);
}

#[test]
fn an_instance_dropped_without_its_processor_is_leaked_and_counted() {
    // Here and not with the other tests of the host, which expect that nothing of theirs leaks.
    let mut instance = playing();
    let mut block = Block::new(instance.layout(), 64);
    let mut processor = instance.take_processor().unwrap();
    drop(instance);
    assert_eq!(leaked_instances(), 1);
    processor.process(&mut block).unwrap();
    drop(processor);
    assert_eq!(leaked_instances(), 1);
}
