clock:internal { bpm = 126 }
seed(42)
pattern("beat", { steps = 16, columns = { "index", "length", "volume", "chance", "ratio" }, rows = {
  [1] = { index = 1, length = 2, volume = 0.9 },
  [5] = { index = 2, chance = 50, ratio = "1:4" },
  [9] = "-",
} })
pattern("fill", { steps = 8, stepsPerBeat = -3, columns = { "index", "length", "note" }, rows = {
  [1] = { index = 1 },
  [5] = { index = 2, note = 64 },
} })
chain("song", { { "beat", 2 }, { "fill", 1 }, { "beat", 1, mute = true } })
sampler("hat", { samples = { "tone.wav" }, pan = -0.25, voices = 4, enabled = false })
sampler("kick", { samples = { "click.wav", { path = "saw.wav", name = "saw", speed = 0.5, regionStart = 0.25 } }, speed = 1.2, volume = 0.8, attackMs = 5 })
sequencer("seq", { pattern = "beat" })
sequencer("seq2", { pattern = "beat", chain = "song" })
audioMixer("drums", { masterVolume = 0.7 })
setParam("masterAudioOut", "masterVolume", 0.9)
connect("hat", "aux3", "audio")
connect("hat", "drums", { kind = "audio", volume = 0.4 })
connect("kick", "drums", "audio")
connect("seq2", "hat", "event")
connect("seq", "kick", "event")
connect("seq2", "kick", "event")
connect("drums", "masterAudioOut", "audio")
macro(1):map("kick.volume", { min = 0, max = 0.8, curve = "exp" })
live("groove", function() clock:every("1 bar", function(bar) setParam("kick", "speed", 1 + bar % 4 / 10) end) end)
