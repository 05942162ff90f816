-- What happened between two contents of a unit: which events are the same, and what of them differs. Pure.
local T = TracklightDesk

-- Two events with equal bodies further apart than this are two events.
local FAR = 30 * T.SECOND

-- Queues of positions by a key, in order.
local function queues(events, taken, key)
  local out = {}
  for at, event in ipairs(events) do
    if not taken[at] then
      local name = key(event)
      local queue = out[name]
      if not queue then
        queue = { first = 1 }
        out[name] = queue
      end
      queue[#queue + 1] = at
    end
    T.breathe()
  end
  return out
end

local function content(event)
  return event.ticks .. "," .. event.body
end

local function body(event)
  return event.body
end

local function ticks(event)
  return event.ticks
end

-- Pairs old and new events: by object where something else agrees too, by equal content, by equal fields at the nearest
-- time, by equal time, and last by object alone. Each is used once, so equal events stay a multiset.
-- Returns `of`: for each new position the old one, and `used`: old positions that have a partner.
function T.pair(old, new)
  local of, used = {}, {}
  local by_id = {}
  for at, event in ipairs(old) do
    event.body = event.body or T.body(event)
    by_id[event.id] = by_id[event.id] == nil and at or false
    T.breathe()
  end
  local function join(i, j)
    of[j], used[i] = i, true
  end
  for j, event in ipairs(new) do
    event.body = event.body or T.body(event)
    local i = by_id[event.id]
    if i and not used[i] and (old[i].body == event.body or old[i].ticks == event.ticks) then
      join(i, j)
    end
    T.breathe()
  end
  for _, key in ipairs({ content, body, ticks }) do
    local waiting = queues(old, used, key)
    for j, event in ipairs(new) do
      local queue = not of[j] and waiting[key(event)]
      if queue then
        while queue[queue.first] and key == body and old[queue[queue.first]].ticks < event.ticks - FAR do
          queue.first = queue.first + 1
        end
        local i = queue[queue.first]
        if i and (key ~= body or old[i].ticks <= event.ticks + FAR) then
          queue.first = queue.first + 1
          join(i, j)
        end
      end
      T.breathe()
    end
  end
  for j, event in ipairs(new) do
    local i = not of[j] and by_id[event.id]
    if i and not used[i] then
      join(i, j)
    end
  end
  return of, used
end

-- The classes of docs/desk-protocol.md: positions in `old` and `new`. Moved are only those whose order among the untouched
-- events is another; everything else finds its place by itself.
function T.compare(old, new)
  local of, used = T.pair(old, new)
  local found = { added = {}, deleted = {}, moved = {}, retimed = {}, changed = {} }
  local highest = 0
  for j, event in ipairs(new) do
    local i = of[j]
    local was = i and old[i]
    if not was then
      table.insert(found.added, { idx = j })
    elseif was.ticks ~= event.ticks then
      table.insert(found.retimed, { was = i, idx = j })
    elseif was.body ~= event.body then
      table.insert(found.changed, { was = i, idx = j })
    elseif i < highest then
      table.insert(found.moved, { was = i, idx = j })
    else
      highest = i
    end
  end
  for i in ipairs(old) do
    if not used[i] then
      table.insert(found.deleted, { was = i })
    end
  end
  return found
end

T.loaded[#T.loaded + 1] = "match"
