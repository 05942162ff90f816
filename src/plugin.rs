//! The plugin room.
