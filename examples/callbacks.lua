-- You hear a groove that no pattern holds: hats and a kick played by functions on the clock, a snare from a coroutine that
-- waits for its beats, and the hats growing brighter over four bars. The console shows what is turned and what is played.
audioOut { volume = 0.6 }
sampler("kick",  { samples = { "media/kick.wav" } })
sampler("snare", { samples = { "media/snare.wav" }, volume = 0.6 })
sampler("hat",   { samples = { "media/hat.wav", "media/hat_open.wav" }, volume = 0.35 })

-- A live chunk is saved with the song. It is kept as text, so it sees globals and what it makes itself.
live("groove", function()
  -- Ahead of the song, so that everything lands on its frame.
  clock:every("1/16", function(beat)
    local step = math.floor(beat * 4 + 0.5) % 16
    if step % 4 == 0 or step == 11 then trigger("kick", { volume = step == 11 and 0.5 or 1 }) end
    if step % 2 == 0 then trigger("hat", { volume = step % 4 == 2 and 0.4 or 0.2 }) end
  end)

  -- Values too are set on their beat.
  clock:every("1 bar", function(bar) setParam("hat", "speed", 1 + (bar - 1) % 4 / 8) end)

  -- A coroutine reads like a score.
  clock:run(function()
    while true do
      clock:sync("1/2")
      clock:sync(1)
      trigger("snare")
    end
  end)
end)

live("told", function()
  -- Told as soon as it happens, from wherever it comes: a knob, the host, a chunk, undo.
  onChange("kick.volume", function(value, old) print("kick: " .. old .. " -> " .. value) end)
  onChange("clock.bpm", function(bpm) print(("%.1f beats per minute"):format(bpm)) end)

  local count = 0
  on_trigger("snare", function(hit)
    count = count + 1
    if count % 8 == 0 then print(count .. " snares, the last at beat " .. hit.beat) end
  end)
end)
