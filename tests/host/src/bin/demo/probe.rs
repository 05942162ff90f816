//! The probe: every sample becomes one unit impulse, every sampler has an output of its own, and what is heard is laid
//! beside what was triggered. Main thread.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tracklight::model::session::AUX_COUNT;
use tracklight::model::{
    Column, Command, ConnKind, ModuleKind, Name, Param, Path as ParamPath, Row, Sample, Session, TriggerRecord, Why,
};

use crate::events::Recorder;
use crate::linked::{Linked, Setup};
use crate::pass;
use crate::plan::Plan;

/// Length of an impulse file in frames: the release at a file's end must not touch its first frame.
const IMPULSE_FRAMES: usize = 4096;
/// What is louder than this is heard.
const AUDIBLE: f32 = 1e-5;

/// What the probe found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probed {
    /// The largest distance between a trigger's frame and the nearest frame heard, or the other way.
    pub error_frames: u64,
    /// Frames at which something was heard, over all samplers.
    pub onsets: usize,
    /// What is not as it should be.
    pub failures: Vec<String>,
}

/// Play the session with impulses: eight samplers in a pass, as there are eight auxiliary outs.
pub fn probe(session: &Session, plan: &Plan, setup: &Setup, folder: &Path) -> Result<Probed, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let samplers = samplers(session);
    let mut probed = Probed::default();
    for (turn, group) in samplers.chunks(AUX_COUNT).enumerate() {
        let of = samplers.len().div_ceil(AUX_COUNT);
        let what = if of == 1 { "probe".to_owned() } else { format!("probe {} of {of}", turn + 1) };
        let prepared = prepare(session, group, plan.rate, folder)?;
        let mut linked = Linked::open(setup, None)?;
        linked.perform(&what, vec![Command::Load(Arc::new(prepared))])?;
        if let Some((path, why)) = linked.load_media()?.into_iter().next() {
            return Err(format!("{what}: {path}: {why}"));
        }
        let mut recorder = Recorder::listen(&linked.remote);
        let sound = pass::play(&what, &mut linked.instance, plan, 1 + AUX_COUNT, || recorder.take())?;
        let records = recorder.finish()?;
        for (place, sampler) in group.iter().enumerate() {
            listen(sampler.as_str(), &sound[2 + place * 2..][..2], &records, &mut probed);
        }
        probed.failures.extend(linked.faults(&what).0);
    }
    Ok(probed)
}

fn samplers(session: &Session) -> Vec<Name> {
    let all = session.modules.iter().filter(|(_, module)| module.kind() == ModuleKind::MultiSampler);
    all.map(|(name, _)| name.clone()).collect()
}

/// The session with impulses. Whatever could move, soften or hide a hit's first frame is taken away; when it is hit, by
/// what and how often stays as it is.
fn prepare(session: &Session, group: &[Name], rate: u32, folder: &Path) -> Result<Session, String> {
    let mut commands: Vec<Command> = session.macros.keys().cloned().map(Command::UnmapMacro).collect();
    for name in samplers(session) {
        let module = &session.modules[&name];
        let plain = module.params.keys().map(|param| ParamPath::Param { module: name.clone(), param: *param });
        commands.extend(plain.map(Command::Unset));
        let mut samples = vec![];
        for (place, sample) in module.samples().iter().enumerate() {
            let path = std::path::absolute(folder.join(format!("{name}_{}.wav", place + 1)));
            let path = path.map_err(|error| error.to_string())?;
            write_impulse(&path, rate)?;
            samples.push(Sample {
                name: sample.name.clone(),
                path: path.display().to_string(),
                params: Default::default(),
            });
        }
        commands.push(Command::SetSamples(name.clone(), samples));
        let voices = ParamPath::Param { module: name.clone(), param: Param::VOICES };
        commands.push(Command::Set(voices, 256.0));
        for cable in session.connections.iter().filter(|c| c.from == name && c.kind == ConnKind::Audio) {
            commands.push(Command::Disconnect(name.clone(), cable.to.clone(), Some(ConnKind::Audio)));
        }
    }
    for (place, name) in group.iter().enumerate() {
        let aux = Name::new(&format!("aux{}", place + 1)).map_err(|error| error.to_string())?;
        let volume = ParamPath::Param { module: aux.clone(), param: Param::MASTER_VOLUME };
        commands.extend([Command::Enable(aux.clone(), true), Command::Unset(volume)]);
        commands.push(Command::Connect(name.clone(), aux, ConnKind::Audio));
    }
    for (name, pattern) in &session.patterns {
        for (number, row) in pattern.rows.iter().filter(|(number, _)| **number <= pattern.steps) {
            if let Row::Hit(hit) = row {
                let mut plain = hit.clone();
                plain.params.clear();
                plain.note = None;
                // What a hidden column holds must not come to light.
                if !pattern.columns.contains(&Column::Chance) {
                    plain.chance = 100;
                }
                if !pattern.columns.contains(&Column::Ratio) {
                    plain.ratio = (1, 1);
                }
                commands.push(Command::SetRow(name.clone(), *number, Row::Hit(plain)));
            }
        }
    }
    let mut prepared = session.clone();
    for command in &commands {
        prepared.perform(command).map_err(|error| format!("the probe's session: {error} ({command:?})"))?;
    }
    Ok(prepared)
}

