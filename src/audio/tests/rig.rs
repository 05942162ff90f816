//! Programs made by hand, a host made by hand, and a [`Processor`] between them.

use std::sync::Arc;

use nice_assert_no_alloc::{AllocDisabler, assert_no_alloc};

use crate::audio::{HostParams, HostTransport, Io, Note, Processor};
use crate::bus::program::{
    Cable, EntryProgram, HitProgram, Node, NodeKind, PatternProgram, Program, RowProgram, SampleProgram,
    SamplerProgram, SequencerProgram, Values,
};
use crate::bus::{Fired, FromAudio, Lent, ToAudio, Vault, Wires, wire};
use crate::model::param::{PARAM_COUNT, PARAMS};
use crate::model::{AudioClip, Param, Uid, Why};

/// Only in the tests of the library: the tests around it count by another allocator.
#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

pub const RATE: f64 = 48_000.0;

/// A hit of sample 1 with nothing else.
pub fn hit() -> HitProgram {
    HitProgram { index: 1, note: None, length: None, chance: 100, ratio: (1, 1), params: Vec::new() }
}

/// Rows from a line: `x` a hit, `-` a rest, `.` nothing.
pub fn rows(line: &str) -> Vec<RowProgram> {
    let row = |c| match c {
        'x' => RowProgram::Hit(hit()),
        '-' => RowProgram::Rest,
        _ => RowProgram::Empty,
    };
    line.chars().map(row).collect()
}

pub fn pattern(number: u16, steps_per_beat: f64, rows: Vec<RowProgram>) -> Arc<PatternProgram> {
    Arc::new(PatternProgram { number, salt: u64::from(number) * 77, steps_per_beat, by_pass: true, rows })
}

/// Entries one after the other.
pub fn entries(list: &[(Arc<PatternProgram>, u32)]) -> Arc<[EntryProgram]> {
    let mut start = 0.0;
    let same = |a: &Arc<PatternProgram>, b: &Arc<PatternProgram>| a.number == b.number;
    let mut all = Vec::new();
    for (at, (pattern, repeats)) in list.iter().enumerate() {
        let cycles =
            |part: &[(Arc<PatternProgram>, u32)]| part.iter().filter(|e| same(&e.0, pattern)).map(|e| e.1).sum();
        let (cycles_before, cycles_per_round) = (cycles(&list[..at]), cycles(list));
        all.push(EntryProgram { pattern: pattern.clone(), start, repeats: *repeats, cycles_before, cycles_per_round });
        start += f64::from(*repeats) * pattern.rows.len() as f64 / pattern.steps_per_beat.abs();
    }
    all.into()
}

pub fn defaults() -> Values {
    std::array::from_fn(|place| PARAMS[place].default as f32)
}

/// A module's values with some of them set.
pub fn values(set: &[(Param, f32)]) -> Values {
    let mut values = defaults();
    set.iter().for_each(|&(param, value)| values[usize::from(param.0)] = value);
    values
}

pub fn sampler(slot: u16, set: &[(Param, f32)], clips: &[Lent<AudioClip>]) -> SamplerProgram {
    let sample =
        |clip: &Lent<AudioClip>| SampleProgram { clip: Some(clip.clone()), values: [0.0; PARAM_COUNT], own: 0 };
    let uid = Uid(100 + u64::from(slot));
    SamplerProgram { slot, uid, enabled: true, values: values(set), bank: clips.iter().map(sample).collect() }
}

pub fn sequencer(slot: u16, targets: &[u16], entries: Arc<[EntryProgram]>) -> SequencerProgram {
    SequencerProgram { slot, uid: Uid(500 + u64::from(slot)), enabled: true, targets: targets.to_vec(), entries }
}

/// Samplers straight into the main output, with the main input beside them.
pub fn program(samplers: Vec<SamplerProgram>, sequencers: Vec<SequencerProgram>) -> Program {
    let node = |slot: u16, kind| Node {
        slot,
        uid: Uid(1000 + u64::from(slot)),
        kind,
        enabled: true,
        volume: 1.0,
        inputs: Vec::new(),
    };
    let mut nodes = vec![node(0, NodeKind::HostIn)];
    nodes.extend(
        (0..samplers.len() as u16).map(|place| node(10 + samplers[usize::from(place)].slot, NodeKind::Sampler(place))),
    );
    let cable = |(from, node): (usize, &Node)| Cable { from: from as u16, volume: 1.0, key: u64::from(node.slot) + 7 };
    let inputs = nodes.iter().enumerate().map(cable).collect();
    nodes.push(Node { inputs, ..node(1, NodeKind::Main) });
    let samplers = samplers.into_iter().map(Arc::new).collect();
    Program { internal_clock: true, bpm: 120.0, samplers, sequencers, nodes, ..Program::default() }
}

/// One frame of 1, then silence.
pub fn click(frames: usize) -> AudioClip {
    clip(vec![(0..frames).map(|i| f32::from(u8::from(i == 0))).collect()])
}

pub fn clip(channels: Vec<Vec<f32>>) -> AudioClip {
    AudioClip { rate: RATE as u32, channels, path: String::new() }
}

/// A sine of `hz`, `frames` long.
pub fn sine(hz: f64, frames: usize) -> AudioClip {
    let sample = |i: usize| (i as f64 * hz / RATE * std::f64::consts::TAU).sin() as f32 * 0.5;
    clip(vec![(0..frames).map(sample).collect()])
}

/// The sound of the main output and of the first auxiliary one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sound {
    pub left: Vec<f32>,
    pub right: Vec<f32>,
    pub aux: Vec<f32>,
}

impl Sound {
    /// Frames that are not 0.
    pub fn onsets(&self) -> Vec<usize> {
        (0..self.left.len()).filter(|&i| self.left[i] != 0.0).collect()
    }

