-- The last component: checks that all the others came, begins an epoch, tells those who listened before.
local T = TracklightDesk

local COMPONENTS = {
  "core", "codec", "schedule", "tree", "memory", "wire", "intake", "match", "watch", "rounds", "fields", "batch", "build", "probe",
  "calls", "public",
}

-- Ends this copy: another takes its place, or the plug-in goes.
function T.retire(reason)
  T.ready = false
  if reason ~= "reload" then
    T.W.farewell(reason)
  end
  T.S.stop()
  for _, unit in pairs(T.U.units) do
    pcall(Unhook, unit.hook)
  end
  for _, entry in pairs(T.U.structure) do
    pcall(Unhook, entry.hook)
  end
  T.U.units, T.U.structure = {}, {}
  T.W.close()
end

local complete = true
for at, name in ipairs(COMPONENTS) do
  if T.loaded[at] ~= name then
    complete = false
    T.say("component " .. name .. " is missing; copy the whole folder and import the plug-in again")
    break
  end
end

if complete then
  local ok, why = pcall(function()
    for id, target in pairs(T.M.targets()) do
      T.targets[id] = T.targets[id] or target
    end
    T.new_epoch()
    T.P.timer()
    T.ready = true
    T.S.kick(0)
  end)
  if ok then
    T.say("desk plug-in " .. T.VERSION .. " is ready")
  else
    T.say("desk plug-in could not start: " .. tostring(why))
  end
end

-- A press on the plug-in shows how things stand.
local function Main()
  if T.ready then
    T.Door.Status()
  end
end

-- Called when the plug-in is taken away; also after Main, where nothing is to be done.
local function Cleanup()
  if T.ready and not T.valid(T.plugin) then
    T.retire("unloaded")
  end
end

return Main, Cleanup
