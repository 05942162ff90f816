//! Carries the session between the host's saved state and the engine.
//!
//! Thread: main (hosts save and load there, also while audio runs). Never audio: the framework would load on the audio
//! thread only through `GuiContext::set_state`, which we never call.
//!
//! A state is nice-plug's JSON: parameter values, and one field, `session`, holding the session's canonical text. The
//! framework gives a loading plug-in no way to say no, except that the static `filter_state` may change the state
//! before any of it is applied. So [`filter`] checks everything there; a broken state loses all its parameters and
//! fields but for the reason, nothing changes, and the instance shows that reason.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::PluginState;

use super::guard::guard;

/// The field that holds the session's canonical JSON.
pub const SESSION_FIELD: &str = "session";
/// The field that [`filter`] leaves in a broken state: why it was refused. Never saved.
const REFUSED_FIELD: &str = "refused";

/// What persistence needs of the engine.
///
/// Thread: main. Nothing here may be called from audio.
pub trait SessionDoor: Send + Sync + 'static {
    /// Say whether `json` is a session that can be loaded; if not, a sentence for people: what, where, what is allowed.
    fn check(json: &str) -> Result<(), String>
    where
        Self: Sized;

    /// Take a session that [`check`](Self::check) accepted: keep it as pending (see [`Pending`]) and wake the engine.
    fn load(&self, json: &str);

    /// Tell the user that a state was refused, and why; the running session stays.
    fn refuse(&self, why: &str);

    /// The session as canonical JSON: what is pending, else the newest Snapshot after the engine has drained its queue
    /// (waiting at most 500 ms for that).
    fn save(&self) -> String;
}

/// A loaded session on its way to the engine.
///
/// Between the host's "load" and the moment the engine has published it, a save must answer with what was loaded and
/// not with the old Snapshot. So the bytes stay here until the engine has *settled* them, not only taken the session.
pub struct Pending<S> {
    slot: Mutex<Slot<S>>,
}

struct Slot<S> {
    ticket: u64,
    json: Option<Arc<str>>,
    session: Option<S>,
}

/// Names one load; handed back to [`Pending::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

impl<S> Pending<S> {
    /// Nothing is pending.
    pub const fn new() -> Self {
        Self { slot: Mutex::new(Slot { ticket: 0, json: None, session: None }) }
    }

    /// The host loaded this. A load that the engine had not taken yet is forgotten: the last one counts.
    pub fn offer(&self, json: &str, session: S) {
        let json = Arc::from(json);
        let mut slot = self.lock();
        slot.ticket += 1;
        slot.json = Some(json);
        slot.session = Some(session);
    }

    /// The engine takes the session, once. The bytes stay until [`settle`](Self::settle).
    pub fn take(&self) -> Option<(Ticket, S)> {
        let mut slot = self.lock();
        let session = slot.session.take()?;
        Some((Ticket(slot.ticket), session))
    }

    /// The engine has published the session it took with `ticket`: from now on saves read the Snapshot.
    /// Does nothing if another load came meanwhile.
    pub fn settle(&self, ticket: Ticket) {
        let mut slot = self.lock();
        if slot.ticket == ticket.0 {
            slot.json = None;
        }
    }

