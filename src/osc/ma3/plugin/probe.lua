-- What this version of the desk really does: asked once per version on a scratch timecode, reported in hello.
local T = TracklightDesk
local S, W, M, F, B = T.S, T.W, T.M, T.F, T.B

local P = {}
T.P = P

local REPORTED = { "ticks", "token", "cue", "cmd", "execute", "timer", "inbound", "undo" }

-- Keep what was found; written only where it differs.
local kept
function T.keep_caps()
  if TracklightDesk ~= T then
    return -- a timer of a copy that was replaced
  end
  local now = T.encode(T.caps)
  if now ~= kept then
    kept = now
    M.keep_caps(T.caps)
  end
end

function P.report()
  local out = {}
  for _, name in ipairs(REPORTED) do
    out[name] = T.caps[name] or "unknown"
  end
  if T.caps.ticks and T.caps.ticks ~= "no" and T.caps.quantised == "yes" then
    out.ticks = out.ticks .. " quantised"
  end
  return out
end

-- Whether a delay below a second is kept. Three tries: a busy desk may be late once.
function P.timer()
  if T.caps.timer == "sub-second" then
    S.use_timers()
  end
  if T.caps.timer or P.timing then
    return
  end
  P.timing = 0
  local function try()
    local began = T.now()
    P.timing = P.timing + 1
    P.held = function()
      local took = T.now() - began
      if took > 0.05 and took < 0.4 then
        T.caps.timer = "sub-second"
        S.use_timers()
      elseif P.timing >= 3 then
        T.caps.timer = "no"
      else
        return try()
      end
      P.timing = nil
      T.keep_caps()
      if T.ready then
        S.kick(0)
      end
    end
    Timer(P.held, 0.1, 1)
  end
  try()
end

-- In a task: whether a socket of our own receives. It sends itself one message.
function P.inbound()
  if W.inbound or P.listened or not T.socket then
    return
  end
  P.listened = true
  local socket = T.try(T.socket.udp)
  if not socket then
    T.caps.inbound = "no"
    return
  end
  T.try(socket.settimeout, socket, 0)
  local bound = T.try(socket.setsockname, socket, "*", 0)
  local port
  if bound then
    local ok, _, number = pcall(socket.getsockname, socket)
    port = ok and T.int(number) or nil
  end
  if port and port > 0 and W.open() then
    W.inbound, W.inbound_port, W.heard_itself = socket, port, false
    T.try(W.out.sendto, W.out, T.osc("/tracklight/req", "probe " .. T.epoch), "127.0.0.1", port)
    S.wait(function()
      T.I.poll_inbound()
      return W.heard_itself
    end, 0.25)
  end
  if W.heard_itself then
    T.caps.inbound = "yes"
  else
    T.caps.inbound = "no"
    W.inbound, W.inbound_port = nil, nil
    T.try(socket.close, socket)
  end
end

-- A sequence with a cue, to aim the scratch track at; nothing of it is changed.
local function any_sequence()
  local found
  for _, sequence in ipairs(T.children(T.pool("Sequences"))) do
    local number = T.number_of(sequence)
    if number then
      found = found or number
      local _, list = T.cues(sequence)
      if #list > 0 then
        return number, T.cues(sequence)[list[1].cue]
      end
    end
    T.breathe()
  end
  return found, nil
end

local function free_number()
  for number = 9999, 9000, -1 do
    if not T.timecode(number) then
      return number
    end
  end
  return nil
end

local function try_event(event, cue)
  local caps = T.caps
  local function ask(field, want, object)
    local ok, got = F.write(event, field, want, object)
    if not ok then
      caps[field] = "no"
    end
    return ok, got
  end
  ask("token", F.read(event, "token") == "Goto" and "Go+" or "Goto")
  if cue then
    ask("cue", T.cue_of(cue), cue)
  end
  ask("cmd", "Tracklight probe")
  ask("name", "Tracklight probe")
  ask("note", "Tracklight probe")
  -- An odd number of ticks, which no frame rate has.
  local want = 3 * T.SECOND + 1234567
  local ok, got = ask("ticks", want)
  caps.quantised = (ok and got ~= want) and "yes" or "no"
  local before = T.yes(T.text(event, "ExecuteCommand"))
  pcall(event.Set, event, "ExecuteCommand", before and "No" or "Yes")
  caps.execute = T.yes(T.text(event, "ExecuteCommand")) ~= before and "ExecuteCommand" or "no"
end

-- In a task: which writes stay. A scratch timecode, made and removed inside one undo, never while the show is locked.
function P.writes()
  if T.caps.ticks or P.writing or T.show_locked() then
    return
  end
  local number, cue = any_sequence()
  local slot = number and free_number()
  if not slot then
    return
  end
  P.writing = true
  local ok, thrown = pcall(B.block, "Tracklight: probing", function(undo, made)
    local timecode = B.new_timecode(slot, undo, made)
    F.write(timecode, "name", "Tracklight probe")
    local group = B.append(timecode, "TrackGroup", undo, {})
    local track = B.append(group, "Track", undo, {})
    B.aim(track, number)
    local event, why = F.append(B.prepare(track, undo, {}), undo)
    if not event then
      T.refuse("readback", why)
    end
    try_event(event, cue)
    B.take_back(made, undo)
    made[1] = nil
    if T.timecode(slot) then
      T.try(timecode.CommandDelete, timecode)
    end
    if T.timecode(slot) then
      T.problem("the scratch timecode " .. slot .. " could not be removed; delete it by hand")
    end
  end)
  P.writing = nil
  if not ok then
    T.problem("probing writes: " .. tostring(thrown))
  end
end

-- In a task, before the first hello is answered. `may_write` is false where a client must not change anything: the
-- probe then waits for the first batch.
function P.all(may_write)
  P.inbound()
  if may_write then
    P.writes()
  end
  S.wait(function()
    return not P.timing
  end, 0.4)
  T.keep_caps()
end

T.loaded[#T.loaded + 1] = "probe"
