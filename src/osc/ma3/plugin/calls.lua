-- The requests of docs/desk-protocol.md, by name.
local T = TracklightDesk
local S, W, M, U, I, P, B = T.S, T.W, T.M, T.U, T.I, T.P, T.B

local function call(name, kind, run)
  I.calls[name] = { kind = kind, run = run }
end

local function whole(value, name, least, most)
  local number = T.int(value)
  if not number or number < least or number > most then
    T.refuse("bad_request", string.format("%s must be a whole number %d-%d", name, least, most))
  end
  return number
end

-- The unit a request names; range and sub are the first where they are left out.
local function address(the)
  local f = the.fields
  the.at = {
    tc = whole(f.tc, "tc", 1, 1000000),
    tg = whole(f.tg, "tg", 1, 1000000),
    track = whole(f.track, "track", 1, 1000000),
    range = whole(f.range == nil and 1 or f.range, "range", 1, 1000000),
    sub = whole(f.sub == nil and 1 or f.sub, "sub", 1, 1000000),
  }
  return the.at
end

-- Refuses where the track at these numbers is not the one that is meant, and says where that one is.
function T.check_guid(chain, guid)
  if type(guid) ~= "string" or guid == "" or T.guid(chain.track):lower() == guid:lower() then
    return
  end
  local there = T.tracks_where(chain.timecode, function(track)
    return T.guid(track):lower() == guid:lower()
  end)
  local found = there[1] and { tc = T.number_of(chain.timecode), tg = there[1].tg, track = there[1].track }
  T.refuse(#there > 1 and "ambiguous" or "guid", "another track has these numbers", { found = #there == 1 and found or nil })
end

local function units_of(client)
  local list = {}
  for _, unit in pairs(U.units) do
    if unit.subs[client.id] then
      list[#list + 1] = unit
    end
  end
  table.sort(list, function(a, b)
    return a.key < b.key
  end)
  return list
end

function T.greeting(client)
  return {
    token = client.token or "",
    protocol = T.PROTOCOL,
    version = T.VERSION,
    lua = _VERSION,
    desk = tostring(T.try(Version) or ""),
    host = tostring(T.try(HostType) or "") .. " " .. tostring(T.try(HostOS) or ""),
    station = T.station(),
    master = T.master(),
    show = T.show,
    caps = P.report(),
    inbound = W.inbound_port or 0,
    lease = T.LEASE,
    debounce = T.debounce,
    units = #units_of(client),
  }
end

call("Hello", "connection.hello", function(the)
  local f = the.fields
  local ip, port = W.address(f.ip, f.port)
  if not ip then
    T.refuse("bad_request", "ip must be four numbers of one computer, port 1-65535")
  end
  local name = type(f.name) == "string" and T.valid_utf8(f.name:sub(1, 120)) or ""
  local token = type(f.token) == "string" and f.token:sub(1, 64) or ""
  the.client = W.welcome(the.id, ip, port, name ~= "" and name or the.id, token)
  T.last_client = the.client
  P.all(f.probe ~= false)
  T.answer(the, "connection.hello", {}, T.greeting(the.client))
end)

call("Ping", "connection.ping", function(the)
  local digest = {}
  for at, unit in ipairs(the.client and units_of(the.client) or {}) do
    local a = unit.at
    digest[at] = T.encode(T.list({ a.tc, a.tg, a.track, a.range, a.sub, unit.rev, unit.hash or "", unit.busy }))
  end
  T.answer(the, "connection.ping", {}, { t = the.fields.t }, { { "digest", digest } })
end)

-- Counted anew from live handles, never from what was noted.
function T.status_lists()
  local units, clients, problems = {}, {}, {}
  local live = 0
  for _, unit in pairs(U.units) do
    local readers = 0
    for _ in pairs(unit.subs) do
      readers = readers + 1
    end
    local alive = T.valid(unit.sub)
    live = live + (alive and 1 or 0)
    units[#units + 1] = T.encode({
      unit = unit.key, name = unit.name, guid = unit.guid, rev = unit.rev, hash = unit.hash or "", live = alive,
      events = alive and T.int(T.try(unit.sub.Count, unit.sub)) or 0, readers = readers, writer = T.writer_name(unit), busy = unit.busy,
    })
  end
  table.sort(units)
  for _, client in pairs(W.clients) do
    clients[#clients + 1] = T.encode({
      client = client.id, name = client.name, ip = client.ip, port = client.port,
      lease = math.floor((client.lease - T.now()) * 10) / 10, units = #units_of(client),
    })
  end
  table.sort(clients)
  for at, text in ipairs(T.problems) do
    problems[at] = T.quote(text)
  end
  return { { "units", units }, { "clients", clients }, { "problems", problems } }, live
