-- The part of the language that is simplest in Lua itself: what yields, and tables that cannot be written to.
local native = ...
local yield, yieldable = coroutine.yield, coroutine.isyieldable
local error, next, type, setmetatable = error, next, type, setmetatable
local sync, sleep = native.clock.sync, native.clock.sleep

function native.clock.sync(...)
  local beats = sync(...)
  if not yieldable() then error("clock:sync works inside clock:run(function() … end)", 2) end
  return yield("sync", beats)
end
function native.clock.sleep(...)
  local seconds = sleep(...)
  if not yieldable() then error("clock:sleep works inside clock:run(function() … end)", 2) end
  return yield("sleep", seconds)
end
require = native.require

local function copy(t)
  local out = {}
  for k, v in next, t do out[k] = type(v) == "table" and copy(v) or v end
  return out
end

-- A view of a table that refuses writes; what it holds is wrapped when it is read.
local function frozen(data, methods)
  local seen = {}
  local function get(k)
    local v = data[k]
    if type(v) ~= "table" then
      if v == nil and methods then return methods[k] end
      return v
    end
    local view = seen[k]
    if not view then
      view = frozen(v)
      seen[k] = view
    end
    return view
  end
  return setmetatable({}, {
    __index = function(_, k) return get(k) end,
    __newindex = function() error("the state is read-only: change things with setParam and its kind, or take a state:clone()", 2) end,
    __pairs = function()
      return function(_, k)
        local nk = next(data, k)
        if nk ~= nil then return nk, get(nk) end
      end, data, nil
    end,
    __len = function() return #data end,
    __metatable = "read-only",
  })
end

-- The state: its sections are made when first read.
local function state(make)
  local names = {}
  for _, name in next, { "version", "clock", "modules", "connections", "patterns", "chains", "macros", "banks", "live", "layers", "songs", "desk", "seed", "patternRuntime", "waiting", "history" } do names[name] = true end
  local data = setmetatable({}, { __index = function(t, k)
    if not names[k] then return nil end
    local v = make(k)
    t[k] = v
    return v
  end })
  return frozen(data, {
    clone = function()
      local out = {}
      for name in next, names do
        local v = data[name]
        out[name] = type(v) == "table" and copy(v) or v
      end
      return out
    end,
  })
end

return { state = state }
