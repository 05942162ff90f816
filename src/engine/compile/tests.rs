use super::*;
use crate::bus::program::RowProgram;
use crate::model::{ChainEntry, Column, Command, Cycles, Hit, MacroMap, ModuleKind, Row};

fn named(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn session(commands: Vec<Command>) -> Session {
    let add = |uid, kind, name| Command::AddModule { uid: Uid(uid), kind, name: named(name) };
    let mut session = Session::new();
    let start = vec![
        add(101, ModuleKind::MultiSampler, "kick"),
        add(102, ModuleKind::TrackerSequencer, "seq"),
        add(103, ModuleKind::AudioMixer, "a_mix"),
        Command::Connect(named("seq"), named("kick"), ConnKind::Event),
    ];
    for command in start.iter().chain(&commands) {
        session.perform(command).unwrap();
    }
    session
}

fn compiled(commands: Vec<Command>) -> Program {
    Compiler::default().compile(&session(commands), &Clips::default(), Marks::default()).unwrap()
}

fn entry(pattern: &str, repeats: u8, mute: bool) -> ChainEntry {
    ChainEntry { pattern: named(pattern), repeats, mute }
}

fn with_chain(entries: Vec<ChainEntry>) -> Program {
    let add = |name: &str, uid| Command::AddPattern { uid: Uid(uid), name: named(name), steps: 8 };
    compiled(vec![
        add("P1", 201),
        Command::AddChain { uid: Uid(300), name: named("C0") },
        Command::SetChain(named("C0"), entries),
        Command::Bind { sequencer: named("seq"), pattern: None, chain: Some(Some(named("C0"))), chain_on: Some(true) },
    ])
}

#[test]
fn a_pattern_alone_is_a_round_of_one() {
    let program = compiled(vec![]);
    let entries = &program.sequencers[0].entries;
    assert_eq!(program.sequencers[0].targets, [0]);
    assert_eq!((entries.len(), entries[0].start, entries[0].repeats), (1, 0.0, 1));
    assert_eq!((entries[0].cycles_before, entries[0].cycles_per_round), (0, 1));
}

#[test]
fn chain_entries_follow_each_other_and_count_cycles_of_their_pattern() {
    let program =
        with_chain(vec![entry("P0", 2, false), entry("P1", 9, true), entry("P1", 1, false), entry("P0", 3, false)]);
    let places: Vec<_> = program.sequencers[0]
        .entries
        .iter()
        .map(|e| (e.start, e.repeats, e.cycles_before, e.cycles_per_round))
        .collect();
    // P0 has 16 rows (4 beats), P1 has 8 (2 beats); the muted entry takes no time.
    assert_eq!(places, [(0.0, 2, 0, 5), (8.0, 1, 0, 1), (10.0, 3, 2, 5)]);
    let entries = &program.sequencers[0].entries;
    assert!(Arc::ptr_eq(&entries[0].pattern, &entries[2].pattern));
}

#[test]
fn a_chain_with_every_entry_muted_plays_nothing() {
    assert!(with_chain(vec![entry("P0", 2, true), entry("P1", 1, true)]).sequencers[0].entries.is_empty());
    assert!(with_chain(vec![]).sequencers[0].entries.is_empty());
}

#[test]
fn hidden_columns_and_cut_rows_are_left_out() {
    let hit = Hit {
        note: Some(40),
        length: Some(2),
        chance: 50,
        ratio: (1, 2),
        params: [(Param::SPEED, 2.0), (Param::PAN, 0.5)].into(),
        ..Hit::default()
    };
    let program = compiled(vec![
        Command::SetRow(named("P0"), 1, Row::Hit(hit.clone())),
        Command::SetRow(named("P0"), 9, Row::Rest),
        Command::SetRow(named("P0"), 2, Row::Hit(hit)),
        Command::SetColumns(named("P0"), vec![Column::Note, Column::Param(Param::PAN)]),
        Command::SetSteps(named("P0"), 3),
        Command::SetCycles(named("P0"), Cycles::Position),
    ]);
    let pattern = &program.sequencers[0].entries[0].pattern;
    assert!(pattern.rows.len() == 3 && !pattern.by_pass && pattern.rows[2] == RowProgram::Empty);
    let RowProgram::Hit(hit) = &pattern.rows[0] else { panic!("row 1 is a hit") };
    assert_eq!((hit.note, hit.length, hit.chance, hit.ratio), (Some(40), Some(2), 100, (1, 1)));
    assert_eq!(hit.params, [(Param::PAN, 0.5)]);
}

#[test]
fn inputs_come_before_what_they_go_into() {
    let program = compiled(vec![
        Command::Connect(named("kick"), named("a_mix"), ConnKind::Audio),
        Command::Connect(named("a_mix"), named("aux3"), ConnKind::Audio),
    ]);
    let kinds: Vec<_> = program.nodes.iter().map(|node| node.kind).collect();
    let place = |kind| kinds.iter().position(|k| *k == kind).unwrap();
    let (kick, mix, aux) = (place(NodeKind::Sampler(0)), place(NodeKind::Mixer), place(NodeKind::Aux(2)));
    assert!(kick < mix && mix < aux);
    assert_eq!(program.nodes[mix].inputs[0].from, kick as u16);
    assert_eq!(
        program.nodes[place(NodeKind::Main)].inputs.len(),
        1,
        "host input alone: the cables by hand go elsewhere"
    );
}

#[test]
fn macros_point_at_what_they_set() {
    let map = MacroMap { number: 3, min: 0.0, max: 0.5, curve: Default::default() };
    let path = |text| Path::parse(text).unwrap();
    let program = compiled(vec![
        Command::MapMacro(path("kick.volume"), map),
        Command::MapMacro(path("a_mix.masterVolume"), map),
        Command::MapMacro(path("masterAudioOut.connectionVolume[kick]"), map),
    ]);
    assert_eq!(program.macros.len(), 3);
    for found in &program.macros {
        assert_eq!((found.number, found.max), (2, 0.5));
        match found.target {
            MacroTarget::Sampler(place, param) => assert_eq!((place, param), (0, Param::VOLUME)),
            MacroTarget::Node(place) => assert_eq!(program.nodes[usize::from(place)].kind, NodeKind::Mixer),
            MacroTarget::Cable(node, at) => {
                let cable = program.nodes[usize::from(node)].inputs[usize::from(at)];
                assert_eq!(program.nodes[usize::from(cable.from)].kind, NodeKind::Sampler(0));
            }
        }
    }
}

#[test]
fn two_things_with_one_identity_get_two_places() {
    let double = Command::AddModule { uid: Uid(101), kind: ModuleKind::MultiSampler, name: named("other") };
    let program = compiled(vec![double]);
    assert_ne!(program.samplers[0].slot, program.samplers[1].slot);
    let mut slots: Vec<_> = program.nodes.iter().map(|node| node.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), program.nodes.len());
}

