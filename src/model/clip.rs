//! Decoded sound.
//!
//! Thread: any.

/// A decoded audio file, planar, at the file's own rate.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioClip {
    /// Frames per second, above 0.
    pub rate: u32,
    /// 1 or 2 channels of equal length; finite values.
    pub channels: Vec<Vec<f32>>,
    /// The file as it was asked for.
    pub path: String,
}

impl AudioClip {
    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate.max(1))
    }
}
