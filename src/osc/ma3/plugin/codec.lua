-- Bytes and text: base64, FNV-1a 64, JSON both ways, OSC strings, cue numbers. Pure; touches nothing of the desk.
local T = TracklightDesk

-- FNV-1a with 64 bits. Integer arithmetic wraps in Lua 5.4 and 5.5 alike.
local PRIME = 0x100000001b3
T.FNV_START = math.tointeger(0xcbf29ce484222325)

function T.fnv(text, hash)
  hash = hash or T.FNV_START
  local byte = string.byte
  for at = 1, #text, 8 do
    local a, b, c, d, e, f, g, h = byte(text, at, at + 7)
    hash = (hash ~ a) * PRIME
    if h then
      hash = (hash ~ b) * PRIME
      hash = (hash ~ c) * PRIME
      hash = (hash ~ d) * PRIME
      hash = (hash ~ e) * PRIME
      hash = (hash ~ f) * PRIME
      hash = (hash ~ g) * PRIME
      hash = (hash ~ h) * PRIME
    elseif b then
      for rest = at + 1, #text do
        hash = (hash ~ byte(text, rest)) * PRIME
      end
    end
  end
  return hash
end

function T.hex64(number)
  return string.format("%016x", number)
end

-- Base64, standard alphabet, padded.
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local VALUE, DIGIT = {}, {}
for at = 1, 64 do
  VALUE[ALPHABET:byte(at)] = at - 1
  DIGIT[at - 1] = ALPHABET:sub(at, at)
end

