-- Writes one field of an event and reads it back. Which form of a write stays is not documented: forms are tried in
-- order, and the one that stayed is remembered per version of the desk (probe.lua tries them before anything is at
-- stake).
local T = TracklightDesk

local F = {}
T.F = F

F.ORDER = { "token", "cue", "cmd", "name", "note", "ticks" }

-- One frame at 24 per second: a time that came out nearer than this was quantised, not refused.
local FRAME = 699051

local function set(name)
  return function(event, value)
    event:Set(name, value)
  end
end

local function assign(name)
  return function(event, value)
    event[name] = value
  end
end

F.FORMS = {
  ticks = {
    { "RawTime", set("RawTime") },
    { "Time ticks", set("Time") },
    { "Time seconds", function(event, value)
      event:Set("Time", value / T.SECOND)
    end },
  },
  token = { { "Token", set("Token") }, { "Token assigned", assign("Token") } },
  cue = {
    { "CueDestination", set("CueDestination") },
    { "CueDestination assigned", assign("CueDestination") },
    { "CueDestination address", function(event, value)
      event:Set("CueDestination", value:ToAddr())
    end },
  },
  no_cue = {
    { "nil", function(event)
      event:Set("CueDestination", nil)
    end },
    { "empty", function(event)
      event:Set("CueDestination", "")
    end },
    { "None", function(event)
      event:Set("CueDestination", "None")
    end },
  },
  cmd = { { "RealtimeCmd", set("RealtimeCmd") } },
  name = { { "Name", set("Name") }, { "Name assigned", assign("Name") } },
  note = { { "Note", set("Note") }, { "Note assigned", assign("Note") } },
}

-- The field as it stands in the desk now.
function F.read(handle, field)
  if field == "ticks" then
    return T.int(T.get(handle, "RawTime")) or T.int(T.text(handle, "RawTime")) or 0
  elseif field == "token" then
    return T.text(handle, "Token")
  elseif field == "cue" then
    return T.cue_of(T.get(handle, "CueDestination"))
  elseif field == "cmd" then
    return T.typed(handle, "RealtimeCmd")
  end
  return T.typed(handle, field == "name" and "Name" or "Note")
end

-- Writes until it stays. Returns what stands and the form that brought it there (nil where none did).
local function attempt(handle, field, want, value, forms)
  -- Once a form is known to stay no other is tried: seconds written where ticks are meant would be an event elsewhere.
  local tries = forms
  for _, form in ipairs(forms) do
    if form[1] == T.caps[field] then
      tries = { form, form }
    end
  end
  local old = F.read(handle, field)
  local got, why = old, nil
  for _, form in ipairs(tries) do
    local ok, thrown = pcall(form[2], handle, value)
    why = not ok and tostring(thrown) or why
    got = F.read(handle, field)
    if got == want then
      return got, form[1]
    end
    if field == "ticks" and got ~= old and math.abs(got - want) <= FRAME then
      return got, form[1]
    end
    if field ~= "ticks" and field ~= "token" and field ~= "cue" and got ~= old then
      return got, form[1]
    end
    if want == "" then
      break
    end
  end
  return got, nil, why
end

-- Writes one field; `cue` is the cue's object where the field is "cue". Returns whether it may stand, what stands, and
-- why not. What came out in another form (a quantised time, a name cut short) may stand; what did not change may not.
function F.write(handle, field, want, cue)
  if F.read(handle, field) == want then
    return true, want
  end
  local old = F.read(handle, field)
  local got, form, why
  if field == "cue" and want == "" then
    for _, way in ipairs(F.FORMS.no_cue) do
      pcall(way[2], handle)
      got = F.read(handle, field)
      if got == "" then
        return true, got
      end
    end
    return false, got, "the cue could not be taken away"
  end
  got, form, why = attempt(handle, field, want, field == "cue" and cue or want, F.FORMS[field])
  if form then
    T.caps[field] = form
    return true, got
  end
  if field == "name" and want == "" then
    return true, got -- the desk gives every event a name of its own
  end
  if field == "ticks" and got == old and math.abs(want - old) <= FRAME and T.caps.quantised == "yes" then
    return true, got
  end
  if why then
    return false, got, why
  end
  return false, got, string.format("%s stayed %s when %s was written", field, T.encode(T.valid_utf8(tostring(got))):sub(1, 80), T.encode(T.valid_utf8(tostring(want))):sub(1, 80))
end

-- A new event at the end of a sub-track, not yet written to. Nil and why where the desk makes none.
function F.append(sub, undo)
  local before = sub:Count()
  local handle = sub:Append("CmdEvent", undo)
  if T.valid(handle) and sub:Count() == before + 1 then
    return handle
  end
  if sub:Count() > before then
    T.problem("a new event came without a handle")
  end
  return nil, "the desk made no event"
end

-- A new event that has the time it is to have already: only a change of time puts it in its place among the others.
function F.unsettle(handle, ticks)
  if F.read(handle, "ticks") == ticks then
    F.write(handle, "ticks", ticks + T.SECOND)
  end
end

-- Takes one event away, by object and never by a number alone. `hint` is where it was last seen.
function F.remove(sub, handle, hint, undo)
  local at = nil
  if hint and T.same(T.try(sub.Ptr, sub, hint), handle) then
    at = hint
  else
    for n, child in ipairs(T.children(sub)) do
      if T.same(child, handle) then
        at = n
        break
      end
    end
  end
  if not at then
    return true -- somebody else took it away
  end
  for _ = 1, 2 do
    local before = sub:Count()
    pcall(sub.Delete, sub, at, undo)
    if sub:Count() == before - 1 then
      return true
    end
  end
  return false, "the event could not be deleted"
end

-- A block of changes that is one Oops. `work(undo)`; the block is closed whatever happens.
function F.block(label, work)
  label = T.valid_utf8(tostring(label)):gsub("%c", " ")
  if #label > 80 then
    label = T.valid_utf8(label:sub(1, 80))
  end
  local undo = T.try(CreateUndo, label)
  local ok, thrown = pcall(work, undo)
  local closed = false
  if undo then
    for _ = 1, 3 do
      closed = T.try(CloseUndo, undo) == true
      if closed then
        break
      end
      T.S.sleep(0.02)
    end
  end
  T.caps.undo = closed and "yes" or "no"
  if not ok then
    error(thrown, 0)
  end
  return closed
end

T.loaded[#T.loaded + 1] = "fields"
