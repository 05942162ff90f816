-- The door: `TL`, what `/cmd` and a person at the command line call. Acts for the client that called last, or prints.
local T = TracklightDesk
local S, W, I = T.S, T.W, T.I

-- What a section of the desk's documentation does not give is not guessed: the link warns where it is "unknown".
function T.station()
  return tostring(T.try(HostType) or "")
end

function T.master()
  return "unknown"
end

local function printed(the)
  local out = the.printed
  if not out then
    return
  end
  local text = { out.kind }
  for _, fields in ipairs({ out.head, out.single }) do
    local line = T.encode(fields)
    if line ~= "{}" then
      text[#text + 1] = line
    end
  end
  T.say(table.concat(text, " "):sub(1, 600))
  for _, list in ipairs(out.lists) do
    T.say(string.format("%s: %d", list[1], #list[2]))
    for at = 1, math.min(#list[2], 40) do
      T.say("  " .. list[2][at]:sub(1, 300))
    end
  end
end

-- Does a request made by hand. `print_it` keeps it from the client.
local function by_hand(name, fields, print_it)
  T.check_show()
  local known = I.calls[name]
  local client = not print_it and T.last_client or nil
  if client and W.clients[client.id] ~= client then
    client = nil
  end
  local the = { client = client, fields = fields, name = name, id = client and client.id or "" }
  S.spawn(function()
    known.run(the)
    printed(the)
  end, function(thrown)
    if the.client then
      T.answer_error(the, known.kind, thrown)
    else
      local code, message = T.refusal(thrown)
      T.say(name .. ": " .. code .. ": " .. message)
    end
  end)
  S.kick(S.pump() or 0.02)
end

local Door = { tracklight = true, R = T.R }

function Door.HookCmdSubTrack(tc, tg, track, range, sub)
  by_hand("HookCmdSubTrack", { tc = tc, tg = tg, track = track, range = range, sub = sub })
end

function Door.UnhookTrack(tc, tg, track)
  by_hand("UnhookTrack", { tc = tc, tg = tg, track = track })
end

function Door.UnhookAll()
  by_hand("UnhookAll", {})
end

function Door.SetDebounceDelay(seconds, max)
  by_hand("SetDebounceDelay", { seconds = seconds, max = max })
end

-- Sends the answers of the client that called last somewhere else; without one makes a client of its own.
function Door.SetTarget(ip, port, token)
  local address, number = W.address(ip, port)
  if not address then
    return T.say("SetTarget: ip must be four numbers of one computer, port 1-65535")
  end
  local client = T.last_client
  if not client or W.clients[client.id] ~= client then
    client = { id = T.hex64(T.fnv(address .. ":" .. number)), name = "by hand" }
  end
  T.last_client = W.welcome(client.id, address, number, client.name, tostring(token or client.token or ""))
  W.send(T.last_client, "connection.hello", {}, T.greeting(T.last_client))
  S.kick(0)
end

function Door.Status()
  by_hand("Status", {}, true)
end

function Door.Ping()
  by_hand("Ping", {})
end

function Door.GetTimecodes()
  by_hand("GetTimecodes", {})
end

function Door.GetTrackGroups(tc)
  by_hand("GetTrackGroups", { tc = tc })
end

function Door.GetTracks(tc, tg)
  by_hand("GetTracks", { tc = tc, tg = tg })
end

function Door.GetSequences(sequence)
  by_hand("GetSequences", { sequence = sequence })
end

function Door.GetEvents(tc, tg, track, range, sub)
  by_hand("GetEvents", { tc = tc, tg = tg, track = track, range = range, sub = sub })
end

-- `fields` as in docs/desk-protocol.md.
function Door.Batch(fields)
  by_hand("Batch", fields)
end

function Door.CreateTrack(tc, tg, name, sequence)
  by_hand("CreateTrack", { tc = tc, tg = tg, name = name, sequence = sequence })
end

function Door.AssignTrackSequence(tc, tg, track, sequence)
  by_hand("AssignTrackSequence", { tc = tc, tg = tg, track = track, sequence = sequence })
end

function Door.PrepareTrackForEvents(tc, tg, track)
  by_hand("PrepareTrackForEvents", { tc = tc, tg = tg, track = track })
end

function Door.CreateCues(sequence, cues)
  by_hand("CreateCues", { sequence = sequence, cues = cues })
end

-- An error in a call by hand is said, not thrown into somebody's command line.
for name, call in pairs(Door) do
  if type(call) == "function" and name ~= "R" then
    Door[name] = function(...)
      local ok, why = pcall(call, ...)
      if not ok then
        T.say(name .. ": " .. tostring(why))
      end
    end
  end
end

-- The short names belong to whoever had them first: somebody else's table is added to, never replaced.
local function open(name, must)
  local there = rawget(_G, name)
  if there == nil or (type(there) == "table" and rawget(there, "tracklight") == true) then
    rawset(_G, name, Door)
  elseif must and type(there) == "table" then
    for key, value in pairs(Door) do
      if there[key] == nil or key == "R" then
        there[key] = value
      end
    end
    T.problem("another plug-in uses the name " .. name .. "; ours was added to it")
  elseif must then
    rawset(_G, name, Door)
    T.problem("another plug-in used the name " .. name)
  end
end
open("TL", true)
open("EZ", false)
T.Door = Door

T.loaded[#T.loaded + 1] = "public"
