-- What outlives a reload: the show's token, capabilities per version, where answers go, and each track's lineage.
-- All of it is in PluginVars, which the desk saves with the show.
local T = TracklightDesk

local M = {}
T.M = M

local function vars()
  return PluginVars("Tracklight")
end

function M.get(key)
  local ok, value = pcall(function()
    return GetVar(vars(), key)
  end)
  if ok and value ~= nil then
    return tostring(value)
  end
  return nil
end

function M.set(key, value)
  local ok, why = pcall(function()
    SetVar(vars(), key, value)
  end)
  if not ok then
    T.problem("PluginVars does not take " .. key .. ": " .. tostring(why))
  end
  return ok
end

function M.drop(key)
  pcall(function()
    DelVar(vars(), key)
  end)
end

-- The Guids of the show's timecodes: by them a show is known where PluginVars belong to the station and not to the show.
local function guids()
  local out = {}
  for _, timecode in ipairs(T.children(T.timecodes())) do
    local guid = T.guid(timecode):gsub("[^%w]", "")
    if guid ~= "" then
      out[#out + 1] = guid
    end
    if #out >= 64 then
      break
    end
  end
  return out
end

-- Whether a token's remembered timecodes and those that are there have one in common; nothing known speaks for neither.
local function fits(token, here)
  local known = M.get("T_" .. token)
  if not known or known == "" then
    return true
  end
  for _, guid in ipairs(here) do
    if known:find(guid, 1, true) then
      return true
    end
  end
  return false
end

-- Remember which timecodes the show has now. Called now and then, because nobody tells of a save.
function M.know_show()
  local text = table.concat(guids(), ",")
  if text ~= M.known_guids then
    M.known_guids = text
    M.set("T_" .. T.show, text)
  end
end

local function show_token()
  local token = M.get("show")
  local here = guids()
  if token and token:match("^%x+$") and fits(token, here) then
    return token
  end
  for other in (M.get("shows") or ""):gmatch("%x+") do
    if other ~= token and #here > 0 and M.get("T_" .. other) and fits(other, here) then
      return other
    end
  end
  return nil
end

-- A new epoch: handles, hooks, revisions and answers of the last one are worth nothing.
function M.begin_epoch()
  T.epoch = T.unique()
  T.data_pool = nil
  T.show = show_token()
  if not T.show then
    T.show = T.unique()
    local known = (M.get("shows") or "") .. T.show .. " "
    M.set("shows", known:sub(-17 * 32))
  end
  M.set("show", T.show)
  M.known_guids = nil
  M.know_show()
  -- Several stations of a session share these variables, so each adds its own epoch.
  local epochs = (M.get("epochs") or "") .. T.epoch .. " "
  M.kept = M.set("epochs", epochs:sub(-17 * 16)) and M.get("epochs") ~= nil
  M.flags = {}
end

-- Whether the show under us is still the one this epoch began in: a loaded show brings its own PluginVars and objects.
function M.same_show()
  local known = not M.kept or (M.get("epochs") or ""):find(T.epoch, 1, true) ~= nil
  return known and (T.data_pool == nil or T.valid(T.data_pool))
end

-- Lineage: contents a unit had, oldest first. In PluginVars as `hash=name;…` with the name in base64.
local KEPT = 64

local function key_of(unit)
  local name = unit.guid ~= "" and not unit.copied and unit.guid or string.format("%d_%d_%d", unit.at.tc, unit.at.tg, unit.at.track)
  return string.format("%s_%d_%d", (name:gsub("[^%w]", "")), unit.at.range, unit.at.sub)
end
M.key_of = key_of

function M.lineage(unit)
  local known = {}
  for hash, name in (M.get("L_" .. key_of(unit)) or ""):gmatch("(%x+)=([A-Za-z0-9+/=]*);") do
    if #hash == 16 then
      known[#known + 1] = { hash = hash, by = T.unbase64(name) or "" }
    end
  end
  return known
end

-- Write the unit's newest content down, unless it is the last entry already.
function M.entered(unit, hash, by)
  local known = M.lineage(unit)
  local newest = known[#known]
  if newest and newest.hash == hash then
    return
  end
  known[#known + 1] = { hash = hash, by = by }
  while #known > KEPT do
    table.remove(known, 1)
  end
  local out = {}
  for at, entry in ipairs(known) do
    out[at] = entry.hash .. "=" .. T.base64(entry.by) .. ";"
  end
  M.set("L_" .. key_of(unit), table.concat(out))
end

-- Set in the callback that sees a change, so that a show saved in that moment says that its lineage is not whole.
function M.set_dirty(unit)
  local key = key_of(unit)
  if not M.flags[key] then
    M.flags[key] = true
    M.set("D_" .. key, "1")
  end
end

function M.is_dirty(unit)
  local key = key_of(unit)
  if M.flags[key] == nil then
    M.flags[key] = M.get("D_" .. key) == "1"
  end
  return M.flags[key]
end

function M.clear_dirty(unit)
  local key = key_of(unit)
  if M.is_dirty(unit) then
    M.flags[key] = false
    M.set("D_" .. key, "0")
  end
end

-- Capabilities found on this version of the desk: `name=value;…`.
function M.caps()
  local out = {}
  for name, value in (M.get("caps") or ""):gmatch("([%w_]+)=([^;]*);") do
    out[name] = value
  end
  if out.version ~= M.version() then
    return { version = M.version() }
  end
  return out
end

function M.version()
  return (tostring(T.try(Version) or "unknown"):gsub("[;=]", " "))
end

function M.keep_caps(caps)
  local names = {}
  for name in pairs(caps) do
    names[#names + 1] = name
  end
  table.sort(names)
  for at, name in ipairs(names) do
    names[at] = name .. "=" .. tostring(caps[name]) .. ";"
  end
  M.set("caps", table.concat(names))
end

-- Where the last 8 clients heard us, and when (os.time): they are told of a new epoch within a day.
function M.targets()
  local out = {}
  for client, ip, port, at, name in (M.get("targets") or ""):gmatch("(%x+),([%d.]+),(%d+),(%d+),([A-Za-z0-9+/=]*);") do
    if os.time() - (T.int(at) or 0) < 86400 then
      out[client] = { ip = ip, port = T.int(port), at = T.int(at), name = T.unbase64(name) or "" }
    end
  end
  return out
end

function M.keep_targets()
  local list = {}
  for client, target in pairs(T.targets) do
    list[#list + 1] = { client = client, target = target }
  end
  table.sort(list, function(a, b)
    return a.target.at > b.target.at or (a.target.at == b.target.at and a.client < b.client)
  end)
  local out = {}
  for at, entry in ipairs(list) do
    if at > 8 then
      T.targets[entry.client] = nil
    else
      local t = entry.target
      out[at] = string.format("%s,%s,%d,%d,%s;", entry.client, t.ip, t.port, t.at, T.base64(t.name))
    end
  end
  M.set("targets", table.concat(out))
end

T.loaded[#T.loaded + 1] = "memory"
