-- You hear a kick drum on every beat.
sampler("kick", { samples = { "media/kick.wav" } }) sequencer("seq", { pattern = "beat", to = "kick" }) for row = 1, 16, 4 do pattern("beat", 16):set(row, 1) end
