-- The first component: ends an older copy of ourselves, makes the one table everything lives in, and finds the clock.
-- All names are in TracklightDesk, because every plug-in on the desk shares _G; `TL` (public.lua) is the door to it.
local _, _, signals, component = ...

local before = rawget(_G, "TracklightDesk")
if type(before) == "table" and type(before.retire) == "function" then
  pcall(before.retire, "reload")
end

local T = {
  VERSION = "1.0.0",
  PROTOCOL = 1,
  SECOND = 16777216, -- ticks
  BUDGET = 1200, -- bytes of one datagram's JSON
  SLICE = 0.002, -- seconds of work before the desk gets its turn
  LEASE = 10, -- seconds
  debounce = 0.2,
  max_wait = 1.0,
  signals = signals,
  loaded = {},
  problems = {},
  counters = { requests = 0, repeats = 0, malformed = 0, sent = 0, bytes = 0, callbacks = 0, reads = 0, errors = 0, resent = 0 },
}
TracklightDesk = T

-- Where an older copy sent its answers outlives a reload: those programs are told of the new epoch.
T.targets = (type(before) == "table" and type(before.targets) == "table") and before.targets or {}

-- The handle hooks are registered for. It can only be had while a component loads.
do
  local ok, parent = pcall(function()
    return component:Parent()
  end)
  T.plugin = ok and parent or nil
end

-- Hooks of an older load call dead functions; they go before anything else.
if T.plugin then
  pcall(UnhookMultiple, nil, nil, T.plugin)
end

do
  local ok, socket = pcall(require, "socket.core")
  T.socket = (ok and type(socket) == "table") and socket or nil
  local good, json = pcall(require, "json")
  T.json = (good and type(json) == "table" and type(json.decode) == "function") and json or nil
end

-- Seconds that never run backwards, with fractions wherever the desk has them. The wall clock below it may be set.
local last, skew = nil, 0
function T.now()
  local raw
  if T.socket and T.socket.gettime then
    raw = T.socket.gettime()
  else
    raw = Time()
  end
  if last and raw < last then
    skew = skew + (last - raw)
  end
  last = raw
  return raw + skew
end

-- Percent signs are format directives for the desk's own printing.
local function plain(text)
  return (tostring(text):gsub("%%", "%%%%"))
end

-- For the system monitor.
function T.log(text)
  pcall(Echo, "Tracklight: " .. plain(text))
end

-- For a person at the command line.
function T.say(text)
  pcall(Printf, "Tracklight: " .. plain(text))
end

-- Something a person should know; Status lists the last 8.
function T.problem(text)
  text = tostring(text)
  for _, known in ipairs(T.problems) do
    if known == text then
      return
    end
  end
  if #T.problems >= 8 then
    table.remove(T.problems, 1)
  end
  T.problems[#T.problems + 1] = text
  T.log(text)
end

-- Calls and turns an error into nil and its text. Everything that touches an object of the desk goes through this.
function T.try(f, ...)
  local ok, a, b = pcall(f, ...)
  if ok then
    return a, b
  end
  return nil, tostring(a)
end

-- An integer out of what the desk or a request holds: integer, whole float or decimal text. Nil for anything else.
function T.int(value)
  if math.type(value) == "integer" then
    return value
  end
  if type(value) == "number" then
    return math.tointeger(value)
  end
  if type(value) == "string" and value:match("^%s*%-?%d+%s*$") then
    return math.tointeger(tonumber(value))
  end
  return nil
end

-- An error of ours that is answered with its code; anything else thrown is `internal`.
local Refusal = {}
Refusal.__index = Refusal
Refusal.__tostring = function(self)
  return self.code .. ": " .. self.message
end

function T.refuse(code, message, more)
  local refusal = setmetatable({ code = code, message = message }, Refusal)
  for key, value in pairs(more or {}) do
    refusal[key] = value
  end
  error(refusal, 0)
end

-- Code, message and further fields of whatever was thrown.
function T.refusal(thrown)
  if getmetatable(thrown) == Refusal then
    local more = {}
    for key, value in pairs(thrown) do
      if key ~= "code" and key ~= "message" then
        more[key] = value
      end
    end
    return thrown.code, thrown.message, more
  end
  T.counters.errors = T.counters.errors + 1
  T.log("error: " .. tostring(thrown))
  return "internal", tostring(thrown), {}
end

-- 16 hex digits no other load has had: time, an address and a random number, mixed.
local made = 0
function T.unique()
  made = made + 1
  local seed = table.concat({ tostring({}), tostring(T.now()), tostring(os.time()), tostring(made), tostring(math.random(0, 0x7fffffff)) }, "|")
  return T.hex64(T.fnv(seed))
end

T.loaded[#T.loaded + 1] = "core"
