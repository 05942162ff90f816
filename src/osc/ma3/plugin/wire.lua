-- Out: clients with their leases, messages cut into datagrams, paced sending, and what was sent kept for repeats.
local T = TracklightDesk
local S = T.S

local W = {
  clients = {}, -- by id, those that said Hello in this epoch
  numbers = {}, -- the last message number of each client id in this epoch; it goes on if the client comes again
  queue = {}, -- messages with datagrams still to go, taken in turns
  burst_at = 0,
  burst = 0,
}
T.W = W

local ADDRESS = "/tracklight/desk"
local ROOM = 34 -- bytes for `,"part":12345,"parts":12345}`
local KEPT_ANSWERS, KEPT_NOTICES, KEPT_BYTES = 32, 32, 6000000

-- The sockets. Sending uses one of its own so that a port in use cannot stop it.
function W.open()
  if W.out or not T.socket then
    if not T.socket then
      T.problem("this desk has no socket.core: nothing can be sent")
    end
    return W.out ~= nil
  end
  local out, why = T.try(T.socket.udp)
  if not out then
    T.problem("no UDP socket: " .. tostring(why))
    return false
  end
  T.try(out.settimeout, out, 0)
  W.out = out
  return true
end

function W.close()
  for _, name in ipairs({ "out", "inbound" }) do
    if W[name] then
      T.try(W[name].close, W[name])
      W[name] = nil
    end
  end
end

-- An address a datagram can go to: four numbers, and no wildcard or broadcast.
function W.address(ip, port)
  port = T.int(port)
  local a, b, c, d = tostring(ip):match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  if not a or not port or port < 1 or port > 65535 then
    return nil
  end
  for _, byte in ipairs({ a, b, c, d }) do
    if #byte > 3 or tonumber(byte) > 255 then
      return nil
    end
  end
  if tonumber(a) == 0 or tonumber(a) >= 224 then
    return nil
  end
  return string.format("%d.%d.%d.%d", tonumber(a), tonumber(b), tonumber(c), tonumber(d)), port
end

-- Makes or renews a client.
function W.welcome(id, ip, port, name, token)
  local client = W.clients[id]
  if not client then
    client = { id = id, kept = {}, bytes = 0, since = T.now() }
    W.clients[id] = client
  end
  client.ip, client.port, client.name, client.token = ip, port, name, token
  client.lease = T.now() + T.LEASE
  T.targets[id] = { ip = ip, port = port, at = os.time(), name = name }
  T.M.keep_targets()
  return client
end

-- A client only for telling something to an address we know from before.
function W.stranger(id)
  local target = T.targets[id]
  if target then
    return { id = id, kept = {}, bytes = 0, ip = target.ip, port = target.port, name = target.name, lease = 0 }
  end
  return nil
end

