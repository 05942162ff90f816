//! Random documents, commands and batches, for property tests of every room.

use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tracklight::model::param::{PARAM_COUNT, ParamMap};
use tracklight::model::{
    Anchor, Batch, BatchId, ChainEntry, ClockSource, Column, Command, ConnKind, Curve, Cycles, FrameRate, Hit,
    LayerEvent, MacroMap, Mapping, ModuleKind, Name, Origin, Param, Path, Policy, Row, Sample, Session, Shot,
    Signature, Song, TrackName, TransportVerb, Uid, When,
};

/// A name that is one.
pub fn named(text: &str) -> Name {
    Name::new(text).expect("a literal name")
}

fn one_of(names: &'static [&'static str]) -> impl Strategy<Value = Name> + Clone {
    select(names).prop_map(named)
}

/// Names of modules, most of which [`session`] has; now and then one that nothing has.
pub fn module() -> impl Strategy<Value = Name> + Clone {
    one_of(&["kick", "snare", "seq", "seq2", "mix", "bus", "masterAudioOut", "hostIn", "aux3", "nope"])
}

/// Names of patterns.
pub fn pattern() -> impl Strategy<Value = Name> + Clone {
    one_of(&["P0", "P1", "P2", "kick"])
}

/// Names of chains.
pub fn chain() -> impl Strategy<Value = Name> + Clone {
    one_of(&["C0", "C1"])
}

fn uid() -> impl Strategy<Value = Uid> {
    (1000..u64::MAX).prop_map(Uid)
}

fn any_param() -> impl Strategy<Value = Param> {
    (0..PARAM_COUNT as u8).prop_map(Param)
}

fn hit_param() -> impl Strategy<Value = Param> {
    any_param().prop_filter("a column", |param| param.desc().per_hit)
}

/// Numbers in, at and beyond the ranges; never `NaN`.
pub fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..1.0, 2 => -20.0..200.0, 1 => select(vec![0.0, -0.0, 1.0, 1e300, f64::INFINITY])]
}

fn params() -> impl Strategy<Value = ParamMap> {
    btree_map(hit_param(), value(), 0..3)
}

fn column() -> impl Strategy<Value = Column> {
    prop_oneof![
        select(vec![Column::Index, Column::Length, Column::Note, Column::Chance, Column::Ratio]),
        hit_param().prop_map(Column::Param),
    ]
}

/// Paths of all four forms; many lead nowhere.
pub fn path() -> impl Strategy<Value = Path> {
    prop_oneof![
        4 => (module(), any_param()).prop_map(|(module, param)| Path::Param { module, param }),
        2 => (module(), 1..4u16, hit_param()).prop_map(|(module, index, param)| Path::Sample { module, index, param }),
        2 => (module(), module()).prop_map(|(module, source)| Path::Connection { module, source }),
        2 => (pattern(), 0..20u16, column()).prop_map(|(pattern, row, column)| Path::Row { pattern, row, column }),
    ]
}

/// A hit; a few of its numbers are beyond what is allowed.
pub fn hit() -> impl Strategy<Value = Hit> {
    (1..5u16, option::of(0..130u8), option::of(1..66u8), 0..102u8, (1..4u8, 1..18u8), params())
        .prop_map(|(index, note, length, chance, ratio, params)| Hit { index, note, length, chance, ratio, params })
}

fn row() -> impl Strategy<Value = Row> {
    prop_oneof![1 => Just(Row::Empty), 1 => Just(Row::Rest), 3 => hit().prop_map(Row::Hit)]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let one = (0..4u8, params()).prop_map(|(number, params)| Sample {
        name: format!("s{number}"),
        path: format!("s{number}.wav"),
        params: params.into_iter().map(|(param, value)| (param, param.limit(value))).collect(),
    });
    vec(one, 0..4)
}

fn macro_map() -> impl Strategy<Value = MacroMap> {
    (1..66u8, value(), value(), select(vec![Curve::Lin, Curve::Exp, Curve::Log]))
        .prop_map(|(number, min, max, curve)| MacroMap { number, min, max, curve })
}

fn module_command() -> impl Strategy<Value = Command> {
    let kind = select(ModuleKind::ALL.to_vec());
    let cable = || select(vec![ConnKind::Audio, ConnKind::Event]);
    prop_oneof![
        (uid(), kind, module()).prop_map(|(uid, kind, name)| Command::AddModule { uid, kind, name }),
        module().prop_map(Command::RemoveModule),
        (module(), any::<bool>()).prop_map(|(name, on)| Command::Enable(name, on)),
        (module(), samples()).prop_map(|(name, samples)| Command::SetSamples(name, samples)),
        (0..4u8, 0..4u8)
            .prop_map(|(from, to)| Command::Relink { from: format!("s{from}.wav"), to: format!("s{to}.wav") }),
        (module(), module(), cable()).prop_map(|(from, to, kind)| Command::Connect(from, to, kind)),
        (module(), module(), option::of(cable())).prop_map(|(from, to, kind)| Command::Disconnect(from, to, kind)),
        (path(), macro_map()).prop_map(|(path, map)| Command::MapMacro(path, map)),
        prop_oneof![path(), Just(mapped())].prop_map(Command::UnmapMacro),
    ]
}

