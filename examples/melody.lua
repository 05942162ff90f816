-- You hear a bell that plays a small tune over a pad which changes its chord every bar. One sample is enough for a melody:
-- a row's `note` says how high it sounds, and 69 is as recorded.
sampler("bell", { samples = { "media/bell.wav" }, volume = 0.25, root = 69, releaseMs = 400, voices = 8 })
sampler("pad",  { samples = { "media/pad.wav" }, volume = 0.2, root = 69, playStyle = "LOOP", attackMs = 60, releaseMs = 300 })

-- A tune is a list of notes; 0 is a row without one.
local tunes = {
  rise = { 69, 0, 72, 0, 76, 0, 81, 0, 79, 0, 76, 0, 72, 0, 0, 0 },
  fall = { 81, 0, 0, 79, 0, 0, 76, 0, 74, 0, 72, 0, 69, 0, 67, 0 },
}
for name, notes in pairs(tunes) do
  local p = pattern(name, #notes)
  for row, note in ipairs(notes) do
    if note > 0 then p:set(row, { index = 1, note = note, length = 3 }) end
  end
end

-- One row a bar: a chord is held until the next one comes.
pattern("chords", { steps = 4, stepsPerBeat = 0.25, rows = {
  { index = 1, note = 57, length = 1 }, { index = 1, note = 53, length = 1 },
  { index = 1, note = 60, length = 1 }, { index = 1, note = 55, length = 1 },
} })

pattern("fill_in", 16):set(1, { index = 1, note = 84 }):set(9, { index = 1, note = 88, chance = 50 })
chain("tune", { { "rise", 2 }, "fill_in", "fall" })

sequencer("bells", { chain = "tune", to = "bell" })
sequencer("pads",  { pattern = "chords", to = "pad" })

-- A macro of the host at 0 gives `min`, at 1 `max`.
macro(1):map("pad.volume", { min = 0.2, max = 0.5 })
macro(2):map("bell.pan", { min = 0, max = 1 })
