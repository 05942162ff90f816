-- The desk's object tree: finds things by the numbers people see, by class and never by "+1", and reads them.
local T = TracklightDesk

local DISPLAY = 1 -- the role that gives text as it is shown

-- A handle whose object is gone may crash the desk; this is asked before every use.
function T.valid(handle)
  if handle == nil then
    return false
  end
  local ok, is = pcall(IsObjectValid, handle)
  return ok and is == true
end

-- A number that is the same for the same object. Handles themselves may be other values each time.
function T.id(handle)
  if handle == nil then
    return nil
  end
  local ok, id = pcall(HandleToInt, handle)
  return ok and id or tostring(handle)
end

function T.same(a, b)
  return a ~= nil and b ~= nil and (rawequal(a, b) or T.id(a) == T.id(b))
end

-- A property as the desk holds it, or nil.
function T.get(handle, name)
  local ok, value = pcall(function()
    return handle:Get(name)
  end)
  if ok then
    return value
  end
  return nil
end

-- A property as text, always a string.
function T.text(handle, name)
  local ok, value = pcall(function()
    return handle:Get(name, DISPLAY)
  end)
  if not ok or value == nil then
    ok, value = pcall(function()
      return handle:Get(name)
    end)
  end
  if not ok or value == nil then
    return ""
  end
  return T.valid_utf8(tostring(value))
end

-- Name and Note are text as they were typed; where the desk has a shown form of them it may be shortened. What is no
-- UTF-8 is made so before it is hashed, because the other side hashes what JSON brought it.
function T.typed(handle, name)
  local value = T.get(handle, name)
  return value == nil and "" or T.valid_utf8(tostring(value))
end

function T.yes(value)
  if type(value) == "string" then
    local low = value:lower()
    return low == "yes" or low == "true" or low == "1" or low == "on"
  end
  return value == true or (type(value) == "number" and value ~= 0)
end

function T.class(handle)
  local ok, name = pcall(function()
    return handle:GetClass()
  end)
  return ok and tostring(name) or ""
end

function T.children(handle)
  local ok, list = pcall(function()
    return handle:Children()
  end)
  return ok and type(list) == "table" and list or {}
end

function T.parent(handle)
  local ok, above = pcall(function()
    return handle:Parent()
  end)
  return ok and above or nil
end

