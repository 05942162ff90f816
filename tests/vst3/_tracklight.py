"""What the scripts of this folder share: sample files, sessions made by the program, and the states of JUCE hosts.

The session reaches the plug-in as it does in a DAW: through the saved state. The program (built and packed beside the
bundle) turns a Lua script into a session and renders it without any host, for comparison.
"""

import json
import re
import struct
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

RATE = 48_000
CLASSES = ["Tracklight", "Tracklight Instrument", "Tracklight Multi"]


def bundle():
    """The bundle under test: the script's argument."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"usage: {sys.argv[0]} path/to/Tracklight.vst3")
    return sys.argv[1]


def holds(sentence, truth, seen=""):
    """Show the sentence if it is true; end with it if it is not."""
    if not truth:
        sys.exit(f"NOT TRUE: {sentence}\n  seen: {seen}")
    print(f"    {sentence}")


def click_file(folder, name, height=0.5, tail=(), rate=RATE):
    """A mono WAV whose first frame is `height`, then `tail`, then silence."""
    frames = [height, *tail] + [0.0] * 64
    with wave.open(str(Path(folder) / name), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", round(value * 32767)) for value in frames))


class Song:
    """A script made into a session by the program, in a folder of its own that holds its samples."""

    def __init__(self, lua, samples=()):
        self._folder = tempfile.TemporaryDirectory(prefix="tracklight-vst3-")
        self.folder = Path(self._folder.name)
        for sample in samples:
            click_file(self.folder, *sample)
        self.lua = self.folder / "song.lua"
        self.lua.write_text(lua)
        self.program(["--save", str(self.folder / "session.json")])
        self.session = (self.folder / "session.json").read_text()

    def program(self, acts):
        program = Path(sys.argv[1]).parent / "Tracklight"
        words = [str(program), "headless", "--media", str(self.folder), "--script", str(self.lua), *acts]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"the program failed: {' '.join(words)}\n{done.stdout}{done.stderr}")

    def render(self, bars, tempo):
        """What the program renders: an array of frames × 2."""
        file = self.folder / "render.wav"
        self.program(["--rate", str(RATE), "--bars", str(bars), "--tempo", str(tempo), "--render", str(file)])
        data = file.read_bytes()
        return np.frombuffer(data[data.index(b"data") + 8 :], dtype="<f4").reshape(-1, 2)


# JUCE writes bytes as text with this alphabet, six bits a letter, the lowest bit first, after their count and a dot.
ALPHABET = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
VALUE = {letter: value for value, letter in enumerate(ALPHABET)}


def from_juce_text(text):
    count, letters = text.split(".", 1)
    bits = sum(VALUE[letter] << (6 * place) for place, letter in enumerate(letters))
    return (bits & ((1 << 8 * int(count)) - 1)).to_bytes(int(count), "little")


def to_juce_text(data):
    bits = int.from_bytes(data, "little")
    letters = (len(data) * 8 + 5) // 6
    return f"{len(data)}." + "".join(ALPHABET[(bits >> 6 * place) & 63] for place in range(letters))


COMPONENT = re.compile(r"<IComponent>(.*?)</IComponent>", re.S)


def component_of(juce_state):
    """The plug-in's own bytes in the state of a JUCE host (pedalboard, dawdreamer)."""
    assert juce_state[:4] == b"VC2!", juce_state[:8]
    xml = juce_state[8:].rstrip(b"\0").decode()
    return from_juce_text(COMPONENT.search(xml).group(1).strip())


def with_component(juce_state, component):
    """The same JUCE state around other bytes of the plug-in's."""
    xml = juce_state[8:].rstrip(b"\0").decode()
    xml = COMPONENT.sub(lambda _: f"<IComponent>{to_juce_text(component)}</IComponent>", xml).encode()
    return b"VC2!" + struct.pack("<I", len(xml)) + xml + b"\0"


def session_of(juce_state):
    """The session's text in the state of a JUCE host."""
    return json.loads(component_of(juce_state))["fields"]["session"]


def with_session(juce_state, session, **params):
    """The same JUCE state with another session, and with parameters set by their ids."""
    state = json.loads(component_of(juce_state))
    state["fields"]["session"] = session
    for name, value in params.items():
        kind = next(iter(state["params"][name]))
        state["params"][name] = {kind: value}
    return with_component(juce_state, json.dumps(state).encode())


def onsets(channel):
    """Frames at which something is heard after silence."""
    heard = np.abs(channel) > 1e-6
    return np.flatnonzero(heard & ~np.concatenate([[False], heard[:-1]])).tolist()


def preset(component, class_id=b"TracklightAudio1"):
    """A .vstpreset file around the plug-in's own bytes: header, the bytes, and the list that finds them."""
    start = 48
    header = b"VST3" + struct.pack("<i", 1) + class_id.hex().upper().encode() + struct.pack("<q", start + len(component))
    return header + component + b"List" + struct.pack("<i", 1) + b"Comp" + struct.pack("<qq", start, len(component))
