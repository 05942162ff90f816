-- fails: row 1
local deep = {}
for _ = 1, 20000 do deep = { deep, rows = deep, samples = deep } end
print(deep)
pattern("P0", { rows = deep })
