-- Units: hooked sub-tracks, their revisions and readers. A callback only marks; the debounce decides when a unit is read.
local T = TracklightDesk
local S, W, M = T.S, T.W, T.M

local U = {
  units = {}, -- by key
  former = {}, -- revision and hash of units that were let go in this epoch, by identity
  structure = {}, -- hooks on groups, timecodes and their pool, by object id
  recheck_at = nil,
  sweep_at = 0,
  poll_at = 0,
}
T.U = U

function U.key(at)
  return string.format("%d/%d/%d/%d/%d", at.tc, at.tg, at.track, at.range, at.sub)
end

-- A unit's address, Guid, revision and hash, as they stand in the head of every message about it.
function U.head(unit)
  local at = unit.at
  return { tc = at.tc, tg = at.tg, track = at.track, range = at.range, sub = at.sub, guid = unit.guid, rev = unit.rev, hash = unit.hash }
end

local function hook(handle, callback)
  if not T.valid(T.plugin) then
    T.refuse("refused", "the plug-in is not in the show that is loaded; import it there")
  end
  local ok, id = pcall(HookObjectChange, callback, handle, T.plugin)
  if not ok or not T.int(id) then
    T.refuse("refused", "the desk takes no hook: " .. tostring(id))
  end
  return id
end

local function unhook(id)
  if id then
    pcall(Unhook, id)
  end
end

-- In the callback: no reading, no sending. It is called for our own writes too.
local function marked(unit)
  T.counters.callbacks = T.counters.callbacks + 1
  unit.gen = unit.gen + 1
  if unit.writing then
    return
  end
  M.set_dirty(unit)
  local now = T.now()
  unit.first = unit.first or now
  unit.due = math.min(now + T.debounce, unit.first + T.max_wait)
  S.kick(unit.due - now)
end

local function hook_unit(unit)
  unit.callback = function()
    if U.units[unit.key] == unit then
      pcall(marked, unit)
    end
  end
  unit.hook = hook(unit.sub, unit.callback)
end

-- A hook that did not call when the content changed is made anew.
function U.rehook(unit)
  unhook(unit.hook)
  hook_unit(unit)
end

local function structure_changed()
  if not U.recheck_at then
    U.recheck_at = T.now() + 0.05
  end
  pcall(S.kick, 0.05)
end

-- Hooks on everything above the units, each once, and on nothing that is no longer needed.
local function hook_structure()
  local needed = {}
  local function need(handle)
    if handle and T.valid(handle) then
      needed[T.id(handle)] = handle
    end
  end
  for _, unit in pairs(U.units) do
    need(T.timecodes())
    need(unit.chain.timecode)
    need(unit.chain.group)
  end
  for id, entry in pairs(U.structure) do
    if not needed[id] or not T.valid(entry.handle) then
      unhook(entry.hook)
      U.structure[id] = nil
    end
  end
  for id, handle in pairs(needed) do
    if not U.structure[id] then
      -- A closure of its own each: the same function is called once only however often it is hooked.
      local entry = { handle = handle }
      entry.callback = function()
        structure_changed()
      end
      local ok, number = pcall(hook, handle, entry.callback)
      if ok then
        entry.hook = number
        U.structure[id] = entry
      else
        T.problem("no hook above the tracks: " .. tostring(number))
      end
    end
  end
end
U.hook_structure = hook_structure

local function describe(unit)
  unit.guid = T.guid(unit.chain.track)
  unit.name = T.typed(unit.chain.track, "Name")
  unit.start = T.int(T.get(unit.chain.time_range, "RawStart")) or 0
  unit.offset = T.int(T.get(unit.chain.timecode, "RawOffsetTCSlot")) or 0
end

-- The unit at an address, hooked; made if there was none. Refuses where the address names nothing.
function U.acquire(at)
  local unit = U.units[U.key(at)]
  if unit and T.valid(unit.sub) then
    local here = T.locate(unit.sub)
    if here and U.key(here) == unit.key then
      return unit
    end
  end
  if unit then
    U.recheck()
    unit = U.units[U.key(at)]
    if unit then
      return unit
    end
  end
  local chain = T.find(at)
  unit = {
    at = { tc = at.tc, tg = at.tg, track = at.track, range = at.range, sub = at.sub },
    key = U.key(at),
    chain = chain,
    sub = chain.sub,
    gen = 0,
    rev = 0,
    subs = {},
    users = 0,
    busy = "",
    cost = 0,
  }
  describe(unit)
  -- Copies of a track may carry its Guid; then only the numbers tell them apart.
  unit.copied = unit.guid ~= "" and #T.tracks_where(chain.timecode, function(track)
    return T.guid(track) == unit.guid
  end) > 1
  -- Revisions go on where they were when the unit was let go.
  local before = U.former[M.key_of(unit)]
  if before then
    unit.rev, unit.hash = before.rev, before.hash
  end
  hook_unit(unit)
  U.units[unit.key] = unit
  hook_structure()
  return unit
