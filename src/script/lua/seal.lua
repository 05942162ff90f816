-- What one chunk does to the language must not reach the next: every name that is there now, and every function of the
-- libraries, stays as it is. New names may be added anywhere. `open` holds the names that may be given away.
local open = ...
local next, type, error, tostring, rawget_, rawset_ = next, type, error, tostring, rawget, rawset
local setmetatable = setmetatable

-- How a table with a front is written to. Plain access goes the same way.
local fronts = {}

local function library(name, real)
  local ours = {}
  for key in next, real do ours[key] = true end
  local front = {}
  fronts[front] = function(_, key, value)
    if ours[key] then error(name .. "." .. tostring(key) .. " belongs to the language: every chunk relies on it", 3) end
    real[key] = value
  end
  return setmetatable(front, {
    __index = real,
    __newindex = function(...) fronts[front](...) end,
    __pairs = function()
      return function(_, key) return next(real, key) end, front, nil
    end,
    __metatable = "library",
  })
end

function rawget(t, key)
  if fronts[t] then return t[key] end
  return rawget_(t, key)
end
function rawset(t, key, value)
  if not fronts[t] then return rawset_(t, key, value) end
  fronts[t](t, key, value)
  return t
end

local own, globals = {}, _G
for name, value in next, globals do
  if not open[name] then
    own[name] = type(value) == "table" and value ~= globals and library(name, value) or value
  end
end
for name in next, own do rawset_(globals, name, nil) end
fronts[globals] = function(t, name, value)
  if own[name] ~= nil then
    error("\"" .. tostring(name) .. "\" is a name of Tracklight's own: take another one, or write local " .. tostring(name), 3)
  end
  rawset_(t, name, value)
end
setmetatable(globals, {
  __index = own,
  __newindex = function(...) fronts[globals](...) end,
  __metatable = "globals",
})