    /// The bytes of a load that has not settled yet.
    pub fn json(&self) -> Option<Arc<str>> {
        self.lock().json.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Slot<S>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Default for Pending<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Check a state before the framework applies any of it; a broken one is emptied but for the reason.
///
/// Thread: main. `ids` says which parameters exist and what they hold. Parameters it does not know are left alone (a
/// newer version may have more), but ours must have their kind and lie within 0-1.
pub fn filter<D: SessionDoor>(state: &mut PluginState, kind: impl Fn(&str) -> Option<ParamKind>) {
    // Only we may say that a state was refused, not the file.
    state.fields.remove(REFUSED_FIELD);
    let panics = AtomicU32::new(0);
    let verdict = guard(&panics, || check::<D>(state, kind))
        .unwrap_or_else(|| Err("this state made Tracklight stumble while it was checked".to_owned()));
    if let Err(why) = verdict {
        state.params.clear();
        state.fields.clear();
        state.fields.insert(REFUSED_FIELD.to_owned(), why);
    }
}

/// What a host parameter holds in a saved state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// A number, 0-1.
    Unit,
    /// On or off.
    Switch,
}

fn check<D: SessionDoor>(state: &PluginState, kind: impl Fn(&str) -> Option<ParamKind>) -> Result<(), String> {
    for (id, value) in &state.params {
        match (kind(id), value) {
            (None, _) | (Some(ParamKind::Switch), ParamValue::Bool(_)) => {}
            (Some(ParamKind::Unit), ParamValue::F32(number)) if (0.0..=1.0).contains(number) => {}
            (Some(ParamKind::Unit), other) => {
                return Err(format!(
                    "state refused: parameter `{id}` holds {other:?}, a number from 0 to 1 is allowed"
                ));
            }
            (Some(ParamKind::Switch), other) => {
                return Err(format!("state refused: parameter `{id}` holds {other:?}, only on or off is allowed"));
            }
        }
    }
    match state.fields.get(SESSION_FIELD) {
        Some(json) => D::check(json).map_err(|why| format!("state refused: {why}")),
        None => Err(format!("state refused: it has no `{SESSION_FIELD}` field")),
    }
}

/// The saved field of one instance: what the framework's `serialize_fields` and `deserialize_fields` talk to.
pub struct SessionField<D> {
    door: D,
    // The last text that went out or came in, for the case that saving panics: an old session is better than none.
    last_good: Mutex<Option<String>>,
}

impl<D: SessionDoor> SessionField<D> {
    /// A field whose session is reached through `door`.
    pub fn new(door: D) -> Self {
        Self { door, last_good: Mutex::new(None) }
    }

    /// The way to the engine.
    pub fn door(&self) -> &D {
        &self.door
    }

    /// The fields to save. Thread: main; waits for the engine, at most 500 ms.
    pub fn save(&self, panics: &AtomicU32) -> BTreeMap<String, String> {
        let json = match guard(panics, || self.door.save()) {
            Some(json) => {
                *self.last_good() = Some(json.clone());
                Some(json)
            }
            None => self.last_good().clone(),
        };
        json.map(|json| (SESSION_FIELD.to_owned(), json)).into_iter().collect()
    }

    /// Take the fields of a state that went through [`filter`]. Thread: main; does not wait.
    pub fn load(&self, fields: &BTreeMap<String, String>, panics: &AtomicU32) {
        let taken = guard(panics, || match (fields.get(REFUSED_FIELD), fields.get(SESSION_FIELD)) {
            (Some(why), _) => self.door.refuse(why),
            (None, Some(json)) => {
                self.door.load(json);
                *self.last_good() = Some(json.clone());
            }
            (None, None) => {}
        });
        if taken.is_none() {
            guard(panics, || self.door.refuse("state refused: Tracklight stumbled while it was loaded"));
        }
    }

    fn last_good(&self) -> MutexGuard<'_, Option<String>> {
        self.last_good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[derive(Default)]
    struct Engine {
        session: Mutex<String>,
        refused: Mutex<Vec<String>>,
    }

    impl SessionDoor for Engine {
        fn check(json: &str) -> Result<(), String> {
            match json {
                "broken" => Err("line 1: a session is expected".into()),
                "poison" => panic!("on purpose"),
                _ => Ok(()),
            }
        }
        fn load(&self, json: &str) {
            *self.session.lock().unwrap() = json.into();
        }
        fn refuse(&self, why: &str) {
            self.refused.lock().unwrap().push(why.into());
        }
        fn save(&self) -> String {
            let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
            assert_ne!(session, "unsaveable");
            session
        }
    }

