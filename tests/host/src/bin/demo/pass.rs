//! One plan played through one instance, and what came out of it. Main thread, which is the audio thread too.

use std::io::{IsTerminal, Write};
use std::path::Path;

use tracklight_host::{Block, Event, Instance};

use crate::plan::Plan;

/// Sound of a pass: one row of samples per channel; main left and right, then the auxiliary outs.
pub type Sound = Vec<Vec<f32>>;

/// Play a plan from its first block. `ports` outputs are kept (1: main alone). `each` is called after every block.
pub fn play(
    what: &str,
    instance: &mut Instance,
    plan: &Plan,
    ports: usize,
    mut each: impl FnMut(),
) -> Result<Sound, String> {
    let text = |error: tracklight_host::Error| format!("{what}: {error}");
    let layout = instance.layout();
    if layout.outputs.len() < ports {
        return Err(format!("{what}: the plug-in has {} outputs, {ports} are needed", layout.outputs.len()));
    }
    let mut block = Block::new(layout, plan.longest);
    let room = || Vec::with_capacity(plan.frames as usize);
    let mut sound: Sound = (0..ports * 2).map(|_| room()).collect();
    let mut progress = Progress::new(what, plan.blocks.len());
    instance.start_processing().map_err(text)?;
    for planned in &plan.blocks {
        begin(&mut block, planned);
        instance.process(&mut block).map_err(text)?;
        if let Some((port, channel)) = block.written_past_end() {
            return Err(format!("{what}: output {port}, channel {channel} was written behind the block's end"));
        }
        for port in 0..ports {
            for (channel, samples) in block.port(port).take(2).enumerate() {
                sound[port * 2 + channel].extend_from_slice(samples);
            }
        }
        instance.idle();
        each();
        progress.step();
    }
    instance.stop().map_err(text)?;
    match sound.iter().position(|channel| channel.iter().any(|sample| !sample.is_finite())) {
        Some(channel) => Err(format!("{what}: channel {channel} holds samples that are no numbers")),
        None => Ok(sound),
    }
}

/// Make a block what the plan says.
pub fn begin(block: &mut Block, planned: &crate::plan::Block) {
    block.begin(planned.frames);
    block.transport = Some(planned.transport);
    for (frame, value) in &planned.lane {
        block.at(*frame, Event::param("m01", *value));
    }
}

/// The first difference between two sounds, bit by bit; `None` when they are equal.
pub fn difference(a: &Sound, b: &Sound) -> Option<String> {
    if a.len() != b.len() {
        return Some(format!("{} and {} channels", a.len(), b.len()));
    }
    a.iter().zip(b).enumerate().find_map(|(channel, (a, b))| {
        if a.len() != b.len() {
            return Some(format!("{} and {} frames", a.len(), b.len()));
        }
        let frame = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())?;
        let count = a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        Some(format!(
            "channel {channel} differs in {count} of {} frames, first at frame {frame}: {} and {}",
            a.len(),
            a[frame],
            b[frame]
        ))
    })
}

/// The largest size of a sample.
pub fn peak(sound: &Sound) -> f32 {
    sound.iter().flatten().fold(0.0, |peak, sample| sample.abs().max(peak))
}

/// Write the first two channels as 32-bit float.
pub fn write_wav(path: &Path, sound: &Sound, rate: u32) -> Result<(), String> {
    let text = |error: hound::Error| format!("{}: {error}", path.display());
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).map_err(text)?;
    for (left, right) in sound[0].iter().zip(&sound[1]) {
        writer.write_sample(*left).map_err(text)?;
        writer.write_sample(*right).map_err(text)?;
    }
    writer.finalize().map_err(text)
}

/// Says how far a pass is: a moving number on a terminal, four lines elsewhere.
pub struct Progress {
    what: String,
    whole: usize,
    done: usize,
    shown: usize,
    moving: bool,
}

impl Progress {
    /// Nothing done of `whole` steps.
    pub fn new(what: &str, whole: usize) -> Self {
        Self { what: what.to_owned(), whole: whole.max(1), done: 0, shown: 0, moving: std::io::stderr().is_terminal() }
    }

    /// One step done.
    pub fn step(&mut self) {
        self.done += 1;
        let percent = self.done * 100 / self.whole;
        let grain = if self.moving { 1 } else { 25 };
        if percent / grain > self.shown / grain {
            self.shown = percent;
            let mut to = std::io::stderr().lock();
            // A closed terminal is no reason to stop.
            let _ = match self.moving {
                true => write!(to, "\r  {} {percent} %{}", self.what, if percent >= 100 { "\n" } else { "" }),
                false => writeln!(to, "  {} {percent} %", self.what),
            };
            let _ = to.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_compared_bit_by_bit_and_the_first_difference_is_told() {
        let a: Sound = vec![vec![0.0, 1.0], vec![0.5, 0.25]];
        assert_eq!(difference(&a, &a), None);
        let mut b = a.clone();
        b[1][1] = -0.0;
        assert!(difference(&a, &b).is_some_and(|text| text.contains("channel 1") && text.contains("frame 1")));
        b[0][0] = -0.0;
        assert!(difference(&a, &b).is_some_and(|text| text.contains("channel 0")));
        assert!(difference(&a, &vec![]).is_some());
    }
}
