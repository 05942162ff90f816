-- Batches: compared with the content as it is now, checked whole, done inside one undo, read back, all or none.
local T = TracklightDesk
local S, W, M, U, F = T.S, T.W, T.M, T.U, T.F

T.writers = {} -- client id by unit identity: the first that writes, while its lease lasts

local function writer_key(unit)
  return M.key_of(unit)
end

-- The name of the unit's writer, or "".
function T.writer_name(unit)
  local id = T.writers[writer_key(unit)]
  local client = id and W.clients[id]
  return client and client.name or ""
end

local function claim(unit, client, take)
  local key = writer_key(unit)
  local id = T.writers[key]
  if id and id ~= client.id and W.clients[id] and not take then
    T.refuse("not_writer", W.clients[id].name .. " writes this track", { writer = W.clients[id].name })
  end
  T.writers[key] = client.id
end

local TEXT = { token = 64, cmd = 4096, name = 1024, note = 65536 }

-- The fields an operation asks for, checked. Returns them, or nil, code and message.
local function wanted(op, full)
  local want = {}
  if op.ticks ~= nil or full then
    want.ticks = T.int(op.ticks)
    if not want.ticks or type(op.ticks) == "boolean" then
      return nil, "bad_request", "ticks must be a whole number as text"
    end
  end
  for field, most in pairs(TEXT) do
    local value = op[field]
    if value ~= nil then
      if type(value) ~= "string" or #value > most then
        return nil, "bad_request", field .. " must be text of at most " .. most .. " bytes"
      end
      want[field] = value
    end
  end
  if op.cue ~= nil then
    if op.cue == "" then
      want.cue = ""
    else
      local thousandths = T.cue_thousandths(op.cue)
      if not thousandths then
        return nil, "bad_request", "cue must be 0.001-9999.999 with at most three places, or empty"
      end
      want.cue = T.cue_text(thousandths)
    end
  end
  return want
end

