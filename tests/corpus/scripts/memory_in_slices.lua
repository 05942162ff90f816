-- fails: 
local all = {}
while true do all[#all + 1] = ("x"):rep(1 << 20) .. #all end
