//! The system allocator that also counts what a plug-in's `process` asks of it. Any thread.
#![allow(unsafe_code)]

use crate::watch::note;
use std::alloc::{GlobalAlloc, Layout, System};

/// Counts the calls made inside `process`. Put into effect by the program that wants it, not by this library:
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: tracklight_host::CountingAlloc = tracklight_host::CountingAlloc;
/// ```
///
/// There is one global allocator in a program: a debug build of nice-plug with `assert_process_allocs` has its own, and the
/// compiler then refuses this one. A plug-in loaded from disk brings its own allocator, too: only statically linked plug-ins are seen.
pub struct CountingAlloc;

// SAFETY: every call goes to `System` unchanged; counting touches only const-initialised thread-locals and never allocates.
unsafe impl GlobalAlloc for CountingAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, 0, layout.size());
        // SAFETY: the caller keeps `GlobalAlloc`'s contract, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, 0, layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note(0, 1, 0);
        // SAFETY: as in `alloc`; the pointer came from `System`.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(1, 1, new_size);
        // SAFETY: as in `dealloc`.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::{Allocations, InProcess};

    #[test]
    fn calls_inside_process_are_counted_and_others_are_not() {
        let layout = Layout::from_size_align(100, 8).expect("a valid layout");
        let trip = || {
            // SAFETY: the layout is not empty; each pointer is used and freed once, with the layout it then has.
            unsafe {
                let grown = CountingAlloc.realloc(CountingAlloc.alloc(layout), layout, 200);
                let grown_layout = Layout::from_size_align(200, 8).expect("a valid layout");
                CountingAlloc.dealloc(grown, grown_layout);
                CountingAlloc.dealloc(CountingAlloc.alloc_zeroed(layout), layout);
            }
        };
        trip();
        let watch = InProcess::enter();
        trip();
        crate::watch::unwatched(trip);
        assert_eq!(watch.leave(), Allocations { allocated: 3, freed: 3, bytes: 400 });
    }
}
