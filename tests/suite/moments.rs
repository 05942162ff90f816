//! Batches that wait for their moment.
