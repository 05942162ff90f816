-- What the standard library must not do is replaced here. Everything in this file runs under the instruction hook,
-- so a loop written in Lua is stopped where the same loop in C would not be.
local native = ...
local type, error, rawget, rawset, select, next = type, error, rawget, rawset, select, next
local setmetatable, getmetatable, tostring = setmetatable, getmetatable, tostring
local pack, unpack, csort, cconcat = table.pack, table.unpack, table.sort, table.concat
local pcall_, xpcall_, resume_ = pcall, xpcall, coroutine.resume
local errtext, match = native.errtext, string.match

local function plain(ok, first, ...)
  if ok then return true, first, ... end
  return false, errtext(first), ...
end
function pcall(f, ...) return plain(pcall_(f, ...)) end
function xpcall(f, handler, ...)
  return xpcall_(f, function(e)
    e = errtext(e)
    -- An error of the budget comes out of the hook, and inside a hook no other hook runs: the handler would have no end.
    if native.tripped() then return e end
    return handler(e)
  end, ...)
end
function coroutine.resume(co, ...)
  if type(co) ~= "thread" then error("coroutine.resume takes a coroutine, got " .. type(co), 2) end
  return plain(resume_(co, ...))
end

-- A coroutine that an error of the budget ended has no hook any more, and closing it would run its `__close` methods:
-- one that is dead stays as it is.
local create_, close_, status_ = coroutine.create, coroutine.close, coroutine.status
local function passed(ok, first, ...)
  if ok then return first, ... end
  local e = errtext(first)
  error(e, type(e) == "string" and not match(e, "^[^:]*:%d+: ") and 2 or 0)
end
function coroutine.wrap(f)
  if type(f) ~= "function" then error("coroutine.wrap takes a function, got " .. type(f), 2) end
  local co = create_(f)
  return function(...) return passed(resume_(co, ...)) end
end
function coroutine.close(co)
  if type(co) ~= "thread" then error("coroutine.close takes a coroutine, got " .. type(co), 2) end
  if status_(co) == "dead" then return true end
  return plain(close_(co))
end

-- What the library says of itself, with our own line or none, is said with the line of the caller.
local function told(ok, ...)
  if ok then return ... end
  local e = errtext((...))
  if type(e) ~= "string" then error(e, 0) end
  local text = match(e, "^%[tracklight%]:%d+: (.*)")
  if text then error(text, 3) end
  error(e, match(e, "^[^:]*:%d+: ") and 0 or 3)
end

local setmetatable_ = setmetatable
function _G.setmetatable(t, meta)
  -- __gc runs in the collector, where no hook runs, and counts only when it is there now. A __close that is added later
  -- does no harm (no error of the budget is on its way without the hook), but nothing here is for it.
  for _, name in next, { "__gc", "__close" } do
    if type(meta) == "table" and rawget(meta, name) ~= nil then
      error("setmetatable: " .. name .. " is not allowed in scripts", 2)
    end
  end
  told(pcall_(setmetatable_, t, meta))
  return t
end

function load(text, name, mode, env) return native.load(text, name, mode, env) end
function collectgarbage(what)
  if what == nil or what == "collect" then native.collect("collect") return 0 end
  if what == "count" then return native.collect("count") end
  error("collectgarbage takes \"collect\" or \"count\"", 2)
end

local function check(what, t)
  if type(t) ~= "table" then error("table." .. what .. ": argument 1 takes a table, got " .. type(t), 3) end
end
function table.insert(t, ...)
  check("insert", t)
  local count, length = select("#", ...), #t
  if count == 1 then
    t[length + 1] = (...)
  elseif count == 2 then
    local at, value = ...
    if type(at) ~= "number" or at < 1 or at > length + 1 or at % 1 ~= 0 then
      error("table.insert: the position takes 1 to " .. (length + 1) .. ", got " .. tostring(at), 2)
    end
    for i = length, at, -1 do t[i + 1] = t[i] end
    t[at] = value
  else
    error("table.insert takes a table, a position if wanted, and a value", 2)
  end
end
function table.remove(t, at)
  check("remove", t)
  local length = #t
  if at == nil then at = length end
  if length + 1 ~= at and (type(at) ~= "number" or (length > 0 or at ~= 0) and (at < 1 or at > length + 1)) then
    error("table.remove: the position takes 1 to " .. (length + 1) .. ", got " .. tostring(at), 2)
  end
  local value = t[at]
  while at < length do
    t[at] = t[at + 1]
    at = at + 1
  end
  t[at] = nil
  return value
end
function table.move(from, first, last, at, to)
  check("move", from)
  to = to or from
  if at > last or at <= first or to ~= from then
    for i = 0, last - first do to[at + i] = from[first + i] end
  else
    for i = last - first, 0, -1 do to[at + i] = from[first + i] end
  end
  return to
end
function table.sort(t, less)
  check("sort", t)
  if less ~= nil and type(less) ~= "function" then error("table.sort: argument 2 takes a function, got " .. type(less), 2) end
  -- The comparison is a Lua function always, so the hook sees every one.
  told(pcall_(csort, t, less and function(a, b) return less(a, b) end or function(a, b) return a < b end))
end
function table.concat(t, between, first, last)
  check("concat", t)
  first, last = first or 1, last or #t
  if type(first) == "number" and type(last) == "number" and last - first > 1000000 then
    error("table.concat joins at most 1000000 values", 2)
  end
  local text = told(pcall_(cconcat, t, between, first, last))
  return text
end
