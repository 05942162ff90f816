//! How a mapping stands, in words and counts. Thread: osc; pure.

use std::sync::Arc;

use super::plan::Plan;
use super::step::Course;
use super::{Asked, Now, Place, Track};
use crate::model::layer::seconds_of;
use crate::model::{Agreed, Counts, DeskEvent, MappingState, MappingStatus, Preview, Uid};

/// Most lines of a preview.
const LINES_MAX: usize = 200;

/// Why a mapping is held whose two times are not what they were to each other.
pub(super) fn offset_moved(offset: i64, agreed: &Agreed) -> String {
    let seconds = seconds_of(offset.saturating_sub(agreed.offset));
    format!(
        "song and desk time are {seconds:+.3} s apart from what was agreed (slot offset, song start or mapping offset)"
    )
}

/// `12.500 s Goto 3 "Chorus"`, the time as the song has it.
fn event_words(event: &DeskEvent, offset: i64) -> String {
    let mut line = format!("{:.3} s {}", seconds_of(event.ticks.saturating_sub(offset)), event.token);
    if !event.cue.is_empty() {
        line.push_str(&format!(" {}", event.cue));
    }
    if !event.name.is_empty() && event.name != event.token {
        line.push_str(&format!(" \"{}\"", event.name));
    }
    if !event.cmd.is_empty() {
        line.push_str(&format!(" [{}]", event.cmd));
    }
    line
}

fn change_words(was: Option<&DeskEvent>, is: Option<&DeskEvent>, offset: i64) -> String {
    match (was, is) {
        (None, Some(is)) => format!("+ {}", event_words(is, offset)),
        (Some(was), None) => format!("- {}", event_words(was, offset)),
        (Some(was), Some(is)) => format!("~ {} -> {}", event_words(was, offset), event_words(is, offset)),
        (None, None) => String::new(),
    }
}

/// What a plan would do.
pub(super) fn preview(plan: &Plan, made: Vec<String>) -> Preview {
    let (desk, here) = plan.counts();
    let offset = plan.offset();
    let there = plan.on_desk().map(|(was, is)| change_words(was, is, offset));
    let ours = plan.here().map(|(was, is)| format!("here {}", change_words(was, is, offset)));
    Preview { desk, here, made, lines: there.chain(ours).take(LINES_MAX).map(Arc::from).collect() }
}

fn plus(a: Counts, b: Counts) -> Counts {
    Counts {
        added: a.added + b.added,
        deleted: a.deleted + b.deleted,
        retimed: a.retimed + b.retimed,
        changed: a.changed + b.changed,
    }
}

impl Track {
    /// Bring the status up to date.
    pub(super) fn describe(&mut self, now: &Now<'_>) {
        let (state, mut reason, drift) = self.standing(now);
        if let Some(note) = &self.note {
            reason = if reason.is_empty() { note.clone() } else { format!("{note}; {reason}").into() };
        }
        if self.problems.len() != self.status.problems.len()
            || self.problems.iter().zip(self.status.problems.iter()).any(|(a, b)| Uid(*a.0) != b.0 || a.1.text != b.1)
        {
            let problems = self.problems.iter().map(|(id, problem)| (Uid(*id), problem.text.clone()));
            self.status.problems = Arc::new(problems.collect());
        }
        let there = self.seen.as_ref().map_or(self.status.events.1, |seen| seen.events.len());
        self.status = MappingStatus {
            state,
            reason,
            events: (self.layer.events.len(), there),
            drift,
            preview: self.preview_for(state),
            conflicts: self.conflicts.clone(),
            problems: self.status.problems.clone(),
            writer: self.other_writer.clone(),
            track: match &self.seen {
                Some(seen) => Some(format!("{} {}", seen.unit.track_at(), seen.name).into()),
                None => self.status.track.clone(),
            },
        };
    }