#[test]
fn a_new_clip_makes_a_new_bank_and_leaves_the_rest() {
    let sample = Sample { name: "a".into(), path: "a.wav".into(), params: [(Param::SPEED, 2.0)].into() };
    let session = session(vec![Command::SetSamples(named("kick"), vec![sample])]);
    let (mut compiler, mut clips, mut vault) = (Compiler::default(), Clips::default(), Vault::default());
    let mut pass = |clips: &Clips| {
        compiler.begin([&session]);
        let program = compiler.compile(&session, clips, Marks::default()).unwrap();
        compiler.finish();
        program
    };
    let before = pass(&clips);
    let clip = AudioClip { rate: 48_000, channels: vec![vec![0.0; 4]], path: "a.wav".into() };
    clips.put("a.wav", Some(vault.lend(clip)));
    let after = pass(&clips);
    assert!(before.samplers[0].bank[0].clip.is_none() && after.samplers[0].bank[0].clip.is_some());
    assert_eq!((after.samplers[0].bank[0].own, after.samplers[0].bank[0].values[1]), (1 << Param::SPEED.0, 2.0));
    assert!(Arc::ptr_eq(&before.sequencers[0].entries, &after.sequencers[0].entries));
}

#[test]
fn a_document_too_large_beside_another_has_no_place_and_alone_it_has() {
    let many = |first: u64| {
        let mut session = Session::new();
        for number in 0..SAMPLERS_MAX as u64 {
            let name = named(&format!("s{number}"));
            let uid = Uid(first + number);
            session.perform(&Command::AddModule { uid, kind: ModuleKind::MultiSampler, name }).unwrap();
        }
        session
    };
    let (one, two) = (many(1_000), many(9_000));
    let (mut compiler, clips) = (Compiler::default(), Clips::default());
    compiler.begin([&one, &two]);
    assert!(compiler.compile(&one, &clips, Marks::default()).is_some());
    assert!(compiler.compile(&two, &clips, Marks::default()).is_none());
    compiler.begin([&two]);
    assert!(compiler.compile(&two, &clips, Marks::default()).is_some());
}
