-- You hear a whole set: an opening of pad and bell, a beat that builds up over four bars, the full groove with a bell tune, a
-- break that drops the drums, and the groove again, round and round. The host's macros 1 to 4 are its desk.
clock:setBPM(124)                                                     -- where the host leads, its tempo holds
seed(5)

-- Sounds ---------------------------------------------------------------------------------------------------------------
bank("kit", "media/")                                                 -- a folder by name: "kick", "hat", "hat_open"
sampler("kick",  { bank = "kit", samples = { "kick" }, volume = 0.9 })
sampler("snare", { bank = "kit", samples = { "snare" }, volume = 0.55, pan = 0.1 })
sampler("hat",   { bank = "kit", samples = { closed = "hat", open = "hat_open" }, volume = 0.35, polyphonyMode = "MONO", cut = "SAMPLER" })
sampler("bell",  { samples = { "media/bell.wav" }, volume = 0.2, root = 69, releaseMs = 300 })
sampler("pad",   { samples = { "media/pad.wav" }, volume = 0.18, root = 69, playStyle = "LOOP", attackMs = 80, releaseMs = 400 })

-- Patterns: written as strings, a letter a row ---------------------------------------------------------------------------
local function drums(name, rows, hit)
  local p = pattern(name, #rows):clear()
  for row = 1, #rows do
    local letter = rows:sub(row, row)
    if letter == "x" then p:set(row, hit or 1) end
    if letter == "o" then p:set(row, { index = 1, volume = 0.5 }) end
    if letter == "?" then p:set(row, { index = 1, volume = 0.4, chance = 50 }) end
    if letter == "-" then p:set(row, "-") end
  end
end
drums("k_off",  "................")
drums("k_four", "x...x...x...x...")
drums("k_full", "x...x...x..ox..?")
drums("s_off",  "................")
drums("s_back", "....x.......x...")
drums("s_roll", "....x..?....xooo")
drums("h_off",  "................")
drums("h_soft", "..o...o...o...o.")
drums("h_full", "x.oxx.oxx.oxx.o?")

local function notes(name, list, length)
  local p = pattern(name, 16):clear()
  for row, note in pairs(list) do p:set(row, { index = 1, note = note, length = length }) end
end
notes("b_rest", {})
notes("b_tune", { [1] = 76, [4] = 72, [7] = 81, [11] = 79, [14] = 76 }, 3)
notes("b_high", { [1] = 88, [9] = 84 }, 6)
notes("p_one",  { [1] = 57 }, 16)
notes("p_two",  { [1] = 53 }, 16)

-- The form: five parts, and what every voice plays in each, bars after it ---------------------------------------------------
local form = {
  --  bars  kick      snare     hat       bell      pad
  {   2,    "k_off",  "s_off",  "h_off",  "b_high", "p_one" },        -- opening
  {   2,    "k_four", "s_off",  "h_soft", "b_rest", "p_two" },        -- build-up
  {   2,    "k_four", "s_roll", "h_soft", "b_rest", "p_one" },
  {   4,    "k_full", "s_back", "h_full", "b_tune", "p_two" },        -- groove
  {   2,    "k_off",  "s_off",  "h_soft", "b_high", "p_one" },        -- break
}
local voices = { "kick", "snare", "hat", "bell", "pad" }
for place, voice in ipairs(voices) do
  local entries = {}
  for _, part in ipairs(form) do entries[#entries + 1] = { part[place + 1], part[1] } end
  chain("song_" .. voice, entries)
  sequencer("play_" .. voice, { chain = "song_" .. voice, to = voice })
end

-- Mix: the drums through a mixer, the bell on an output of its own as well -------------------------------------------------
audioMixer("drums", { masterVolume = 0.45 })
for _, voice in ipairs { "kick", "snare", "hat" } do connect(voice, "drums") end
connect("drums", "masterAudioOut")
connect("bell", "masterAudioOut")
connect("bell", "aux1", { volume = 0.7 })

-- Desk -----------------------------------------------------------------------------------------------------------------
macro(1):map("drums.masterVolume", { min = 0.45, max = 0.8 })          -- a macro at 0 gives min
macro(2):map("bell.volume", { min = 0.2, max = 0.5, curve = "exp" })
macro(3):map("pad.volume", { min = 0.18, max = 0.4, curve = "exp" })
macro(4):map("hat.speed", { min = 1, max = 2 })

-- What no pattern says: a slow open hat at every eighth bar, and the bell wandering from side to side -----------
live("hands", function()
  clock:every("8 bars", function(bar)
    if bar > 1 then trigger("hat", { index = 2, volume = 0.5, speed = 0.5 }) end
  end)
  clock:every("1/2", function(beat) setParam("bell", "pan", math.sin(beat / 5) * 0.6) end)
end)

-- A line in the console for every part that begins.
live("console", function()
  clock:every("2 bars", function(bar) print("bar " .. bar) end)
  onChange("drums.masterVolume", function(volume) print(("drums at %.2f"):format(volume)) end)
end)
