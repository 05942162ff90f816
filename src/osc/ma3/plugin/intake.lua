-- In: fragments become requests, a request is done once, a repeat is answered again.
local T = TracklightDesk
local S, W = T.S, T.W

local I = {
  states = {}, -- by client id: what came and what was done in this epoch
  calls = {}, -- by function name: { kind = type of the answer, run = function(call) }
}
T.I = I

local MAX_PARTS, MAX_BYTES, MAX_PARTIAL, MAX_STATES, MAX_TASKS = 8192, 8000000, 8, 48, 64

local function state_of(id)
  local state = I.states[id]
  if not state then
    local count, oldest = 0, nil
    for known, other in pairs(I.states) do
      count = count + 1
      if not W.clients[known] and (not oldest or other.at < I.states[oldest].at) then
        oldest = known
      end
    end
    if count >= MAX_STATES and oldest then
      I.states[oldest] = nil
    end
    state = { id = id, floor = 0, top = 0, requests = {}, partial = {}, at = 0 }
    I.states[id] = state
  end
  state.at = T.now()
  return state
end

local function bad(why)
  T.counters.malformed = T.counters.malformed + 1
  T.last_malformed = why
end

-- Old numbers are forgotten but never done again.
local function raise_floor(state, req)
  if req > state.top then
    state.top = req
  end
  local floor = state.top - 1024
  if floor > state.floor then
    for old in pairs(state.requests) do
      if old <= floor then
        state.requests[old] = nil
      end
    end
    state.floor = floor
  end
end

-- An answer to a call: kept for repeats. A call by hand is printed.
function T.answer(call, kind, head, single, lists)
  head = head or {}
  if not call.client then
    call.printed = { kind = kind, head = head, single = single or {}, lists = lists or {} }
    return nil
  end
  head.req = call.req
  local message = W.send(call.client, kind, head, single, lists)
  if call.request then
    call.request.answer = message
  end
  return message
end

function T.answer_error(call, kind, thrown)
  local code, message, more = T.refusal(thrown)
  local head, single = {}, { code = code, message = T.valid_utf8(message):sub(1, 300) }
  single.message = T.valid_utf8(single.message)
  for key, value in pairs(more) do
    single[key] = value
  end
  local at = call.at
  if at then
    head.tc, head.tg, head.track, head.range, head.sub = at.tc, at.tg, at.track, at.range, at.sub
  end
  return T.answer(call, kind:match("^[^.]+") .. ".error", head, single)
end

local IDEMPOTENT = { GetParts = true, Ping = true, Ack = true, Status = true }

-- Do a whole request. `request` remembers that it was begun.
local function dispatch(state, req, fields)
  local client = W.clients[state.id]
  local name = fields.f
  local known = type(name) == "string" and I.calls[name] or nil
  if not client and name ~= "Hello" then
    local stranger = W.stranger(state.id)
    state.requests[req] = nil
    if stranger then
      T.answer_error({ client = stranger, req = req }, "request.none", select(2, pcall(T.refuse, "no_client", "say Hello first")))
    end
    return
  end
  if #S.tasks >= MAX_TASKS then
    state.requests[req] = nil
    return -- it will be asked again
  end
  local request = { at = T.now(), idempotent = IDEMPOTENT[name] }
  state.requests[req] = request
  raise_floor(state, req)
  if name == "Hello" and not state.greeted then
    -- Numbers below the first Hello of this epoch belong to a life this copy knows nothing of. A lease that ran out is no
    -- such end: what was begun is known here, and what was not may still be asked.
    state.greeted = true
    state.floor = math.max(state.floor, req - 1)
  end
  if client then
    client.lease = T.now() + T.LEASE
  end
  local call = { client = client, req = req, fields = fields, request = request, id = state.id, name = name }
  if not known then
    T.answer_error(call, "request.none", select(2, pcall(T.refuse, "bad_request", "there is no function " .. tostring(name))))
    return
  end
  T.counters.requests = T.counters.requests + 1
  T.last_client = client or T.last_client
  S.spawn(function()
    known.run(call)
    request.done = true
  end, function(thrown)
    request.done = true
    if call.client then
      T.answer_error(call, known.kind, thrown)
    end
  end)
end

