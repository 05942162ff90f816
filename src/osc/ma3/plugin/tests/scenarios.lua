-- What the plug-in must do, in any Lua: each entry is run in a fresh state with the stub desk and the shipped files.
-- Returns a table of name -> function; a scenario throws where something does not hold.
local A, B = "00000000000000aa", "00000000000000bb"
local T
local SECOND = 16777216

local function eq(got, want, what)
  if got ~= want then
    error(string.format("%s: got %s, want %s", what or "value", tostring(got), tostring(want)), 2)
  end
end

local function start()
  STUB.load(FILES)
  T = TracklightDesk
  STUB.run(0.6)
end

local function named(list, name)
  local out = {}
  for _, message in ipairs(list) do
    if message.kind == name then
      out[#out + 1] = message
    end
  end
  return out
end

local function only(list, name)
  local found = named(list, name)
  if #found ~= 1 then
    local all = {}
    for at, message in ipairs(list) do
      all[at] = message.kind .. (message.code and (" " .. message.code .. " " .. tostring(message.message)) or "")
    end
    error(string.format("%d of %s in: %s", #found, name, table.concat(all, ", ")), 2)
  end
  return found[1]
end

local function ask(client, fields, seconds)
  if fields.ops then
    fields.ops = T.list(fields.ops)
    for at, op in ipairs(fields.ops) do
      fields.ops[at] = op
    end
  end
  STUB.ask(client, fields)
  STUB.run(seconds or 0.3)
  return STUB.take()
end

local function hello(client, name)
  local answers = {}
  for _, message in ipairs(ask(client, { f = "Hello", ip = "10.0.0.7", port = 9000, name = name or "one", token = "t" }, 1)) do
    if message.req then
      answers[#answers + 1] = message
    end
  end
  return only(answers, "connection.hello")
end

local function hook(client, track)
  return only(ask(client, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = track or 1, range = 1, sub = 1 }), "subtrack.hooked")
end

local function ack(client, message)
  STUB.ask(client, { f = "Ack", tc = message.tc, tg = message.tg, track = message.track, range = message.range, sub = message.sub, rev = message.rev })
end

local function batch(client, base, ops, more)
  local fields = { f = "Batch", tc = 101, tg = 1, track = 1, range = 1, sub = 1, base = base, label = "test", ops = ops }
  for key, value in pairs(more or {}) do
    fields[key] = value
  end
  return ask(client, fields, 1)
end

local function add(ticks, more)
  local op = { o = "add", ticks = tostring(ticks), token = "Go+", cue = "", cmd = "", name = "x", note = "" }
  for key, value in pairs(more or {}) do
    op[key] = value
  end
  return op
end

local function times(track)
  local out = {}
  for at, event in ipairs(STUB.sub(track or 1).children) do
    out[at] = event.fields.RawTime
  end
  return table.concat(out, " ")
end

local S = {}

function S.base64_goes_both_ways_and_refuses_what_is_none()
  start()
  for length = 0, 40 do
    local bytes = {}
    for at = 1, length do
      bytes[at] = string.char((at * 37 + length * 11) % 256)
    end
    local text = table.concat(bytes)
    eq(T.unbase64(T.base64(text)), text)
  end
  eq(T.base64("Man"), "TWFu")
  eq(T.base64("M"), "TQ==")
  for _, wrong in ipairs({ "a", "ab=c", "====", "a'b=", "TWF\n" }) do
    eq(T.unbase64(wrong), nil, wrong)
  end
end

function S.the_hash_is_fnv_1a_of_64_bits()
  start()
  eq(T.hex64(T.fnv("")), "cbf29ce484222325")
  eq(T.hex64(T.fnv("a")), "af63dc4c8601ec8c")
  eq(T.hex64(T.fnv("foobar")), "85944171f73967e8")
  eq(T.hash_events({}, 1, 1), "cbf29ce484222325")
  -- Pieces hash as the whole does.
  eq(T.fnv("bar", T.fnv("foo")), T.fnv("foobar"))
  eq(T.fnv("nineteen bytes long", T.fnv("12345678")), T.fnv("12345678nineteen bytes long"))
end

function S.json_keeps_empty_lists_and_every_character()
  start()
  eq(T.encode({ a = T.list(), b = {} }), '{"a":[],"b":{}}')
  local hell = "q\"b\\s/|,%$'\n\t\1\127 \u{1f600} \u{e9} <>&"
  eq(T.own_decode(T.encode({ x = hell })).x, hell)
  eq(T.own_decode('{"x":"\\ud83d\\ude00\\u00e9"}').x, "\u{1f600}\u{e9}")
  eq(T.encode("a\xffb"), '"a\u{fffd}b"')
  eq(T.encode(9007199254740993), "9007199254740993")
  for _, wrong in ipairs({ "", "{", "[1,", '{"a"}', "{a:1}", '"abc', "tru", "1 2", string.rep("[", 100), '{"a":1,}' }) do
    eq(pcall(T.own_decode, wrong), false, wrong)
  end
  local value = T.own_decode(' { "a" : [ 1 , -2.5e1, true, null, {"b":"c"} ] } ')
  eq(value.a[1], 1)
  eq(value.a[2], -25)
  eq(value.a[4].b, "c")
end

function S.cue_numbers_are_exact_decimals()
  start()
  for text, want in pairs({ ["3"] = 3000, ["3.5"] = 3500, ["0.001"] = 1, ["9999.999"] = 9999999, ["3.500"] = 3500, ["3.5000"] = 3500 }) do
    eq(T.cue_thousandths(text), want, text)
  end
  for _, wrong in ipairs({ "0", "10000", "1.2345", "-1", "x", "", "1e3" }) do
    eq(T.cue_thousandths(wrong), nil, wrong)
  end
  eq(T.cue_text(3500), "3.5")
  eq(T.cue_text(3000), "3")
  eq(T.cue_text(1), "0.001")
  eq(T.cue_text(1010), "1.01")
end

function S.equal_events_are_a_multiset_and_a_drag_keeps_the_event()
  start()
  local function event(id, ticks, name)
    return { id = id, ticks = ticks, token = "Go+", cue = "", cmd = "", name = name or "", note = "" }
  end
  local old, new = {}, {}
  for n = 1, 1000 do
    old[n] = event(n, n * SECOND, "e" .. n)
    new[n] = event(n, n * SECOND + 5 * SECOND, "e" .. n)
  end
  local found = T.compare(old, new)
  eq(#found.retimed, 1000)
  eq(#found.added + #found.deleted + #found.changed + #found.moved, 0)
  -- The same without any object being the same one.
  for n = 1, 1000 do
    new[n].id = -n
  end
  found = T.compare(old, new)
  eq(#found.retimed, 1000)
  -- One taken out of three equal ones.
  found = T.compare({ event(1, 5), event(2, 5), event(3, 5) }, { event(7, 5), event(8, 5) })
  eq(#found.deleted, 1)
  eq(#found.added, 0)
  -- Insertion at the front touches one event.
  found = T.compare({ event(1, 5), event(2, 9) }, { event(3, 1), event(1, 5), event(2, 9) })
  eq(#found.added, 1)
  eq(#found.moved, 0)
  -- Two ties that change places.
  found = T.compare({ event(1, 5, "a"), event(2, 5, "b") }, { event(2, 5, "b"), event(1, 5, "a") })
  eq(#found.moved, 1)
end

function S.hooking_twice_is_one_hook_and_two_full_answers()
  start()
  hello(A)
  STUB.event(1, SECOND)
  local first = hook(A)
  eq(first.resync, false)
  eq(first.event_count, 1)
  eq(first.events[1].ticks, "16777216")
  local hooks = 0
  for _ in pairs(STUB.hooks) do
    hooks = hooks + 1
  end
  local second = hook(A)
  eq(second.resync, true)
  eq(second.events[1].ticks, "16777216")
  eq(second.rev, first.rev)
  local again = 0
  for _ in pairs(STUB.hooks) do
    again = again + 1
  end
  eq(again, hooks, "hooks")
end

function S.a_drag_of_200_callbacks_is_few_messages_and_the_last_state_arrives()
  start()
  hello(A)
  local handle = STUB.event(1, SECOND)
  hook(A)
  local seen, last = {}, nil
  for n = 1, 200 do
    handle:Set("RawTime", SECOND + n * 1000)
    STUB.run(0.02)
    for _, message in ipairs(STUB.take()) do
      seen[message.rev] = true
      last = message
      ack(A, message)
    end
  end
  STUB.run(0.5)
  for _, message in ipairs(STUB.take()) do
    seen[message.rev] = true
    last = message
  end
  local count = 0
  for _ in pairs(seen) do
    count = count + 1
  end
  assert(count >= 2 and count <= 6, count .. " messages")
  eq(last.retimed[1].ticks, tostring(SECOND + 200000))
  eq(last.changes.retimed_count, 1)
end

function S.an_unacknowledged_notice_is_sent_again_until_it_is()
  start()
  hello(A)
  local handle = STUB.event(1, SECOND)
  hook(A)
  handle:Set("Name", "other")
  STUB.run(2)
  local notices = named(STUB.take(), "track.changed")
  assert(#notices >= 3, #notices .. " notices")
  eq(notices[1].changed[1].name, "other")
  ack(A, notices[1])
  STUB.run(3)
  eq(#named(STUB.take(), "track.changed"), 0)
end

function S.a_batch_adds_sets_and_deletes_in_one_undo()
  start()
  hello(A)
  STUB.event(1, SECOND, { Name = "a" })
  STUB.event(1, 2 * SECOND, { Name = "b" })
  local hooked = hook(A)
  STUB.undos = 0
  local ack_ = only(
    batch(A, hooked.hash, {
      add(5 * SECOND + 1, { token = "Goto", cue = "3.5", name = "n'\"|,%$\u{1f600}", note = "line\nline" }),
      { o = "del", idx = 2 },
      { o = "set", idx = 1, ticks = "7", cue = "2" },
    }),
    "batch.ack"
  )
  eq(ack_.ok, true)
  eq(STUB.undos, 1, "undos")
  eq(#ack_.results, 3)
  eq(ack_.results[1].event.cue, "3.5")
  eq(ack_.results[1].event.name, "n'\"|,%$\u{1f600}")
  eq(ack_.results[1].event.idx, 2)
  eq(ack_.results[3].event.ticks, "7")
  eq(times(), "7 " .. (5 * SECOND + 1))
  -- The next answer has the hash the acknowledgement named, and nothing was told of our own write.
  local after = hook(A)
  eq(after.hash, ack_.hash)
  eq(after.lineage[#after.lineage].by, "one")
  STUB.run(3)
  eq(#STUB.take(), 0, "messages after our own write")
end

function S.a_batch_on_content_nobody_has_seen_is_stale()
  start()
  hello(A)
  STUB.event(1, SECOND)
  local hooked = hook(A)
  STUB.event(1, 3 * SECOND)
  local list = batch(A, hooked.hash, { { o = "del", idx = 1 } })
  local refused = only(list, "batch.error")
  eq(refused.code, "stale")
  assert(refused.hash ~= hooked.hash and refused.rev == hooked.rev + 1)
  eq(#STUB.sub(1).children, 2)
end

function S.a_repeated_batch_is_done_once()
  start()
  hello(A)
  local hooked = hook(A)
  local fields = { f = "Batch", tc = 101, tg = 1, track = 1, base = hooked.hash, label = "l", ops = T.list({ add(5) }) }
  local req = STUB.ask(A, fields)
  STUB.run(0.3)
  local first = only(STUB.take(), "batch.ack")
  for _ = 1, 5 do
    STUB.ask(A, fields, req)
    STUB.run(0.15)
  end
  local again = STUB.take()
  eq(#again, 5)
  eq(again[5].seq, first.seq)
  eq(#STUB.sub(1).children, 1)
end

function S.a_silent_failure_puts_everything_back()
  for _, field in ipairs({ "RawTime", "Token", "CueDestination", "Name", "Append" }) do
    STUB.refuse = {}
    if not T then
      start()
      hello(A)
      STUB.event(1, SECOND, { Name = "a" })
      STUB.event(1, 2 * SECOND, { Name = "b" })
    end
    local hooked = hook(A)
    if field == "Append" then
      STUB.refuse.Append = true
    else
      -- Only the new event refuses.
      STUB.refuse[field] = function(object)
        return object.fields.RawTime == 0
      end
    end
    if field == "RawTime" then
      STUB.refuse.Time = STUB.refuse.RawTime
    end
    local list = batch(A, hooked.hash, {
      { o = "set", idx = 1, ticks = tostring(SECOND + 50), name = "c" },
      { o = "del", idx = 2 },
      add(9 * SECOND, { token = "Goto", cue = "2", name = "new" }),
    })
    local answer = only(list, "batch.ack")
    eq(answer.ok, false, field)
    eq(answer.results[1].code, "readback", field)
    eq(answer.hash, hooked.hash, field)
    eq(times(), SECOND .. " " .. 2 * SECOND, field)
  end
end

function S.deletes_that_fail_are_said()
  start()
  hello(A)
  STUB.event(1, SECOND)
  local hooked = hook(A)
  STUB.refuse.Delete = true
  local answer = only(batch(A, hooked.hash, { { o = "del", idx = 1 }, add(5) }), "batch.ack")
  eq(answer.ok, false)
  eq(answer.results[1].i, 1)
  -- What was added could not be taken back either: everybody is told what stands.
  eq(answer.restored, false)
end

function S.a_quantised_time_is_no_failure()
  STUB.quantise = 559240
  start()
  local caps = hello(A).caps
  eq(caps.ticks, "RawTime quantised")
  local hooked = hook(A)
  local answer = only(batch(A, hooked.hash, { add(SECOND + 5) }), "batch.ack")
  eq(answer.ok, true)
  local stood = answer.results[1].event.ticks
  assert(stood ~= tostring(SECOND + 5))
  local answer2 = only(batch(A, answer.hash, { { o = "set", idx = 1, ticks = tostring(tonumber(stood) + 3) } }), "batch.ack")
  eq(answer2.ok, true)
  eq(answer2.results[1].event.ticks, stood)
end

function S.what_is_locked_or_moving_is_refused_and_told()
  start()
  hello(A)
  local hooked = hook(A)
  STUB.timecode.fields.Lock = "Yes"
  STUB.run(0.6)
  eq(only(STUB.take(), "desk.busy").busy, "locked")
  eq(only(batch(A, hooked.hash, { add(5) }), "batch.error").code, "locked")
  STUB.timecode.fields.Lock = "No"
  STUB.run(0.6)
  eq(only(STUB.take(), "desk.busy").busy, "")
  local list = {}
  for n = 1, 20 do
    STUB.timecode.fields.Cursor = tostring(n)
    STUB.run(0.05)
  end
  eq(only(STUB.take(), "desk.busy").busy, "playing")
  STUB.timecode.fields.Cursor = "99"
  list = batch(A, hooked.hash, { add(5) })
  eq(named(list, "batch.error")[1].code, "busy")
  eq(#STUB.sub(1).children, 0)
end

function S.one_client_writes_and_another_takes_over_on_a_word()
  start()
  hello(A, "first")
  hello(B, "second")
  local hooked = hook(A)
  hook(B)
  local one = only(batch(A, hooked.hash, { add(5) }), "batch.ack")
  STUB.take()
  local list = batch(B, one.hash, { add(6) })
  local refused = only(list, "batch.error")
  eq(refused.code, "not_writer")
  eq(refused.writer, "first")
  local taken = only(batch(B, one.hash, { add(6) }, { take = true }), "batch.ack")
  eq(taken.ok, true)
end

function S.the_other_client_is_told_what_one_wrote()
  start()
  hello(A, "first")
  hello(B, "second")
  local hooked = hook(A)
  hook(B)
  STUB.ask(A, { f = "Batch", tc = 101, tg = 1, track = 1, base = hooked.hash, label = "", ops = T.list({ add(5) }) })
  STUB.run(0.25)
  local list = STUB.take()
  eq(only(list, "batch.ack").to, A)
  local notice = only(list, "track.changed")
  eq(notice.to, B)
  eq(notice.added[1].ticks, "5")
end

function S.a_lease_that_runs_out_unhooks()
  start()
  hello(A)
  hook(A)
  STUB.run(11)
  eq(only(STUB.take(), "connection.bye").reason, "lease")
  eq(next(STUB.hooks), nil, "hooks left")
  eq(only(ask(A, { f = "Ping" }), "request.error").code, "no_client")
end

function S.a_long_track_arrives_whole_in_small_datagrams_and_parts_come_again()
  start()
  hello(A)
  local parent = STUB.sub(1)
  for n = 1, 3000 do
    STUB.make("CmdEvent", { Name = "e" .. n, Note = "", Token = "Go+", RawTime = n * 1000, RealtimeCmd = "" }, parent)
  end
  STUB.cost = 0.000002
  STUB.ask(A, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = 1 })
  STUB.run(4)
  local parts, raw = 0, STUB.sent
  parts = #raw
  local hooked = only(STUB.take(), "subtrack.hooked")
  eq(#hooked.events, 3000)
  eq(hooked.events[2999].name, "e2999")
  eq(hooked.parts, parts)
  local list = ask(A, { f = "GetParts", of = hooked.seq, missing = T.list({ 2, 5 }) })
  eq(#list, 0)
  STUB.ask(A, { f = "GetParts", of = hooked.seq, missing = T.list({ 2, 5 }) })
  STUB.run(0.2)
  eq(#STUB.sent, 2)
  STUB.sent = {}
  -- A change of many goes whole, a change of one as one datagram.
  parent.children[10].handle:Set("Name", "changed")
  STUB.run(0.3)
  STUB.run(1)
  local notice = named(STUB.take(), "track.changed")[1]
  eq(notice.changed[1].name, "changed")
  eq(notice.parts, nil)
end

function S.work_comes_in_short_slices()
  start()
  hello(A)
  local parent = STUB.sub(1)
  for n = 1, 2000 do
    STUB.make("CmdEvent", { Name = "e", Note = "", Token = "Go+", RawTime = n * 1000, RealtimeCmd = "" }, parent)
  end
  STUB.cost = 0.00001
  local worst, resume = 0, coroutine.resume
  coroutine.resume = function(co, ...)
    local before = STUB.now
    local ok, wait = resume(co, ...)
    worst = math.max(worst, STUB.now - before)
    return ok, wait
  end
  STUB.ask(A, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = 1 })
  STUB.run(5)
  coroutine.resume = resume
  eq(#only(STUB.take(), "subtrack.hooked").events, 2000)
  assert(worst < 0.006, "a slice of " .. worst)
end

function S.a_batch_in_many_parts_is_committed_once()
  start()
  hello(A)
  local hooked = hook(A)
  local ops = T.list()
  for n = 1, 500 do
    ops[n] = add(n * 100, { name = "n" .. n })
  end
  local fields = { f = "Batch", tc = 101, tg = 1, track = 1, base = hooked.hash, label = "big", ops = ops }
  local text = T.encode(fields)
  local parts = (#text + 599) // 600
  STUB.undos = 0
  for part = parts, 1, -1 do
    local piece = T.base64(string.format("%s %d %d %d %s", A, 900, part, parts, text:sub((part - 1) * 600 + 1, part * 600)))
    TL.R(piece)
    TL.R(piece)
  end
  STUB.run(3)
  local list = STUB.take()
  local answer = only(list, "batch.ack")
  eq(answer.ok, true)
  eq(#answer.results, 500)
  eq(STUB.undos, 1)
  eq(#STUB.sub(1).children, 500)
  local some = named(list, "request.part")
  assert(#some >= 1 and #some < 10, #some .. " request.part")
end

function S.edits_by_hand_while_a_batch_is_written_are_kept_and_told()
  local done, refused = 0, 0
  for seed = 1, 12 do
    start()
    hello(A)
    hello(B, "second")
    for n = 1, 40 do
      STUB.event(1, n * SECOND, { Name = "e" .. n })
    end
    local hooked = hook(A)
    hook(B)
    local sub = STUB.sub(1)
    local mine = {}
    for at, event in ipairs(sub.children) do
      mine[at] = event.handle
    end
    local ops = T.list()
    for n = 1, 12 do
      ops[#ops + 1] = { o = "set", idx = n, name = "set" .. n, ticks = tostring(n * SECOND + 500) }
      ops[#ops + 1] = { o = "del", idx = 12 + n }
      ops[#ops + 1] = add((100 + n) * SECOND, { name = "add" .. n })
    end
    STUB.cost = 0.0002
    STUB.ask(A, { f = "Batch", tc = 101, tg = 1, track = 1, base = hooked.hash, label = "", ops = ops })
    local list = {}
    local function collect(seconds)
      STUB.run(seconds)
      for _, message in ipairs(STUB.take()) do
        list[#list + 1] = message
      end
    end
    collect(0.01 * seed)
    mine[30]:Set("Name", "by hand")
    collect(0.007 * seed)
    STUB.event(1, 200 * SECOND, { Name = "new by hand" })
    collect(0.003 * seed)
    sub.handle:Delete(STUB.place(STUB.object(mine[35])))
    STUB.cost = 0
    collect(3)
    local names = {}
    for _, event in ipairs(sub.children) do
      names[event.fields.Name] = (names[event.fields.Name] or 0) + 1
    end
    eq(names["by hand"], 1, "seed " .. seed)
    eq(names["new by hand"], 1, "seed " .. seed)
    eq(names["e35"], nil, "seed " .. seed)
    local ack_ = named(list, "batch.ack")[1]
    if ack_ then
      eq(ack_.ok, true, "seed " .. seed)
      done = done + 1
      eq(#sub.children, 40 - 12 + 12 + 1 - 1, "seed " .. seed)
      eq(names["add12"], 1)
      eq(names["set12"], 1)
      eq(names["e24"], nil)
    else
      eq(only(list, "batch.error").code, "stale", "seed " .. seed)
      refused = refused + 1
      eq(#sub.children, 40, "seed " .. seed)
    end
    -- Both clients are told what stands in the end, the writer too.
    local last = {}
    for _, message in ipairs(list) do
      if message.rev and (not last[message.to] or message.rev >= last[message.to].rev) then
        last[message.to] = message
      end
    end
    local now = hook(A)
    eq(last[A].hash, now.hash, "seed " .. seed)
    eq(last[B].hash, now.hash, "seed " .. seed)
    STUB.show()
  end
  assert(done > 2 and refused > 2, done .. " done, " .. refused .. " refused")
end

function S.a_batch_a_reload_comes_upon_is_whole()
  local halves = 0
  for seed = 1, 10 do
    start()
    hello(A)
    for n = 1, 20 do
      STUB.event(1, n * SECOND, { Name = "e" .. n })
    end
    local hooked = hook(A)
    local ops = T.list()
    for n = 1, 20 do
      ops[#ops + 1] = { o = "set", idx = n, name = "s" .. n }
      ops[#ops + 1] = add((50 + n) * SECOND)
    end
    STUB.cost = 0.0002
    STUB.ask(A, { f = "Batch", tc = 101, tg = 1, track = 1, base = hooked.hash, label = "", ops = ops })
    STUB.run(0.03 * seed)
    local count = #STUB.sub(1).children
    if count > 20 and count < 40 then
      halves = halves + 1
    end
    STUB.cost = 0
    STUB.load(FILES)
    T = TracklightDesk
    STUB.run(2)
    count = #STUB.sub(1).children
    local set = STUB.sub(1).children[1].fields.Name
    assert((count == 20 and set == "e1") or (count == 40 and set == "s1"), seed .. ": " .. count .. " " .. set)
    STUB.take()
    STUB.show()
  end
  assert(halves > 0, "no reload came upon a batch")
end

function S.tracks_are_counted_by_class_and_followed_when_they_move()
  start()
  hello(A)
  STUB.event(2, 77)
  local hooked = hook(A, 2)
  eq(hooked.events[1].ticks, "77")
  -- A third track made in front of it.
  local group = STUB.group
  local fresh = STUB.make("Track", { Name = "Marker", Note = "", Guid = "G3" }, group)
  table.remove(group.children)
  table.insert(group.children, 2, fresh)
  fresh.handle:Set("Name", "Marker")
  STUB.run(1.5)
  local moved = only(STUB.take(), "track.moved")
  eq(moved.was.track, 2)
  eq(moved.track, 3)
  local list = ask(A, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = 2, guid = "GUID-2" })
  local refused = only(list, "subtrack.error")
  eq(refused.code, "guid")
  eq(refused.found.track, 3)
  STUB.group.handle:Delete(4)
  STUB.run(0.5)
  eq(only(STUB.take(), "subtrack.gone").reason, "deleted")
end

function S.another_show_is_another_epoch_and_nothing_old_is_used()
  start()
  local first = hello(A)
  hook(A)
  local before = STUB.timecode
  STUB.show()
  before.alive = false
  STUB.run(1.2)
  local told = only(STUB.take(), "connection.hello")
  assert(told.epoch ~= first.epoch and told.show ~= first.show)
  eq(told.req, nil)
  eq(only(ask(A, { f = "Ping" }), "request.error").code, "no_client")
  hello(A)
  eq(hook(A).resync, false)
end

function S.a_reload_keeps_lineage_and_tells_a_new_epoch()
  start()
  local first = hello(A)
  STUB.event(1, 5)
  local hooked = hook(A)
  STUB.event(1, 6)
  STUB.run(0.5)
  STUB.take()
  -- A change in the moment of the reload has no entry of its own yet.
  STUB.event(1, 7)
  STUB.load(FILES)
  T = TracklightDesk
  STUB.run(1)
  local told = only(STUB.take(), "connection.hello")
  assert(told.epoch ~= first.epoch)
  eq(told.show, first.show)
  hello(A)
  local again = hook(A)
  eq(again.resync, false)
  eq(again.dirty, true)
  eq(#again.lineage, 3)
  eq(again.lineage[1].hash, hooked.hash)
  eq(again.lineage[3].hash, again.hash)
  eq(hook(A).dirty, false)
end

function S.a_change_no_hook_told_of_is_found()
  start()
  hello(A)
  STUB.event(1, 5)
  hook(A)
  for n = 1, 4 do
    STUB.ask(A, { f = "Ping" })
    STUB.run(2)
  end
  STUB.take()
  STUB.sub(1).children[1].fields.Name = "silent"
  for n = 1, 4 do
    STUB.ask(A, { f = "Ping" })
    STUB.run(2)
  end
  local notice = named(STUB.take(), "track.changed")[1]
  eq(notice.changed[1].name, "silent")
end

function S.tracks_cues_and_targets_are_made_once_in_one_undo()
  start()
  hello(A)
  STUB.undos = 0
  local list = ask(A, { f = "CreateTrack", tc = 102, tg = 1, name = "a|'\"%$,", sequence = 5, note = "tl:7" }, 1)
  local made = only(list, "track.created")
  eq(made.created, true)
  eq(STUB.undos, 1)
  eq(made.target, 5)
  eq(made.name, "a|'\"%$,")
  local again = only(ask(A, { f = "CreateTrack", tc = 102, tg = 1, name = "a", sequence = 5, note = "tl:7" }, 1), "track.created")
  eq(again.created, false)
  eq(again.track, made.track)
  eq(only(ask(A, { f = "CreateTrack", tc = 102, tg = 1, name = "a", sequence = 6 }, 1), "track.error").code, "no_sequence")
  local cues = only(ask(A, { f = "CreateCues", sequence = 5, cues = T.list({ { cue = "3.5", name = "x" }, { cue = "7.25", name = "new" } }) }, 1), "cues.created")
  eq(cues.count, 1)
  eq(cues.items[1].cue, "7.25")
  local all = only(ask(A, { f = "GetSequences", sequence = 5 }), "list.cues")
  eq(#all.items, 4)
  eq(all.items[3].name, "cue", "an existing cue was touched")
end

function S.lists_say_what_is_there()
  start()
  hello(A)
  eq(only(ask(A, { f = "GetTimecodes" }), "list.timecodes").items[1].tc, 101)
  eq(only(ask(A, { f = "GetTrackGroups", tc = 101 }), "list.trackgroups").items[1].tracks, 2)
  local tracks = only(ask(A, { f = "GetTracks", tc = 101, tg = 1 }), "list.tracks").items
  eq(#tracks, 2)
  eq(tracks[2].target, 5)
  eq(tracks[2].ranges[1].subs, 1)
  eq(only(ask(A, { f = "GetSequences" }), "list.sequences").items[1].sequence, 5)
  eq(only(ask(A, { f = "GetTracks", tc = 101, tg = 4 }), "list.error").code, "missing")
  eq(only(ask(A, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = 9 }), "subtrack.error").code, "no_track")
  eq(only(ask(A, { f = "HookCmdSubTrack", tc = 101, tg = 1, track = "x" }), "subtrack.error").code, "bad_request")
  eq(only(ask(A, { f = "Nonsense" }), "request.error").code, "bad_request")
end

function S.the_desk_without_fast_timers_uses_one_worker()
  STUB.whole_seconds = true
  start()
  STUB.run(5)
  local caps = hello(A).caps
  eq(caps.timer, "no")
  hook(A)
  STUB.event(1, 5)
  STUB.run(0.3)
  eq(#named(STUB.take(), "track.changed"), 1)
  assert(#STUB.timers <= 2, #STUB.timers .. " timers")
end

function S.an_error_inside_is_answered_and_kills_nothing()
  start()
  hello(A)
  hook(A)
  local get = T.read_event
  T.read_event = function()
    error("boom")
  end
  STUB.event(1, 5)
  local list = ask(A, { f = "GetEvents", tc = 101, tg = 1, track = 1 })
  eq(only(list, "subtrack.error").code, "internal")
  T.read_event = get
  STUB.event(1, 6)
  STUB.run(0.4)
  local notice = named(STUB.take(), "track.changed")[1]
  eq(notice.changes.added_count, 2)
end

function S.noise_is_ignored()
  start()
  hello(A)
  local state = 12345
  local function random(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state % n
  end
  for _ = 1, 3000 do
    local bytes = {}
    for at = 1, random(60) do
      bytes[at] = string.char(random(256))
    end
    local text = table.concat(bytes)
    TL.R(text)
    TL.R(T.base64(text))
    TL.R(T.base64(A .. " " .. random(99999) + 5000 .. " " .. random(4) .. " " .. random(4) .. " " .. text))
    TL.R(T.base64(A .. " 1 1 1 {\"f\":\"Batch\"," .. text))
  end
  TL.R(nil)
  TL.R({})
  STUB.run(1)
  STUB.take()
  STUB.ask(A, { f = "Ping", t = "9" }, 200000)
  STUB.run(0.2)
  eq(only(STUB.take(), "connection.ping").t, "9")
end

function S.other_plug_ins_keep_their_names()
  TL = { theirs = 1 }
  EZ = { theirs = 2 }
  start()
  eq(TL.theirs, 1)
  eq(type(TL.R), "function")
  eq(EZ.theirs, 2)
  eq(EZ.R, nil)
end

function S.calls_by_hand_print_or_act_for_the_last_client()
  start()
  TL.GetTimecodes()
  STUB.run(0.2)
  local text = table.concat(STUB.printed, "\n")
  assert(text:find("list.timecodes", 1, true) and text:find("Intro", 1, true), text)
  TL.SetTarget("10.0.0.9", 9001, "tok")
  STUB.run(0.2)
  eq(STUB.sent[1].ip, "10.0.0.9")
  eq(only(STUB.take(), "connection.hello").token, "tok")
  TL.HookCmdSubTrack(101, 1, 1)
  STUB.run(0.2)
  eq(only(STUB.take(), "subtrack.hooked").event_count, 0)
  TL.HookCmdSubTrack()
  TL.UnhookTrack(101, 1, 1)
  TL.UnhookAll()
  TL.Status()
  STUB.run(0.2)
end

return S
