# proves: H1 H8 H12
"""dawdreamer (JUCE's VST3 host with a transport) plays a session: onsets, macros, hush, bypass, states."""

import numpy as np

from _dawdreamer import Deck
from _tracklight import RATE, Song, holds, onsets, session_of

STEPS = (0, 3, 6, 10, 15)
ROWS = "".join(f":set({step + 1}, {{ index = 1 }})" for step in STEPS)
LUA = f'''
sampler("kick", {{ samples = {{ "click.wav" }}, volume = 0.5 }})
pattern("beat", 16){ROWS}
sequencer("seq", {{ pattern = "beat", to = "kick" }})
'''
MAPPED = LUA + 'macro(1):map("kick.volume", { min = 0, max = 0.8 })'


def frames_of_rows(bpm, rate, count):
    """Where the rows stand: four to a beat, on the frame nearest to their time."""
    steps = [bar * 16 + step for bar in range(64) for step in STEPS]
    frames = [int(np.floor(step / 4 * 60 * rate / bpm + 0.5)) for step in steps]
    return [frame for frame in frames if frame < count]


def rows_sound_on_their_frames():
    for bpm, rate, block in [(120.0, 48_000, 512), (125.0, 48_000, 64), (133.7, 48_000, 333), (97.31, 44_100, 1000),
                             (174.2, 96_000, 128), (61.7, 22_050, 1)]:
        song = Song(LUA, [("click.wav", 0.5, (), rate)])
        seconds = 1.5 if block == 1 else 6.0
        heard = Deck(song, bpm, block, rate).play(seconds)
        wanted = frames_of_rows(bpm, rate, heard.shape[1])
        seen = onsets(heard[0])
        holds(f"{len(wanted)} rows at {bpm} bpm, {rate} Hz, blocks of {block}: each on its frame, and nothing else",
              seen == wanted and np.array_equal(heard[0], heard[1]), (seen, wanted))


def a_second_pass_from_beat_0_is_the_same():
    deck = Deck(Song(LUA, [("click.wav",)]), 133.7)
    first, second = deck.play(2.0), deck.play(2.0)
    holds("played twice from beat 0, bit by bit the same", np.array_equal(first, second))


def automation_of_macro_1_moves_the_volume_it_is_mapped_to():
    deck = Deck(Song(MAPPED, [("click.wav",)]), 120.0, 512)
    silent = np.abs(deck.play(2.0)).max()
    holds("macro 1 at 0: volume 0, silence", silent == 0.0, silent)
    seconds = 4.0
    # A ramp from 0 to 1: the click of each row must be as loud as the ramp is high there. The host passes one point
    # a block, so the volume may lag by a block, and it glides for a few milliseconds more.
    ramp = np.linspace(0.0, 1.0, int(seconds * RATE), dtype=np.float32)
    holds("the host takes the automation", deck.plugin.set_automation(deck.parameter("Macro 1"), ramp))
    heard = deck.play(seconds)[0]
    unity = Deck(Song(LUA.replace("volume = 0.5", "volume = 1"), [("click.wav",)])).play(1.0)[0][0]
    rows = [frame for frame in frames_of_rows(120.0, RATE, len(heard)) if frame > 0]
    wrong = [(frame, heard[frame] / unity, 0.8 * ramp[frame]) for frame in rows
             if abs(heard[frame] / unity - 0.8 * ramp[frame]) > 0.01]
    holds(f"{len(rows)} rows follow the ramp of macro 1 (0 to 0.8) within 0.01", rows and not wrong, wrong)


def a_press_of_hush_stops_the_rows():
    deck = Deck(Song(LUA, [("click.wav",)]))
    pressed = np.zeros(4 * RATE, dtype=np.float32)
    pressed[2 * RATE :] = 1.0
    deck.plugin.set_automation(deck.parameter("Hush"), pressed)
    heard = onsets(deck.play(4.0)[0])
    # The host passes one point a block of 512.
    wanted = [frame for frame in frames_of_rows(120.0, RATE, 4 * RATE) if frame < 2 * RATE]
    late = [frame for frame in heard if frame >= 2 * RATE + 512]
    holds("rows play until hush is pressed, and none after", heard[: len(wanted)] == wanted and wanted and not late, heard)


def bypass_stops_the_rows_while_it_is_on():
    deck = Deck(Song(LUA, [("click.wav",)]))
    deck.plugin.set_parameter(deck.parameter("Bypass"), 1.0)
    loudest = np.abs(deck.play(3.0)[:, RATE // 4 :]).max()
    holds("bypass on: rows are not heard", loudest == 0.0, loudest)
    deck.plugin.set_parameter(deck.parameter("Bypass"), 0.0)
    loudest = np.abs(deck.play(3.0)[:, RATE // 4 :]).max()
    holds("bypass off again: they are", loudest > 0.1, loudest)


def bypass_passes_the_input_while_the_session_plays():
    deck = Deck(Song(LUA, [("click.wav",)]))
    sound = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 2 * RATE)).astype(np.float32)
    source = deck.engine.make_playback_processor("source", sound)
    deck.engine.load_graph([(source, []), (deck.plugin, ["source"])])
    deck.plugin.set_parameter(deck.parameter("Bypass"), 1.0)
    worst = np.abs(deck.play(2.0) - sound)[:, RATE // 4 :].max()
    holds("bypass passes the input at unity, and only the input", worst < 1e-6, worst)


def a_saved_state_is_the_song():
    song = Song(MAPPED, [("click.wav",)])
    deck = Deck(song, 133.7, m01=0.5)
    heard = deck.play(3.0)
    state = deck.state()
    holds("the saved session is the one that was loaded, byte by byte", session_of(state) == song.session)
    again = Deck(song, 133.7, m01=0.5)
    again.load(session_of(state), exact=True, m01=0.5)
    holds("a second instance with that state sounds the same, bit by bit", np.array_equal(again.play(3.0), heard))
    holds("and saves the same", again.state() == state)


def a_state_loaded_between_two_renders_plays_next():
    deck = Deck(Song(LUA, [("click.wav",)]))
    deck.play(1.0)
    other = Song('sampler("kick", { samples = { "click.wav" } })\npattern("b", 16):set(3, { index = 1 })\n'
                 'sequencer("seq", { pattern = "b", to = "kick" })', [("click.wav",)])
    deck.load(other.session, exact=True)
    heard = onsets(deck.play(2.0)[0])
    holds("a state loaded into a playing instance is what plays next", heard == [12_000], heard)


def a_broken_state_leaves_what_plays():
    song = Song(LUA, [("click.wav",)])
    deck = Deck(song)
    before = deck.play(2.0)
    for broken in [b"no json", b"", b'{"version":"1","params":{},"fields":{"session":"{"}}']:
        told = False
        try:
            deck.load_component(broken)
        except RuntimeError:
            told = True
        same = deck.session() == song.session and np.array_equal(deck.play(2.0), before)
        holds(f"after the state {broken.decode()!r} the session is kept and plays on", same)
        holds("  and the host is told that it was refused" if told else "  (the host hears nothing of it)", True)


rows_sound_on_their_frames()
a_second_pass_from_beat_0_is_the_same()
automation_of_macro_1_moves_the_volume_it_is_mapped_to()
a_press_of_hush_stops_the_rows()
bypass_stops_the_rows_while_it_is_on()
bypass_passes_the_input_while_the_session_plays()
a_saved_state_is_the_song()
a_state_loaded_between_two_renders_plays_next()
a_broken_state_leaves_what_plays()
