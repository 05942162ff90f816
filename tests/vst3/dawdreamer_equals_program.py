# proves: H5
"""The built VST3 in dawdreamer sounds like the same session rendered by the program, to the sample."""

import numpy as np

from _dawdreamer import Deck
from _tracklight import RATE, Song, holds

# Plain: constant tempo, no automation; but every kind of row, two sequencers, a chain, a mixer, chance and resampling.
LUA = '''
seed(7)
sampler("kick", { samples = { "kick.wav" }, volume = 0.9 })
sampler("hat", { samples = { "hat.wav", "open.wav" }, volume = 0.5, pan = 0.3, polyphonyMode = "MONO", cut = "SAMPLER" })
sampler("tone", { samples = { "tone.wav" }, volume = 0.4, root = 69, attackMs = 3, releaseMs = 80 })
pattern("four", 16):set(1, { index = 1 }):set(5, { index = 1 }):set(9, { index = 1, volume = 0.6 }):set(15, { index = 1, chance = 40 })
pattern("break", 16):set(1, { index = 1 }):set(4, { index = 1, ratio = "1:2" }):set(11, { index = 1, speed = 0.7 })
pattern("hats", 16):set(3, { index = 1 }):set(7, { index = 2, length = 2 }):set(8, { index = 1 }):set(11, { index = 1, speed = 1.5 })
pattern("tune", 16):set(1, { index = 1, note = 69, length = 4 }):set(6, { index = 1, note = 76 }):set(12, "-")
chain("song", { { "four", 1 }, { "break", 1 } })
sequencer("drums", { chain = "song", to = "kick" })
sequencer("tops", { pattern = "hats", to = "hat" })
sequencer("lead", { pattern = "tune", to = "tone" })
audioMixer("kit", { masterVolume = 0.8 })
connect("kick", "kit")  connect("hat", "kit")  connect("kit", "masterAudioOut")
'''


def decay(count, step, length):
    return [0.6 * np.cos(step * frame) * np.exp(-frame / length) for frame in range(count)]


SONG = Song(LUA, [
    ("kick.wav", 0.9, decay(9000, 0.008, 3000)), ("hat.wav", 0.5, decay(2500, 1.9, 500)),
    ("open.wav", 0.5, decay(12000, 2.1, 6000)), ("tone.wav", 0.1, decay(40000, 0.0576, 30000)),
])

worst = 0.0
for bpm in (120.0, 133.7, 97.31):
    wanted = SONG.render(4, bpm).T
    loud = np.abs(wanted).max()
    for block in (512, 64, 333, 2048):
        deck = Deck(SONG, bpm, block)
        heard = deck.play(wanted.shape[1] / RATE)
        holds(f"{bpm} bpm, blocks of {block}: as many frames, and sound in them", heard.shape == wanted.shape and loud > 0.1,
              (heard.shape, wanted.shape, loud))
        apart = np.abs(heard - wanted).max(axis=0)
        worst = max(worst, float(apart.max()))
        holds("  VST3 and program are equal within 1e-6", apart.max() <= 1e-6, (apart.max(), np.flatnonzero(apart > 1e-6)[:5]))
print(f"    largest difference: {worst:.3g}")
