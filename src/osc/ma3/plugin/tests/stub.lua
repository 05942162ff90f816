-- A very small desk for tests of the plug-in alone: objects, hooks, timers on a clock moved by hand, and a socket that
-- keeps what is sent. The pocket desk is the faithful one; this one only has to run the same files in any Lua.
local stub = { now = 1000, sent = {}, timers = {}, hooks = {}, next_hook = 1, vars = {}, printed = {}, next_id = 1, cost = 0, refuse = {} }
STUB = stub

local Handle = {}
local raw = setmetatable({}, { __mode = "k" }) -- handle -> object
local SECOND = 16777216

local function fire(object, level)
  for _, hook in pairs(stub.hooks) do
    if hook.object == object then
      hook.callback(object.handle, level)
    end
  end
end

local function make(class, fields, parent)
  local object = { class = class, children = {}, parent = parent, fields = fields or {}, id = stub.next_id, alive = true }
  stub.next_id = stub.next_id + 1
  object.handle = setmetatable({}, Handle)
  raw[object.handle] = object
  if parent then
    parent.children[#parent.children + 1] = object
  end
  return object
end
stub.make = make

local function sorted(sub)
  local order = {}
  for at, event in ipairs(sub.children) do
    order[event] = at
  end
  table.sort(sub.children, function(a, b)
    if a.fields.RawTime ~= b.fields.RawTime then
      return a.fields.RawTime < b.fields.RawTime
    end
    return order[a] < order[b]
  end)
end

local function kill(object)
  object.alive = false
  for _, child in ipairs(object.children) do
    kill(child)
  end
end

local function place(object)
  for at, child in ipairs(object.parent and object.parent.children or {}) do
    if child == object then
      return at
    end
  end
end
stub.place = place

local methods = {}

function methods.Get(handle, name, role)
  stub.now = stub.now + stub.cost
  local object = assert(raw[handle])
  assert(object.alive, "a dead handle was used")
  local value = object.fields[name]
  if name == "No" and value == nil then
    value = place(object)
  end
  if name == "AbsTime" then
    value = object.fields.RawTime + (object.parent.parent.fields.RawStart or 0)
  end
  if role and value ~= nil and type(value) ~= "table" then
    if name == "No" and object.class == "Cue" then
      return string.format("%g", value / 1000)
    end
    return tostring(value)
  end
  return value
end

function methods.Set(handle, name, value)
  local object = assert(raw[handle])
  assert(object.alive, "a dead handle was used")
  if stub.refuse[name] and (stub.refuse[name] == true or stub.refuse[name](object, value)) then
    return
  end
  if name == "Time" then
    name, value = "RawTime", math.floor(value)
  end
  if name == "CueDestination" and value == "" then
    value = nil
  end
  if name == "RawTime" and stub.quantise then
    value = (value + stub.quantise // 2) // stub.quantise * stub.quantise
  end
  object.fields[name] = value
  if object.class == "CmdEvent" then
    if name == "RawTime" then
      sorted(object.parent)
    end
    fire(object.parent, 8)
  end
  if object.parent then
    fire(object.parent, 11)
  end
end

function methods.Append(handle, class)
  local object = assert(raw[handle])
  assert(object.alive, "a dead handle was used")
  if stub.refuse.Append then
    return nil
  end
  local fields = { Name = "", Note = "" }
  if class == "CmdEvent" then
    fields = { Name = "Go+", Note = "", Token = "Go+", RawTime = 0, RealtimeCmd = "", ExecuteCommand = "Yes" }
  elseif class == "TimeRange" then
    fields.RawStart = 0
  elseif class == "Track" then
    fields.Guid = "GUID" .. stub.next_id
  end
  local child = make(class, fields, object)
  if class == "CmdEvent" then
    sorted(object)
  end
  fire(object, 7)
  return child.handle
end

methods.Acquire = methods.Append

function methods.Create(handle, number, class)
  local child = make(class, { No = number, Name = "", Note = "" }, assert(raw[handle]))
  return child.handle
end

function methods.Delete(handle, index)
  local object = assert(raw[handle])
  if stub.refuse.Delete then
    return
  end
  if object.class == "Timecodes" then
    for at, child in ipairs(object.children) do
      if child.fields.No == index then
        index = at
        break
      end
    end
  end
  local child = table.remove(object.children, index)
  if child then
    kill(child)
    for id, hook in pairs(stub.hooks) do
      if not hook.object.alive then
        stub.hooks[id] = nil
      end
    end
  end
  fire(object, 6)
end

function methods.Children(handle)
  local out = {}
  for at, child in ipairs(assert(raw[handle]).children) do
    out[at] = child.handle
  end
  return out
end

function methods.Count(handle)
  return #assert(raw[handle]).children
end

function methods.Parent(handle)
  local parent = assert(raw[handle]).parent
  return parent and parent.handle
end

function methods.GetClass(handle)
  return assert(raw[handle]).class
end

function methods.Ptr(handle, index)
  local object = assert(raw[handle])
  if object.class == "Timecodes" then
    for _, child in ipairs(object.children) do
      if child.fields.No == index then
        return child.handle
      end
    end
    return nil
  end
  local child = object.children[index]
  return child and child.handle
end

function methods.ToAddr(handle)
  return "address " .. raw[handle].id
end

function methods.IsRecording(handle)
  return raw[handle].fields.recording == true
end

Handle.__index = function(handle, key)
  if methods[key] then
    return methods[key]
  end
  local object = raw[handle]
  if math.type(key) == "integer" then
    return methods.Ptr(handle, key)
  end
  for _, child in ipairs(object.children) do
    if child.class == key then
      return child.handle
    end
  end
  return object.fields[key]
end
Handle.__newindex = function(handle, key, value)
  methods.Set(handle, key, value)
end

function stub.object(handle)
  return raw[handle]
end

-- The show: one sequence with cues 1, 2, 3.5; timecode 101 with one group, Marker first, two tracks.
function stub.show()
  local pool = make("DataPool")
  stub.pool = pool
  stub.vars = {}
  local sequences = make("Sequences", {}, pool)
  local sequence = make("Sequence", { No = 5, Name = "Main" }, sequences)
  for _, number in ipairs({ 1000, 2000, 3500 }) do
    make("Cue", { No = number, Name = "cue" }, sequence)
  end
  local timecodes = make("Timecodes", {}, pool)
  local timecode = make("Timecode", { No = 101, Name = "Intro", Cursor = "0", RawOffsetTCSlot = 0, Note = "" }, timecodes)
  local group = make("TrackGroup", { Name = "Group", Note = "" }, timecode)
  make("MarkerTrack", { Name = "Marker" }, group)
  for n = 1, 2 do
    local track = make("Track", { Name = "Track " .. n, Note = "", Guid = "GUID-" .. n, Target = sequence.handle }, group)
    local range = make("TimeRange", { RawStart = 0 }, track)
    make("CmdSubTrack", {}, range)
  end
  stub.timecode, stub.group, stub.sequence = timecode, group, sequence
end

function stub.sub(track)
  return stub.group.children[track + 1].children[1].children[1]
end

function stub.event(track, ticks, fields)
  local handle = stub.sub(track).handle:Append("CmdEvent")
  for name, value in pairs(fields or {}) do
    handle:Set(name, value)
  end
  handle:Set("RawTime", ticks)
  return handle
end

-- The desk's globals.
stub.show()
local plugin = make("Plugin")
local component = make("ComponentLua", {}, plugin)
stub.plugin = plugin

function DataPool()
  return stub.pool.handle
end
function IsObjectValid(handle)
  return raw[handle] ~= nil and raw[handle].alive
end
function HandleToInt(handle)
  return raw[handle].id
end
function HookObjectChange(callback, handle)
  local id = stub.next_hook
  stub.next_hook = id + 1
  stub.hooks[id] = { callback = callback, object = raw[handle] }
  return id
end
function Unhook(id)
  stub.hooks[id] = nil
end
function UnhookMultiple()
  stub.hooks = {}
  return 0
end
function Timer(work, delay, count)
  for n = 1, count do
    table.insert(stub.timers, { at = stub.now + (stub.whole_seconds and math.ceil(delay) or delay) * n, co = coroutine.create(work) })
  end
end
function Printf(text)
  table.insert(stub.printed, text)
end
function Echo(text)
  table.insert(stub.printed, text)
end
function Time()
  return stub.now
end
function Version()
  return "2.3.2.0"
end
function HostType()
  return "onPC"
end
function HostOS()
  return "Stub"
end
function PluginVars()
  return stub.vars
end
function GetVar(vars, key)
  return vars[key]
end
function SetVar(vars, key, value)
  vars[key] = value
end
function DelVar(vars, key)
  vars[key] = nil
end
function CreateUndo(label)
  stub.undos = (stub.undos or 0) + 1
  stub.label = label
  return {}
end
function CloseUndo()
  return true
end

local socket = {}
function socket.gettime()
  return stub.now
end
function socket.udp()
  local own = {}
  function own:settimeout() end
  function own:close() end
  function own:sendto(bytes, ip, port)
    table.insert(stub.sent, { bytes = bytes, ip = ip, port = port })
    return #bytes
  end
  function own:setsockname()
    return nil
  end
  function own:receivefrom()
    return nil
  end
  return own
end
package.preload["socket.core"] = function()
  return socket
end

-- Lets the clock run.
function stub.run(seconds)
  local stop = stub.now + seconds
  while true do
    table.sort(stub.timers, function(a, b)
      return a.at < b.at
    end)
    local timer = stub.timers[1]
    if not timer or timer.at > stop then
      break
    end
    stub.now = math.max(stub.now, timer.at)
    local ok, wait = coroutine.resume(timer.co)
    assert(ok, wait)
    if coroutine.status(timer.co) == "dead" then
      table.remove(stub.timers, 1)
    else
      timer.at = stub.now + math.max(wait or 0, 0.001)
    end
  end
  stub.now = math.max(stub.now, stop)
end

function stub.load(files)
  for _, file in ipairs(files) do
    assert(load(file[2], "@" .. file[1], "t"))("Tracklight", file[1], {}, component.handle)
  end
end

-- What came at a client since the last call, decoded, and joined over parts.
function stub.take()
  local out, parts = {}, {}
  for _, datagram in ipairs(stub.sent) do
    local text = assert(TracklightDesk.unosc(datagram.bytes, "/tracklight/desk"))
    assert(#text <= 1200, "a datagram of " .. #text .. " bytes")
    local message = TracklightDesk.own_decode(text)
    message.kind = message.type .. "." .. message.change
    if not message.part then
      out[#out + 1] = message
    else
      local key = message.to .. message.seq
      local known = parts[key]
      if not known then
        known = { count = 0, have = {} }
        parts[key] = known
      end
      if not known.have[message.part] then
        known.have[message.part] = message
        known.count = known.count + 1
      end
      if known.count == message.parts then
        local joined = known.have[1]
        for at = 2, message.parts do
          for name, value in pairs(known.have[at]) do
            if TracklightDesk.is_list(value) then
              joined[name] = joined[name] or TracklightDesk.list()
              for _, item in ipairs(value) do
                table.insert(joined[name], item)
              end
            end
          end
        end
        out[#out + 1] = joined
      end
    end
  end
  stub.sent = {}
  return out
end

-- A request as the link sends it.
stub.req = 0
function stub.ask(client, fields, req, size)
  if not req then
    stub.req = stub.req + 1
    req = stub.req
  end
  local T = TracklightDesk
  local text = T.encode(fields)
  size = size or 600
  local parts = math.max(1, (#text + size - 1) // size)
  for part = 1, parts do
    TL.R(T.base64(string.format("%s %d %d %d %s", client, req, part, parts, text:sub((part - 1) * size + 1, part * size))))
  end
  return req
end
