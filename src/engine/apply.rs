//! Asks, one by one: what each does to the document, the lists and audio.
//!
//! Thread: engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::TakenBack;
use super::overrun::Verdict;
use super::pending::{Plan, Wait, due};
use super::{Engine, loader};
use crate::bus::ToAudio;
use crate::model::{Ask, Batch, BatchId, Command, Edit, Event, Origin, Performed, TransportVerb};

/// A hush this soon after another is panic.
const HUSH_TWICE: Duration = Duration::from_secs(2);

impl Engine {
    pub(super) fn take_ask(&mut self, ask: Ask, now: Instant) {
        match ask {
            Ask::Batch(batch) => self.take_batch(batch, now),
            Ask::Undo => self.undo(),
            Ask::Redo => {
                let told = self.history.redo(Arc::make_mut(&mut self.session));
                if let Some(TakenBack { batch: Some(batch), label, .. }) = &told {
                    self.overrun.watch(*batch, label, false, now);
                }
                self.taken_back("redo", told, |_| true);
            }
            Ask::LastGood => self.last_good(now),
            Ask::DropShots(drop) => self.outbox.drop_shots(drop),
            Ask::Hush => self.hush(now),
            Ask::Panic => self.silence(ToAudio::Panic),
            Ask::Console(lines) => lines.into_iter().for_each(|line| self.board.console(line)),
            Ask::Evaluated(result) => self.board.evaluated(result),
            Ask::Notice(text) => self.board.notice(&text),
            Ask::Recover(verb) => self.board.tell(Event::Recover(verb)),
            Ask::Recovery(recovery) => self.board.recovery(recovery),
            Ask::Desk(desk) => self.board.desk(desk),
            Ask::TextState(text) => self.board.text(text),
            Ask::WriteText => self.board.tell(Event::WriteText),
        }
    }

    /// A Batch for now is applied; one for later waits, and its files are asked for at once.
    fn take_batch(&mut self, batch: Batch, now: Instant) {
        let needs = loader::needs_of(&batch, &self.session.folders);
        if !needs.is_empty() && batch.origin.is_user() {
            self.loader.retry(needs.keys());
        }
        let moment = if self.is_moving() { due(batch.when, &self.clock, &self.session) } else { None };
        match moment {
            None => self.apply_batch(batch, None, now),
            Some(due) => {
                if let Some(error) = self.pending.refusal(&batch, &self.session) {
                    return self.refuse(&batch, &error);
                }
                let loading = !self.loader.has(needs.keys());
                self.dirty.media |= !needs.is_empty();
                self.dirty.program = true;
                self.pending.push(batch, due, needs.into_keys().collect(), loading);
            }
        }
    }

    /// The moment of these has come.
    pub(super) fn apply_waits(&mut self, waits: Vec<Wait>, now: Instant) {
        for wait in waits {
            self.dirty.program = true;
            self.dirty.media = true;
            let due = wait.due;
            self.apply_batch(wait.batch, Some((due, wait.shots_sent)), now);
        }
    }

    /// Apply a Batch. One that waited comes with its moment, and with whether its hits are with audio already.
    fn apply_batch(&mut self, batch: Batch, waited: Option<(f64, bool)>, now: Instant) {
        let done = match Arc::make_mut(&mut self.session).perform_batch(&batch) {
            Ok(done) => done,
            Err(error) => return self.refuse(&batch, &error.0),
        };
        done.notes.iter().for_each(|note| self.board.notice(note));
        // A value set to what it was is no change.
        let changed = done.inverse != done.forward;
        let edits: Arc<[Edit]> = if changed { Arc::from(&*done.forward) } else { Arc::from([]) };
        self.edited(&edits);
        let loads = batch.commands.iter().any(|command| matches!(command, Command::Load(_)));
        if loads {
            self.history.clear();
            self.good.clear();
            self.overrun.rest();
            self.dirty.history = true;
            self.drop_waiting("a state was loaded");
            self.board.tell(Event::Loaded);
        } else if changed || !batch.origin.is_user() {
            self.record(&batch, done, now);
        }
        if batch.origin.is_user() {
            self.wake();
            self.watch(&batch, waited.is_some(), now);
        }
        self.act(&batch, waited.is_some_and(|(_, sent)| sent));
        self.board.applied(batch.id, batch.origin, edits, false);
    }