fn pattern_command() -> impl Strategy<Value = Command> {
    let entry = (pattern(), 0..101u8, any::<bool>());
    let entry = entry.prop_map(|(pattern, repeats, mute)| ChainEntry { pattern, repeats, mute });
    let rate = select(vec![4.0, 1.0, 0.5, -4.0, 96.0, 0.0, 3.0]);
    prop_oneof![
        (uid(), pattern(), 0..40u16).prop_map(|(uid, name, steps)| Command::AddPattern { uid, name, steps }),
        pattern().prop_map(Command::RemovePattern),
        (pattern(), 0..40u16).prop_map(|(name, steps)| Command::SetSteps(name, steps)),
        (pattern(), rate).prop_map(|(name, rate)| Command::SetStepsPerBeat(name, rate)),
        (pattern(), select(vec![Cycles::Pass, Cycles::Position]))
            .prop_map(|(name, cycles)| Command::SetCycles(name, cycles)),
        (pattern(), any::<u64>()).prop_map(|(name, salt)| Command::SetSalt(name, salt)),
        (pattern(), vec(column(), 0..5)).prop_map(|(name, columns)| Command::SetColumns(name, columns)),
        (pattern(), 0..20u16, row()).prop_map(|(name, number, row)| Command::SetRow(name, number, row)),
        (uid(), chain()).prop_map(|(uid, name)| Command::AddChain { uid, name }),
        chain().prop_map(Command::RemoveChain),
        (chain(), vec(entry, 0..4)).prop_map(|(name, entries)| Command::SetChain(name, entries)),
        (module(), option::of(pattern()), option::of(option::of(chain())), option::of(any::<bool>()))
            .prop_map(|(sequencer, pattern, chain, chain_on)| Command::Bind { sequencer, pattern, chain, chain_on }),
    ]
}

/// Names of layers.
pub fn layer() -> impl Strategy<Value = Name> + Clone {
    one_of(&["L0", "L1", "C1"])
}

/// An event as hands and desks leave them; one in many is refused.
pub fn event() -> impl Strategy<Value = LayerEvent> {
    let ticks = prop_oneof![4 => (0..400i64).prop_map(|n| n << 22), 1 => -(1i64 << 30)..1 << 42];
    let token = select(vec!["Go+", "Goto", "Flash", ""]).prop_map(|t| if t.is_empty() { "Go-" } else { t });
    let text = || select(vec!["", "", "Chorus", "it's \"so\""]);
    let cue = select(vec!["", "3", "3.5", "<Off>"]);
    let key = select(vec!["", "", "a", "b", "c d"]);
    (ticks, option::weighted(0.2, 0..64u32), token, (cue, text(), text()), key, option::weighted(0.2, any::<[u8; 3]>()))
        .prop_map(|(ticks, beat, token, (cue, name, note), key, colour)| LayerEvent {
            beat: beat.map(f64::from),
            key: (!key.is_empty()).then(|| key.into()),
            token: token.into(),
            cue: cue.into(),
            name: name.into(),
            note: note.into(),
            colour,
            ..LayerEvent::at(ticks)
        })
}

fn lights_command() -> impl Strategy<Value = Command> {
    let song = || select(vec!["main", "Intro"]).prop_map(str::to_owned);
    let rate = || select(FrameRate::ALL.to_vec());
    let put = (1..9u64, option::weighted(0.8, event())).prop_map(|(uid, event)| (Uid(uid), event.map(Arc::new)));
    let puts = vec(put, 1..4).prop_map(|mut puts| {
        puts.sort_by_key(|(uid, _)| *uid);
        puts.dedup_by_key(|(uid, _)| *uid);
        puts.into()
    });
    let mapping =
        (1..3u32, 1..4u32, select(Policy::ALL.to_vec()), any::<bool>()).prop_map(|(tc, track, policy, create)| {
            Mapping { policy, create, ..Mapping::new(tc, 1, TrackName::Number(track)) }
        });
    prop_oneof![
        1 => (song(), 0..3u8, rate()).prop_map(|(name, hour, rate)| Command::SetSong(Song { name, start: format!("0{hour}:00:00:00"), rate })),
        3 => (uid(), layer(), song()).prop_map(|(uid, name, song)| Command::AddLayer { uid, name, song }),
        1 => layer().prop_map(Command::RemoveLayer),
        1 => (layer(), option::of(song()), option::of(rate()), any::<bool>())
            .prop_map(|(name, song, rate, bars)| Command::SetLayer { name, song, rate, anchor: bars.then_some(Anchor::Bars) }),
        6 => (layer(), puts).prop_map(|(name, puts)| Command::PutEvents(name, puts)),
        2 => (layer(), option::weighted(0.8, mapping)).prop_map(|(name, mapping)| Command::MapLayer(name, mapping)),
    ]
}