-- Children of that class, in their order.
function T.of_class(handle, name)
  local out = {}
  for _, child in ipairs(T.children(handle)) do
    if T.class(child) == name then
      out[#out + 1] = child
    end
  end
  return out
end

-- The n-th child of that class, and how many there are.
function T.nth(handle, name, n)
  local list = T.of_class(handle, name)
  return list[n], #list
end

function T.number_of(handle)
  return T.int(T.get(handle, "No")) or T.int(T.text(handle, "No")) or T.int(T.get(handle, "Index"))
end

-- The data pool that was selected when this epoch began: another selection must not move every number.
function T.pool(name)
  if not T.valid(T.data_pool) then
    T.data_pool = T.try(DataPool)
  end
  local pool = T.data_pool
  local ok, part = pcall(function()
    return pool[name]
  end)
  return ok and part or nil
end

function T.timecodes()
  return T.pool("Timecodes")
end

-- An object of a pool by its pool number.
local function of_pool(pool, number)
  if not pool or not number then
    return nil
  end
  local ok, found = pcall(function()
    return pool[number]
  end)
  if ok and T.valid(found) and T.number_of(found) == number then
    return found
  end
  for _, child in ipairs(T.children(pool)) do
    if T.number_of(child) == number then
      return child
    end
  end
  return nil
end

function T.timecode(tc)
  return of_pool(T.timecodes(), tc)
end

function T.sequence(number)
  return of_pool(T.pool("Sequences"), number)
end

-- Finds what an address names. Refuses with `missing` and says which step was not there.
function T.find(at)
  local timecode = T.timecode(at.tc)
  if not timecode then
    T.refuse("missing", "there is no timecode " .. tostring(at.tc))
  end
  if not at.tg then
    return { timecode = timecode }
  end
  local group, groups = T.nth(timecode, "TrackGroup", at.tg)
  if not group then
    T.refuse("missing", string.format("timecode %d has %d track groups, not %s", at.tc, groups, tostring(at.tg)))
  end
  if not at.track then
    return { timecode = timecode, group = group }
  end
  local track, tracks = T.nth(group, "Track", at.track)
  if not track then
    T.refuse("no_track", string.format("timecode %d group %d has %d tracks, not %s", at.tc, at.tg, tracks, tostring(at.track)))
  end
  local found = { timecode = timecode, group = group, track = track }
  if not at.range then
    return found
  end
  local ranges, subs
  found.time_range, ranges = T.nth(track, "TimeRange", at.range)
  if not found.time_range then
    T.refuse("missing", string.format("the track has %d time ranges, not %s", ranges, tostring(at.range)))
  end
  found.sub, subs = T.nth(found.time_range, "CmdSubTrack", at.sub)
  if not found.sub then
    T.refuse("missing", string.format("the time range has %d command sub-tracks, not %s", subs, tostring(at.sub)))
  end
  return found
end

local function place_among(parent, class, handle)
  for n, child in ipairs(T.of_class(parent, class)) do
    if T.same(child, handle) then
      return n
    end
  end
  return nil
end

-- The address of a sub-track as it is now, with the handles above it; nil where the chain is broken.
function T.locate(sub)
  if not T.valid(sub) then
    return nil
  end
  local range = T.parent(sub)
  local track = range and T.parent(range)
  local group = track and T.parent(track)
  local timecode = group and T.parent(group)
  if not timecode or not T.valid(timecode) then
    return nil
  end
  local at = {
    tc = T.number_of(timecode),
    tg = place_among(timecode, "TrackGroup", group),
    track = place_among(group, "Track", track),
    range = place_among(track, "TimeRange", range),
    sub = place_among(range, "CmdSubTrack", sub),
  }
  if not (at.tc and at.tg and at.track and at.range and at.sub) or not T.same(T.timecode(at.tc), timecode) then
    return nil
  end
  return at, { timecode = timecode, group = group, track = track, time_range = range, sub = sub }
end

function T.guid(handle)
  local text = T.text(handle, "Guid")
  return text ~= "nil" and text or ""
end

-- Where the tracks with that Guid are in one timecode.
function T.tracks_where(timecode, fits)
  local out = {}
  for g, group in ipairs(T.of_class(timecode, "TrackGroup")) do
    for t, track in ipairs(T.of_class(group, "Track")) do
      if fits(track) then
        out[#out + 1] = { tg = g, track = t, handle = track }
      end
    end
  end
  return out
end

-- The sequence a track plays: its number and handle; nil where it has none.
function T.target(track)
  local target = T.get(track, "Target")
  if type(target) == "string" or target == nil or not T.valid(target) then
    return nil
  end
  return T.number_of(target), target
end

-- The cue number an object has, as text.
function T.cue_of(cue)
  if cue == nil or type(cue) == "string" or not T.valid(cue) then
    return ""
  end
  local thousandths = T.cue_thousandths(T.text(cue, "No"))
  if not thousandths then
    thousandths = T.int(T.get(cue, "No"))
  end
  return thousandths and T.cue_text(thousandths) or ""
end

-- Cues of a sequence by number text, in a table that is read once per batch.
function T.cues(sequence)
  local map, list = {}, {}
  for _, child in ipairs(T.of_class(sequence, "Cue")) do
    local text = T.cue_of(child)
    if text ~= "" then
      map[text] = child
      list[#list + 1] = { cue = text, name = T.typed(child, "Name") }
    end
  end
  return map, list
end

-- One event as it is now. `cues` remembers cue numbers by object.
function T.read_event(handle, cues)
  local event = {
    h = handle,
    id = T.id(handle),
    ticks = T.int(T.get(handle, "RawTime")) or T.int(T.text(handle, "RawTime")) or 0,
    token = T.text(handle, "Token"),
    cmd = T.typed(handle, "RealtimeCmd"),
    name = T.typed(handle, "Name"),
    note = T.typed(handle, "Note"),
    cue = "",
  }
  local cue = T.get(handle, "CueDestination")
  if cue ~= nil and type(cue) ~= "string" then
    local id = T.id(cue)
    event.cue = cues[id] or T.cue_of(cue)
    cues[id] = event.cue
  end
  return event
end

local function counted(text)
  return #text .. ":" .. text .. ","
end

-- Everything of an event but its time, for hashing and matching.
function T.body(event)
  return counted(event.token) .. counted(event.cue) .. counted(event.cmd) .. counted(event.name) .. counted(event.note)
end

function T.hash_events(events, range, sub)
  local hash = T.FNV_START
  local head = string.format("%d,%d,", range, sub)
  for _, event in ipairs(events) do
    event.body = event.body or T.body(event)
    hash = T.fnv(string.format("%s%d,%s\n", head, event.ticks, event.body), hash)
    T.breathe()
  end
  return T.hex64(hash)
end

-- `locked`, `recording` or "": what forbids writing below this chain of handles. Playing is watched over time (watch.lua).
function T.hindered(chain)
  for _, part in ipairs({ "sub", "time_range", "track", "group", "timecode" }) do
    local handle = chain[part]
    if handle then
      for _, lock in ipairs({ "Lock", "StructureLocked", "SystemLocked" }) do
        if T.yes(T.text(handle, lock)) then
          return "locked"
        end
      end
    end
  end
  local ok, recording = pcall(function()
    return chain.timecode:IsRecording()
  end)
  if ok and T.yes(recording) then
    return "recording"
  end
  return ""
end

-- Whether anything may be written in this show at all; asked before a probe.
function T.show_locked()
  local pool = T.timecodes()
  for _, handle in ipairs({ pool, T.data_pool }) do
    for _, lock in ipairs({ "Lock", "StructureLocked", "SystemLocked" }) do
      if T.yes(T.text(handle, lock)) then
        return true
      end
    end
  end
  return false
end

T.loaded[#T.loaded + 1] = "tree"
