-- fails: stopped: it ran longer than
local function again() while true do pcall(function() while true do end end) end end
xpcall(again, again)
