//! The gui room.
