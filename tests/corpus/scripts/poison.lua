-- fails: belongs to the language
sampler("kick").volume = 0.1
for name in pairs(string) do rawset(string, name, nil) end
