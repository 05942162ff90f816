-- fails: stopped: it ran longer than
local meta = {}
local guard = setmetatable({}, meta)
meta.__close = function() while true do end end
local held <close> = guard
pcall(function() local inner <close> = guard while true do end end)