    /// What the user did may be too much for audio, and an evaluation that is not is good.
    fn watch(&mut self, batch: &Batch, waited: bool, now: Instant) {
        let silent = |command: &Command| {
            let text = matches!(command, Command::SetText(_) | Command::EditText { .. } | Command::SetLayout(..));
            // A start cannot be taken back: what is too much then was asked before.
            text || matches!(command, Command::SetFolders(_) | Command::Transport(_))
        };
        // An empty one carries what a chunk registered.
        if batch.commands.is_empty() || !batch.commands.iter().all(silent) {
            self.overrun.watch(batch.id, &batch.label, waited, now);
        }
        if batch.origin == Origin::Script {
            self.good.evaluated(batch.id, &batch.label, &self.session, now);
        }
    }

    /// This was too much: all that was asked since goes, and what it started is cut.
    pub(super) fn take_back(&mut self, verdict: &Verdict) {
        let Some(blamed) = verdict.suspects.last() else { return };
        for suspect in &verdict.suspects {
            for _ in 0..self.history.depth(suspect.batch).unwrap_or(0) {
                let told = self.history.undo(Arc::make_mut(&mut self.session));
                self.taken_back("taking back", told, |origin| origin != Origin::Script);
            }
            self.good.bad(suspect.batch);
            self.board.tell(Event::TakenBack { batch: suspect.batch });
        }
        self.dirty.program = true;
        self.outbox.silence(ToAudio::CutSince(blamed.frame));
        let after = match verdict.suspects.len() {
            1 => String::new(),
            2 => " and the change after it".to_owned(),
            count => format!(" and {} changes after it", count - 1),
        };
        let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        let (needed, block, blocks) = (ms(verdict.needed), ms(verdict.block), verdict.blocks);
        let was = if after.is_empty() { "was" } else { "were" };
        self.board.notice(&format!(
            "{}{after} {was} taken back: audio needed {needed} of {block}, {blocks} blocks long",
            blamed.label
        ));
    }

    /// Back to the last evaluation that ran well, as one undo step; text, layout and folders stay.
    fn last_good(&mut self, now: Instant) {
        let waits = self.pending.call_off(|wait| wait.batch.origin.is_user());
        self.drop_waits(&waits, "back to the last good evaluation");
        let Some(way) = self.good.way_back(&self.session, now) else {
            return self.board.notice("there is no other good evaluation to go back to");
        };
        let label = format!("back to the last good evaluation ({})", way.label);
        let before = self.session.clone();
        let session = Arc::make_mut(&mut self.session);
        let inverse: Result<Vec<Edit>, _> = way.edits.iter().map(|edit| session.apply(edit)).collect();
        let inverse = match inverse.map_err(|error| error.0).and_then(|inverse| session.check().map(|()| inverse)) {
            Ok(inverse) => inverse,
            Err(why) => {
                self.session = before;
                return self.board.notice(&format!("{label}: {why}"));
            }
        };
        self.board.notice(&label);
        let batch = Batch::now(Origin::Gui, &label, vec![]);
        let edits: Arc<[Edit]> = Arc::from(&*way.edits);
        self.edited(&edits);
        self.record(&batch, Performed { inverse, forward: way.edits, notes: vec![] }, now);
        self.wake();
        self.overrun.watch(batch.id, &batch.label, false, now);
        self.board.applied(batch.id, batch.origin, edits, false);
    }

    fn record(&mut self, batch: &Batch, done: Performed, now: Instant) {
        self.history.record(batch, done, now);
        self.dirty.history |= batch.origin.is_user();
    }

    /// What has to be made anew after these edits.
    fn edited(&mut self, edits: &[Edit]) {
        self.dirty.session |= !edits.is_empty();
        for edit in edits {
            match edit {
                Edit::Text(_) | Edit::Layout(..) | Edit::Live(..) | Edit::Bank(..) => {}
                Edit::Songs(_) | Edit::Layer(..) | Edit::Events(..) => {}
                Edit::Mapping(..) | Edit::Agreed(..) | Edit::Desk(_) => {}
                Edit::Folders(_) => self.dirty.media = true,
                Edit::Module(..) | Edit::Whole(_) => (self.dirty.media, self.dirty.program) = (true, true),
                _ => self.dirty.program = true,
            }
        }
    }