-- Cuts one message into datagrams. `head` is in each, `single` in the first, `lists` is an array of { name, texts }.
local function cut(head, single, lists)
  for _, list in ipairs(lists) do
    if #list[2] == 0 then
      single[list[1]] = T.raw("[]")
    end
  end
  local open = T.encode(head):sub(1, -2)
  local rest = T.encode(single):sub(2, -2)
  local bodies, body, size, named = {}, {}, 0, nil
  local function flush()
    if named then
      body[#body + 1] = "]"
    end
    bodies[#bodies + 1] = table.concat(body)
    body, size, named = {}, 0, nil
  end
  if rest ~= "" then
    body[1], size = "," .. rest, #rest + 1
  end
  for _, list in ipairs(lists) do
    for _, text in ipairs(list[2]) do
      local cost = #text + 1 + (named ~= list[1] and #list[1] + 7 or 0)
      if size > 0 and #open + size + cost + ROOM > T.BUDGET then
        flush()
      end
      if named ~= list[1] then
        body[#body + 1] = (named and "]" or "") .. ',"' .. list[1] .. '":['
        size, named = size + #list[1] + 6, list[1]
      else
        body[#body + 1] = ","
      end
      body[#body + 1] = text
      size = size + #text + 1
      T.breathe()
    end
  end
  flush()
  if #bodies == 1 then
    return { open .. bodies[1] .. "}" }
  end
  for at, text in ipairs(bodies) do
    bodies[at] = string.format('%s%s,"part":%d,"parts":%d}', open, text, at, #bodies)
  end
  return bodies
end

-- Forget what is too old or too much to keep.
local function trim(client)
  local answers, notices = 0, 0
  for at = #client.kept, 1, -1 do
    local message = client.kept[at]
    local many
    if message.req then
      answers = answers + 1
      many = answers > KEPT_ANSWERS
    else
      notices = notices + 1
      many = notices > KEPT_NOTICES
    end
    if client.bytes > KEPT_BYTES and at < #client.kept - 1 and #message.parts > 8 then
      many = true
    end
    -- A notice nobody acknowledged yet is still to be repeated.
    if many and not message.open and not W.waiting(message) then
      client.bytes = client.bytes - message.bytes
      message.forgotten, message.parts = true, {}
      table.remove(client.kept, at)
    end
  end
end

-- Makes a message and puts it in the queue. `head.req` makes it an answer; a passing one is not kept for repeats.
function W.send(client, kind, head, single, lists, passing)
  local seq = (W.numbers[client.id] or 0) + 1
  W.numbers[client.id] = seq
  local what, change = kind:match("^([^.]+)%.(.+)$")
  head.v, head.to, head.type, head.change, head.epoch, head.seq = T.PROTOCOL, client.id, what, change, T.epoch, seq
  local message = { seq = seq, req = head.req, kind = kind, client = client }
  message.parts = cut(head, single or {}, lists or {})
  message.bytes = 0
  for _, text in ipairs(message.parts) do
    message.bytes = message.bytes + #text
  end
  if not passing then
    client.kept[#client.kept + 1] = message
    client.bytes = client.bytes + message.bytes
    trim(client)
  end
  W.enqueue(message)
  return message
end

-- Puts datagrams of a message in the queue: all, or the parts named.
function W.enqueue(message, which)
  message.sent_at = T.now()
  W.queue[#W.queue + 1] = { message = message, which = which, at = 0, count = which and #which or #message.parts }
  if not S.running then
    W.flush(T.now())
  end
end

-- Whether datagrams of it still wait.
function W.waiting(message)
  for _, entry in ipairs(W.queue) do
    if entry.message == message then
      return true
    end
  end
  return false
end

local function put(client, text)
  if not W.out and not W.open() then
    return
  end
  local bytes = T.osc(ADDRESS, text)
  local ok, why = T.try(W.out.sendto, W.out, bytes, client.ip, client.port)
  if ok then
    T.counters.sent = T.counters.sent + 1
    T.counters.bytes = T.counters.bytes + #bytes
  else
    T.counters.send_errors = (T.counters.send_errors or 0) + 1
    T.problem(string.format("cannot send to %s:%d: %s", client.ip, client.port, tostring(why)))
  end
end

-- At most 16 datagrams in 5 ms, one of each message in turn, so that a long list delays no short answer.
function W.flush(now)
  if now - W.burst_at >= 0.005 then
    W.burst_at, W.burst = now, 0
  end
  while W.burst < 16 and #W.queue > 0 do
    local entry = table.remove(W.queue, 1)
    local message = entry.message
    if not message.overtaken and not message.forgotten then
      entry.at = entry.at + 1
      put(message.client, message.parts[entry.which and entry.which[entry.at] or entry.at])
      W.burst = W.burst + 1
      if entry.at < entry.count then
        W.queue[#W.queue + 1] = entry
      else
        message.sent_at = now
      end
    end
  end
end

-- An answer once more. Of a long one only the ends: what is missing is asked for.
function W.again(message)
  if T.now() - message.sent_at < 0.1 or W.waiting(message) then
    return
  end
  T.counters.resent = T.counters.resent + 1
  if #message.parts > 8 then
    W.enqueue(message, { 1, #message.parts })
  else
    W.enqueue(message)
  end
end

function W.kept_message(client, seq)
  for at = #client.kept, 1, -1 do
    if client.kept[at].seq == seq then
      return client.kept[at]
    end
  end
  return nil
end

-- Tell everybody we ever knew that a new epoch began: they say Hello at once instead of after a ping got no answer.
function W.announce()
  for id in pairs(T.targets) do
    local stranger = W.stranger(id)
    local ok, why = pcall(W.send, stranger, "connection.hello", {}, T.greeting(stranger))
    if not ok then
      T.log("announce: " .. tostring(why))
    end
  end
end

function W.farewell(reason)
  for _, client in pairs(W.clients) do
    pcall(W.send, client, "connection.bye", {}, { reason = reason })
  end
  -- Nothing runs after this; the last words go now.
  for _ = 1, 8 do
    W.burst_at = -1
    pcall(W.flush, T.now())
  end
end

-- Leases that ran out. Called each round.
function W.expire(now)
  for id, client in pairs(W.clients) do
    if client.lease < now then
      T.log("the lease of " .. client.name .. " ran out")
      pcall(W.send, client, "connection.bye", {}, { reason = "lease" })
      T.forget_client(client)
      W.clients[id] = nil
    end
  end
end

function W.count()
  local n = 0
  for _ in pairs(W.clients) do
    n = n + 1
  end
  return n
end

T.loaded[#T.loaded + 1] = "wire"
