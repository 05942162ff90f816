-- fails: stopped: it ran longer than
local meta = {}
local guard = setmetatable({}, meta)
meta.__close = function() while true do end end
local co = coroutine.create(function() local held <close> = guard while true do end end)
coroutine.resume(co)
coroutine.close(co)
coroutine.wrap(function() local held <close> = guard while true do end end)()
