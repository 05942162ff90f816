//! A session as text, there and back.

use proptest::prelude::*;

use super::*;
use crate::model::{
    Anchor, BeatSpan, ChainEntry, ClockSource, Column, Command, ConnKind, CueRule, Curve, Cycles, Direction, FrameRate,
    Hit, LayerEvent, MacroMap, Mapping, ModuleKind, Name, Param, Path, Policy, Put, Row, Sample, Signature, Song,
    TrackName, Uid,
};

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn names() -> impl Strategy<Value = Name> {
    prop::sample::select(vec![
        "kick",
        "a-b",
        "12",
        "seq",
        "beat",
        "song",
        "end",
        "drums",
        "x_1",
        "hostIn",
        "masterAudioOut",
        "aux3",
    ])
    .prop_map(name)
}

fn params() -> impl Strategy<Value = crate::model::ParamMap> {
    let one = (0..22u8, -20.0..20.0f64).prop_map(|(p, v)| (Param(p), Param(p).limit(v)));
    prop::collection::vec(one, 0..3).prop_map(|list| list.into_iter().filter(|(p, _)| p.desc().per_hit).collect())
}

fn hits() -> impl Strategy<Value = Hit> {
    (1..9u16, prop::option::of(0..128u8), prop::option::of(1..65u8), 0..101u8, (1..5u8, 5..17u8), params())
        .prop_map(|(index, note, length, chance, ratio, params)| Hit { index, note, length, chance, ratio, params })
}

fn rows() -> impl Strategy<Value = Row> {
    prop_oneof![Just(Row::Empty), Just(Row::Rest), hits().prop_map(Row::Hit)]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let paths = prop::sample::select(vec![
        "a/kick.wav",
        "b/kick.wav",
        "snare \"x\".wav",
        "all/",
        "*.wav",
        "ünï\\code.wav",
        "kick_2.wav",
    ]);
    let given = prop::sample::select(vec!["", "kick", "kick_2", "odd name\n", "snare_x"]);
    prop::collection::vec((paths, given, params()), 0..5).prop_map(|list| {
        let names: Vec<String> = list
            .iter()
            .map(
                |(path, given, _)| {
                    if given.is_empty() { crate::model::sample_name::of(path) } else { (*given).to_owned() }
                },
            )
            .collect();
        let names = crate::model::sample_name::unique_all(&names);
        let make =
            |((path, _, params), name): ((&str, &str, _), String)| Sample { name, path: path.to_owned(), params };
        list.into_iter().zip(names).map(make).collect()
    })
}

fn paths() -> impl Strategy<Value = Path> {
    prop_oneof![
        (names(), 0..23u8).prop_map(|(module, p)| Path::Param { module, param: Param(p) }),
        (names(), names()).prop_map(|(module, source)| Path::Connection { module, source }),
        (names(), 1..4u16, 0..22u8).prop_map(|(module, index, p)| Path::Sample { module, index, param: Param(p) }),
    ]
}

/// Events as hands, scripts and desks leave them.
fn events() -> impl Strategy<Value = LayerEvent> {
    let ticks =
        prop_oneof![-(1i64 << 40)..1 << 43, (0..4000i64).prop_map(|n| n << 20), (0..99i64).prop_map(|n| n << 23)];
    let beats =
        prop_oneof![Just(None), (0..300u32).prop_map(|n| Some(f64::from(n) / 4.0)), (0.0..1e4f64).prop_map(Some)];
    let tokens = prop::sample::select(vec!["Go+", "Goto", "Flash", "ünd \"so\""]);
    let cues = prop::sample::select(vec!["", "", "3", "3.5", "9999.999", "0.001", "3.50", "<Off>"]);
    let texts = || prop::sample::select(vec!["", "", "Chorus", "a \"b\" 'c' \\", "名前 $% , |"]);
    let keys = prop::sample::select(vec!["", "", "", "cho1", "a \"b\"", "k\n2", "3"]);
    (ticks, beats, (tokens, cues, keys), (texts(), texts(), texts()), prop::option::of(any::<[u8; 3]>())).prop_map(
        |(ticks, beat, (token, cue, key), (cmd, name, note), colour)| {
            // Half of those with a beat are where the tempo of a new session puts it.
            let at = Session::new().ticks_at(beat.unwrap_or_default());
            let ticks = if beat.is_some() && ticks % 2 == 0 { at } else { ticks };
            LayerEvent {
                beat,
                key: (!key.is_empty()).then(|| key.into()),
                token: token.into(),
                cue: cue.into(),
                cmd: cmd.into(),
                name: name.into(),
                note: note.into(),
                colour,
                ..LayerEvent::at(ticks)
            }
        },
    )
}