end

local function status(the)
  local lists, live = T.status_lists()
  local counters = {}
  for name, value in pairs(T.counters) do
    counters[name] = value
  end
  T.answer(the, "connection.status", {}, {
    live = live, counters = counters, debounce = T.debounce, max_wait = T.max_wait, show = T.show, scheduler = S.mode,
    malformed = T.last_malformed,
  }, lists)
end
call("Status", "connection.status", status)

call("Bye", "connection.bye", function(the)
  local client = the.client
  T.answer(the, "connection.bye", {}, { reason = "asked" })
  if client then
    T.forget_client(client)
    W.clients[client.id] = nil
    T.targets[client.id] = nil
    M.keep_targets()
  end
end)

call("SetDebounceDelay", "connection.status", function(the)
  local f = the.fields
  local seconds, most = tonumber(f.seconds), f.max ~= nil and tonumber(f.max) or nil
  if not seconds or seconds < 0.02 or seconds > 5 then
    T.refuse("bad_request", "seconds must be 0.02-5")
  end
  if f.max ~= nil and (not most or most < 0.05 or most > 10) then
    T.refuse("bad_request", "max must be 0.05-10")
  end
  T.debounce = seconds
  T.max_wait = math.max(most or T.max_wait, seconds)
  status(the)
end)

local function lock_of(handle)
  return T.hindered({ timecode = handle }) == "locked"
end

local function items(the, kind, head, list)
  T.answer(the, kind, head, {}, { { "items", list } })
end

call("GetTimecodes", "list.timecodes", function(the)
  local out = {}
  for _, timecode in ipairs(T.children(T.timecodes())) do
    if T.class(timecode) == "Timecode" then
      out[#out + 1] = T.encode({
        tc = T.number_of(timecode), name = T.typed(timecode, "Name"), guid = T.guid(timecode), note = T.typed(timecode, "Note"),
        groups = #T.of_class(timecode, "TrackGroup"), locked = lock_of(timecode),
      })
    end
    T.breathe()
  end
  items(the, "list.timecodes", {}, out)
end)

call("GetTrackGroups", "list.trackgroups", function(the)
  local tc = whole(the.fields.tc, "tc", 1, 1000000)
  local out = {}
  for n, group in ipairs(T.of_class(T.find({ tc = tc }).timecode, "TrackGroup")) do
    out[n] = T.encode({
      tg = n, name = T.typed(group, "Name"), note = T.typed(group, "Note"), tracks = #T.of_class(group, "Track"), locked = lock_of(group),
    })
  end
  items(the, "list.trackgroups", { tc = tc }, out)
end)

call("GetTracks", "list.tracks", function(the)
  local tc, tg = whole(the.fields.tc, "tc", 1, 1000000), whole(the.fields.tg, "tg", 1, 1000000)
  local out = {}
  for n, track in ipairs(T.of_class(T.find({ tc = tc, tg = tg }).group, "Track")) do
    local ranges = T.list()
    for r, range in ipairs(T.of_class(track, "TimeRange")) do
      local subs, events = T.of_class(range, "CmdSubTrack"), T.list()
      for s, sub in ipairs(subs) do
        events[s] = T.int(sub:Count()) or 0
      end
      ranges[r] = {
        range = r, start = tostring(T.int(T.get(range, "RawStart")) or 0), subs = #subs, faders = #T.of_class(range, "FaderSubTrack"), events = events,
      }
    end
    local number, target = T.target(track)
    out[n] = T.encode({
      track = n, name = T.typed(track, "Name"), guid = T.guid(track), note = T.typed(track, "Note"), target = number or 0,
      target_name = target and T.typed(target, "Name") or "", ranges = ranges, locked = lock_of(track),
    })
    T.breathe()
  end
  items(the, "list.tracks", { tc = tc, tg = tg }, out)
end)

call("GetSequences", "list.sequences", function(the)
  local number = the.fields.sequence
  local out = {}
  if number ~= nil then
    number = whole(number, "sequence", 1, 1000000)
    local sequence = T.sequence(number)
    if not sequence then
      T.refuse("no_sequence", "there is no sequence " .. number)
    end
    for at, cue in ipairs(select(2, T.cues(sequence))) do
      out[at] = T.encode(cue)
    end
    return T.answer(the, "list.cues", {}, { sequence = number, name = T.typed(sequence, "Name") }, { { "items", out } })
  end
  for _, sequence in ipairs(T.children(T.pool("Sequences"))) do
    out[#out + 1] = T.encode({
      sequence = T.number_of(sequence), name = T.typed(sequence, "Name"), guid = T.guid(sequence), cues = #T.of_class(sequence, "Cue"),
    })
    T.breathe()
  end
  items(the, "list.sequences", {}, out)
