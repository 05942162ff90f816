"""A song in dawdreamer: its transport from beat 0, the session given as a .vstpreset file."""

import dawdreamer

from _tracklight import RATE, bundle, component_of, preset, session_of, with_session

BUNDLE = bundle()


class Deck:
    """One instance in a dawdreamer engine of its own."""

    def __init__(self, song, bpm=120.0, block=512, rate=RATE, **params):
        self.song, self.rate = song, rate
        self.engine = dawdreamer.RenderEngine(rate, block)
        self.engine.set_bpm(bpm)
        self.plugin = self.engine.make_plugin_processor("tracklight", BUNDLE)
        # Exact render, as for a bounce: VST3 does not tell the plug-in reliably that the host renders offline.
        self.load(song.session, exact=True, **params)
        self.engine.load_graph([(self.plugin, [])])

    def state(self):
        file = self.song.folder / "state.bin"
        self.plugin.save_state(str(file))
        return file.read_bytes()

    def session(self):
        return session_of(self.state())

    def load(self, session, **params):
        self.load_component(component_of(with_session(self.state(), session, **params)))

    def load_component(self, component):
        file = self.song.folder / "song.vstpreset"
        file.write_bytes(preset(component))
        self.plugin.load_vst3_preset(str(file))

    def parameter(self, name):
        """The index of the parameter with this name."""
        listed = {entry["name"]: entry["index"] for entry in self.plugin.get_parameters_description()}
        return listed[name]

    def play(self, seconds):
        """Play from beat 0: an array of 2 × frames."""
        self.engine.render(seconds)
        return self.engine.get_audio()
