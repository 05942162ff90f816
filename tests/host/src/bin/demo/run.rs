//! The main job, step by step. Main thread.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tracklight::model::{Command, Session, TriggerRecord};
use tracklight_host::{BlockSizes, Source, allocations_are_counted, process_allocations};

use crate::args::{Options, RANDOM_MAX};
use crate::events::{self, Recorder};
use crate::linked::{self, LINKED, Linked, PLUGIN_ID, Setup};
use crate::pass::{self, Sound};
use crate::plan::{Plan, Wish};
use crate::report::{BlockMs, Plugin, Report};
use crate::{desk, paced, picture, probe, verdict};

/// The song as it is before the first block.
struct Song {
    linked: Linked,
    session: Arc<Session>,
    state: Vec<u8>,
    missing: BTreeSet<String>,
}

/// Do it all. An error means that there is nothing to report on: the song did not load.
pub fn run(options: &Options) -> Result<Report, String> {
    std::fs::create_dir_all(&options.out).map_err(|error| format!("{}: {error}", options.out.display()))?;
    let mut report = Report { plugin: plugin(options)?, ..Report::default() };
    let setup = Setup { rate: options.rate, longest: options.longest_block(), offline: true };
    let plan = Plan::new(&wish(options));
    say(&format!("{} bars, {:.1} s, {} blocks", options.bars, plan.seconds(), plan.blocks.len()));

    let mut song = load(options, &setup, &mut report)?;
    report.state_bytes = song.state.len();
    let written = std::fs::write(options.out.join("state.bin"), &song.state);
    report.take(written.map_err(|error| format!("state.bin: {error}")));

    let mix = mix(options, &plan, &mut song, &mut report);
    if let Some(mix) = &mix {
        bounce(&plan, &setup, &song, mix, &mut report);
        disk(options, &plan, &setup, &song, mix, &mut report);
    }
    script(options, &setup, &song, &mut report);
    in_real_time(options, &song, &mut report);
    let probed = probe::probe(&song.session, &plan, &setup, &options.out.join("probe"));
    if let Some(probed) = report.take(probed) {
        report.audio_onset_error_frames_max = probed.error_frames;
        report.remarks.push(format!("heard              {} onsets in the probe", probed.onsets));
        report.failures.extend(probed.failures);
        if probed.onsets == 0 && report.triggers_expected > 0 {
            report.fail("probe: nothing was heard");
        }
    }
    lights(options, &song, &mut report);
    match picture::take(&mut song.linked.instance, &options.out.join("editor.png")) {
        Ok(()) => report.remarks.push("editor             in editor.png".into()),
        Err(why) => report.remarks.push(format!("editor             no picture: {why}")),
    }
    allocations(&mut report);
    report.judge();
    report.write(&options.out.join("report.json"))?;
    say(&format!("the results are in {}", options.out.display()));
    Ok(report)
}

fn say(text: &str) {
    eprintln!("{text}");
}

fn wish(options: &Options) -> Wish {
    let seed = options.seed.unwrap_or(1);
    let sizes = options.block.map_or_else(|| BlockSizes::random(RANDOM_MAX, seed), BlockSizes::fixed);
    let Options { bars, rate, tempo, plain, .. } = *options;
    Wish { bars, rate, tempo, plain, straight: false, sizes }
}

/// What the bundle says it is; without one, what is linked.
fn plugin(options: &Options) -> Result<Plugin, String> {
    let (source, format) = match &options.clap {
        Some(path) => (Source::Disk(path.clone()), "CLAP"),
        None => (LINKED, "CLAP (linked)"),
    };
    let all = source.plugins().map_err(|error| error.to_string())?;
    let found = all.into_iter().find(|plugin| plugin.id == PLUGIN_ID);
    let found = found.ok_or_else(|| format!("there is no {PLUGIN_ID} in the bundle"))?;
    Ok(Plugin { id: found.id, version: found.version, format: format.into() })
}

