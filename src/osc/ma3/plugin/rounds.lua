-- What happens each time the desk gives us a turn: debounces that end, notices to repeat, leases, busy states, sweeps.
local T = TracklightDesk
local S, W, M, U, I = T.S, T.W, T.M, T.U, T.I

local POLL = 0.25 -- seconds between looks at locks and cursors
local SWEEP = 5 -- seconds after which a unit is read though no hook called

-- Whether a timecode runs cannot be read; that its cursor moves can.
local cursors = {}

local function sample(timecode, now)
  local id = T.id(timecode)
  local value = T.text(timecode, "Cursor")
  local known = cursors[id]
  if not known then
    known = { value = value, at = now, moving_until = 0 }
    cursors[id] = known
  elseif known.value ~= value then
    known.value, known.moving_until = value, now + 2 * POLL + 0.1
  end
  known.at = now
  return known
end

-- In a task: whether the timecode plays now.
function U.playing(timecode)
  local now = T.now()
  local known = cursors[T.id(timecode)]
  if not known or now - known.at > 2 * POLL then
    sample(timecode, now)
    S.sleep(0.06)
    now = T.now()
  end
  return sample(timecode, now).moving_until > now
end

-- "", "locked", "recording" or "playing"; a change is told.
function U.busy(unit)
  local state = T.hindered(unit.chain)
  if state == "" and U.playing(unit.chain.timecode) then
    state = "playing"
  end
  return U.hindrance(unit, state)
end

local function poll()
  local list = {}
  for _, unit in pairs(U.units) do
    list[#list + 1] = unit
  end
  for _, unit in ipairs(list) do
    if not unit.gone and T.valid(unit.sub) then
      U.busy(unit)
    elseif not unit.gone then
      U.recheck_at = U.recheck_at or T.now()
    end
    T.breathe()
  end
end

-- Read a unit whose debounce ended. `swept` says that no hook asked for it.
local function settle(unit, swept)
  unit.settling = true
  unit.users = unit.users + 1
  local function done()
    unit.settling = false
    unit.users = unit.users - 1
    U.release(unit)
  end
  S.spawn(function()
    U.lock(unit)
    local gen = unit.gen
    local ok, other = pcall(U.refresh, unit)
    unit.mutex = false
    if ok and other and swept and gen == unit.gen then
      T.counters.missed = (T.counters.missed or 0) + 1
      U.rehook(unit)
    end
    done()
    if not ok then
      error(other, 0)
    end
  end, function(thrown)
    if unit.settling then
      done()
    end
    if T.refusal(thrown) ~= "internal" then
      U.recheck_at = U.recheck_at or T.now()
    end
  end)
end

local function repeat_notices(unit, now)
  for id, sub in pairs(unit.subs) do
    local client, notice = W.clients[id], sub.notice
    if not client then
      unit.subs[id] = nil
    elseif notice and now >= notice.sent_at + sub.wait and not W.waiting(notice) then
      sub.tries = sub.tries + 1
      sub.wait = math.min(sub.wait * 1.5, 1)
      if sub.tries > 10 then
        -- The next ping's digest shows the difference.
        U.close_notice(sub, true)
        sub.events = nil
      else
        T.counters.resent = T.counters.resent + 1
        W.enqueue(notice, #notice.parts > 1 and { 1 } or nil)
      end
    end
  end
end

-- Called at the begin of each pump.
function T.rounds(now)
  T.check_show()
  I.poll_inbound()
  W.expire(now)
  for _, unit in pairs(U.units) do
    if unit.due and now >= unit.due and not unit.settling then
      unit.due = nil
      settle(unit, false)
    end
    repeat_notices(unit, now)
  end
  W.flush(now)
  if U.recheck_at and now >= U.recheck_at then
    U.recheck()
  end
  if next(U.units) ~= nil then
    if now >= U.poll_at then
      U.poll_at = now + POLL
      S.spawn(poll)
    end
    if now >= U.sweep_at then
      U.sweep_at = now + 1
      U.recheck()
      M.know_show()
      for _, unit in pairs(U.units) do
        local age = now - (unit.read_at or now)
        if unit.rev > 0 and age > math.max(SWEEP, unit.cost * 50) and not unit.settling and not unit.mutex and not unit.due then
          settle(unit, true)
          break
        end
      end
    end
  end
end

-- When the next pump has something to do; nil where there is nobody to serve.
function T.next_round(now)
  local at = nil
  local function by(time)
    if time and (not at or time < at) then
      at = time
    end
  end
  if #W.queue > 0 then
    by(math.max(now, W.burst_at + 0.005))
  end
  for _, unit in pairs(U.units) do
    if not unit.settling then
      by(unit.due)
    end
    for _, sub in pairs(unit.subs) do
      if sub.notice then
        by(sub.notice.sent_at + sub.wait)
      end
    end
    by(U.poll_at)
  end
  by(U.recheck_at)
  if W.count() > 0 then
    by(now + (W.inbound and 0.02 or 1))
  end
  return at
end

-- Everything of the old epoch ends; those who listened are told.
function T.new_epoch()
  for _, entry in pairs(U.structure) do
    pcall(Unhook, entry.hook)
  end
  for _, unit in pairs(U.units) do
    unit.gone = true
    pcall(Unhook, unit.hook)
  end
  if T.valid(T.plugin) then
    pcall(UnhookMultiple, nil, nil, T.plugin)
  end
  U.units, U.structure, U.former, U.recheck_at = {}, {}, {}, nil
  cursors = {}
  W.clients, W.queue, W.numbers = {}, {}, {}
  T.last_client = nil
  I.forget()
  S.tasks = {}
  T.writers = {}
  M.begin_epoch()
  T.caps = M.caps()
  M.keep_targets()
  W.announce()
end

function T.check_show()
  if not M.same_show() then
    T.log("another show was loaded")
    T.new_epoch()
  end
end

-- A client that is no more reads nothing.
function T.forget_client(client)
  local list = {}
  for _, unit in pairs(U.units) do
    list[#list + 1] = unit
  end
  for _, unit in ipairs(list) do
    unit.subs[client.id] = nil
    U.release(unit)
  end
  for key, writer in pairs(T.writers) do
    if writer == client.id then
      T.writers[key] = nil
    end
  end
end

T.loaded[#T.loaded + 1] = "rounds"