fn write_impulse(path: &Path, rate: u32) -> Result<(), String> {
    let text = |error: hound::Error| format!("{}: {error}", path.display());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).map_err(text)?;
    for frame in 0..IMPULSE_FRAMES {
        writer.write_sample(if frame == 0 { 1.0_f32 } else { 0.0 }).map_err(text)?;
    }
    writer.finalize().map_err(text)
}

/// Lay the frames heard from one sampler beside those at which it was triggered. Two hits on one frame are heard as one.
fn listen(sampler: &str, sound: &[Vec<f32>], records: &[Arc<TriggerRecord>], probed: &mut Probed) {
    let triggered = records.iter().filter(|record| record.why == Why::Fired && record.module.as_str() == sampler);
    let triggered: BTreeSet<u64> = triggered.map(|record| record.frame).collect();
    let loud = |frame: &usize| sound.iter().any(|channel| channel[*frame].abs() > AUDIBLE);
    let heard: BTreeSet<u64> = (0..sound[0].len()).filter(loud).map(|frame| frame as u64).collect();
    probed.onsets += heard.len();
    for (from, to, what) in
        [(&triggered, &heard, "triggered and not heard"), (&heard, &triggered, "heard and not triggered")]
    {
        let lonely: Vec<_> = from.iter().filter(|frame| !to.contains(frame)).collect();
        if let Some(first) = lonely.first() {
            probed.failures.push(format!("probe: {sampler}: {} frames {what}, first at frame {first}", lonely.len()));
        }
        for frame in lonely {
            let before = to.range(..frame).next_back().map(|other| frame - other);
            let after = to.range(frame..).next().map(|other| other - frame);
            let nearest = before.into_iter().chain(after).min().unwrap_or(u64::MAX);
            probed.error_frames = probed.error_frames.max(nearest);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn record(frame: u64, why: Why) -> Arc<TriggerRecord> {
        let module = Name::new("kick").unwrap();
        let (sequencer, pattern, row, index, note, params) = (None, None, None, 1, None, vec![]);
        Arc::new(TriggerRecord { frame, beat: 0.0, module, sequencer, pattern, row, index, note, params, why })
    }

    fn heard(frames: &[usize]) -> Vec<Vec<f32>> {
        let mut channel = vec![0.0; 100];
        frames.iter().for_each(|frame| channel[*frame] = 0.7);
        vec![channel.clone(), channel]
    }

    #[test]
    fn two_hits_on_one_frame_are_heard_as_one_and_silent_ones_not_at_all() {
        let records = [record(3, Why::Fired), record(3, Why::Fired), record(40, Why::Chance), record(50, Why::Fired)];
        let mut probed = Probed::default();
        listen("kick", &heard(&[3, 50]), &records, &mut probed);
        assert_eq!(probed, Probed { error_frames: 0, onsets: 2, failures: vec![] });
    }

    #[test]
    fn a_hit_that_is_late_is_measured_and_one_that_is_not_heard_is_told() {
        let mut probed = Probed::default();
        listen("kick", &heard(&[5, 50]), &[record(3, Why::Fired), record(50, Why::Fired)], &mut probed);
        assert_eq!((probed.error_frames, probed.failures.len()), (2, 2));
        listen("kick", &heard(&[]), &[record(3, Why::Fired)], &mut probed);
        assert_eq!(probed.error_frames, u64::MAX);
    }

    #[test]
    fn the_probes_session_hits_as_often_and_without_ornament() {
        let folder = std::env::temp_dir().join(format!("tracklight_probe_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut session = Session::new();
        let (kick, beat) = (Name::new("kick").unwrap(), Name::new("beat").unwrap());
        let sample = |name: &str| Sample {
            name: name.into(),
            path: format!("{name}.wav"),
            params: [(Param::SPEED, 2.0)].into(),
        };
        let position = ParamPath::Param { module: kick.clone(), param: Param::POSITION };
        let mut hit = tracklight::model::Hit { chance: 30, note: Some(72), ..Default::default() };
        hit.params.insert(Param::ATTACK_MS, 80.0);
        for command in [
            Command::AddModule { uid: tracklight::model::Uid(900), kind: ModuleKind::MultiSampler, name: kick.clone() },
            Command::SetSamples(kick.clone(), vec![sample("a"), sample("b")]),
            Command::Set(position.clone(), 0.5),
            Command::MapMacro(
                position,
                tracklight::model::MacroMap { number: 1, min: 0.0, max: 1.0, curve: Default::default() },
            ),
            Command::AddPattern { uid: tracklight::model::Uid(901), name: beat.clone(), steps: 4 },
            Command::SetRow(beat.clone(), 2, Row::Hit(hit)),
        ] {
            session.perform(&command).unwrap();
        }
        let prepared = prepare(&session, std::slice::from_ref(&kick), 48_000, &folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        prepared.check().unwrap();
        let module = &prepared.modules[&kick];
        assert_eq!((module.value(Param::POSITION), module.samples().len()), (0.0, 2));
        assert!(module.samples().iter().all(|sample| sample.params.is_empty() && sample.path.contains("kick_")));
        assert!(prepared.macros.is_empty());
        let Row::Hit(hit) = prepared.patterns[&beat].row(2) else { panic!("row 2 is a hit") };
        assert_eq!((hit.chance, hit.note, hit.params.len()), (30, None, 0));
        let outs: Vec<_> = prepared.connections.iter().filter(|c| c.from == kick).map(|c| c.to.to_string()).collect();
        assert_eq!(outs, ["aux1"]);
    }
}
