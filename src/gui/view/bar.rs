//! The bar over the views: transport, position, load, faults, hush; and the strip with what was said. Thread: gui.

use std::sync::atomic::Ordering::Relaxed;

use egui::{ProgressBar, RichText, Ui};

use super::super::app::ViewName;
use super::super::scene::{Intents, Scene};
use super::super::theme;
use crate::bus::Meters;
use crate::model::{Ask, Command, Loading, RecoveryVerb, Timing, TransportVerb};

/// Callbacks that run later than this are heard, in milliseconds.
const LATE_MS: f64 = 5.0;

/// Draw the transport and the numbers.
pub fn transport(ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
    let playing = scene.playing();
    if scene.host_leads() {
        let (text, colour) = if playing { ("host plays", theme::PLAYING) } else { ("host stands", theme::WEAK) };
        ui.label(RichText::new(text).color(colour)).on_hover_text("The host's transport leads");
    } else {
        let verb = if playing { TransportVerb::Stop } else { TransportVerb::Play };
        let (name, label) = if playing { ("Stop", "stop") } else { ("Play", "play") };
        let colour = if playing { theme::PLAYING } else { theme::TEXT };
        if ui.button(RichText::new(name).color(colour)).on_hover_text("The internal clock leads").clicked() {
            intents.wish(label, Command::Transport(verb));
        }
    }
    ui.label(RichText::new(scene.position()).monospace().strong()).on_hover_text("Bar and beat");
    ui.label(RichText::new(format!("{:.1} bpm", scene.bpm())).monospace());
    ui.separator();
    meters(ui, &intents.remote().meters);
    media(ui, scene);
}

fn meters(ui: &mut Ui, meters: &Meters) {
    ui.label(RichText::new(format!("{} voices", meters.voices.load(Relaxed))).monospace());
    let load = meters.load.load(Relaxed).clamp(0.0, 9.99);
    let colour = if load > 0.8 { theme::ERROR } else { theme::CHOSEN };
    let bar = ProgressBar::new(load.min(1.0)).desired_width(70.0).fill(colour);
    ui.add(bar.text(RichText::new(format!("{:.0} %", load * 100.0)).small()))
        .on_hover_text("Share of each block's time that sound takes");
    for (count, what, why) in [
        (meters.late.load(Relaxed), "late", "Triggers that came after their frame"),
        (meters.lost.load(Relaxed), "lost", "Reports from audio that found no room"),
        (meters.gave_up.load(Relaxed), "gave up", "Offline blocks that gave up waiting"),
    ] {
        if count > 0 {
            ui.label(RichText::new(format!("{count} {what}")).color(theme::WARNING)).on_hover_text(why);
        }
    }
    lateness(ui, &meters.timing());
    if meters.panicked.load(Relaxed) {
        let why = "The audio part failed and is silent; switch the plug-in off and on in the host.";
        ui.label(RichText::new("audio failed").color(theme::ERROR)).on_hover_text(why);
    }
}

/// How late the script's callbacks run, once there are some.
fn lateness(ui: &mut Ui, timing: &Timing) {
    if timing.fired == 0 && timing.lost == 0 {
        return;
    }
    let colour = if timing.p99_ms > LATE_MS || timing.lost > 0 { theme::WARNING } else { theme::WEAK };
    let text = RichText::new(format!("Lua {:.1} ms", timing.p99_ms)).small().color(colour);
    ui.label(text).on_hover_text(format!("How late callbacks run, 99 of 100\n{timing}"));
}

fn media(ui: &mut Ui, scene: &Scene) {
    let media = &scene.snapshot.media;
    let loading = media.values().filter(|state| matches!(state, Loading::Asked | Loading::Decoding(_))).count();
    if loading > 0 {
        ui.label(RichText::new(format!("{loading} loading")).color(theme::EDITING));
    }
    let missing: Vec<String> = media
        .iter()
        .filter_map(|(path, state)| match state {
            Loading::Missing(why) => Some(format!("{path}: {why}")),
            _ => None,
        })
        .collect();
    if !missing.is_empty() {
        let count = missing.len();
        ui.label(RichText::new(format!("{count} missing")).color(theme::WARNING)).on_hover_text(missing.join("\n"));
    }
}

/// Draw the tabs; gives the view that was clicked.
pub fn tabs(ui: &mut Ui, shown: ViewName) -> Option<ViewName> {
    let mut chosen = None;
    for view in ViewName::ALL {
        let tab = ui.selectable_label(view == shown, view.title());
        if tab.on_hover_text(format!("{}, {}", view.keys().0, view.keys().1)).clicked() {
            chosen = Some(view);
        }
    }
    chosen
}

/// Draw hush; a second one within 2 s is panic, which the engine sees to.
pub fn hush(ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
    let colour = if scene.snapshot.hushed { theme::WARNING } else { theme::TEXT };
    let hint = "Sequencers and live chunks stop, tails ring (Ctrl+. or Ctrl+H). Again within 2 s: all sound is cut.";
    if ui.button(RichText::new("Hush").color(colour)).on_hover_text(hint).clicked() {
        intents.ask("hush", Ask::Hush);
    }
}

/// Work that a crash left: what it is, and what to do with it.
pub fn recovery(ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
    let Some(recovery) = &scene.snapshot.recovery else { return };
    let (sentence, swap, keep) = match recovery.taken {
        true => ("A crash left newer", "Back to the saved one", "Keep this"),
        false => ("A crash left unsaved", "Play it", "Put it away"),
    };
    let plays = if recovery.taken { " It plays now." } else { "" };
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("{sentence} {}.{plays}", recovery.about));
        if ui.button(swap).on_hover_text("Ctrl+J; again: back").clicked() {
            intents.ask("recovery", Ask::Recover(RecoveryVerb::Swap));
        }
        if ui.button(keep).on_hover_text("Leave it at what plays now, and do not ask again").clicked() {
            intents.ask("recovery", Ask::Recover(RecoveryVerb::Keep));
        }
    });
}

/// The strip under the views: the newest sentence, the ones before it on hover, and a way to put it away.
pub fn strip(ui: &mut Ui, scene: &Scene, told: &mut Vec<String>, put_away: &mut u64) {
    let notices = &scene.snapshot.notices;
    let newest = notices.back().filter(|notice| notice.number > *put_away);
    let text = told.last().cloned().or_else(|| newest.map(|notice| notice.text.to_string()));
    let Some(text) = text else {
        ui.label(RichText::new(format!("revision {}", scene.snapshot.revision)).small().color(theme::FAINT));
        return;
    };
    if ui.small_button("Dismiss").clicked() {
        told.clear();
        *put_away = notices.back().map_or(*put_away, |notice| notice.number);
    }
    let before: Vec<&str> = notices.iter().rev().take(12).map(|notice| &*notice.text).collect();
    ui.label(RichText::new(text).color(theme::WARNING)).on_hover_text(before.join("\n"));
}