/// Open an instance, evaluate the script in it as the editor would, load its samples, save its state.
fn load(options: &Options, setup: &Setup, report: &mut Report) -> Result<Song, String> {
    let name = options.script.display().to_string();
    let text = std::fs::read_to_string(&options.script).map_err(|error| format!("--script {name}: {error}"))?;
    let mut linked = Linked::open(setup, None)?;
    let mut first = vec![Command::SetFolders(options.folders()?), Command::SetText(Arc::from(text.as_str()))];
    first.extend(options.seed.map(Command::SetSeed));
    linked.perform("the song's folders", first)?;
    let chunk = options.script.file_name().map_or(name, |name| name.to_string_lossy().into_owned());
    linked.evaluate(&chunk, &text)?;
    let missing = linked.load_media()?;
    for (path, why) in &missing {
        report.fail(format!("{path}: {why}"));
    }
    let state = linked.instance.save_state().map_err(|error| error.to_string())?;
    let session = linked.now().session.clone();
    say(&format!("{chunk}: {} modules, {} samples", session.modules.len(), linked::paths(&session).len()));
    Ok(Song { linked, session, state, missing: missing.into_keys().collect() })
}

/// The first pass: the mix, its events, and the oracle's word on them.
fn mix(options: &Options, plan: &Plan, song: &mut Song, report: &mut Report) -> Option<Sound> {
    let mut recorder = Recorder::listen(&song.linked.remote);
    let start = Instant::now();
    let sound = pass::play("mix", &mut song.linked.instance, plan, 1, || recorder.take());
    let seconds = start.elapsed().as_secs_f64();
    let sound = report.take(sound)?;
    report.realtime_factor = plan.seconds() / seconds.max(1e-9);
    report.blocks = plan.blocks.len() as u64;
    report.take(pass::write_wav(&options.out.join("mix.wav"), &sound, plan.rate));
    let peak = pass::peak(&sound);
    report.remarks.push(format!("peak               {peak:.3}"));
    if peak == 0.0 {
        report.fail("the mix is silent");
    }
    let (faults, late) = song.linked.faults("mix");
    report.failures.extend(faults);
    report.late_events += late;
    if let Some(records) = report.take(recorder.finish()) {
        report.take(events::write(&options.out.join("events.jsonl"), &records));
        judge_events(plan, song, &records, report);
    }
    Some(sound)
}

fn judge_events(plan: &Plan, song: &Song, records: &[Arc<TriggerRecord>], report: &mut Report) {
    // The instance was activated for this pass, so its frames are those of the mix.
    let verdict = verdict::compare(&song.session, &song.missing, plan, 0, records);
    let Some(verdict) = report.take(verdict) else { return };
    report.triggers_expected = verdict.expected;
    report.triggers_fired = verdict.fired;
    report.onset_error_frames_max = verdict.error_frames;
    report.failures.extend(verdict.failures);
    if verdict.expected == 0 {
        report.remarks.push("note               the song has no trigger".into());
    }
    for remark in verdict.remarks {
        report.remarks.push(format!("only rows compared {remark}"));
    }
}

/// The same span again, in another instance with the state.
fn bounce(plan: &Plan, setup: &Setup, song: &Song, mix: &Sound, report: &mut Report) {
    let again = Linked::open(setup, Some(&song.state)).and_then(|mut linked| {
        linked.load_media()?;
        let sound = pass::play("bounce again", &mut linked.instance, plan, 1, || {})?;
        Ok((sound, linked.faults("bounce again")))
    });
    if let Some((sound, (faults, late))) = report.take(again) {
        let difference = pass::difference(mix, &sound);
        report.bounce_equal = difference.is_none();
        report.failures.extend(difference.map(|text| format!("bounced twice: {text}")));
        report.failures.extend(faults);
        report.late_events += late;
    }
}

/// The built bundle as a DAW loads it with a song.
fn disk(options: &Options, plan: &Plan, setup: &Setup, song: &Song, mix: &Sound, report: &mut Report) {
    let Some(path) = &options.clap else {
        report.fail("no --clap was given: there is nothing on disk to compare with");
        return;
    };
    let played = linked::active(&Source::Disk(path.clone()), setup, Some(&song.state)).and_then(|mut instance| {
        let saved = instance.save_state().map_err(|error| error.to_string())?;
        Ok((saved, pass::play("from disk", &mut instance, plan, 1, || {})?))
    });
    if let Some((saved, sound)) = report.take(played) {
        let difference = pass::difference(mix, &sound);
        report.disk_instance_equal = difference.is_none();
        report.failures.extend(difference.map(|text| format!("from disk: {text}")));
        if saved != song.state {
            report.fail("from disk: the state saved again has other bytes than the state loaded");
        }
    }
}