end)

-- The whole of a unit, as both GetEvents and HookCmdSubTrack answer it.
local function answer_events(the, unit, kind, more)
  local track = unit.chain.track
  local lineage = {}
  for at, entry in ipairs(M.lineage(unit)) do
    lineage[at] = T.encode({ hash = entry.hash, by = entry.by })
  end
  local single = {
    event_count = #unit.events, resync = more.resync, dirty = more.dirty, busy = U.busy(unit),
    offset = tostring(unit.offset), start = tostring(unit.start),
    faders = #T.of_class(unit.chain.time_range, "FaderSubTrack"), ranges = #T.of_class(track, "TimeRange"),
    subs = #T.of_class(unit.chain.time_range, "CmdSubTrack"), name = unit.name, note = T.typed(track, "Note"),
    target = T.target(track) or 0, writer = T.writer_name(unit),
  }
  T.answer(the, kind, U.head(unit), single, { { "events", U.events_json(unit) }, { "lineage", lineage } })
  U.based(unit, the.client)
end

call("GetEvents", "subtrack.events", function(the)
  U.with(address(the), function(unit)
    T.check_guid(unit.chain, the.fields.guid)
    local dirty = M.is_dirty(unit)
    U.refresh(unit)
    answer_events(the, unit, "subtrack.events", { resync = the.client and unit.subs[the.client.id] ~= nil or false, dirty = dirty })
  end)
end)

call("HookCmdSubTrack", "subtrack.hooked", function(the)
  U.with(address(the), function(unit)
    T.check_guid(unit.chain, the.fields.guid)
    local dirty = M.is_dirty(unit)
    U.refresh(unit)
    local resync = false
    -- The client may be gone while the track was read.
    if the.client and W.clients[the.client.id] == the.client then
      resync = unit.subs[the.client.id] ~= nil
      unit.subs[the.client.id] = unit.subs[the.client.id] or {}
    end
    answer_events(the, unit, "subtrack.hooked", { resync = resync, dirty = dirty })
  end)
end)

local function unhook_where(the, fits)
  local list = {}
  for _, unit in pairs(U.units) do
    if fits(unit) then
      list[#list + 1] = unit
    end
  end
  for _, unit in ipairs(list) do
    if the.client then
      unit.subs[the.client.id] = nil
    else
      unit.subs = {}
    end
    U.release(unit)
  end
  status(the)
end

call("UnhookTrack", "connection.status", function(the)
  local f = the.fields
  local tc, tg, track = T.int(f.tc), T.int(f.tg), T.int(f.track)
  unhook_where(the, function(unit)
    return unit.at.tc == tc and unit.at.tg == tg and unit.at.track == track
  end)
end)

call("UnhookAll", "connection.status", function(the)
  unhook_where(the, function()
    return true
  end)
end)

call("GetParts", "request.parts", function(the)
  local message = the.client and W.kept_message(the.client, T.int(the.fields.of))
  if not message then
    T.refuse("missing", "that message is no longer kept")
  end
  local which = {}
  for _, part in ipairs(type(the.fields.missing) == "table" and the.fields.missing or {}) do
    part = T.int(part)
    if part and message.parts[part] and #which < 4096 then
      which[#which + 1] = part
    end
  end
  if #which > 0 and not W.waiting(message) then
    T.counters.resent = T.counters.resent + #which
    W.enqueue(message, which)
  end
end)

call("Ack", "request.ack", function(the)
  local unit = U.units[U.key(address(the))]
  if unit and the.client then
    U.acknowledged(unit, the.client, T.int(the.fields.rev))
  end
end)

call("Batch", "batch.ack", function(the)
  U.with(address(the), function(unit)
    T.check_guid(unit.chain, the.fields.guid)
    T.batch(the, unit)
  end)
end)

call("CreateTrack", "track.created", B.create_track)
call("AssignTrackSequence", "track.assigned", B.assign)
call("PrepareTrackForEvents", "track.prepared", B.prepare_track)
call("CreateCues", "cues.created", B.create_cues)

T.loaded[#T.loaded + 1] = "calls"
