//! What stops, stops at its moment: hits sent ahead are dropped, a whole buffer ends what it has no more, hush and panic
//! come from everywhere.

use tracklight::audio::{HostParams, Note, NoteKind};
use tracklight::model::{Ask, When};

use crate::rig::Rig;

const KICK: &str = "sampler('kick', { samples = 'click.wav' })";
const ROLL: &str = "live('roll', function() clock:every('1/64', function() trigger('kick') end) end)";

/// Playing at 120 bpm, a beat is 24 000 frames.
fn rolling() -> Rig {
    let mut rig = Rig::with(KICK);
    rig.run_all(&format!("{KICK}\n{ROLL}"), When::Now);
    rig.run("clock:play()");
    rig.skip(30_000);
    rig.forget();
    rig
}

fn last(rig: &Rig) -> u64 {
    rig.fired().iter().map(|(frame, _)| *frame).max().unwrap_or(0)
}

/// proves: L10
#[test]
fn a_stopped_live_chunk_plays_nothing_after_its_moment() {
    for (when, moment) in [(When::NextBeat, 48_000), (When::NextBar, 96_000), (When::Beat(3.0), 72_000)] {
        let mut rig = rolling();
        rig.eval_when("live('roll'):stop()", when).unwrap();
        rig.skip(96_000);
        let last = last(&rig);
        assert!((moment - 1_500..moment).contains(&last), "{when:?}: the last hit at {last}");
    }
}

#[test]
fn a_live_chunk_stopped_now_plays_nothing_from_the_next_block_on() {
    let mut rig = rolling();
    let now = rig.frame;
    rig.run("live('roll'):stop()");
    rig.skip(24_000);
    assert_eq!(rig.fired().iter().filter(|(frame, _)| *frame > now + 64).count(), 0, "{:?}", rig.fired());
}

#[test]
fn a_chunk_sent_just_before_its_moment_still_ends_the_old_hits_there() {
    let mut rig = rolling();
    // 5 ms before the beat: hits for 95 ms after it are with audio already.
    rig.skip(48_000 - 240 - rig.frame as usize);
    rig.eval_when("live('roll'):stop()", When::NextBeat).unwrap();
    rig.skip(24_000);
    assert!(last(&rig) < 48_000, "{}", last(&rig));
}

#[test]
fn a_block_run_again_is_heard_once_from_its_moment_on() {
    let mut rig = Rig::with(KICK);
    rig.run("clock:play()");
    rig.run_lines(5, "clock:every(1/16, function() trigger('kick') end)", When::Now);
    rig.skip(30_000);
    rig.run_lines(5, "clock:every(1/8, function() trigger('kick', { volume = 0.5 }) end)", When::NextBeat);
    rig.forget();
    rig.skip(48_000);
    let frames: Vec<u64> = rig.fired().iter().map(|(frame, _)| *frame).filter(|frame| *frame >= 48_000).collect();
    // The first comes with the block after the moment.
    assert!(frames.len() >= 9 && frames[0] < 48_064, "{frames:?}");
    assert!(frames[1..].iter().all(|frame| frame % 3_000 == 0), "{frames:?}");
    assert!(rig.triggers.iter().filter(|record| record.frame >= 48_000).all(|record| !record.params.is_empty()));
}

#[test]
fn a_timer_stopped_by_its_neighbour_is_silent_and_the_neighbour_goes_on() {
    let mut rig = Rig::with("sampler('kick', { samples = 'click.wav' }) sampler('hat', { samples = 'click.wav' })");
    rig.run("clock:play() t = clock:every(1/16, function() trigger('kick') end) clock:every(1/16, function() trigger('hat') end)");
    rig.run("clock:at(2, function() t:stop() end)");
    rig.skip(96_000);
    let last =
        |name: &str| rig.triggers.iter().filter(|record| record.module == *name).map(|record| record.frame).max();
    assert!(last("kick").is_some_and(|frame| (46_000..=48_000).contains(&frame)), "{:?}", last("kick"));
    assert!(last("hat").is_some_and(|frame| frame > 94_000));
}

/// proves: L10
#[test]
fn a_whole_buffer_stops_what_it_has_no_more_and_lists_it_as_one_step() {
    let mut rig = rolling();
    rig.run("live('typed', function() end)");
    let steps = rig.snapshot().undo.len();
    rig.run_all(KICK, When::NextBeat);
    assert!(rig.session().live.contains_key("roll"), "at its moment, not before");
    rig.skip(96_000);
    assert!(last(&rig) < 48_000, "{}", last(&rig));
    let session = rig.session();
    assert_eq!(session.live.keys().collect::<Vec<_>>(), ["typed"], "what the console made is not the buffer's");
    assert!(session.modules.contains_key("kick"));
    assert!(
        rig.console().iter().any(|line| line == "stopped, for the script has it no more: live \"roll\""),
        "{:?}",
        rig.console()
    );
    assert_eq!(rig.snapshot().undo.len(), steps + 1);
    rig.remote.asks.send(Ask::Undo).unwrap();
    rig.settle();
    rig.forget();
    rig.skip(24_000);
    assert!(rig.session().live.contains_key("roll") && rig.fired().len() > 10, "undone it rolls again");
}

