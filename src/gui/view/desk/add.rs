//! The form that ties a layer to a track. Thread: gui.

use std::sync::Arc;

use egui::{ComboBox, Frame, Id, Label, Margin, RichText, TextEdit, Ui};

use super::super::super::scene::Intents;
use super::super::super::theme;
use super::super::super::widget::named;
use super::press;
use crate::model::layer::ticks_of;
use crate::model::{Command, CueRule, Direction, FrameRate, Mapping, Name, Policy, Session, TrackName, Uid};

/// What is filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    // An existing layer, or none for a new one.
    layer: Option<Name>,
    new: String,
    song: String,
    tc: String,
    tg: String,
    track: String,
    sequence: String,
    offset: String,
    direction: Direction,
    policy: Policy,
    cues: CueRule,
    create: bool,
    wrong: Option<String>,
    /// Whether it is shown.
    pub open: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            layer: None,
            new: String::new(),
            song: String::new(),
            tc: "101".into(),
            tg: "1".into(),
            track: String::new(),
            sequence: String::new(),
            offset: String::new(),
            direction: Direction::default(),
            policy: Policy::default(),
            cues: CueRule::default(),
            create: false,
            wrong: None,
            open: false,
        }
    }
}

/// Read a number from 1 to 9999.
fn number(what: &str, text: &str) -> Result<u32, String> {
    let number = text.trim().parse::<u32>().ok().filter(|number| (1..=9999).contains(number));
    number.ok_or_else(|| format!("{what} is a whole number from 1 to 9999, got \"{text}\""))
}

/// Read seconds or a timecode with an optional minus, as ticks.
fn offset(text: &str, rate: FrameRate) -> Result<i64, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    match text.strip_prefix('-') {
        Some(rest) => rate.parse(rest).map(|ticks| -ticks),
        None => text
            .parse::<f64>()
            .ok()
            .filter(|s| (0.0..=921_600.0).contains(s))
            .map_or_else(|| rate.parse(text), |s| Ok(ticks_of(s))),
    }
    .map_err(|error| format!("offset: {error}"))
}

impl Form {
    /// The commands it asks for. The error names the field and what is allowed.
    fn commands(&self, session: &Session) -> Result<(Name, Vec<Command>), String> {
        let (name, made, rate) = match self.layer.as_ref().and_then(|name| Some((name, session.layers.get(name)?))) {
            Some((name, layer)) => (name.clone(), None, layer.rate),
            None => {
                let name = Name::new(self.new.trim()).map_err(|error| format!("layer: {error}"))?;
                let song = session.songs.iter().find(|song| song.name == self.song).or(session.songs.first());
                let song = song.map(|song| song.name.clone()).unwrap_or_default();
                let made = Command::AddLayer { uid: Uid::fresh(), name: name.clone(), song };
                (name, Some(made), FrameRate::default())
            }
        };
        let track = self.track.trim();
        let track = match track.parse::<u32>() {
            Ok(number) => TrackName::Number(number),
            Err(_) if track.is_empty() => return Err("track is a name or a number from 1 to 9999; it is empty".into()),
            Err(_) => TrackName::Name(track.to_owned()),
        };
        let sequence = match self.sequence.trim() {
            "" => None,
            text => Some(number("sequence", text)?),
        };
        let mapping = Mapping {
            sequence,
            create: self.create,
            cues: self.cues,
            direction: self.direction,
            policy: self.policy,
            offset: offset(&self.offset, rate)?,
            ..Mapping::new(number("timecode", &self.tc)?, number("track group", &self.tg)?, track)
        };
        mapping.check()?;
        let mut commands: Vec<Command> = made.into_iter().collect();
        commands.push(Command::MapLayer(name.clone(), Some(mapping)));
        // What another layer or song forbids is told here too and not only after it was sent.
        let mut draft = session.clone();
        for command in &commands {
            draft.perform(command).map_err(|error| error.0)?;
        }
        Ok((name, commands))
    }

