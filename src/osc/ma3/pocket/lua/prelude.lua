-- What of the desk's environment is written in Lua: require, protected calls that give text, and a look at globals
-- that nobody defined.
local modules, looked_for, seed = ...

-- The same seed gives the same numbers and the same addresses: real ones would change from run to run.
math.randomseed(seed)
local addresses, address = setmetatable({}, { __mode = "k" }), seed & 0xfffffffff0
local raw_tostring = tostring
function tostring(...)
	local value = ...
	local kind = type(value)
	local meta = (kind == "table" or kind == "function" or kind == "thread") and (getmetatable(value) or {})
	if not meta or type(meta) == "table" and (meta.__tostring or meta.__name) then
		return raw_tostring(...)
	end
	if addresses[value] == nil then
		address = address + 0x40
		addresses[value] = string.format("%s: 0x%014x", kind, address)
	end
	return addresses[value]
end

for _, name in ipairs { "lfs", "ftp" } do
	modules[name] = setmetatable({}, {
		__index = function(_, key)
			error(name .. "." .. tostring(key) .. ": the pocket desk has no files", 2)
		end,
	})
end

-- No way to a real file.
dofile, loadfile = nil, nil

package = { loaded = {} }
function require(name)
	local found = modules[name] or package.loaded[name]
	if found == nil then
		error("module '" .. tostring(name) .. "' not found: the desk has json, socket.core, lfs and ftp", 2)
	end
	package.loaded[name] = found
	return found
end

-- The console's Lua is built without what Lua 5.1 left behind.
for _, name in ipairs { "cosh", "sinh", "tanh", "pow", "frexp", "ldexp", "log10" } do
	math[name] = nil
end

-- On the desk every error is text. Errors of the pocket desk's own functions come as objects here.
local function in_words(message)
	if type(message) == "userdata" then
		message = tostring(message):gsub("\nstack traceback.*", ""):gsub("^runtime error: ", "")
	end
	if type(message) == "string" then
		for _, kind in ipairs { "global", "method" } do
			message = message:gsub("attempt to call a nil value %(" .. kind .. " '([^']+)'%)",
				'the pocket desk knows no API "%1": section A does not list it')
		end
	end
	return message
end

local raw_pcall, raw_xpcall = pcall, xpcall
local function outcome(ok, ...)
	if ok then return true, ... end
	return false, in_words((...))
end
function pcall(...)
	return outcome(raw_pcall(...))
end
function xpcall(fn, handler, ...)
	return raw_xpcall(fn, function(message) return handler(in_words(message)) end, ...)
end
local raw_resume = coroutine.resume
coroutine.resume = function(...)
	return outcome(raw_resume(...))
end

debug = { traceback = function(message) return message == nil and "stack traceback:" or message end }

setmetatable(_G, {
	__index = function(_, name)
		looked_for(name)
		return nil
	end,
})
