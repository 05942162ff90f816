//! What holds for any document and any commands.
//!
//! proves: C1 C3

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tracklight::bus::Vault;
use tracklight::bus::program::{MacroTarget, NodeKind};
use tracklight::engine::compile::{Clips, compile};
use tracklight::model::{Ask, Command, Event, Origin, Session};

use crate::engine_rig::Rig;
use crate::strategy::{batch, beginning, command, session};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_command_undone_leaves_the_first_bytes(session in session(), command in command()) {
        let first = session.to_json();
        let mut changed = session.clone();
        if let Ok(done) = changed.perform(&command) {
            let last = changed.to_json();
            let again = changed.undo_all(&done.inverse);
            prop_assert_eq!(&again, &done.forward);
            prop_assert_eq!(changed.to_json(), first);
            for edit in &again {
                changed.apply(edit).expect("what was done can be done again");
            }
            prop_assert_eq!(changed.to_json(), last);
        } else {
            prop_assert_eq!(changed.to_json(), first);
        }
    }

    #[test]
    fn commands_keep_the_document_whole(session in session()) {
        prop_assert_eq!(session.check(), Ok(()));
        let text = session.to_json();
        let read = Session::from_json(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&read, &session);
        prop_assert_eq!(read.to_json(), text);
    }

    #[test]
    fn a_batch_is_all_or_nothing(session in session(), batch in batch(Origin::Gui)) {
        let mut changed = session.clone();
        let mut one_by_one = session.clone();
        let each: Vec<_> = batch.commands.iter().map(|command| one_by_one.perform(command).is_ok()).collect();
        match changed.perform_batch(&batch) {
            Ok(_) => prop_assert!(each.iter().all(|applied| *applied) && changed == one_by_one),
            Err(_) => prop_assert!(each.contains(&false) && changed.to_json() == session.to_json()),
        }
    }

    #[test]
    fn every_document_compiles_to_a_program_whose_places_are_there(session in session()) {
        let mut vault = Vault::default();
        let program = compile(&session, &Clips::default(), &mut vault);
        prop_assert_eq!(program.samplers.len() + program.sequencers.len()
            + program.nodes.iter().filter(|n| !matches!(n.kind, NodeKind::Sampler(_))).count(), session.modules.len());
        for (place, node) in program.nodes.iter().enumerate() {
            prop_assert!(node.inputs.iter().all(|cable| usize::from(cable.from) < place), "inputs come before");
        }
        for sequencer in &program.sequencers {
            prop_assert!(sequencer.targets.iter().all(|target| usize::from(*target) < program.samplers.len()));
            for entry in sequencer.entries.iter() {
                prop_assert!(entry.repeats >= 1 && entry.cycles_before + entry.repeats <= entry.cycles_per_round);
                prop_assert!(!entry.pattern.rows.is_empty());
            }
        }
        for map in &program.macros {
            let found = match map.target {
                MacroTarget::Sampler(place, _) => usize::from(place) < program.samplers.len(),
                MacroTarget::Node(place) => usize::from(place) < program.nodes.len(),
                MacroTarget::Cable(node, at) => {
                    program.nodes.get(usize::from(node)).is_some_and(|n| usize::from(at) < n.inputs.len())
                }
            };
            prop_assert!(found, "a macro's target is there");
        }
    }

    #[test]
    fn the_log_replayed_gives_an_equal_document(batches in vec(batch(Origin::Script), 1..20)) {
        let mut rig = Rig::new();
        rig.ask(Default::default(), vec![Command::Load(Arc::new(beginning()))]);
        rig.tick();
        rig.told();
        for batch in &batches {
            rig.send(Ask::Batch(batch.clone()));
        }
        let seen = rig.tick();
        let applied = |event| if let Event::Applied { batch, .. } = event { Some(batch) } else { None };
        let log: Vec<_> = rig.told().into_iter().filter_map(applied).collect();
        let mut replayed = beginning();
        for batch in batches.iter().filter(|batch| log.contains(&batch.id)) {
            prop_assert!(replayed.perform_batch(batch).is_ok());
        }
        prop_assert_eq!(&replayed, &*seen.session);
    }
}

#[test]
fn the_random_commands_are_worth_their_time() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (sessions, commands) = (session(), command());
    let (mut applied, mut kinds) = (0, std::collections::BTreeSet::new());
    for _ in 0..4_000 {
        let mut session = sessions.new_tree(&mut runner).expect("a session").current();
        let command = commands.new_tree(&mut runner).expect("a command").current();
        if session.perform(&command).is_ok() {
            applied += 1;
            let shown = format!("{command:?}");
            kinds.insert(shown.split(['(', ' ']).next().unwrap_or_default().to_owned());
        }
    }
    assert!(applied > 1_200, "only {applied} of 4000 apply");
    assert_eq!(kinds.len(), 41, "every kind but Load and those of the desk link applies somewhere: {kinds:?}");
}
