//! Tempo, transport and where steps fall, with and without a host.
//!
//! proves: T1 T2 T3 T4 H3 H4

use tracklight::audio::HostTransport;
use tracklight::model::{Event, Why};

use crate::rig::Rig;

/// A click on every row of a pattern of 16.
const STEADY: &str = r#"
sampler("hat", { samples = "click.wav" })
sequencer("seq", { pattern = "beat", to = "hat" })
for row = 1, 16 do pattern("beat", 16):set(row, 1) end
"#;

/// A click in rows 1 and 3 of 4, one row a beat.
const PAIR: &str = r#"
sampler("hat", { samples = "click.wav" })
sequencer("seq", { pattern = "beat", to = "hat" })
pattern("beat", { steps = 4, stepsPerBeat = 1, rows = { [1] = 1, [3] = 1 } })
"#;

/// round(numerator / denominator), half up.
fn rounded(numerator: u128, denominator: u128) -> u64 {
    ((2 * numerator + denominator) / (2 * denominator)) as u64
}

#[test]
fn the_tempo_is_kept_between_20_and_480() {
    let mut rig = Rig::with("");
    for (asked, held) in [("10", "20"), ("20", "20"), ("123.4", "123.4"), ("480", "480"), ("1000", "480")] {
        rig.run(&format!("clock:setBPM({asked})"));
        assert_eq!(rig.run("clock:getBPM()"), [held], "asked for {asked}");
    }
}

#[test]
fn pause_keeps_the_position_stop_returns_and_reset_tells() {
    let mut rig = Rig::with("clock:start()");
    rig.skip(48_000);
    rig.run("clock:pause()");
    rig.skip(4_800);
    assert_eq!(rig.run("clock:isPlaying(), clock:beat()"), ["false", "2"]);
    rig.run("clock:start()");
    rig.skip(24_000);
    assert_eq!(rig.run("clock:isPlaying()"), ["true"]);
    rig.run("clock:pause()");
    rig.skip(64);
    assert_eq!(rig.run("clock:beat()"), ["3"]);
    rig.run("clock:start()");
    rig.skip(24_000);
    rig.run("clock:stop()");
    rig.skip(64);
    assert_eq!(rig.run("clock:isPlaying(), clock:beat()"), ["false", "0"]);
    rig.forget();
    rig.run("clock:reset()");
    rig.skip(64);
    assert!(rig.told.contains(&Event::Transport), "{:?}", rig.told);
}

#[test]
fn ten_thousand_steps_at_123_4_bpm_fall_on_their_frames() {
    for rate in [48_000_u32, 44_100] {
        let mut rig = Rig::at(f64::from(rate));
        rig.furnish();
        rig.run(STEADY);
        rig.run("pattern('beat'):stepsPerBeat(48) clock:setBPM(123.4) clock:start()");
        rig.blocks = vec![4096, 512, 37, 1024, 2000];
        let exact = |step: u128| rounded(step * 60 * u128::from(rate) * 10, 1234 * 48);
        rig.skip(exact(10_000) as usize);
        let fired: Vec<u64> = rig.fired().iter().map(|(frame, _)| *frame).collect();
        let expected: Vec<u64> = (0..10_000).map(exact).collect();
        assert_eq!(fired.len(), 10_000);
        assert_eq!(fired, expected, "at {rate} Hz");
    }
}

#[test]
fn a_step_is_heard_on_the_frame_it_is_told_for() {
    let mut rig = Rig::with(STEADY);
    rig.run("clock:setBPM(133.3) clock:start()");
    rig.blocks = vec![37, 512, 1, 64];
    let sound = rig.render(96_000);
    let told: Vec<u64> = rig.fired().iter().map(|(frame, _)| *frame).collect();
    assert_eq!(told, sound.onsets());
    assert_eq!(told.len(), 18);
}

#[test]
fn row_1_comes_first_when_play_starts_and_when_a_chain_switches() {
    let mut rig = Rig::with(PAIR);
    rig.run(
        r#"pattern("fill", { steps = 2, stepsPerBeat = 1, rows = { 2, 1 } })
        sampler("hat").sample[1]:set("volume", 1)
        sampler("hat", { samples = { "click.wav", "saw.wav" } })
        chain("song", { { "beat", 1 }, { "fill", 1 } }) sequencer("seq", { chain = "song" }) clock:start()"#,
    );
    rig.skip(24_000 * 7);
    assert_eq!(rig.fired(), [(0, 1), (48_000, 3), (96_000, 1), (120_000, 2), (144_000, 1)]);
    let patterns: Vec<&str> = rig.triggers.iter().map(|r| r.pattern.as_ref().unwrap().as_str()).collect();
    assert_eq!(patterns, ["beat", "beat", "fill", "fill", "beat"]);
}

