//! The oracle beside the plug-in's own engine and audio: random songs under random transports, trigger for trigger.
//!
//! proves: T2 T3 T4 T6 T7 T13 T14
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tracklight::audio::{HostParams, HostTransport, Io, Processor};
use tracklight::bus::{Job, JobDone, MediaEnds, Remote, Station, wire};
use tracklight::engine::Engine;
use tracklight::model::*;
use tracklight_host::oracle::{Oracle, Outcome, Stretch};

const RATE: u32 = 48_000;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// Two samplers, three patterns of any shape, a chain, three sequencers.
fn song(dice: &mut Dice) -> Vec<Command> {
    let mut all = vec![Command::SetSeed(dice.below(1000))];
    for (number, sampler) in ["kick", "hat"].into_iter().enumerate() {
        all.push(Command::AddModule {
            uid: Uid(100 + number as u64),
            kind: ModuleKind::MultiSampler,
            name: name(sampler),
        });
        let sample = |place| Sample {
            name: format!("s{place}"),
            path: format!("{sampler}{place}.wav"),
            params: ParamMap::new(),
        };
        all.push(Command::SetSamples(name(sampler), (1..=2).map(sample).collect()));
    }
    for (number, pattern) in ["p", "q", "r"].into_iter().enumerate() {
        let steps = 1 + dice.below(20) as u16;
        all.push(Command::AddPattern { uid: Uid(200 + number as u64), name: name(pattern), steps });
        all.push(Command::SetStepsPerBeat(name(pattern), dice.of(&[4.0, 3.0, -4.0, 0.5, 7.3, -1.25, 8.0, 12.0])));
        all.push(Command::SetCycles(name(pattern), dice.of(&[Cycles::Pass, Cycles::Position])));
        for row in 1..=steps {
            let b = 1 + dice.below(4) as u8;
            let ratio = if dice.below(2) == 0 { (1, 1) } else { (1 + dice.below(u64::from(b)) as u8, b) };
            let index = 1 + dice.below(3) as u16;
            let hit = Hit { index, chance: dice.of(&[100, 100, 50, 20]), ratio, ..Hit::default() };
            let row_of = [Row::Empty, Row::Rest, Row::Hit(hit.clone()), Row::Hit(hit)];
            all.push(Command::SetRow(name(pattern), row, row_of[dice.below(4) as usize].clone()));
        }
    }
    let entry = |dice: &mut Dice| ChainEntry {
        pattern: name(dice.of(&["p", "q", "r"])),
        repeats: 1 + dice.below(3) as u8,
        mute: dice.below(4) == 0,
    };
    let entries = (0..1 + dice.below(4)).map(|_| entry(dice)).collect();
    all.push(Command::AddChain { uid: Uid(300), name: name("song") });
    all.push(Command::SetChain(name("song"), entries));
    for (number, (sequencer, target)) in [("a", "kick"), ("b", "hat"), ("c", "hat")].into_iter().enumerate() {
        let (uid, kind) = (Uid(400 + number as u64), ModuleKind::TrackerSequencer);
        all.push(Command::AddModule { uid, kind, name: name(sequencer) });
        all.push(Command::Bind {
            sequencer: name(sequencer),
            pattern: Some(name(dice.of(&["p", "q", "r"]))),
            chain: (number == 0).then(|| Some(name("song"))),
            chain_on: (number == 0).then_some(true),
        });
        all.push(Command::Connect(name(sequencer), name(target), ConnKind::Event));
    }
    all.extend((dice.below(5) == 0).then(|| Command::Enable(name("hat"), false)));
    all
}

/// Any host: ramps, standstills, jumps, loops that wrap at the start of a block.
fn transport(dice: &mut Dice) -> Vec<Stretch> {
    let (mut beat, mut tempo, mut frame) = (dice.below(8) as f64, 60.0 + dice.below(2000) as f64 / 10.0, 0);
    let mut cycle: Option<(f64, f64)> = None;
    let mut playing = true;
    let mut all = vec![];
    for _ in 0..1500 {
        match dice.below(120) {
            0 => beat = dice.below(200) as f64 / 8.0,
            1 => playing = !playing,
            2 => cycle = None,
            3 => cycle = Some((beat.ceil(), beat.ceil() + 1.0 + dice.below(3) as f64)),
            4..30 => tempo += dice.below(100) as f64 / 100.0 - 0.5,
            _ => {}
        }
        beat = (beat * 2.0_f64.powi(31)).round() / 2.0_f64.powi(31);
        let mut frames = 1 + dice.below(2000);
        let per_frame = tempo / (60.0 * f64::from(RATE));
        let left =
            cycle.filter(|(_, end)| playing && beat < *end).map(|(_, end)| ((end - beat) / per_frame).round() as u64);
        frames = left.map_or(frames, |left| frames.min(left.max(1)));
        let fixed = (beat * 2.0_f64.powi(31)) as i64;
        all.push(Stretch { frame, frames, beat: fixed, tempo, playing, loop_beats: cycle });
        frame += frames;
        if playing {
            beat = if left == Some(frames) { cycle.unwrap().0 } else { beat + frames as f64 * per_frame };
        }
    }
    all
}