    /// The parts of a Batch that are not edits.
    fn act(&mut self, batch: &Batch, shots_sent: bool) {
        for command in &batch.commands {
            match command {
                Command::Transport(verb) => {
                    if *verb == TransportVerb::Play {
                        self.wake();
                    }
                    self.outbox.transport(*verb, self.processing);
                }
                Command::Desk(verb) => self.board.tell(Event::Desk(verb.clone())),
                Command::Trigger(shot) if !shots_sent => {
                    if let Some(module) = self.session.modules.get(&shot.module) {
                        self.outbox.shot(module.uid, shot, None, batch.owner);
                    }
                }
                _ => {}
            }
        }
    }

    /// Hits of a plan go to audio ahead of time, for its moment.
    pub(super) fn send_shots_ahead(&mut self, plan: &Plan) {
        for id in &plan.batches {
            let Some(batch) = self.pending.mark_shots(*id) else { continue };
            for command in &batch.commands {
                if let Command::Trigger(shot) = command
                    && let Some(module) = plan.session.modules.get(&shot.module)
                {
                    // Nobody's, for they are called back with their Batch.
                    self.outbox.shot(module.uid, shot, Some(plan.due), 0);
                }
            }
        }
    }

    fn refuse(&mut self, batch: &Batch, error: &str) {
        self.board.notice(&format!("{}: {error}", batch.label));
        self.board.tell(Event::Refused { batch: batch.id, origin: batch.origin, error: Arc::from(error) });
    }

    /// These Batches are dropped before their moment and their senders told.
    fn drop_waits(&mut self, waits: &[Wait], why: &str) {
        let error: Arc<str> = Arc::from(format!("dropped before its moment: {why}"));
        for Wait { batch, .. } in waits {
            self.board.tell(Event::Refused { batch: batch.id, origin: batch.origin, error: error.clone() });
        }
        match waits.iter().filter(|wait| wait.batch.origin.is_user()).map(|wait| &wait.batch.label).collect::<Vec<_>>()
            [..]
        {
            [] => {}
            [label] => self.board.notice(&format!("{label}: {error}")),
            [first, ..] => self.board.notice(&format!("{first} and others: {error}")),
        }
        if !waits.is_empty() {
            (self.dirty.program, self.dirty.media) = (true, true);
        }
    }

    fn drop_waiting(&mut self, why: &str) {
        let waits = self.pending.take_all();
        self.drop_waits(&waits, why);
    }

    /// The user's last Batch: while some of theirs wait, those are the last. What callbacks sent ahead goes on.
    fn undo(&mut self) {
        let waits = self.pending.call_off(|wait| wait.batch.origin.is_user());
        self.drop_waits(&waits, "undo");
        if waits.is_empty() {
            let told = self.history.undo(Arc::make_mut(&mut self.session));
            self.taken_back("undo", told, |_| true);
        }
    }

    /// Tell what was undone or redone. `back` says whose steps are told as such: the script's text follows those.
    fn taken_back(&mut self, verb: &str, told: Option<TakenBack>, back: fn(Origin) -> bool) {
        let Some(TakenBack { label, origin, edits, skipped, .. }) = told else {
            return self.board.notice(&format!("there is nothing to {verb}"));
        };
        self.dirty.history = true;
        for reason in skipped {
            self.board.notice(&format!("{verb} of \"{label}\" left something as it is: {reason}"));
        }
        if !edits.is_empty() {
            (self.dirty.session, self.dirty.program, self.dirty.media) = (true, true, true);
            self.board.applied(BatchId::fresh(), origin, Arc::from(edits), back(origin));
        }
    }

    /// Hush; a second one soon after is panic.
    pub(super) fn hush(&mut self, now: Instant) {
        let last = self.hushed_at.replace(now);
        let again = last.is_some_and(|last| now.saturating_duration_since(last) <= HUSH_TWICE);
        self.silence(if again { ToAudio::Panic } else { ToAudio::Hush });
    }

    /// Sequencers are silent until the next play or evaluation, and nothing waits.
    fn silence(&mut self, message: ToAudio) {
        self.drop_waiting("hush");
        self.board.hushed(true);
        self.dirty.program = true;
        self.outbox.silence(message);
        self.board.tell(Event::Hushed);
    }

    /// How many things are out or wait to be freed. Thread: engine.
    pub fn lent(&self) -> usize {
        self.vault.len()
    }
}