    // What is shown before anything is done: what is missing, held, not accepted, or was asked for.
    fn preview_for(&mut self, state: MappingState) -> Option<Arc<Preview>> {
        if let Place::Missing { made, .. } = &self.place {
            let added = self.layer.events.len();
            let is_same = self.preview.as_ref().is_some_and(|old| old.made == *made && old.desk.added == added);
            if !is_same {
                let desk = Counts { added, ..Counts::default() };
                let lines = self.layer.events.iter().take(LINES_MAX);
                let lines = lines.map(|e| change_words(None, Some(&DeskEvent::from_layer(&e.event, 0)), 0).into());
                let lines = lines.collect();
                self.preview = Some(Arc::new(Preview { desk, made: made.clone(), lines, ..Preview::default() }));
            }
            return self.preview.clone();
        }
        let asks = self.dry.is_some() || state == MappingState::Held || !self.mapping.accepted;
        let Some(plan) = self.plan.as_ref().filter(|_| asks) else {
            // While something is under way the last one stays to be seen.
            if !asks {
                self.preview = None;
            }
            return self.preview.clone();
        };
        if self.preview.is_none() {
            let cues = self.missing_cues(plan).into_keys().map(|cue| format!("cue {cue}"));
            let target = self.seen.as_ref().map_or(0, |seen| seen.target);
            let sequence =
                self.mapping.sequence.filter(|_| target == 0).map(|number| format!("sequence {number} for the track"));
            self.preview = Some(Arc::new(preview(plan, sequence.into_iter().chain(cues).collect())));
        }
        self.preview.clone()
    }

    fn standing(&self, now: &Now<'_>) -> (MappingState, Arc<str>, Counts) {
        use MappingState::{Diverged, Error, Held, Pending, Synced, Waiting};
        let none = Counts::default();
        if !now.connected {
            return match self.status.state {
                MappingState::Unmapped | Pending => (Pending, "".into(), none),
                _ => (Waiting, "the desk is not there".into(), self.status.drift),
            };
        }
        match &self.place {
            Place::Wrong(why) => return (Error, why.clone(), none),
            Place::Missing { .. } if !self.may_write() => {
                let why = if self.mapping.accepted { "the show lock is on" } else { "accept what will be made" };
                return (Diverged, why.into(), none);
            }
            Place::At(_) => {}
            _ => return (Pending, self.trouble.clone().unwrap_or_default(), none),
        }
        if let Some(held) = self.held.as_ref().filter(|_| self.choice.is_none_or(|c| c == crate::model::Choice::Leave))
        {
            return (Held, held.why.clone(), self.drift());
        }
        let is_under_way = self.taking.is_some()
            || self.settle.is_some()
            || !self.judged
            || matches!(
                self.asked,
                Some(Asked::Batch(_) | Asked::Restore(_) | Asked::Hook { .. } | Asked::MakeCues | Asked::Assign)
            );
        let (Some(seen), Some(plan)) = (&self.seen, &self.plan) else {
            let state = if self.failures > 2 { Error } else { Pending };
            return (state, self.trouble.clone().unwrap_or_default(), none);
        };
        if is_under_way {
            return (Pending, "".into(), none);
        }
        let (drift, course) = (self.drift(), self.course(seen));
        let writes = plan.writes(&self.left_out());
        if let Some(trouble) = &self.trouble {
            let state = if self.failures > 4 || plan.is_in_doubt() { Error } else { Waiting };
            return (state, trouble.clone(), drift);
        }
        if course.write && writes {
            if let Some(writer) = &self.other_writer {
                return (Diverged, format!("{writer} writes this track").into(), drift);
            }
            return match self.hindrance(seen) {
                Some(why) => (Waiting, why, drift),
                None => (Pending, "".into(), none),
            };
        }
        if course.take && plan.takes() {
            return (Pending, "".into(), none);
        }
        match self.why_apart(plan, course) {
            Some(why) => (Diverged, why.into(), drift),
            None => (Synced, "".into(), none),
        }
    }

    fn drift(&self) -> Counts {
        self.plan.as_ref().map_or_else(Counts::default, |plan| {
            let (desk, here) = plan.counts();
            plus(desk, here)
        })
    }

    // Why the two sides differ although nothing is under way; `None` where they do not.
    fn why_apart(&self, plan: &Plan, course: Course) -> Option<String> {
        if !self.conflicts.is_empty() {
            return Some(format!("{} events were changed on both sides: choose", self.conflicts.len()));
        }
        if !self.problems.is_empty() {
            return Some(format!("{} events cannot be written", self.problems.len()));
        }
        let (kept_here, kept_there) = plan.kept();
        if plan.is_equal() {
            return (plan.foreign > 0).then(|| format!("{} events of the desk hold what a layer cannot", plan.foreign));
        }
        Some(match () {
            () if !self.mapping.accepted => "not accepted yet: nothing is written".into(),
            () if !self.armed && !course.write => "the show lock is on: nothing is written".into(),
            () if kept_here + kept_there > 0 && !plan.takes() && !plan.writes(&self.left_out()) => {
                format!("one way only: {kept_here} events are only here, {kept_there} only on the desk")
            }
            () => "by hand only: push or pull".into(),
        })
    }
}
