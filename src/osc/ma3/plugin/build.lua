-- Makes what a mapping needs and the show lacks: timecode, group, track, range, sub-track, target, empty cues.
-- Everything is looked for by class first, because Acquire and Append make another one each time they are called.
local T = TracklightDesk
local U, F = T.U, T.F

local B = {}
T.B = B

-- A child made by the desk, checked. What was made goes into `made`, newest last, for taking back.
local function append(parent, class, undo, made)
  local before = parent:Count()
  local handle = T.try(parent.Append, parent, class, undo)
  if not T.valid(handle) then
    handle = T.try(parent.Acquire, parent, class, undo)
  end
  if not T.valid(handle) or parent:Count() ~= before + 1 or T.class(handle) ~= class then
    T.refuse("readback", "the desk made no " .. class)
  end
  made[#made + 1] = handle
  return handle
end

B.append = append

local function take_back(made, undo)
  for at = #made, 1, -1 do
    local handle = made[at]
    if T.valid(handle) then
      local parent = T.parent(handle)
      for place, child in ipairs(T.children(parent)) do
        if T.same(child, handle) then
          -- The slot of a pool object is its number; of any other child its place.
          for _, index in ipairs({ T.number_of(handle), place }) do
            if T.valid(handle) and T.same(T.try(parent.Ptr, parent, index), handle) then
              pcall(parent.Delete, parent, index, undo)
              break
            end
          end
          if T.valid(handle) then
            T.try(handle.CommandDelete, handle)
          end
          break
        end
      end
    end
  end
end
B.take_back = take_back

-- One undo block; what was made in it goes again if it fails.
local function block(label, work)
  local result
  local task = T.S.current
  if task then
    task.writes = true
  end
  local fine, why = pcall(F.block, label, function(undo)
    local made = {}
    local ok, thrown = pcall(function()
      result = work(undo, made)
    end)
    if not ok then
      pcall(take_back, made, undo)
      error(thrown, 0)
    end
  end)
  if task then
    task.writes = false
  end
  if not fine then
    error(why, 0)
  end
  T.keep_caps()
  return result
end
B.block = block

-- Writes text that must arrive, in one form or another.
local function entitle(handle, field, text)
  if text and text ~= "" then
    local ok, _, why = F.write(handle, field, text)
    if not ok then
      T.refuse("readback", why)
    end
  end
end

function B.new_timecode(number, undo, made)
  local pool = T.timecodes()
  T.try(pool.Create, pool, number, "Timecode", undo)
  local timecode = T.timecode(number)
  if not timecode then
    T.refuse("readback", "the desk made no timecode " .. number)
  end
  made[#made + 1] = timecode
  return timecode
end

function B.aim(track, number)
  local sequence = T.sequence(number)
  if not sequence then
    T.refuse("no_sequence", "there is no sequence " .. tostring(number))
  end
  if T.target(track) == number then
    return
  end
  pcall(track.Set, track, "Target", sequence)
  if T.target(track) ~= number then
    pcall(function()
      track.Target = sequence
    end)
  end
  if T.target(track) ~= number then
    T.refuse("readback", "the track does not take sequence " .. number)
  end
end

-- The first range and CmdSubTrack of a track, made where they are missing. A sub-track needs a target.
function B.prepare(track, undo, made)
  local range = T.nth(track, "TimeRange", 1) or append(track, "TimeRange", undo, made)
  local sub = T.nth(range, "CmdSubTrack", 1)
  if not sub then
    if not T.target(track) then
      T.refuse("no_sequence", "the track has no sequence yet")
    end
    sub = append(range, "CmdSubTrack", undo, made)
  end
  return sub
end

local function free(chain)
  local hindrance = T.hindered(chain)
  if hindrance == "" and chain.timecode and U.playing(chain.timecode) then
    hindrance = "playing"
  end
  if hindrance ~= "" then
    T.refuse(hindrance == "locked" and "locked" or "busy", "the timecode is " .. hindrance, { busy = hindrance })
  end
end

-- The track that carries this Guid, else this note; nil where none does.
local function anchored(timecode, guid, note)
  for _, mark in ipairs({ { guid, T.guid }, { note, function(track)
    return T.typed(track, "Note")
  end } }) do
    local text, of = mark[1], mark[2]
    if type(text) == "string" and text ~= "" then
      local there = T.tracks_where(timecode, function(track)
        return of(track) == text
      end)
      if #there > 1 then
        T.refuse("ambiguous", #there .. " tracks have that mark")
      elseif #there == 1 then
        return there[1].handle
      end
    end
  end
  return nil
end

local function describe(sub)
  local at, chain = T.locate(sub)
  if not at then
    T.refuse("internal", "what was made cannot be found")
  end
  local number = T.target(chain.track)
  at.guid = T.guid(chain.track)
  return at, { name = T.typed(chain.track, "Name"), note = T.typed(chain.track, "Note"), target = number or 0 }
end

-- `CreateTrack`.
function B.create_track(call)
  local f = call.fields
  local tc, tg = T.int(f.tc), T.int(f.tg)
  if not tc or tc < 1 or tc > 10000 or (tg and tg < 1) then
    T.refuse("bad_request", "tc must be 1-10000 and tg from 1")
  end
  local sequence = T.int(f.sequence)
  if not sequence or not T.sequence(sequence) then
    T.refuse("no_sequence", "there is no sequence " .. tostring(f.sequence))
  end
  local timecode = T.timecode(tc)
  if timecode then
    free({ timecode = timecode })
  elseif T.show_locked() then
    T.refuse("locked", "the show is locked")
  end
  local made_now = false
  local sub = block("Tracklight: new track", function(undo, made)
    local own = timecode or B.new_timecode(tc, undo, made)
    local track = timecode and anchored(own, f.guid, f.note) or nil
    if not track then
      local groups = #T.of_class(own, "TrackGroup")
      tg = tg or math.max(groups, 1)
      if tg > groups + 1 then
        T.refuse("missing", string.format("the timecode has %d track groups; the next is %d", groups, groups + 1))
      end
      local group = T.nth(own, "TrackGroup", tg) or append(own, "TrackGroup", undo, made)
      free({ group = group, timecode = own })
      track = append(group, "Track", undo, made)
      entitle(track, "name", f.name)
      entitle(track, "note", f.note)
      made_now = true
    end
    if made_now or not T.target(track) then
      B.aim(track, sequence)
    end
    return B.prepare(track, undo, made)
  end)
  local head, single = describe(sub)
  single.created = made_now
  T.answer(call, "track.created", head, single)
end

local function track_of(call)
  local f = call.fields
  local at = { tc = T.int(f.tc), tg = T.int(f.tg), track = T.int(f.track) }
  if not (at.tc and at.tg and at.track) then
    T.refuse("bad_request", "tc, tg and track are whole numbers from 1")
  end
  call.at = at
  local chain = T.find(at)
  T.check_guid(chain, f.guid)
  free(chain)
  return chain.track, at
end

-- `AssignTrackSequence`.
function B.assign(call)
  local track, at = track_of(call)
  block("Tracklight: target sequence", function()
    B.aim(track, T.int(call.fields.sequence))
  end)
  at.guid = T.guid(track)
  T.answer(call, "track.assigned", at, { target = T.target(track) })
end

-- `PrepareTrackForEvents`.
function B.prepare_track(call)
  local track = track_of(call)
  local range = T.nth(track, "TimeRange", 1)
  local sub = range and T.nth(range, "CmdSubTrack", 1)
  if not sub then
    sub = block("Tracklight: prepare track", function(undo, made)
      return B.prepare(track, undo, made)
    end)
  end
  local head, single = describe(sub)
  T.answer(call, "track.prepared", head, single)
end

-- A cue's number: forms as in fields.lua, because what a desk takes is not documented.
local function number_cue(cue, text)
  for _, value in ipairs({ text, T.cue_thousandths(text), tonumber(text) }) do
    pcall(cue.Set, cue, "No", value)
    if T.cue_of(cue) == text then
      return true
    end
  end
  return false
end

-- `CreateCues`: those that are missing, empty; what is there is not touched.
function B.create_cues(call)
  local f = call.fields
  local number = T.int(f.sequence)
  local sequence = number and T.sequence(number)
  if not sequence then
    T.refuse("no_sequence", "there is no sequence " .. tostring(f.sequence))
  end
  if type(f.cues) ~= "table" or #f.cues > 2000 then
    T.refuse("bad_request", "cues is a list of at most 2000")
  end
  local hindrance = T.hindered({ timecode = sequence })
  if hindrance == "locked" then
    T.refuse("locked", "the sequence is locked")
  end
  local have = T.cues(sequence)
  local missing, out = {}, {}
  for at, cue in ipairs(f.cues) do
    local thousandths = type(cue) == "table" and T.cue_thousandths(cue.cue)
    if not thousandths then
      T.refuse("bad_request", "cue " .. at .. " has no number 0.001-9999.999")
    end
    local text = T.cue_text(thousandths)
    if not have[text] then
      have[text] = true
      missing[#missing + 1] = { cue = text, name = type(cue.name) == "string" and cue.name or "" }
    end
  end
  if #missing > 0 then
    block("Tracklight: new cues", function(undo, made)
      for _, cue in ipairs(missing) do
        local handle = append(sequence, "Cue", undo, made)
        if not number_cue(handle, cue.cue) then
          T.refuse("readback", "the new cue does not take the number " .. cue.cue)
        end
        entitle(handle, "name", cue.name)
        out[#out + 1] = T.encode({ cue = T.cue_of(handle), name = T.typed(handle, "Name") })
        T.breathe()
      end
    end)
  end
  T.answer(call, "cues.created", {}, { sequence = number, count = #missing }, { { "items", out } })
end

T.loaded[#T.loaded + 1] = "build"