-- Which parts came so far, so that only the others are sent again.
local function tell_parts(state, req, partial)
  local now = T.now()
  local client = W.clients[state.id]
  if not client or (partial.told and now - partial.told < 0.05) or now - (state.told or 0) < 0.01 then
    return
  end
  partial.told, state.told = now, now
  local have = {}
  for at = 1, partial.parts do
    if partial.have[at] then
      have[#have + 1] = tostring(at)
    end
  end
  W.send(client, "request.part", { req = req }, {}, { { "have", have } }, true)
end

local function whole(state, req, text)
  local function failed(thrown)
    bad("request without JSON")
    local client = W.clients[state.id]
    if client then
      local request = { done = true }
      state.requests[req] = request
      local why = select(2, pcall(T.refuse, "bad_request", "no JSON object: " .. tostring(thrown)))
      T.answer_error({ client = client, req = req, request = request }, "request.none", why)
    end
  end
  local function read()
    local fields = T.decode(text)
    if type(fields) ~= "table" or T.is_list(fields) then
      error("the text is no object", 0)
    end
    dispatch(state, req, fields)
  end
  if #text < 4096 then
    local ok, thrown = pcall(read)
    if not ok then
      failed(thrown)
    end
  else
    state.requests[req] = { at = T.now() }
    S.spawn(read, failed)
  end
end

-- One fragment: `<client> <req> <part> <parts> <fragment>`.
function I.receive(text)
  local id, req, part, parts, piece = tostring(text):match("^(%x+) (%d+) (%d+) (%d+) (.*)$")
  req, part, parts = T.int(req), T.int(part), T.int(parts)
  if not id or #id ~= 16 or not req or not part or not parts then
    return bad("no fragment")
  end
  if part < 1 or part > parts or parts > MAX_PARTS or #piece > 65536 then
    return bad("a part out of range")
  end
  id = id:lower()
  local state = state_of(id)
  local known = state.requests[req]
  if known and not (known.idempotent and known.done) then
    T.counters.repeats = T.counters.repeats + 1
    if known.answer and not known.answer.forgotten then
      W.again(known.answer)
    elseif known.done and known.answer then
      -- Done, but the answer is no longer kept. What stands can be read; it must not be done again.
      local client = W.clients[id]
      if client then
        T.answer_error({ client = client, req = req, request = known }, known.answer.kind, select(2, pcall(T.refuse, "refused", "this was answered long ago")))
      end
    end
    if W.clients[id] then
      W.clients[id].lease = T.now() + T.LEASE
    end
    return
  end
  if req <= state.floor then
    T.counters.repeats = T.counters.repeats + 1
    return
  end
  if parts == 1 then
    return whole(state, req, piece)
  end
  local partial = state.partial[req]
  if partial and partial.parts ~= parts then
    return bad("another number of parts")
  end
  if not partial then
    local count, oldest = 0, nil
    for number, other in pairs(state.partial) do
      count = count + 1
      if not oldest or other.at < state.partial[oldest].at then
        oldest = number
      end
    end
    if count >= MAX_PARTIAL then
      state.partial[oldest] = nil
    end
    partial = { parts = parts, have = {}, count = 0, bytes = 0, at = T.now() }
    state.partial[req] = partial
  end
  partial.at = T.now()
  if not partial.have[part] then
    partial.have[part] = piece
    partial.count = partial.count + 1
    partial.bytes = partial.bytes + #piece
  end
  if partial.bytes > MAX_BYTES then
    state.partial[req] = nil
    local client = W.clients[id]
    if client then
      local request = { done = true }
      state.requests[req] = request
      T.answer_error({ client = client, req = req, request = request }, "request.none", select(2, pcall(T.refuse, "too_big", "a request has at most 8 MB")))
    end
    return
  end
  if partial.count == parts then
    state.partial[req] = nil
    return whole(state, req, table.concat(partial.have))
  end
  if W.clients[id] then
    W.clients[id].lease = T.now() + T.LEASE
  end
  tell_parts(state, req, partial)
end

-- What `/cmd` calls. Never throws: an error here would stand red in the command line of somebody's show.
function T.R(encoded)
  local ok, why = pcall(function()
    if not T.ready then
      return
    end
    T.check_show()
    local text = T.unbase64(encoded)
    if not text then
      return bad("no base64")
    end
    I.receive(text)
    S.kick(S.pump() or 0.02)
  end)
  if not ok then
    T.refusal(why)
  end
end

-- The same by our own UDP socket, where the probe found that it receives.
function I.poll_inbound()
  local socket = W.inbound
  if not socket then
    return
  end
  for _ = 1, 64 do
    local bytes = T.try(socket.receivefrom, socket)
    if type(bytes) ~= "string" then
      return
    end
    local text = T.unosc(bytes, "/tracklight/req")
    if text == "probe " .. tostring(T.epoch) then
      W.heard_itself = true
    else
      local plain = text and T.unbase64(text)
      if plain then
        I.receive(plain)
      else
        bad("no request on the inbound port")
      end
    end
  end
end

function I.forget()
  I.states = {}
end

T.loaded[#T.loaded + 1] = "intake"