/// The plug-in's engine and audio on this thread.
struct Rig {
    engine: Engine,
    remote: Remote,
    processor: Processor,
    media: MediaEnds,
    now: Instant,
}

impl Rig {
    fn with(commands: Vec<Command>) -> Self {
        let wires = wire();
        let [media, _] = wires.media;
        let (engine, mut processor) = (Engine::new(wires.engine), Processor::new(wires.audio));
        processor.prepare(f64::from(RATE), 2048, false);
        wires.remote.gate.processing.store(true, std::sync::atomic::Ordering::Release);
        let mut rig = Self { engine, remote: wires.remote, processor, media, now: Instant::now() };
        rig.remote.asks.batch(Batch::now(Origin::Script, "song", commands)).unwrap();
        for _ in 0..20 {
            rig.tick();
            while let Some(Job::Decode { path, number, .. }) = rig.media.jobs.pop() {
                let clip = AudioClip { rate: RATE, channels: vec![vec![0.5; 50]], path: path.clone() };
                rig.media.done.push(JobDone::Decoded { number, path, result: Ok(clip) }).unwrap();
            }
        }
        rig
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(1);
        self.engine.tick(self.now);
    }

    /// Frame, sampler, sequencer, pattern, row, index of every trigger that sounded.
    fn play(&mut self, stretches: &[Stretch]) -> Vec<Told> {
        let events = self.remote.events.subscribe(1 << 16, &Default::default());
        let mut planes = vec![vec![0.0_f32; 2048]; 2];
        let mut told = vec![];
        for stretch in stretches {
            let host = HostTransport {
                playing: stretch.playing,
                tempo: Some(stretch.tempo),
                beat: Some(stretch.beat as f64 / 2.0_f64.powi(31)),
                signature: Some((4, 4)),
                loop_beats: stretch.loop_beats,
            };
            let frames = stretch.frames as usize;
            let (left, right) = planes.split_at_mut(1);
            let main_out = [&mut left[0][..frames], &mut right[0][..frames]];
            let mut io = Io { main_in: None, side_in: None, main_out, aux: Default::default() };
            self.processor.process(&mut io, Some(&host), &HostParams::default(), &[]);
            self.tick();
            while let Some(event) = events.next() {
                let Event::Triggered(record) = event else { continue };
                if record.why == Why::Fired {
                    let text = |name: &Option<Name>| name.as_ref().unwrap().to_string();
                    let (sequencer, pattern) = (text(&record.sequencer), text(&record.pattern));
                    told.push((
                        record.frame,
                        record.module.to_string(),
                        sequencer,
                        pattern,
                        record.row.unwrap(),
                        record.index,
                    ));
                }
            }
        }
        told.sort();
        told
    }
}

type Told = (u64, String, String, String, u16, u16);

#[test]
fn random_songs_under_random_transports_play_what_the_oracle_says() {
    let mut whole = 0;
    for seed in 0..200 {
        let mut dice = Dice(seed * 7919 + 1);
        let (commands, stretches) = (song(&mut dice), transport(&mut dice));
        let mut rig = Rig::with(commands);
        let state = serde_json::from_str(&rig.remote.now().session.to_json()).unwrap();
        let oracle = Oracle::new(&state, &BTreeSet::new(), RATE).unwrap();
        let mut expected: Vec<Told> = oracle
            .expect(&stretches)
            .into_iter()
            .filter(|one| one.outcome == Outcome::Fired)
            .map(|one| {
                (one.frame, one.module, one.sequencer.unwrap(), one.pattern.unwrap(), one.row.unwrap(), one.index)
            })
            .collect();
        expected.sort();
        let told = rig.play(&stretches);
        whole += told.len();
        let parted = expected.iter().zip(&told).position(|(a, b)| a != b);
        if let Some(at) = parted {
            let place = stretches.iter().position(|s| s.frame + s.frames > expected[at].0.min(told[at].0)).unwrap();
            panic!(
                "song {seed} parts at {at}: {:?} expected, {:?} played; blocks around: {:?}",
                expected[at],
                told[at],
                &stretches[place.saturating_sub(1)..(place + 2).min(stretches.len())]
            );
        }
        assert_eq!(expected.len(), told.len(), "song {seed}");
    }
    assert!(whole > 10_000, "{whole} triggers are too few to prove anything");
}
