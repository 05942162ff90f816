-- Work in short slices. Tasks are coroutines of ours; the desk drives them either by timers (where a probe showed that
-- delays below a second work) or by one worker that loops on coroutine.yield, started by Timer(fn, 0, 1).
local T = TracklightDesk

local S = {
  mode = "worker", -- or "timer"
  tasks = {},
  generation = 0,
  alive = false, -- a worker runs, or a timer is armed
  beat = 0, -- when the last pump ended
  due = 0, -- when the next was promised
  running = false,
  current = nil,
}
T.S = S

-- Start a task. `failed(thrown)` hears of an error; without it the error is logged.
function S.spawn(work, failed)
  local task = { co = coroutine.create(work), at = 0, failed = failed }
  S.tasks[#S.tasks + 1] = task
  return task
end

-- Inside a task: come back after so many seconds.
function S.sleep(seconds)
  if S.current and not S.hurry then
    coroutine.yield(seconds)
  end
end

-- Inside a task: let the desk work if this slice is used up. True where it did, and anything may have changed.
-- Outside a task (a call by hand) there is nobody to give way to.
local count = 0
function T.breathe()
  count = count + 1
  if count % 8 ~= 0 then
    return false
  end
  local task = S.current
  if not task or S.hurry or coroutine.running() ~= task.co or T.now() - task.began < T.SLICE then
    return false
  end
  coroutine.yield(0)
  return true
end

-- Inside a task: wait until the condition holds; false after `limit` seconds.
function S.wait(condition, limit)
  local stop = T.now() + limit
  while not condition() do
    if not S.current or T.now() >= stop then
      return false
    end
    coroutine.yield(0.01)
  end
  return true
end

local function step(task, now)
  task.began = now
  S.current = task
  local ok, wait = coroutine.resume(task.co)
  S.current = nil
  if coroutine.status(task.co) == "dead" then
    task.dead = true
    if not ok then
      if task.failed then
        local fine, why = pcall(task.failed, wait)
        if not fine then
          T.log("error while answering an error: " .. tostring(why))
        end
      else
        T.refusal(wait)
      end
    end
    return
  end
  task.at = T.now() + (type(wait) == "number" and wait or 0)
end

-- Does what is due, for about one slice. Returns the seconds until there is more, or nil where nothing is left to do.
function S.pump()
  if S.running then
    return 0.02
  end
  S.running = true
  local began = T.now()
  local ok, why = pcall(T.rounds, began)
  if not ok then
    T.refusal(why)
  end
  local tasks = S.tasks
  local number, turns = #tasks, 0
  for _ = 1, number do
    local task = tasks[1]
    table.remove(tasks, 1)
    if task.at <= T.now() then
      step(task, T.now())
      turns = turns + 1
    end
    if not task.dead then
      tasks[#tasks + 1] = task
    end
    if turns > 0 and T.now() - began >= T.SLICE then
      break
    end
  end
  local now = T.now()
  local good, next_at = pcall(T.next_round, now)
  next_at = good and next_at or nil
  for _, task in ipairs(tasks) do
    next_at = math.min(next_at or task.at, task.at)
  end
  S.running = false
  S.beat = now
  return next_at and math.max(0, next_at - now)
end

local function worker(generation)
  while generation == S.generation and S.mode == "worker" do
    local wait = S.pump()
    if generation ~= S.generation then
      if wait and S.mode == "timer" then
        S.kick(wait)
      end
      return
    end
    if not wait then
      S.alive = false
      return
    end
    S.due = T.now() + 0.02
    coroutine.yield(wait < 0.02 and math.max(wait, 0.004) or 0.02)
  end
end

local arm

local function tick(generation)
  if generation ~= S.generation then
    return
  end
  S.alive = false
  local wait = S.pump()
  if wait then
    arm(wait)
  end
end

-- Promise a pump `wait` seconds from now. An earlier promise stands; a later one is replaced.
function arm(wait)
  wait = math.min(math.max(wait, 0.004), 1)
  local at = T.now() + wait
  if S.alive and S.due <= at + 0.002 and S.due >= T.now() - 1 then
    return
  end
  S.generation = S.generation + 1
  local generation = S.generation
  S.alive, S.due = true, at
  S.held = function()
    tick(generation)
  end
  Timer(S.held, wait, 1)
end

-- Make sure that somebody pumps. Called by everything that makes work: a request, a hook's callback.
function S.kick(wait)
  if S.running then
    return
  end
  local now = T.now()
  if S.mode == "timer" then
    if S.alive and now > S.due + 1.5 then
      -- A promised timer never came. The slow way is the sure one.
      S.mode, S.alive = "worker", false
      T.problem("the desk's timer did not fire; using the worker loop")
    else
      return arm(wait or 0)
    end
  end
  if S.alive and now <= S.due + 1.5 then
    return
  end
  S.generation = S.generation + 1
  local generation = S.generation
  S.alive, S.due = true, now
  S.held = function()
    worker(generation)
  end
  Timer(S.held, 0, 1)
end

-- Change to timers once they are known to work.
function S.use_timers()
  if S.mode ~= "timer" then
    S.mode, S.alive = "timer", false
    S.generation = S.generation + 1
  end
end

-- Whatever runs ends by itself when it next wakes. A batch that is half written is brought to its end first, without
-- giving a turn: nobody would ever write its other half.
function S.stop()
  S.hurry = true
  for _, task in ipairs(S.tasks) do
    if task.writes and not S.running then
      task.failed = nil
      for _ = 1, 3 do
        if not task.dead then
          step(task, T.now())
        end
      end
    end
  end
  S.generation = S.generation + 1
  S.alive = false
  S.tasks = {}
end

T.loaded[#T.loaded + 1] = "schedule"