-- Nil where the text is no base64.
function T.unbase64(text)
  if type(text) ~= "string" or #text % 4 ~= 0 or text:find("[^A-Za-z0-9+/=]") then
    return nil
  end
  local pad = #text:match("=*$")
  if pad > 2 or text:sub(1, #text - pad):find("=", 1, true) then
    return nil
  end
  local out = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    local bits = (VALUE[a] or 0) << 18 | (VALUE[b] or 0) << 12 | (VALUE[c] or 0) << 6 | (VALUE[d] or 0)
    out[#out + 1] = string.char(bits >> 16 & 255, bits >> 8 & 255, bits & 255)
  end
  local bytes = table.concat(out)
  return bytes:sub(1, #bytes - pad)
end

function T.base64(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    out[#out + 1] = DIGIT[bits >> 18] .. DIGIT[bits >> 12 & 63] .. (b and DIGIT[bits >> 6 & 63] or "=") .. (c and DIGIT[bits & 63] or "=")
  end
  return table.concat(out)
end

-- JSON. A table is an object unless `T.list` said that it is an array, so an empty list stays a list.
local List = { __name = "list" }
function T.list(items)
  return setmetatable(items or {}, List)
end

function T.is_list(value)
  return getmetatable(value) == List
end

-- Text that is JSON already.
local Raw = { __name = "raw" }
function T.raw(text)
  return setmetatable({ text }, Raw)
end

local ESCAPE = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 31 do
  local char = string.char(code)
  ESCAPE[char] = ESCAPE[char] or string.format("\\u%04x", code)
end
ESCAPE["\127"] = "\\u007f"

-- Bytes that are no UTF-8 become U+FFFD, or no reader would take the datagram.
local function valid(text)
  if utf8.len(text) then
    return text
  end
  local out, at = {}, 1
  while at <= #text do
    local good, bad = utf8.len(text, at)
    if good then
      out[#out + 1] = text:sub(at)
      break
    end
    out[#out + 1] = text:sub(at, bad - 1) .. "\u{fffd}"
    at = bad + 1
  end
  return table.concat(out)
end
T.valid_utf8 = valid

function T.quote(text)
  return '"' .. valid(text):gsub('[%c"\\\127]', ESCAPE) .. '"'
end

local function number(value)
  if math.type(value) == "integer" then
    return string.format("%d", value)
  end
  if value ~= value or value == math.huge or value == -math.huge then
    return "null"
  end
  local whole = math.tointeger(value)
  return whole and string.format("%d", whole) or string.format("%.9g", value)
end

function T.encode(value)
  local kind = type(value)
  if kind == "string" then
    return T.quote(value)
  elseif kind == "number" then
    return number(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind ~= "table" then
    return "null"
  end
  if getmetatable(value) == Raw then
    return value[1]
  end
  local out = {}
  if getmetatable(value) == List then
    for at = 1, #value do
      out[at] = T.encode(value[at])
    end
    return "[" .. table.concat(out, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for at, key in ipairs(keys) do
    out[at] = T.quote(tostring(key)) .. ":" .. T.encode(value[key])
  end
  return "{" .. table.concat(out, ",") .. "}"
end

-- Our own decoder: stops at 32 levels and takes its turns, so that a request of 5000 operations freezes nothing.
local UNESCAPE = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function bad(at, what)
  error("JSON: " .. what .. " at byte " .. at, 0)
end

local function read_string(text, at)
  local out = {}
  while true do
    local stop = text:find('["\\]', at)
    if not stop then
      bad(at, "a string without an end")
    end
    out[#out + 1] = text:sub(at, stop - 1)
    if text:byte(stop) == 34 then
      return table.concat(out), stop + 1
    end
    local letter = text:sub(stop + 1, stop + 1)
    if letter == "u" then
      local code = tonumber(text:match("^%x%x%x%x", stop + 2) or bad(stop, "a wrong \\u"), 16)
      at = stop + 6
      if code >= 0xd800 and code < 0xdc00 then
        local low = text:match("^\\u([dD][c-fC-F]%x%x)", at)
        code = low and 0x10000 + ((code - 0xd800) << 10) + (tonumber(low, 16) - 0xdc00) or 0xfffd
        at = low and at + 6 or at
      elseif code >= 0xdc00 and code < 0xe000 then
        code = 0xfffd
      end
      out[#out + 1] = utf8.char(code)
    else
      out[#out + 1] = UNESCAPE[letter] or bad(stop, "a wrong escape")
      at = stop + 2
    end
  end
end

local read_value

local function read_items(text, at, depth, close, take)
  at = text:find("[^ \n\r\t]", at) or bad(at, "no end")
  if text:sub(at, at) == close then
    return at + 1
  end
  while true do
    at = take(at)
    at = text:find("[^ \n\r\t]", at) or bad(at, "no end")
    local mark = text:sub(at, at)
    if mark == close then
      return at + 1
    elseif mark ~= "," then
      bad(at, "neither a comma nor an end")
    end
    at = at + 1
    T.breathe()
  end
end

local LITERAL = { t = { "true", true }, f = { "false", false }, n = { "null", nil } }

function read_value(text, at, depth)
  if depth > 32 then
    bad(at, "too deep")
  end
  at = text:find("[^ \n\r\t]", at) or bad(at, "nothing")
  local mark = text:sub(at, at)
  if mark == '"' then
    return read_string(text, at + 1)
  elseif mark == "{" then
    local object = {}
    return object, read_items(text, at + 1, depth, "}", function(from)
      from = text:find("[^ \n\r\t]", from)
      if not from or text:byte(from) ~= 34 then
        bad(at, "a field without a name")
      end
      local key, after = read_string(text, from + 1)
      after = text:match("^[ \n\r\t]*:()", after) or bad(after, "no colon")
      local value
      value, after = read_value(text, after, depth + 1)
      object[key] = value
      return after
    end)
  elseif mark == "[" then
    local list, count = T.list(), 0
    return list, read_items(text, at + 1, depth, "]", function(from)
      local value, after = read_value(text, from, depth + 1)
      if value ~= nil then
        count = count + 1
        list[count] = value
      end
      return after
    end)
  elseif LITERAL[mark] then
    local word = LITERAL[mark]
    if text:sub(at, at + #word[1] - 1) ~= word[1] then
      bad(at, "no value")
    end
    return word[2], at + #word[1]
  end
  local digits = text:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local value = digits and tonumber(digits)
  if not value then
    bad(at, "no value")
  end
  return value, at + #digits
end

function T.own_decode(text)
  local value, at = read_value(text, 1, 1)
  if text:find("[^ \n\r\t]", at) then
    bad(at, "more than one value")
  end
  return value
end

-- The desk's module for short text; ours where there is none, and for long text because it takes its turns.
function T.decode(text)
  if T.json and #text < 4096 then
    local ok, value = pcall(T.json.decode, text)
    if ok and type(value) == "table" then
      return value
    end
  end
  return T.own_decode(text)
end

-- One OSC message with one string.
local function padded(text)
  return text .. string.rep("\0", 4 - #text % 4)
end

function T.osc(address, text)
  return padded(address) .. ",s\0\0" .. padded(text)
end

-- The string of an OSC message to that address, or nil.
function T.unosc(bytes, address)
  local head = padded(address) .. ",s\0\0"
  if bytes:sub(1, #head) ~= head then
    return nil
  end
  local stop = bytes:find("\0", #head + 1, true)
  return stop and bytes:sub(#head + 1, stop - 1) or nil
end

-- A cue number as thousandths, from "3", "3.5" or 3.5. Nil where it is none between 0.001 and 9999.999.
function T.cue_thousandths(value)
  local whole, part = tostring(value):match("^%s*(%d+)%.?(%d*)%s*$")
  if not whole or #whole > 4 then
    return nil
  end
  if #part > 3 then
    if part:sub(4):find("[^0]") then
      return nil
    end
    part = part:sub(1, 3)
  end
  local number_ = tonumber(whole) * 1000 + tonumber((part .. "000"):sub(1, 3))
  return number_ >= 1 and math.tointeger(number_) or nil
end

-- The other way: no trailing zeros.
function T.cue_text(thousandths)
  local whole, part = thousandths // 1000, thousandths % 1000
  if part == 0 then
    return string.format("%d", whole)
  end
  return (string.format("%d.%03d", whole, part):gsub("0+$", ""))
end

T.loaded[#T.loaded + 1] = "codec"
