# proves: H1 H12
"""pedalboard (JUCE's VST3 host) loads all three classes, plays them, turns their parameters and keeps their state."""

import json

import numpy as np
import pedalboard

from _tracklight import (
    CLASSES, RATE, Song, bundle, component_of, holds, onsets, session_of, with_component, with_session,
)

BUNDLE = bundle()


def load(name):
    # pedalboard waits so long for an instrument to sound by itself; an empty session never does.
    return pedalboard.load_plugin(BUNDLE, plugin_name=name, initialization_timeout=0.2)


def noise(seconds=0.5):
    return np.random.default_rng(7).uniform(-0.5, 0.5, (2, int(seconds * RATE))).astype(np.float32)


def it_lists_and_loads_three_classes():
    listed = pedalboard.VST3Plugin.get_plugin_names_for_file(BUNDLE)
    holds("the bundle lists three classes by their names", listed == CLASSES, listed)
    kinds = [(load(name).is_effect, load(name).is_instrument) for name in CLASSES]
    holds("an effect, an instrument and an effect", kinds == [(True, False), (False, True), (True, False)], kinds)


def every_class_has_the_69_parameters_with_their_ranges():
    names = [f"macro_{number}" for number in range(1, 65)] + ["bypass", "master_db", "opacity", "hush", "exact_render"]
    for name in CLASSES:
        plugin = load(name)
        holds(f"{name}: 64 macros, bypass, master, opacity, hush and exact render, in this order",
              list(plugin.parameters) == names, list(plugin.parameters))
        raw = [parameter.raw_value for parameter in plugin.parameters.values()]
        holds(f"{name}: macros and switches stand at 0, master and opacity at 1",
              raw == [0.0] * 65 + [1.0, 1.0, 0.0, 0.0], raw)
    plugin = load(CLASSES[0])
    macros = {plugin.parameters[name].range[:2] for name in names[:64]}
    holds("macros run from 0 to 1", macros == {(0.0, 1.0)}, macros)
    texts = [plugin.parameters["master_db"].get_text_for_raw_value(raw) for raw in (0.0, 0.5, 1.0)]
    holds("master reads in dB, -inf at 0 and 0.00 at unity", [text.strip() for text in texts] == ["-inf", "-6.02", "0.00"], texts)
    texts = [plugin.parameters["opacity"].get_text_for_raw_value(raw).strip() for raw in (0.0, 0.5, 1.0)]
    holds("opacity reads in per cent", texts == ["0.0", "50.0", "100.0"], texts)


def the_input_is_heard_and_master_and_bypass_turn_it():
    sound = noise()
    for name in ["Tracklight", "Tracklight Multi"]:
        plugin = load(name)
        heard = plugin(sound, RATE)
        worst = np.abs(heard - sound).max()
        holds(f"{name}: the input passes through an empty session, bit by bit", worst == 0.0, worst)
        plugin.parameters["master_db"].raw_value = 0.5
        heard = plugin(sound, RATE)[:, RATE // 4 :]
        worst = np.abs(heard - 0.5 * sound[:, RATE // 4 :]).max()
        holds(f"{name}: master at 0.5 halves it", worst < 1e-6, worst)
        plugin.bypass = True
        heard = plugin(sound, RATE)[:, RATE // 4 :]
        worst = np.abs(heard - sound[:, RATE // 4 :]).max()
        holds(f"{name}: bypass passes the input at unity, past the master", worst < 1e-6, worst)


def the_state_goes_around_whole():
    song = Song(
        'sampler("kick", { samples = { "kick.wav" } })\n'
        'pattern("beat", 16):set(1, { index = 1 }):set(7, { index = 1, volume = 0.1 + 0.2 })\n'
        'sequencer("seq", { pattern = "beat", to = "kick" })\n'
        'macro(1):map("kick.volume", { min = 0.1, max = 0.7 })\n',
        [("kick.wav",)],
    )
    for name in CLASSES:
        plugin = load(name)
        given = with_session(plugin.raw_state, song.session, m01=0.3, m64=0.1, hush=True)
        plugin.raw_state = given
        state = plugin.raw_state
        holds(f"{name}: the session comes back byte by byte", session_of(state) == song.session, session_of(state))
        values = (plugin.macro_1, plugin.macro_64, plugin.hush)
        holds(f"{name}: the host sees the parameters of the state", np.allclose(values[:2], (0.3, 0.1), atol=1e-3) and values[2], values)
        other = load(name)
        other.raw_state = state
        holds(f"{name}: raw_state into a second instance and out again is equal", other.raw_state == state)
        holds(f"{name}: and once more into the first", component_of(plugin.raw_state) == component_of(state))


def a_broken_state_is_refused_and_the_session_stays():
    song = Song('sampler("kick", { samples = { "kick.wav" } })', [("kick.wav",)])
    plugin = load("Tracklight")
    plugin.raw_state = with_session(plugin.raw_state, song.session, m01=0.3)
    good = plugin.raw_state
    whole = component_of(good)
    without_session = json.loads(whole)
    del without_session["fields"]["session"]
    for what, broken in {
        "bytes that are no JSON": with_component(good, b"\x00\xffgarbage"),
        "half of a state": with_component(good, whole[: len(whole) // 2]),
        "a session cut short": with_session(good, song.session[:-40], m01=0.9),
        "a session of another program": with_session(good, '{"ableton": 1}', m01=0.9),
        "a state without session": with_component(good, json.dumps(without_session).encode()),
        "a parameter out of its range": with_session(good, song.session, m01=17.0),
        "nothing": with_component(good, b""),
    }.items():
        plugin.raw_state = broken
        kept = plugin.raw_state
        holds(f"refused, and all stays as it was: {what}", component_of(kept) == whole, component_of(kept)[:200])


def an_instrument_plays_notes_on_their_frames():
    song = Song('sampler("kick", { samples = { "click.wav" } })', [("click.wav", 0.5)])
    plugin = load("Tracklight Instrument")
    plugin.raw_state = with_session(plugin.raw_state, song.session)
    notes = [(bytes([0x90, 60, 100]), 4_800.5 / RATE), (bytes([0x80, 60, 0]), 0.15), (bytes([0x90, 60, 127]), 14_401.5 / RATE)]
    heard = plugin(notes, 0.5, RATE, 2, 512)
    holds("notes sound on their frames", onsets(heard[0]) == [4800, 14401], onsets(heard[0]))
    ratio = heard[0][4800] / heard[0][14401]
    holds("a softer note is softer", 0.3 < ratio < 0.95, ratio)


def it_bears_being_loaded_again_and_again():
    sound = noise(0.05)
    for _ in range(20):
        plugin = load("Tracklight")
        plugin.macro_1 = 0.5
        plugin(sound, RATE)
    holds("20 instances came and went while a macro moved", True)


it_lists_and_loads_three_classes()
every_class_has_the_69_parameters_with_their_ranges()
the_input_is_heard_and_master_and_bypass_turn_it()
the_state_goes_around_whole()
a_broken_state_is_refused_and_the_session_stays()
an_instrument_plays_notes_on_their_frames()
it_bears_being_loaded_again_and_again()