    /// Largest step from one frame to the next.
    pub fn roughness(&self) -> f32 {
        self.left.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
    }
}

pub struct Rig {
    pub vault: Vault,
    pub wires_engine: crate::bus::EngineEnds,
    pub processor: Processor,
    pub params: HostParams,
    pub events: Vec<FromAudio>,
    pub input: Option<f32>,
}

impl Rig {
    pub fn new() -> Self {
        Self::at(RATE)
    }

    pub fn at(rate: f64) -> Self {
        let Wires { audio, engine, .. } = wire();
        let mut processor = Processor::new(audio);
        processor.prepare(rate, 4096, false);
        Self {
            vault: Vault::default(),
            wires_engine: engine,
            processor,
            params: HostParams::default(),
            events: Vec::new(),
            input: None,
        }
    }

    /// A rig with one sampler of one clip, and one sequencer with one pattern, playing.
    pub fn playing(clip: AudioClip, set: &[(Param, f32)], steps_per_beat: f64, rows: Vec<RowProgram>) -> Self {
        let mut rig = Self::new();
        let clip = rig.vault.lend(clip);
        let entries = entries(&[(pattern(1, steps_per_beat, rows), 1)]);
        rig.swap(program(vec![sampler(0, set, &[clip])], vec![sequencer(0, &[0], entries)]));
        rig.send(ToAudio::Transport(crate::model::TransportVerb::Play));
        rig
    }

    pub fn send(&mut self, message: ToAudio) {
        self.wires_engine.to_audio.push(message).expect("there is room");
    }

    pub fn swap(&mut self, program: Program) {
        let program = self.vault.lend(program);
        self.send(ToAudio::Swap(program));
    }

    /// One block.
    pub fn block(&mut self, n: usize, transport: Option<&HostTransport>, notes: &[Note]) -> Sound {
        let input = self.input.map(|value| vec![value; n]);
        let mut sound = Sound { left: vec![9.0; n], right: vec![9.0; n], aux: vec![9.0; n] };
        let mut aux_right = vec![9.0; n];
        let mut aux: [Option<[&mut [f32]; 2]>; 8] = Default::default();
        aux[0] = Some([&mut sound.aux, &mut aux_right]);
        let main_in = input.as_ref().map(|input| [input.as_slice(); 2]);
        let mut io = Io { main_in, side_in: None, main_out: [&mut sound.left, &mut sound.right], aux };
        let (processor, params) = (&mut self.processor, &self.params);
        assert_no_alloc(|| processor.process(&mut io, transport, params, notes));
        while let Ok(event) = self.wires_engine.from_audio.pop() {
            self.events.push(event);
        }
        sound
    }

    /// Blocks of these lengths, one after the other, on the internal clock.
    pub fn blocks(&mut self, lengths: impl IntoIterator<Item = usize>) -> Sound {
        let mut all = Sound::default();
        for n in lengths {
            all.join(self.block(n, None, &[]));
        }
        all
    }

    /// `frames` frames in blocks of 512.
    pub fn run(&mut self, frames: usize) -> Sound {
        self.blocks(cut(frames, 512))
    }

    pub fn fired(&self) -> Vec<Fired> {
        let fired = |event: &FromAudio| match event {
            FromAudio::Fired(fired) => Some(*fired),
            _ => None,
        };
        self.events.iter().filter_map(fired).collect()
    }

    /// Frames and rows of what sounded.
    pub fn heard(&self) -> Vec<(u64, u16)> {
        self.fired().iter().filter(|f| f.why == Why::Fired).map(|f| (f.frame, f.row)).collect()
    }

    pub fn voices(&self) -> u32 {
        self.wires_engine.meters.voices.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Sound {
    pub fn join(&mut self, other: Sound) {
        self.left.extend(other.left);
        self.right.extend(other.right);
        self.aux.extend(other.aux);
    }
}

/// `frames` in blocks of `size`, the last one shorter.
pub fn cut(frames: usize, size: usize) -> Vec<usize> {
    (0..frames).step_by(size).map(|at| size.min(frames - at)).collect()
}

/// A host that plays at a tempo, perhaps in a loop: where it is at every frame.
#[derive(Clone, Copy)]
pub struct Host {
    pub bpm: f64,
    pub start: f64,
    pub cycle: Option<(f64, f64)>,
}

impl Host {
    pub fn at(&self, frame: usize) -> HostTransport {
        let mut beat = self.start + frame as f64 * self.bpm / (60.0 * RATE);
        if let Some((start, end)) = self.cycle.filter(|&(_, end)| self.start < end) {
            while beat >= end {
                beat -= end - start;
            }
        }
        HostTransport {
            playing: true,
            tempo: Some(self.bpm),
            beat: Some(beat),
            signature: Some((4, 4)),
            loop_beats: self.cycle,
        }
    }

    pub fn play(&self, rig: &mut Rig, lengths: impl IntoIterator<Item = usize>) -> Sound {
        let (mut all, mut frame) = (Sound::default(), 0);
        for n in lengths {
            all.join(rig.block(n, Some(&self.at(frame)), &[]));
            frame += n;
        }
        all
    }
}

/// Run by the test below in a process of its own, which the guard ends.
#[test]
#[ignore = "ends its process"]
fn allocate_under_the_guard() {
    assert_no_alloc(|| drop(std::hint::black_box(vec![1_u8])));
}

#[test]
fn the_guard_stops_an_allocation() {
    let this = std::env::current_exe().expect("a test has a program");
    let args = ["--ignored", "--exact", "audio::tests::rig::allocate_under_the_guard"];
    let output = std::process::Command::new(this).args(args).output().expect("it runs");
    assert!(!output.status.success(), "allocations go unseen: {output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("running 1 test"));
}