    /// Draw it; `closes` says whether it can be closed.
    pub fn ui(&mut self, ui: &mut Ui, session: &Arc<Session>, closes: bool, intents: &mut Intents<'_>) {
        let frame = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8)).corner_radius(4);
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                self.which(ui, session);
                ui.label("to timecode");
                field(ui, &mut self.tc, "New mapping timecode", "101", 44.0);
                ui.label("group");
                field(ui, &mut self.tg, "New mapping track group", "1", 36.0);
                ui.label("track");
                field(ui, &mut self.track, "New mapping track", "BEAM or 2", 110.0);
                ui.label("sequence");
                field(ui, &mut self.sequence, "New mapping sequence", "as is", 50.0);
            });
            ui.horizontal_wrapped(|ui| {
                ui.label("direction");
                choice(ui, "New mapping direction", &Direction::ALL, &mut self.direction, Direction::name);
                ui.label("who wins").on_hover_text("Where both sides changed the same event");
                choice(ui, "New mapping policy", &Policy::ALL, &mut self.policy, Policy::name);
                ui.label("missing cues")
                    .on_hover_text("require says which are missing; create makes empty ones, after the preview");
                choice(ui, "New mapping cues", &CueRule::ALL, &mut self.cues, CueRule::name);
                ui.label("offset")
                    .on_hover_text("Added to the desk's times: seconds or HH:MM:SS:FF, may begin with a minus");
                field(ui, &mut self.offset, "New mapping offset", "0", 80.0);
                let make = ui.checkbox(&mut self.create, "make what is missing");
                make.on_hover_text(
                    "Timecode, group and track are made on the desk if they are not there, after the preview",
                );
            });
            ui.horizontal_wrapped(|ui| {
                if press(ui, "Map", "Map layer", "Only reads the desk until you accept its preview") {
                    self.send(session, intents);
                }
                if closes && press(ui, "Close", "Close the form", "Esc") {
                    self.open = false;
                }
                if let Some(wrong) = &self.wrong {
                    ui.add(Label::new(RichText::new(wrong).color(theme::ERROR)).wrap());
                }
            });
        });
    }

    fn send(&mut self, session: &Session, intents: &mut Intents<'_>) {
        match self.commands(session) {
            Ok((name, commands)) => {
                intents.wishes(&format!("map {name}"), commands);
                *self = Self { tc: self.tc.clone(), tg: self.tg.clone(), song: self.song.clone(), ..Self::default() };
            }
            Err(wrong) => self.wrong = Some(wrong),
        }
    }

    fn which(&mut self, ui: &mut Ui, session: &Session) {
        ui.label("Layer");
        let free: Vec<&Name> = session.layers.keys().filter(|name| !session.mappings.contains_key(*name)).collect();
        self.layer = self.layer.take().filter(|name| free.contains(&name));
        let shown = self.layer.as_ref().map_or("a new one", Name::as_str);
        let combo = ComboBox::from_id_salt("new mapping layer").selected_text(shown).width(110.0).truncate();
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(&mut self.layer, None, "a new one");
            for name in free {
                ui.selectable_value(&mut self.layer, Some(name.clone()), name.as_str());
            }
        });
        named(&combo.response, "New mapping layer");
        if self.layer.is_some() {
            return;
        }
        field(ui, &mut self.new, "New layer name", "Beam", 90.0);
        if session.songs.len() > 1 {
            ui.label("of song");
            if !session.songs.iter().any(|song| song.name == self.song) {
                self.song = session.songs[0].name.clone();
            }
            let combo = ComboBox::from_id_salt("new layer song").selected_text(&self.song).width(110.0).truncate();
            let combo = combo.show_ui(ui, |ui| {
                for song in &session.songs {
                    ui.selectable_value(&mut self.song, song.name.clone(), &song.name);
                }
            });
            named(&combo.response, "New layer song");
        }
    }
}

fn field(ui: &mut Ui, text: &mut String, name: &str, hint: &str, width: f32) {
    let edit = TextEdit::singleline(text).id(Id::unique(("desk form", name))).font(theme::code_font());
    let response = ui.add(edit.hint_text(hint.to_owned()).desired_width(width));
    named(&response, name);
}

/// A choice of one of a few words; says whether another one was taken.
pub fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    all: &[T],
    chosen: &mut T,
    word: fn(T) -> &'static str,
) -> bool {
    let before = *chosen;
    let combo = ComboBox::from_id_salt(name).selected_text(word(before)).width(72.0);
    let combo = combo.show_ui(ui, |ui| {
        for one in all {
            ui.selectable_value(chosen, *one, word(*one));
        }
    });
    named(&combo.response, name);
    *chosen != before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_makes_the_layer_and_its_mapping_or_names_the_field_that_is_wrong() {
        let session = Session::new();
        let good = Form { new: "Beam".into(), track: "BEAM".into(), sequence: "201".into(), ..Form::default() };
        let (name, commands) = good.commands(&session).unwrap();
        assert_eq!(name.as_str(), "Beam");
        assert!(matches!(&commands[0], Command::AddLayer { song, .. } if song == "main"));
        let mapping = Mapping { sequence: Some(201), ..Mapping::new(101, 1, TrackName::Name("BEAM".into())) };
        assert_eq!(commands[1], Command::MapLayer(name, Some(mapping)));
        let text = |text: &str| text.to_owned();
        for (form, word) in [
            (Form { new: text("two words"), ..good.clone() }, "layer: "),
            (Form { new: text("hostIn"), ..good.clone() }, "hostIn"),
            (Form { tc: text("0"), ..good.clone() }, "timecode is a whole number from 1 to 9999"),
            (Form { tg: text("x"), ..good.clone() }, "track group"),
            (Form { track: text(" "), ..good.clone() }, "track is a name or a number"),
            (Form { track: text("0"), ..good.clone() }, "track is a name or 1 to 9999"),
            (Form { sequence: text("10000"), ..good.clone() }, "sequence"),
            (Form { offset: text("soon"), ..good.clone() }, "offset"),
        ] {
            let error = form.commands(&session).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn an_offset_is_seconds_or_a_timecode_before_or_after() {
        let second = ticks_of(1.0);
        for (text, ticks) in
            [("", 0), ("1.5", second + second / 2), ("-2", -2 * second), ("01:00:00:00", 3600 * second)]
        {
            assert_eq!(offset(text, FrameRate::F25), Ok(ticks), "{text}");
        }
    }
}