fn lights() -> impl Strategy<Value = Command> {
    let put = prop_oneof![4 => (any::<u64>(), events()).prop_map(|(uid, e)| -> Put { (Uid(uid), Some(Arc::new(e))) }), 1 => any::<u64>().prop_map(|uid| (Uid(uid), None))];
    let songs = || prop::sample::select(vec!["main", "Intro", "Night \"2\""]).prop_map(str::to_owned);
    let rates = || prop::sample::select(FrameRate::ALL.to_vec());
    let mappings = (
        (
            1..4u32,
            1..3u32,
            prop_oneof![(1..9u32).prop_map(TrackName::Number), Just(TrackName::Name("BEAM \"1\"".into()))],
        ),
        (1..3u32, 1..3u32, prop::option::of(1..9u32), any::<bool>(), any::<bool>()),
        prop::sample::select(Direction::ALL.to_vec()),
        prop::sample::select(Policy::ALL.to_vec()),
        prop_oneof![Just(0), -(1i64 << 40)..1 << 40],
    )
        .prop_map(|((tc, tg, track), (range, sub, sequence, create, make), direction, policy, offset)| Mapping {
            range,
            sub,
            sequence,
            create,
            cues: if make { CueRule::Create } else { CueRule::Require },
            direction,
            policy,
            offset,
            ..Mapping::new(tc, tg, track)
        });
    prop_oneof![
        1 => (songs(), 0..25u8, rates()).prop_map(|(name, frame, rate)| Command::SetSong(Song { name, start: format!("01:02:03:{:02}", frame % 24), rate })),
        3 => (names(), songs()).prop_map(|(name, song)| Command::AddLayer { uid: Uid::fresh(), name, song }),
        1 => names().prop_map(Command::RemoveLayer),
        1 => (names(), prop::option::of(songs()), prop::option::of(rates()), any::<bool>()).prop_map(|(name, song, rate, bars)| {
            Command::SetLayer { name, song, rate, anchor: bars.then_some(Anchor::Bars) }
        }),
        4 => (names(), prop::collection::vec(put, 1..6)).prop_map(|(name, puts)| Command::PutEvents(name, puts.into())),
        2 => (names(), prop::option::weighted(0.9, mappings)).prop_map(|(name, mapping)| Command::MapLayer(name, mapping)),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let kinds =
        prop::sample::select(vec![ModuleKind::MultiSampler, ModuleKind::TrackerSequencer, ModuleKind::AudioMixer]);
    let cables = prop::sample::select(vec![ConnKind::Audio, ConnKind::Event]);
    let curves = prop::sample::select(vec![Curve::Lin, Curve::Exp, Curve::Log]);
    let columns = prop::sample::select(vec![
        Column::Note,
        Column::Ratio,
        Column::Chance,
        Column::Index,
        Column::Param(Param::SPEED),
    ]);
    let lives = prop::sample::select(vec![
        "function() end",
        "function(a) return a end",
        "x = 1\n-- \"text\"",
        "local s = [[ end ]]",
    ]);
    prop_oneof![
        8 => lights(),
        4 => (kinds, names()).prop_map(|(kind, name)| Command::AddModule { uid: Uid::fresh(), kind, name }),
        3 => (names(), 1..33u16).prop_map(|(name, steps)| Command::AddPattern { uid: Uid::fresh(), name, steps }),
        2 => names().prop_map(|name| Command::AddChain { uid: Uid::fresh(), name }),
        4 => (paths(), -10.0..10.0f64).prop_map(|(path, value)| Command::Set(path, value)),
        4 => (names(), 1..40u16, rows()).prop_map(|(name, row, hit)| Command::SetRow(name, row, hit)),
        1 => (names(), 1..33u16).prop_map(|(name, steps)| Command::SetSteps(name, steps)),
        1 => (names(), -9.0..9.0f64).prop_map(|(name, rate)| Command::SetStepsPerBeat(name, rate)),
        1 => names().prop_map(|name| Command::SetCycles(name, Cycles::Position)),
        1 => (names(), any::<u64>()).prop_map(|(name, salt)| Command::SetSalt(name, salt)),
        1 => (names(), prop::collection::vec(columns, 0..4)).prop_map(|(name, list)| Command::SetColumns(name, list)),
        3 => (names(), samples()).prop_map(|(name, list)| Command::SetSamples(name, list)),
        3 => (names(), names(), cables.clone()).prop_map(|(a, b, kind)| Command::Connect(a, b, kind)),
        1 => (names(), names(), prop::option::of(cables)).prop_map(|(a, b, kind)| Command::Disconnect(a, b, kind)),
        1 => (names(), any::<bool>()).prop_map(|(name, on)| Command::Enable(name, on)),
        1 => (names(), names()).prop_map(|(a, b)| Command::Rename(a, b)),
        1 => names().prop_map(Command::RemoveModule),
        1 => names().prop_map(Command::RemovePattern),
        2 => (names(), prop::collection::vec((names(), 1..100u8, any::<bool>()), 0..4)).prop_map(|(name, list)| {
            Command::SetChain(name, list.into_iter().map(|(pattern, repeats, mute)| ChainEntry { pattern, repeats, mute }).collect())
        }),
        2 => (names(), prop::option::of(names()), prop::option::of(prop::option::of(names())), prop::option::of(any::<bool>()))
            .prop_map(|(sequencer, pattern, chain, chain_on)| Command::Bind { sequencer, pattern, chain, chain_on }),
        2 => (paths(), 1..65u8, 0.0..1.0f64, 0.0..1.0f64, curves)
            .prop_map(|(path, number, min, max, curve)| Command::MapMacro(path, MacroMap { number, min, max, curve })),
        1 => (names(), prop::option::of("[a-c\" ]{1,3}/")).prop_map(|(name, folder)| Command::SetBank(name.to_string(), folder)),
        1 => (0..3u8, lives).prop_map(|(n, text)| Command::SetLive(format!("live \"{n}\""), Some(Arc::from(text)))),
        1 => (20.0..480.0f64).prop_map(Command::SetBpm),
        1 => (1..9u16).prop_map(|num| Command::SetSignature(Signature { num, den: 8 })),
        1 => any::<u64>().prop_map(Command::SetSeed),
        1 => Just(Command::SetSource(ClockSource::Internal)),
    ]
}

fn sessions() -> impl Strategy<Value = Session> {
    prop::collection::vec(commands(), 0..60).prop_map(|list| {
        let mut session = Session::new();
        for command in &list {
            // Most of what is asked at random does not apply; what does makes the session.
            let _ = session.perform(command);
        }
        session
    })
}

fn rebuilt(text: &str) -> Arc<Session> {
    let mut rig = Rig::new();
    rig.eval(text);
    rig.session()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_session_written_as_lua_and_run_is_the_same_session(session in sessions()) {
        let text = mirror(&session);
        let again = rebuilt(&text);
        prop_assert!(*again == session, "{}\n---\n{}", text, mirror(&again));
        prop_assert_eq!(mirror(&again), text);
    }

    #[test]
    fn any_text_is_an_error_or_a_success_and_never_a_panic(text: String, repl: bool) {
        let mut rig = Rig::new();
        rig.eval_at("any", 3, &text, repl);
        let _ = BeatSpan::parse(&text);
    }
}

#[test]
fn a_new_session_needs_no_text() {
    assert_eq!(mirror(&Session::new()), "");
}

#[test]
fn the_text_reads_well() {
    let mut rig = Rig::new();
    rig.eval("clock:setBPM(128) sampler('kick', { samples = { 'drums/kick.wav' }, volume = 0.8, playStyle = 'LOOP' }) pattern('beat', 16):set(1, 1):set(5, { index = 2, chance = 50 }) sequencer('seq', { pattern = 'beat', to = 'kick' }) live('g', function() clock:every(1, function() end) end)");
    let text = mirror(&rig.session());
    assert_eq!(
        text,
        "clock:internal { bpm = 128 }\n\
         pattern(\"beat\", { steps = 16, columns = { \"index\", \"length\", \"chance\" }, rows = {\n  [1] = { index = 1 },\n  [5] = { index = 2, chance = 50 },\n} })\n\
         sampler(\"kick\", { samples = { \"drums/kick.wav\" }, volume = 0.8, playStyle = \"LOOP\" })\n\
         sequencer(\"seq\", { pattern = \"beat\" })\n\
         connect(\"seq\", \"kick\", \"event\")\n\
         live(\"g\", function() clock:every(1, function() end) end)\n"
    );
}