    fn kind(id: &str) -> Option<ParamKind> {
        match id {
            "m01" => Some(ParamKind::Unit),
            "hush" => Some(ParamKind::Switch),
            _ => None,
        }
    }

    fn state(param: (&str, ParamValue), session: &str) -> PluginState {
        PluginState {
            version: String::new(),
            params: [(param.0.to_owned(), param.1)].into(),
            fields: [(SESSION_FIELD.to_owned(), session.to_owned())].into(),
        }
    }

    fn refused(mut state: PluginState) -> Option<String> {
        filter::<Engine>(&mut state, kind);
        let why = state.fields.get(REFUSED_FIELD).cloned();
        assert!(why.is_none() || (state.params.is_empty() && state.fields.len() == 1));
        why
    }

    #[test]
    fn a_sound_state_passes_unchanged_and_unknown_parameters_are_left_alone() {
        assert_eq!(refused(state(("m01", ParamValue::F32(1.0)), "{}")), None);
        assert_eq!(refused(state(("hush", ParamValue::Bool(true)), "{}")), None);
        assert_eq!(refused(state(("m99", ParamValue::I32(-4)), "{}")), None);
    }

    #[test]
    fn a_broken_state_loses_everything_but_the_reason() {
        for (bad, word) in [
            (state(("m01", ParamValue::F32(0.5)), "broken"), "line 1"),
            (state(("m01", ParamValue::F32(0.5)), "poison"), "stumble"),
            (state(("m01", ParamValue::F32(1.5)), "{}"), "m01"),
            (state(("m01", ParamValue::F32(f32::NAN)), "{}"), "m01"),
            (state(("m01", ParamValue::Bool(true)), "{}"), "m01"),
            (state(("hush", ParamValue::F32(0.0)), "{}"), "hush"),
            (PluginState { fields: BTreeMap::new(), ..state(("m01", ParamValue::F32(0.5)), "") }, "session"),
        ] {
            let why = refused(bad).expect("refused");
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_file_cannot_claim_that_it_was_refused() {
        let mut state = state(("m01", ParamValue::F32(0.5)), "{}");
        state.fields.insert(REFUSED_FIELD.into(), "shown to the user".into());
        assert_eq!(refused(state), None);
    }

    #[test]
    fn a_refused_state_leaves_the_running_session_and_says_why() {
        let panics = AtomicU32::new(0);
        let field = SessionField::new(Engine::default());
        field.load(&[(SESSION_FIELD.to_owned(), "song".to_owned())].into(), &panics);
        field.load(&[(REFUSED_FIELD.to_owned(), "because".to_owned())].into(), &panics);
        assert_eq!(field.save(&panics)[SESSION_FIELD], "song");
        assert_eq!(*field.door().refused.lock().unwrap(), ["because"]);
    }

    #[test]
    fn when_saving_panics_the_last_good_session_is_saved() {
        let panics = AtomicU32::new(0);
        let field = SessionField::new(Engine::default());
        field.load(&[(SESSION_FIELD.to_owned(), "song".to_owned())].into(), &panics);
        *field.door().session.lock().unwrap() = "unsaveable".into();
        assert_eq!(field.save(&panics)[SESSION_FIELD], "song");
        assert_eq!(panics.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_save_between_load_and_publish_answers_with_what_was_loaded() {
        let pending = Pending::new();
        pending.offer("one", 1);
        assert_eq!(pending.json().as_deref(), Some("one"));
        let (first, session) = pending.take().unwrap();
        assert_eq!((session, pending.take()), (1, None));
        assert_eq!(pending.json().as_deref(), Some("one"), "taken, but not yet published");
        pending.offer("two", 2);
        pending.settle(first);
        assert_eq!(pending.json().as_deref(), Some("two"), "an older load settles nothing newer");
        let (second, _) = pending.take().unwrap();
        pending.settle(second);
        assert_eq!(pending.json(), None);
    }
}