fn plain_command() -> impl Strategy<Value = Command> {
    let any_name = || prop_oneof![module(), pattern(), chain(), layer()];
    let signature = (0..9u16, select(vec![1, 2, 3, 4, 8])).prop_map(|(num, den)| Signature { num, den });
    let text = || "[a-z]{0,6}".prop_map(|text| Arc::<str>::from(text.as_str()));
    let verb = select(vec![TransportVerb::Play, TransportVerb::Stop, TransportVerb::Locate(4.0)]);
    let shot = (module(), hit(), option::of(0.0..4.0));
    prop_oneof![
        6 => (path(), value()).prop_map(|(path, value)| Command::Set(path, value)),
        2 => path().prop_map(Command::Unset),
        2 => (any_name(), any_name()).prop_map(|(from, to)| Command::Rename(from, to)),
        1 => (0.0..600.0).prop_map(Command::SetBpm),
        1 => signature.prop_map(Command::SetSignature),
        1 => select(vec![ClockSource::Host, ClockSource::Internal]).prop_map(Command::SetSource),
        1 => any::<u64>().prop_map(Command::SetSeed),
        1 => ("[ab]", option::of("[a-c]?/?")).prop_map(|(name, folder)| Command::SetBank(name, folder)),
        1 => ("[ab]", option::of(text())).prop_map(|(name, text)| Command::SetLive(name, text)),
        1 => vec("[a-c]/", 0..3).prop_map(Command::SetFolders),
        1 => text().prop_map(Command::SetText),
        1 => ("[ab]", option::of("[a-z]")).prop_map(|(key, value)| Command::SetLayout(key, value)),
        1 => verb.prop_map(Command::Transport),
        1 => shot.prop_map(|(module, hit, gate)| Command::Trigger(Shot { module, hit, gate, at: None, jump: None })),
    ]
}

/// Anything that can be asked but `Load`; about half of it applies to a [`session`].
pub fn command() -> impl Strategy<Value = Command> {
    prop_oneof![module_command(), pattern_command(), lights_command(), plain_command()]
}

/// A document that random commands made of a small beginning.
pub fn session() -> impl Strategy<Value = Session> {
    vec(command(), 0..40).prop_map(|commands| {
        let mut session = beginning();
        for command in &commands {
            // Many of them do not apply; then nothing changes.
            let _ = session.perform(command);
        }
        session
    })
}

/// What a macro sets in the [`beginning`].
fn mapped() -> Path {
    Path::parse("kick.speed").expect("a literal path")
}

/// Two samplers, a mixer, a sequencer and a pattern, connected.
pub fn beginning() -> Session {
    let add = |uid, kind, name| Command::AddModule { uid: Uid(uid), kind, name: named(name) };
    let sample = |name: &str| Sample { name: name.into(), path: format!("{name}.wav"), params: ParamMap::new() };
    let mut session = Session::new();
    for command in [
        add(101, ModuleKind::MultiSampler, "kick"),
        add(102, ModuleKind::MultiSampler, "snare"),
        add(103, ModuleKind::AudioMixer, "mix"),
        add(104, ModuleKind::TrackerSequencer, "seq"),
        Command::Connect(named("kick"), named("mix"), ConnKind::Audio),
        Command::Connect(named("seq"), named("kick"), ConnKind::Event),
        Command::SetSamples(named("kick"), vec![sample("s0"), sample("s1")]),
        Command::MapMacro(mapped(), MacroMap { number: 1, min: 0.5, max: 2.0, curve: Curve::Exp }),
    ] {
        session.perform(&command).expect("the beginning applies");
    }
    session
}

/// A Batch of a few commands for now, by `origin`.
pub fn batch(origin: Origin) -> impl Strategy<Value = Batch> {
    (vec(command(), 1..5), any::<u64>()).prop_map(move |(commands, id)| Batch {
        id: BatchId(id),
        origin,
        when: When::Now,
        label: Arc::from("random"),
        commands,
        owner: 0,
    })
}