/// The script that the session writes of itself, evaluated in an empty instance.
fn script(options: &Options, setup: &Setup, song: &Song, report: &mut Report) {
    let text = tracklight::script::mirror(&song.session);
    let written = std::fs::write(options.out.join("script.lua"), &text);
    report.take(written.map_err(|error| format!("script.lua: {error}")));
    let evaluated = Linked::open(setup, None).and_then(|mut linked| {
        linked.perform("the song's folders", vec![Command::SetFolders(song.session.folders.clone())])?;
        linked.evaluate("script.lua", &text)?;
        Ok(linked.now().session.clone())
    });
    if let Some(session) = report.take(evaluated) {
        report.script_equal = *session == *song.session;
        if !report.script_equal {
            report.fail(format!("script.lua: {}", first_difference(&song.session, &session)));
        }
    }
}

/// Where two sessions part, for people.
fn first_difference(a: &Session, b: &Session) -> String {
    let name = |differs: bool, what: &str| differs.then(|| what.to_owned());
    let module = || {
        let all = a.modules.keys().chain(b.modules.keys());
        all.into_iter().find(|name| a.modules.get(*name) != b.modules.get(*name)).map(|name| format!("module {name}"))
    };
    let pattern = || {
        let all = a.patterns.keys().chain(b.patterns.keys());
        all.into_iter()
            .find(|name| a.patterns.get(*name) != b.patterns.get(*name))
            .map(|name| format!("pattern {name}"))
    };
    let found = module()
        .or_else(pattern)
        .or_else(|| name(a.connections != b.connections, "the connections"))
        .or_else(|| name(a.chains != b.chains, "the chains"))
        .or_else(|| name(a.macros != b.macros, "the macros"))
        .or_else(|| name(a.banks != b.banks, "the banks"))
        .or_else(|| name(a.live != b.live, "the live chunks"))
        .or_else(|| name(a.layers != b.layers, "the layers"))
        .unwrap_or_else(|| "tempo, signature, seed, clock or songs".into());
    format!("{found} differ from the session it was written from")
}

/// Four bars at the pace of a sound card.
fn in_real_time(options: &Options, song: &Song, report: &mut Report) {
    let bars = options.bars.min(paced::BARS);
    let wish = Wish { bars, straight: true, sizes: BlockSizes::fixed(paced::FRAMES), ..wish(options) };
    let plan = Plan::new(&wish);
    let setup = Setup { rate: options.rate, longest: paced::FRAMES, offline: false };
    let played = paced::play(&song.session, &song.missing, &song.state, &plan, &setup);
    let Some(paced) = report.take(played) else { return };
    let (cpu, deadline) = (paced.cpu_ms, paced.deadline_ms);
    report.block_ms = BlockMs { p50: cpu.p50, p99: cpu.p99, max: cpu.max, deadline };
    let share = |ms: f64| 100.0 * ms / deadline;
    report.remarks.push(format!(
        "in real time       {:.1} % of the deadline used by half of the blocks, {:.1} % by 99 in 100, {:.1} % at most; {} missed",
        share(cpu.p50),
        share(cpu.p99),
        share(cpu.max),
        paced.missed
    ));
    report.remarks.push(format!(
        "                   wall time: {:.1} %, {:.1} %, {:.1} %",
        share(paced.wall_ms.p50),
        share(paced.wall_ms.p99),
        share(paced.wall_ms.max)
    ));
    report.remarks.push(format!(
        "script lateness    {} frames at most ({:.2} ms); {} late events",
        paced.script_late_frames,
        1000.0 * paced.script_late_frames as f64 / f64::from(options.rate),
        paced.late_events
    ));
    report.failures.extend(paced.failures);
}

/// The song's layer and a pocket desk are kept in step.
fn lights(options: &Options, song: &Song, report: &mut Report) {
    let setup = Setup { rate: options.rate, longest: paced::FRAMES, offline: false };
    match desk::rehearse(&song.state, &setup, &options.out) {
        Ok(Some(desk)) => {
            report.remarks.push(format!(
                "desk               {} events on both sides, {} lost, {} doubled; {:.2} s after the desk was switched off and on; \
                 {} packets at 20 % loss, {} sent again",
                desk.events, desk.lost, desk.doubled, desk.seconds_to_converge, desk.packets, desk.retries
            ));
            report.desk = Some(desk);
        }
        Ok(None) => report.remarks.push("desk               the script has no layer of 3 events or more".into()),
        Err(why) => report.fail(why),
    }
}

fn allocations(report: &mut Report) {
    let counted = process_allocations();
    report.process_allocations = counted.allocated + counted.freed;
    if allocations_are_counted() {
        return;
    }
    let text = "allocations are not counted in a debug build";
    if cfg!(debug_assertions) { report.remarks.push(text.into()) } else { report.fail(text) }
}