#[test]
fn a_part_of_the_buffer_stops_nothing_else_of_it() {
    let mut rig = Rig::with(KICK);
    let every = "clock:every(1/4, function() trigger('kick') end)";
    rig.run_all(&format!("{KICK}\n\n{every}\n{ROLL}"), When::Now);
    rig.run("clock:play()");
    rig.run_lines(1, &format!("{KICK}\nclock:every(1, function() end)"), When::Now);
    assert!(rig.session().live.contains_key("roll"));
    rig.run_all(&format!("{KICK}\n\n{every}"), When::Now);
    assert!(rig.session().live.is_empty());
    rig.skip(9_600);
    rig.forget();
    rig.skip(48_000);
    assert!((8..=9).contains(&rig.fired().len()), "{:?}", rig.fired());
    rig.run_all(KICK, When::Now);
    assert!(rig.console().iter().any(|line| line.ends_with("has it no more: 1 callback")), "{:?}", rig.console());
    rig.skip(9_600);
    rig.forget();
    rig.skip(48_000);
    assert_eq!(rig.fired(), []);
}

#[test]
fn a_live_chunk_that_came_with_the_song_is_the_buffers_if_its_text_names_it() {
    let mut rig = rolling();
    let text = format!("{KICK}\n{ROLL}");
    rig.ask(vec![tracklight::model::Command::SetText(text.as_str().into())]).unwrap();
    let saved = rig.session();
    let mut rig = Rig::with("");
    rig.ask(vec![tracklight::model::Command::Load(std::sync::Arc::new(saved))]).unwrap();
    assert!(rig.session().live.contains_key("roll"));
    rig.run_all(KICK, When::Now);
    assert!(rig.session().live.is_empty());
}

/// A way to press, and how.
type Press = (&'static str, fn(&mut Rig));

/// Ways to press hush.
fn presses() -> Vec<Press> {
    vec![
        ("the window's key or button", |rig| rig.remote.asks.send(Ask::Hush).unwrap()),
        ("Lua", |rig| drop(rig.run("hush()"))),
        ("a text command", |rig| drop(rig.run("exec('hush')"))),
        ("the host's switch, by its own control, MIDI or a footswitch", |rig| {
            rig.params = HostParams { hush: false, ..rig.params };
            rig.skip(64);
            rig.params = HostParams { hush: true, ..rig.params };
            rig.skip(64);
        }),
    ]
}

/// proves: L15
#[test]
fn hush_twice_within_two_seconds_is_panic_from_every_entry() {
    for (entry, press) in presses() {
        let mut rig = Rig::with("sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP' })");
        let on = Note { frame: 0, channel: 0, key: 60, kind: NoteKind::On { velocity: 1.0 } };
        rig.notes.push((rig.frame, on));
        rig.skip(4_800);
        press(&mut rig);
        rig.skip(960);
        assert!(!rig.render(64).is_silent(), "{entry}: a hush takes 50 ms");
        rig.skip(2_400);
        assert!(rig.render(64).is_silent(), "{entry}");
        // The same again, within two seconds.
        rig.notes.push((rig.frame, on));
        rig.skip(4_800);
        assert!(!rig.render(64).is_silent(), "{entry}: a note still plays");
        press(&mut rig);
        rig.skip(384);
        assert!(rig.render(64).is_silent(), "{entry}: the second is panic, 5 ms");
        // And after two seconds it is a hush again.
        rig.skip(48_000 * 3);
        rig.notes.push((rig.frame, on));
        rig.skip(4_800);
        press(&mut rig);
        rig.skip(960);
        assert!(!rig.render(64).is_silent(), "{entry}: a hush again");
    }
}

#[test]
fn panic_cuts_in_five_milliseconds_from_every_entry() {
    let presses: [Press; 3] = [
        ("the window", |rig| rig.remote.asks.send(Ask::Panic).unwrap()),
        ("Lua", |rig| drop(rig.run("panic()"))),
        ("a text command", |rig| drop(rig.run("exec('panic')"))),
    ];
    for (entry, press) in presses {
        let mut rig =
            Rig::with("sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP', releaseMs = 1000 }) trigger('pad')");
        rig.skip(4_800);
        press(&mut rig);
        rig.skip(384);
        assert!(rig.render(64).is_silent(), "{entry}");
    }
}
