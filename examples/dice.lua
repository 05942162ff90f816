-- You hear a beat that is never quite the same: hats that are diced, a snare that answers every second bar, and a kick
-- that stumbles in every fourth. The dice hang on the seed, so the song is the same each time it is played.
seed(11)
audioOut { volume = 0.7 }                                          -- three voices at once stay below full scale

sampler("kick",  { samples = { "media/kick.wav" } })
sampler("snare", { samples = { "media/snare.wav" }, volume = 0.6 })
sampler("hat",   { samples = { "media/hat.wav", "media/hat_open.wav" }, volume = 0.4, polyphonyMode = "MONO", cut = "SAMPLER" })

pattern("kicks", 16)
  :set(1, 1):set(9, 1)
  :set(12, { index = 1, ratio = "4:4", volume = 0.7 })             -- the fourth round of four
  :set(15, { index = 1, chance = 30, volume = 0.5 })               -- three times out of ten

pattern("snares", 16)
  :set(5, 1):set(13, 1)
  :set(16, { index = 1, ratio = "2:2", volume = 0.4, speed = 1.2 }) -- every second round

-- Sixteen hats, written by a loop: those off the beat are softer and left to chance.
pattern("hats", 16)
for row = 1, 16 do
  local on = row % 4 == 1
  pattern("hats"):set(row, { index = row == 15 and 2 or 1, volume = on and 0.4 or 0.2, chance = on and 100 or 60 })
end

for _, name in ipairs { "kick", "snare", "hat" } do
  sequencer("play_" .. name, { pattern = name .. "s", to = name })
end
