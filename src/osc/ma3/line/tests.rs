//! The line against a scripted desk in memory, on a virtual clock.
