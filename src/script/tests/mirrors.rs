//! A session as text, there and back.

use proptest::prelude::*;

use super::*;
use crate::model::{
    BeatSpan, ChainEntry, ClockSource, Column, Command, ConnKind, Curve, Cycles, Hit, MacroMap, ModuleKind, Name,
    Param, Path, Row, Sample, Signature, Uid,
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