end

-- Let go of a unit nobody reads.
function U.release(unit)
  if next(unit.subs) == nil and unit.users == 0 and U.units[unit.key] == unit then
    unhook(unit.hook)
    U.units[unit.key] = nil
    U.former[M.key_of(unit)] = { rev = unit.rev, hash = unit.hash }
    hook_structure()
  end
end

function U.lock(unit)
  if not S.wait(function()
    return not unit.mutex
  end, 20) then
    T.refuse("busy", "this track is being worked on")
  end
  if unit.gone then
    T.refuse("missing", "the track is gone")
  end
  unit.mutex = true
end

-- All work on one unit is one after the other; the lock is given back whatever happens.
function U.with(at, work)
  local unit = U.acquire(at)
  unit.users = unit.users + 1
  local ok, thrown = pcall(function()
    U.lock(unit)
    local fine, why = pcall(work, unit)
    unit.mutex = false
    if not fine then
      error(why, 0)
    end
  end)
  unit.users = unit.users - 1
  U.release(unit)
  if not ok then
    error(thrown, 0)
  end
end

-- All events at one moment. Read in turns; a change in between starts it again, and the fourth time it gives no turn.
local function read(unit)
  local epoch = T.epoch
  for attempt = 1, 4 do
    if unit.gone or T.epoch ~= epoch or not T.valid(unit.sub) then
      T.refuse("missing", "the track is gone")
    end
    local gen, began, worked = unit.gen, T.now(), 0
    unit.first, unit.due = nil, nil
    local kids = T.children(unit.sub)
    local events, cues, torn = {}, {}, false
    for at, handle in ipairs(kids) do
      events[at] = T.read_event(handle, cues)
      if attempt < 4 then
        local before = T.now()
        if T.breathe() then
          worked = worked + before - began
          began = T.now()
          if unit.gen ~= gen or unit.gone or T.epoch ~= epoch or not T.valid(unit.sub) or not T.valid(kids[at + 1] or unit.sub) then
            torn = true
            break
          end
        end
      end
    end
    if not torn then
      unit.cost = worked + T.now() - began
      events.gen = gen
      T.counters.reads = T.counters.reads + 1
      return events
    end
  end
end

U.read = read

-- Take these events as the unit's content. `by` is who made the difference; `except` is the client who need not be told.
function U.take(unit, events, by, except)
  local hash = T.hash_events(events, unit.at.range, unit.at.sub)
  local other = unit.rev > 0 and unit.hash ~= hash
  unit.events, unit.hash, unit.read_at = events, hash, T.now()
  if unit.rev == 0 then
    unit.rev = 1
    M.entered(unit, hash, "desk")
  elseif other then
    unit.rev = unit.rev + 1
    M.entered(unit, hash, by or "desk")
    U.tell(unit, except)
  end
  if unit.gen == events.gen then
    M.clear_dirty(unit)
  end
  return other
end

-- Read a unit (its lock is held) and take what is there. Returns whether the content was another.
function U.refresh(unit)
  return U.take(unit, read(unit), "desk", nil)
end

function U.event_json(event, idx, start, was)
  if not event.tail then
    event.tail = string.format('"token":%s,"cue":%s,"cmd":%s,"name":%s,"note":%s', T.quote(event.token), T.quote(event.cue), T.quote(event.cmd), T.quote(event.name), T.quote(event.note))
  end
  return string.format('{"idx":%d,%s"ticks":"%d","abs":"%d",%s}', idx, was and string.format('"was":%d,', was) or "", event.ticks, event.ticks + start, event.tail)
end

function U.events_json(unit)
  local out = {}
  for at, event in ipairs(unit.events) do
    out[at] = U.event_json(event, at, unit.start)
    T.breathe()
  end
  return out
end

-- The notice a client was sent needs no repeating any more; where it is overtaken what waits of it is not sent either.
function U.close_notice(sub, overtaken)
  if sub.notice then
    sub.notice.open = false
    sub.notice.overtaken = overtaken
    sub.notice = nil
  end
end

-- What a client has from now on: an answer or an acknowledged notice.
function U.based(unit, client)
  local sub = client and unit.subs[client.id]
  if sub then
    sub.events, sub.rev = unit.events, unit.rev
    U.close_notice(sub, true)
  end
end

