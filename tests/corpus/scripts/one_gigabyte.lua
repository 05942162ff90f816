-- fails: a text may have 4 MB
local text = "x"
for _ = 1, 30 do text = text .. text end