-- Checks every operation against the content. Returns the plan, or the results that say what is wrong.
local function plan_of(unit, ops)
  local plan, wrong, taken = {}, {}, {}
  local cues, sequence
  local function fail(i, code, message)
    wrong[#wrong + 1] = { i = i, ok = false, code = code, message = message }
  end
  for i, op in ipairs(ops) do
    local kind = type(op) == "table" and op.o or nil
    local idx = type(op) == "table" and T.int(op.idx) or nil
    local event = idx and unit.events[idx] or nil
    local want, code, message = {}, nil, nil
    if kind ~= "add" and kind ~= "set" and kind ~= "del" then
      fail(i, "bad_request", "o must be add, set or del")
    elseif kind ~= "add" and not event then
      fail(i, "bad_request", string.format("idx must be 1-%d", #unit.events))
    elseif event and kind ~= "add" and taken[idx] then
      fail(i, "bad_request", "two operations on one event")
    else
      if kind ~= "del" then
        want, code, message = wanted(op, kind == "add")
      end
      if not want then
        fail(i, code, message)
      else
        local cue
        if want.cue and want.cue ~= "" and (kind == "add" or want.cue ~= event.cue) then
          if not cues then
            local _, target = T.target(unit.chain.track)
            sequence = target
            cues = target and T.cues(target) or {}
          end
          cue = cues[want.cue]
          if not sequence then
            fail(i, "no_sequence", "the track has no sequence")
          elseif not cue then
            fail(i, "no_cue", "the sequence has no cue " .. want.cue)
          end
        end
        if kind ~= "add" then
          taken[idx] = true
        end
        plan[#plan + 1] = { i = i, o = kind, idx = idx, was = event, want = want, cue = cue, done = {} }
      end
    end
    T.breathe()
  end
  return #wrong == 0 and plan or nil, wrong
end

-- Whether the events a plan touches are still what was read; no turn is given between this and the first write.
local function untouched(unit, plan)
  local sub = unit.sub
  if not T.valid(sub) or sub:Count() ~= #unit.events or unit.gen ~= unit.events.gen then
    return false
  end
  local cues = {}
  for _, step in ipairs(plan) do
    if step.was then
      if not T.valid(step.was.h) then
        return false
      end
      local now = T.read_event(step.was.h, cues)
      if now.ticks ~= step.was.ticks or T.body(now) ~= step.was.body then
        return false
      end
    end
  end
  return true
end

-- Writes the fields of one event in the order that lets them stay. Returns nil, or why one did not.
local function write_fields(handle, want, cue, done)
  for _, field in ipairs(F.ORDER) do
    if want[field] ~= nil then
      local old = F.read(handle, field)
      local ok, got, why = F.write(handle, field, want[field], cue)
      if got ~= old then
        done[field] = got
      end
      if not ok then
        return why
      end
    end
  end
  return nil
end

-- Does the steps: sets, then adds, then deletes, so that what may fail silently fails before anything is gone.
-- Returns nil, or the step that failed and why.
local function perform(unit, plan, undo)
  local sub, cues = unit.sub, {}
  for _, step in ipairs(plan) do
    if step.o == "set" then
      step.begun, step.h = true, step.was.h
      if not T.valid(step.h) then
        return step, "missing", "the event is gone"
      end
      local why = write_fields(step.h, step.want, step.cue, step.done)
      if why then
        return step, "readback", why
      end
    elseif step.o == "add" then
      local handle, why = F.append(sub, undo)
      if not handle then
        return step, "readback", why
      end
      step.begun, step.h = true, handle
      F.unsettle(handle, step.want.ticks)
      why = write_fields(handle, step.want, step.cue, step.done)
      if why then
        return step, "readback", why
      end
    end
    if step.h then
      -- What stands now is ours; what stands later may be somebody else's.
      step.final = T.read_event(step.h, cues)
    end
    T.breathe()
  end
  local doomed, places = {}, {}
  for _, step in ipairs(plan) do
    if step.o == "del" then
      doomed[#doomed + 1] = step
    end
  end
  if #doomed > 0 then
    for at, child in ipairs(T.children(sub)) do
      places[T.id(child)] = at
    end
    table.sort(doomed, function(a, b)
      return (places[a.was.id] or 0) > (places[b.was.id] or 0)
    end)
    for _, step in ipairs(doomed) do
      local ok, why = F.remove(sub, step.was.h, places[step.was.id], undo)
      if not ok then
        return step, "readback", why
      end
      step.begun = true
      T.breathe()
    end
  end
  return nil
end

-- Takes everything back that was begun, newest first. Returns whether all of it went.
local function roll_back(unit, plan, undo)
  local all = true
  for at = #plan, 1, -1 do
    local step = plan[at]
    if step.begun then
      local ok, fine = pcall(function()
        if step.o == "add" then
          return T.valid(step.h) and F.remove(unit.sub, step.h, nil, undo) or false
        end
        local handle = step.h
        if step.o == "del" then
          handle = F.append(unit.sub, undo)
          if not handle then
            return false
          end
          F.unsettle(handle, step.was.ticks)
        end
        local cue = step.was.cue_object
        for _, field in ipairs(F.ORDER) do
          if step.o == "del" or (step.done[field] ~= nil and F.read(handle, field) == step.done[field]) then
            if not F.write(handle, field, step.was[field], cue) then
              return false
            end
          end
        end
        return true
      end)
      all = all and ok and fine == true
    end
  end
  return all
end

-- The content as our own work left it, where somebody else worked in between; nil where nobody did.
local function without_others(unit, events, plan)
  local expected, known = {}, {}
  for _, event in ipairs(unit.events) do
    known[event.id] = event
  end
  for _, step in ipairs(plan) do
    if step.o == "del" then
      known[step.was.id] = nil
    else
      local id = T.id(step.h)
      local event = { h = step.h, id = id }
      for _, field in ipairs(F.ORDER) do
        event[field] = step.final[field]
      end
      known[id] = event
    end
  end
  local same, place = true, {}
  for at, event in ipairs(events) do
    place[event.id] = at
    local own = known[event.id]
    if not own or own.ticks ~= event.ticks or T.body(own) ~= T.body(event) then
      same = false
    end
    T.breathe()
  end
  local count = 0
  for id, event in pairs(known) do
    count = count + 1
    expected[count] = event
    event.order = place[id] or math.maxinteger
    event.body = T.body(event)
    T.breathe()
  end
  if same and count == #events then
    return nil
  end
  table.sort(expected, function(a, b)
    if a.ticks ~= b.ticks then
      return a.ticks < b.ticks
    end
    return a.order < b.order or (a.order == b.order and tostring(a.id) < tostring(b.id))
  end)
  expected.gen = -1
  return expected
end

local function results_of(unit, plan)
  local place, out = {}, {}
  for at, event in ipairs(unit.events) do
    place[event.id] = at
  end
  for n, step in ipairs(plan) do
    if step.o == "del" then
      out[n] = string.format('{"i":%d,"ok":true}', step.i)
    else
      local event = step.final
      out[n] = string.format('{"i":%d,"ok":true,"event":%s}', step.i, U.event_json(event, place[T.id(step.h)] or 0, unit.start))
    end
    T.breathe()
  end
  return out
end

local function failures(list)
  local out = {}
  for at, result in ipairs(list) do
    result.message = T.valid_utf8(tostring(result.message)):sub(1, 300)
    out[at] = T.encode(result)
  end
  return out
end

-- Cue objects of the events a plan may have to put back.
local function remember_cues(plan)
  for _, step in ipairs(plan) do
    if step.was and step.was.cue ~= "" then
      local cue = T.get(step.was.h, "CueDestination")
      step.was.cue_object = cue
    end
  end
end

local function stale(unit)
  T.refuse("stale", "the track is not what was last seen", { rev = unit.rev, hash = unit.hash })
end

local function commit(call, unit, plan, label)
  local client = call.client
  local failed, code, message, whole
  local task = S.current
  M.set_dirty(unit)
  unit.writing = true
  if task then
    task.writes = true
  end
  local ok, closed = pcall(F.block, label, function(undo)
    local fine
    fine, failed, code, message = pcall(perform, unit, plan, undo)
    if not fine then
      failed, code, message = { i = 0 }, "internal", tostring(failed)
    end
    if failed then
      whole = roll_back(unit, plan, undo)
    end
  end)
  unit.writing = false
  if task then
    task.writes = false
  end
  T.keep_caps()
  if not ok then
    error(closed, 0)
  end
  if failed then
    U.take(unit, U.read(unit), client and client.name or "desk", nil)
    if not whole then
      message = message .. "; not everything could be put back"
    end
    local result = { i = failed.i, ok = false, code = code, message = message }
    T.answer(call, "batch.ack", U.head(unit), { ok = false, undo = closed, restored = whole }, { { "results", failures({ result }) } })
    return
  end
  local events = U.read(unit)
  local expected = without_others(unit, events, plan)
  U.take(unit, expected or events, client and client.name or "desk", client)
  T.answer(call, "batch.ack", U.head(unit), { ok = true, undo = closed }, { { "results", results_of(unit, plan) } })
  U.based(unit, client)
  if expected then
    U.take(unit, events, "desk", nil)
  end
end

-- The request `Batch`. The unit's lock is held.
function T.batch(call, unit)
  local fields, client = call.fields, call.client
  local ops = fields.ops
  if type(ops) ~= "table" or type(fields.base) ~= "string" then
    T.refuse("bad_request", "a batch has base and ops")
  end
  if #ops > 20000 then
    T.refuse("too_big", "a batch has at most 20000 operations")
  end
  if client then
    claim(unit, client, fields.take == true)
  end
  T.P.writes()
  for _ = 1, 3 do
    local busy = U.busy(unit)
    if busy ~= "" then
      T.refuse(busy == "locked" and "locked" or "busy", "the track is " .. busy, { busy = busy })
    end
    U.refresh(unit)
    if unit.hash ~= fields.base then
      stale(unit)
    end
    local plan, wrong = plan_of(unit, ops)
    if not plan then
      T.answer(call, "batch.ack", U.head(unit), { ok = false, undo = false, restored = true }, { { "results", failures(wrong) } })
      return
    end
    if untouched(unit, plan) and T.hindered(unit.chain) == "" then
      remember_cues(plan)
      return commit(call, unit, plan, fields.label or "Tracklight")
    end
  end
  U.refresh(unit)
  if unit.hash ~= fields.base then
    stale(unit)
  end
  T.refuse("busy", "the track keeps changing", { busy = "changing" })
end

T.loaded[#T.loaded + 1] = "batch"