#[test]
fn a_start_in_the_middle_begins_with_the_next_row() {
    let mut rig = Rig::with(PAIR);
    rig.run("clock:locate(0.5) clock:start()");
    rig.skip(24_000 * 4);
    assert_eq!(rig.fired(), [(36_000, 3), (84_000, 1)]);
}

#[test]
fn rows_per_beat_may_be_fractions_or_negative_but_not_0() {
    let mut rig = Rig::with(STEADY);
    for (rate, expected) in [
        ("0.5", vec![(0, 1), (48_000, 2), (96_000, 3)]),
        ("1.5", vec![(0, 1), (16_000, 2), (32_000, 3)]),
        ("-4", vec![(0, 16), (6_000, 15), (12_000, 14)]),
        ("-0.25", vec![(0, 16), (96_000, 15), (192_000, 14)]),
        ("96", vec![(0, 1), (250, 2), (500, 3)]),
    ] {
        rig.run(&format!("clock:stop() pattern('beat'):stepsPerBeat({rate})"));
        rig.skip(64);
        rig.forget();
        let begin = rig.frame;
        rig.run("clock:start()");
        rig.skip(expected[2].0 as usize + 1);
        let fired: Vec<(u64, u16)> = rig.fired().iter().map(|(frame, row)| (frame - begin, *row)).collect();
        assert_eq!(fired, expected, "{rate} rows a beat");
    }
    for rate in ["0", "97", "-96.5"] {
        let error = rig.eval(&format!("pattern('beat'):stepsPerBeat({rate})")).unwrap_err();
        assert!(error.contains("-96") && error.contains("96"), "{error}");
    }
}

#[test]
fn a_pattern_has_1_to_256_rows() {
    let mut rig = Rig::with("");
    rig.run("pattern('a', 1) pattern('b', 256)");
    for steps in ["0", "257", "1.5"] {
        let error = rig.eval(&format!("pattern('c', {steps})")).unwrap_err();
        assert!(error.contains("256"), "{error}");
        assert!(!rig.session().patterns.contains_key("c"));
    }
    let error = rig.eval("pattern('a'):set(257, 1)").unwrap_err();
    assert!(error.contains("256"), "{error}");
}

/// What a host that moves like the rig's expects of a click on every sixteenth: frames by block.
struct Oracle {
    rate: f64,
    expected: Vec<u64>,
}

impl Oracle {
    /// The block of `frames` frames that begins at `frame` with this transport.
    fn block(&mut self, frame: u64, frames: usize, host: &HostTransport) {
        let (beat, tempo) = (host.beat.unwrap(), host.tempo.unwrap());
        let beat_frames = 60.0 * self.rate / tempo;
        let mut stretches = vec![(0.0, beat, beat + frames as f64 / beat_frames)];
        if let Some((start, end)) = host.loop_beats
            && beat < end
            && stretches[0].2 > end - 0.5 / beat_frames
        {
            let left = stretches[0].2 - end;
            stretches[0].2 = end;
            stretches.push(((end - beat) * beat_frames, start, start + left));
        }
        let wraps = stretches.len() > 1;
        for (place, (offset, from, to)) in stretches.into_iter().enumerate() {
            // A step less than half a frame before the block is at its first frame.
            let early = if place == 0 { 0.5 / beat_frames } else { 0.0 };
            let late = if wraps && place == 0 { 1e-9 } else { 0.5 / beat_frames };
            let mut step = ((from - early) * 4.0 - 1e-7).ceil();
            while step / 4.0 < to - late - 1e-9 {
                self.expected
                    .push(frame + (offset + (step / 4.0 - from) * beat_frames + 0.5 + 1e-6).floor().max(0.0) as u64);
                step += 1.0;
            }
        }
    }
}

/// Render so many blocks of these sizes in turn, changing the transport before each.
fn follow(
    rig: &mut Rig,
    sizes: &[usize],
    blocks: usize,
    mut change: impl FnMut(usize, &mut HostTransport),
) -> Vec<u64> {
    let mut oracle = Oracle { rate: rig.rate, expected: vec![] };
    for number in 0..blocks {
        let frames = sizes[number % sizes.len()];
        change(number, rig.host());
        let (frame, host) = (rig.frame, *rig.host());
        oracle.block(frame, frames, &host);
        rig.blocks = vec![frames];
        rig.render(frames);
    }
    oracle.expected
}

fn frames(rig: &Rig) -> Vec<u64> {
    rig.fired().iter().map(|(frame, _)| *frame).collect()
}

#[test]
fn steps_stay_on_the_hosts_beats_through_a_tempo_ramp() {
    let mut rig = Rig::with(STEADY);
    rig.host_plays(0.0, 120.0);
    let expected = follow(&mut rig, &[512, 64, 301, 1024], 800, |number, host| {
        host.tempo = Some(120.0 + 20.0 * number as f64 / 800.0);
    });
    assert!(expected.len() > 60);
    assert_eq!(frames(&rig), expected);
}

