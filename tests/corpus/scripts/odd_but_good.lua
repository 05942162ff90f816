-- Names, numbers and texts at the edges of what is taken.
pattern(("n"):rep(64), 256):set(256, { index = 1024, length = 64, note = 127, chance = 0, ratio = "16:16" })
sampler("kick", { volume = -0.0 })
local co = coroutine.wrap(function(...) local n = select("#", ...) coroutine.yield(n) return "é\xff" end)
print(co(nil, nil, nil), co())
local held <close> = nil
goto done
do local unused = 1 end
::done::
