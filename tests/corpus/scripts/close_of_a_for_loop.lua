-- fails: stopped: it ran longer than
local meta = {}
local guard = setmetatable({}, meta)
meta.__close = function() while true do end end
for _ in next, { 1 }, nil, guard do while true do end end