-- The difference as one datagram's lists, or nil where it does not fit.
local function delta(unit, sub, found)
  local single = { rev_from = sub.rev }
  local size = 0
  for _, class in ipairs({ "added", "retimed", "changed", "moved", "deleted" }) do
    local out = T.list()
    for at, entry in ipairs(found[class]) do
      local text
      if class == "deleted" then
        text = tostring(entry.was)
      elseif class == "moved" then
        text = string.format("[%d,%d]", entry.was, entry.idx)
      else
        text = U.event_json(unit.events[entry.idx], entry.idx, unit.start, entry.was)
      end
      size = size + #text + 1
      if size > 700 then
        return nil
      end
      out[at] = T.raw(text)
    end
    single[class] = out
  end
  return single
end

local function tell_one(unit, client, sub)
  local old, events = sub.events or {}, unit.events
  local found = T.compare(old, events)
  local counts = {
    added_count = #found.added,
    deleted_count = #found.deleted,
    moved_count = #found.moved,
    retimed_count = #found.retimed,
    changed_count = #found.changed,
  }
  local open = sub.notice ~= nil
  U.close_notice(sub, true)
  -- While the last notice is not acknowledged nobody knows which content the client has: a short list goes whole.
  local single = not (open and #events <= 64) and sub.events and delta(unit, sub, found) or nil
  local lists
  if not single then
    single = { rev_from = sub.rev }
    lists = { { "events", U.events_json(unit) } }
  end
  single.changes, single.start, single.offset = counts, tostring(unit.start), tostring(unit.offset)
  sub.notice = W.send(client, "track.changed", U.head(unit), single, lists)
  sub.notice.open = true
  sub.notice_rev, sub.notice_events = unit.rev, events
  sub.tries, sub.wait = 0, 0.3
end

-- Tell every client of the unit but one.
function U.tell(unit, except)
  for id, sub in pairs(unit.subs) do
    local client = W.clients[id]
    if client and client ~= except then
      tell_one(unit, client, sub)
    end
  end
end

function U.acknowledged(unit, client, rev)
  local sub = unit.subs[client.id]
  if sub and sub.notice and sub.notice_rev == rev then
    sub.events, sub.rev = sub.notice_events, rev
    U.close_notice(sub, false)
  end
end

-- A notice to everybody who reads the unit.
function U.notice(unit, kind, single)
  for id in pairs(unit.subs) do
    local client = W.clients[id]
    if client then
      W.send(client, kind, U.head(unit), single)
    end
  end
end

-- What hinders writing now; a change of it is told to all who read the unit.
function U.hindrance(unit, state)
  if state ~= unit.busy then
    unit.busy = state
    U.notice(unit, "desk.busy", { busy = state })
  end
  return state
end

local function gone(unit, reason)
  if unit.gone then
    return
  end
  unit.gone = true
  unhook(unit.hook)
  U.notice(unit, "subtrack.gone", { reason = reason })
  U.units[unit.key] = nil
  U.former[M.key_of(unit)] = { rev = unit.rev, hash = unit.hash }
end

-- After a change of structure: find every unit again by its object, else by its track's Guid.
function U.recheck()
  U.recheck_at = nil
  local units, moved = {}, {}
  for _, unit in pairs(U.units) do
    local at, chain = T.locate(unit.sub)
    if not at and T.valid(unit.chain.timecode) and unit.guid ~= "" then
      local there = T.tracks_where(unit.chain.timecode, function(track)
        return T.guid(track) == unit.guid
      end)
      if #there == 1 then
        local try_at = { tc = T.number_of(unit.chain.timecode), tg = there[1].tg, track = there[1].track, range = unit.at.range, sub = unit.at.sub }
        local ok, found = pcall(T.find, try_at)
        if ok then
          at, chain = try_at, found
          unhook(unit.hook)
          unit.sub = chain.sub
          unit.rebound = true
        end
      end
    end
    if not at then
      gone(unit, "deleted")
    else
      unit.chain = chain
      if U.key(at) ~= unit.key then
        moved[#moved + 1] = { unit = unit, was = unit.at }
        unit.at = at
        unit.key = U.key(at)
      end
      units[unit.key] = unit
    end
  end
  U.units = units
  for _, entry in ipairs(moved) do
    U.notice(entry.unit, "track.moved", { was = { tc = entry.was.tc, tg = entry.was.tg, track = entry.was.track } })
  end
  for _, unit in pairs(units) do
    if unit.rebound then
      unit.rebound = nil
      hook_unit(unit)
      marked(unit)
    end
    local name, start, offset = unit.name, unit.start, unit.offset
    describe(unit)
    if name ~= unit.name then
      U.notice(unit, "track.renamed", { name = unit.name })
    end
    if (start ~= unit.start or offset ~= unit.offset) and unit.rev > 0 and unit.events then
      unit.rev = unit.rev + 1
      for id, sub in pairs(unit.subs) do
        sub.events = nil
        if W.clients[id] then
          tell_one(unit, W.clients[id], sub)
        end
      end
    end
  end
  hook_structure()
end

T.loaded[#T.loaded + 1] = "watch"