#[test]
fn steps_stay_on_the_hosts_beats_through_a_loop() {
    for sizes in [&[512_usize][..], &[64, 1000, 37, 4096], &[4096]] {
        let mut rig = Rig::with(STEADY);
        rig.host_plays(3.0, 121.7);
        rig.host().loop_beats = Some((4.0, 6.0));
        let expected = follow(&mut rig, sizes, 400, |_, _| ());
        assert!(expected.len() > 20);
        assert_eq!(frames(&rig), expected, "blocks {sizes:?}");
        let rows: Vec<u16> = rig.fired().iter().map(|(_, row)| *row).collect();
        assert_eq!(rows[..13], [13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7, 8, 1], "rows 9 to 12 lie behind the loop");
    }
}

#[test]
fn steps_follow_a_locate_both_ways() {
    let mut rig = Rig::with(STEADY);
    rig.host_plays(0.0, 120.0);
    let expected = follow(&mut rig, &[512], 300, |number, host| match number {
        100 => host.beat = Some(17.3),
        200 => host.beat = Some(2.25),
        _ => {}
    });
    assert_eq!(frames(&rig), expected);
    let rows = rig.fired();
    assert!(rows.contains(&(200 * 512, 10)), "beat 2.25 is row 10: {rows:?}");
}

#[test]
fn a_stopped_host_is_silent_and_what_it_started_is_released() {
    let mut rig = Rig::with(
        r#"
        sampler("pad", { samples = "tone.wav" }) sequencer("seq", { pattern = "beat", to = "pad" })
        pattern("beat", 16):set(1, 1)"#,
    );
    rig.host_plays(0.0, 120.0);
    assert_eq!(rig.render(9_600).main[0][9_599], 0.5);
    rig.host().playing = false;
    let sound = rig.render(9_600);
    assert!(sound.main[0][480..].iter().all(|s| *s == 0.0), "released in its 10 ms");
    assert!(sound.roughness() < 0.01);
    assert_eq!(rig.fired().len(), 1);
}

#[test]
fn nothing_hangs_over_a_loop_end() {
    // The last row before the end asks for two rows: it is let go two rows after it began, wherever the song is then.
    let mut rig = Rig::with(
        r#"
        sampler("pad", { samples = "tone.wav" }) sequencer("seq", { pattern = "beat", to = "pad" })
        pattern("beat", 16):set(4, { index = 1, length = 2 })"#,
    );
    rig.host_plays(0.0, 120.0);
    rig.host().loop_beats = Some((0.0, 1.0));
    let sound = rig.render(48_000);
    assert_eq!(rig.fired(), [(18_000, 4), (42_000, 4)]);
    let on = |frame: usize| sound.main[0][frame] != 0.0;
    assert!(on(18_000) && on(29_999) && !on(30_480) && !on(41_999) && on(42_000));
}

#[test]
fn the_hosts_signature_says_where_a_bar_is() {
    let mut rig = Rig::with(
        r#"sampler("hat", { samples = "click.wav" }) clock:every("1 bar", function(bar) trigger("hat") end)"#,
    );
    rig.host_plays(0.0, 120.0);
    rig.host().signature = Some((7, 8));
    rig.skip(24_000 * 11);
    let frames = frames(&rig);
    assert_eq!(frames, [0, 84_000, 168_000, 252_000]);
}

#[test]
fn without_a_host_transport_the_clock_runs_by_itself() {
    let mut rig = Rig::with(STEADY);
    rig.skip(24_000);
    assert!(rig.triggers.is_empty());
    rig.run("clock:start()");
    rig.skip(24_000);
    assert_eq!(rig.fired().len(), 4);
}

#[test]
fn the_internal_clock_goes_its_own_way_beside_a_stopped_host_and_host_follows_again() {
    let mut rig = Rig::with(STEADY);
    rig.host_plays(0.0, 120.0);
    rig.host().playing = false;
    rig.skip(512);
    assert_eq!(rig.run("clock:start()"), ["false"], "the host leads");
    assert!(rig.notices().iter().any(|text| text.contains("host")), "{:?}", rig.notices());
    rig.skip(24_000);
    assert!(rig.triggers.is_empty());
    rig.run("clock:setSource('internal')");
    rig.skip(64);
    assert_eq!(rig.run("clock:setBPM(240), clock:start()"), ["true", "true"]);
    rig.skip(24_000);
    assert_eq!(rig.fired().len(), 8);
    rig.run("clock:setSource('host')");
    rig.skip(64);
    rig.forget();
    rig.skip(24_000);
    assert!(rig.triggers.is_empty(), "the host stands still");
    rig.host().playing = true;
    rig.skip(24_000);
    assert_eq!(rig.triggers.iter().filter(|r| r.why == Why::Fired).count(), 4);
}
