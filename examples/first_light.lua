-- You hear a small beat with a bell over a pad: something to read, play and change. Ctrl+Enter runs the block you stand in,
-- at the next bar.

local clock = engine:getClock()
seed(7)                                   -- all chance in this song hangs on this number

-- Four samplers. A sampler holds one or more files; a row's `index` says which one it plays.
sampler("kick",  { samples = { "media/kick.wav" } })
sampler("snare", { samples = { "media/snare.wav" }, volume = 0.7, pan = 0.1 })
sampler("hat",   { samples = { "media/hat.wav", "media/hat_open.wav" }, volume = 0.4, polyphonyMode = "MONO", cut = "SAMPLER" })
sampler("bell",  { samples = { "media/bell.wav", "media/pad.wav" }, volume = 0.2, root = 69, releaseMs = 250 })

-- Patterns: sixteen rows, four to a beat. What you leave out is silent.
pattern("four", { steps = 16, stepsPerBeat = 4, rows = {
  [1] = { index = 1 }, [5] = { index = 1 }, [9] = { index = 1 }, [13] = { index = 1 },
  [15] = { index = 1, volume = 0.6, chance = 40 },               -- now and then one more
} })
pattern("break", { steps = 16, stepsPerBeat = 4, rows = {
  [1] = { index = 1 }, [4] = { index = 1 }, [11] = { index = 1 },
  [16] = { index = 1, ratio = "2:2", volume = 0.7 },             -- every second time
} })
pattern("chords", 16)                                            -- the same, row by row
  :set(1,  { index = 2, length = 10, note = 69, volume = 0.3 })  -- the pad, held for ten rows
  :set(3,  { index = 1, note = 76 })
  :set(6,  { index = 1, note = 72, chance = 70 })
  :set(10, { index = 1, note = 81, ratio = "1:2" })
  :set(15, "-")                                                  -- a rest lets go of what sounds
  :set(16, { index = 1, note = 67, volume = 0.6 })

-- A chain plays patterns one after the other, round and round.
chain("song", { { "four", 3 }, { "break", 1 } })

-- Two sequencers: one walks through the chain, one stays on its pattern.
sequencer("drums", { chain = "song", to = "kick" })
sequencer("tune",  { pattern = "chords", to = "bell" })

-- A mixer for the drums. The bell stays on the way to the master that every new sampler gets.
audioMixer("kit", { masterVolume = 0.45 })
connect("kick", "kit")  connect("snare", "kit")  connect("hat", "kit")
connect("kit", "masterAudioOut")

-- Lights: events along the song, for a grandMA3. `desk.connect` and `desk.map` tie them to a track of the desk
-- (`cargo xtask desk` starts one to rehearse with); an edit on either side then comes to the other.
layer("Beam", { rate = "30" })
  :set("open",  { bar = 1, name = "Open" })
  :set("pulse", { bar = 3, cue = 2, name = "Pulse" })
  :set("break", { bar = 4, cue = 3, name = "Break" })
  :set("wide",  { bar = 5, cue = 4, name = "Wide" })
  :set("dark",  { bar = 9, cue = 10, name = "Dark" })

-- Macro 1 of the host opens the bell.
macro(1):map("bell.volume", { min = 0.05, max = 0.3, curve = "exp" })

-- What Lua plays: hats on every eighth, the open one before each bar, and a snare on two and four.
live("hands", function()
  clock:every("1/8", function(beat)
    local last = beat % 4 == 3.5
    trigger("hat", { index = last and 2 or 1, volume = beat % 1 == 0 and 0.25 or 0.45 })
    if beat % 2 == 1 then trigger("snare") end
  end)
  -- Told after every change, from wherever it came.
  engine:onStateChange(function(state)
    print("version " .. state.version .. ": kick at " .. state.modules.kick.parameters.volume)
  end)
end)
