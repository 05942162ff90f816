//! What sounds. Thread: audio; nothing below allocates after `prepare`.

pub mod kernel;
