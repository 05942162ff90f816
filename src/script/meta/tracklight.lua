---@meta tracklight
-- Generated from the declarations in src/script/api; do not edit.

---@class clock_
local clock_ = {}

---@class engine_
local engine_ = {}

---@class module_
local module_ = {}

---@class sample_
local sample_ = {}

---@class pattern_
local pattern_ = {}

---@class chain_
local chain_ = {}

---@class layer_
local layer_ = {}

---@class desk_
local desk_ = {}

---@class macro_
local macro_ = {}

---@class param_
local param_ = {}

---@class live_
local live_ = {}

---@class timer_
local timer_ = {}

---@class registry_
local registry_ = {}

---@class connections_
local connections_ = {}

---@class router_
local router_ = {}

---@class runtime_
local runtime_ = {}

---@class state: table

---@type clock_
clock = {}
---@type engine_
engine = {}
---@type desk_
desk = {}

---Make a sampler, or update it. `samples` is a file, a folder ("drums/"), a glob, or a list of these with `name = path` among them; with `bank`, words of that bank instead ("bd:3"), or all of it when no samples are given. Every parameter may be given by name.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param config? table a table
---@return module_
function sampler(name, config) end

---Give a folder (or a glob) a name to pick samples from: "bd" is its first file of that base name (numbers at the end do not count), "bd:3" its third, "rim.wav" the file of that name. `false` takes the bank away; samplers keep their files.
---@param name string text
---@param folder any anything
function bank(name, folder) end

---Make a sequencer, or update it. `pattern` or `chain` says what it plays (a new one is made when there is none), `to` the sampler or samplers it plays into; `chain = false` takes the chain away, `play = "pattern"` or `"chain"` chooses between two bound.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param config? table a table
---@return module_
function sequencer(name, config) end

---Make a mixer, or update it: `volume` is its masterVolume.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param config? table a table
---@return module_
function audioMixer(name, config) end

---The master output, or `audioOut("aux3")`; `volume` is its masterVolume.
---@param name? any anything
---@param config? table a table
---@return module_
function audioOut(name, config) end

---The host's input: `audioIn("in")` the main one, `audioIn("sidechain")` the other.
---@param name? any anything
---@param config? table a table
---@return module_
function audioIn(name, config) end

---Take a module, pattern, chain or layer away with its cables and mappings; false when there is none.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@return boolean
function remove(name) end

---Give a module, pattern, chain or layer another name; every link follows.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param to string text
function rename(name, to) end

---Switch a module on (or off with false).
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param on? boolean true or false
function enable(name, on) end

---Set one of its parameters.
---@param param string text
---@param value number|string|boolean a number, a word or true/false
---@return boolean
function module_:setParameter(param, value) end

---Set one of its parameters; gives the module back for the next call.
---@param param string text
---@param value number|string|boolean a number, a word or true/false
---@return module_
function module_:set(param, value) end

---The value of one of its parameters.
---@param param string text
---@return any
function module_:getParameter(param) end

---The same as getParameter.
---@param param string text
---@return any
function module_:get(param) end

---All its parameters by name.
---@return table
function module_:getParameters() end

---Its type, such as MultiSampler.
---@return string
function module_:getName() end

---Its name.
---@return string
function module_:getInstanceName() end

---Switch it on (or off with false).
---@param on? boolean true or false
---@return module_
function module_:enable(on) end

---Connect it to another module.
---@param to string|module_|pattern_|chain_|layer_ a name or its handle
---@param kind? string one of "audio" "event"
---@return module_
function module_:connect(to, kind) end

---Set a value of this sample alone.
---@param param string text
---@param value number|string|boolean a number, a word or true/false
---@return sample_
function sample_:set(param, value) end

---Make a pattern of so many rows, or keep the one there is. With a table: `steps`, `stepsPerBeat`, `cycles`, `columns`, and `rows`, which are then all there are.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param steps? any anything
---@param columns? table a table
---@return pattern_
function pattern(name, steps, columns) end

---Put a row: a table (`index length note chance ratio` and parameter columns), an index, or "-" for a rest.
---@param row integer a whole number from 1 to 256
---@param hit any anything
---@return pattern_
function pattern_:set(row, hit) end

---Empty a row, or all of them.
---@param row? integer a whole number from 1 to 256
---@return pattern_
function pattern_:clear(row) end

---A row as a table, "-" for a rest, nil when it is empty.
---@param row integer a whole number from 1 to 256
---@return table|string|nil
function pattern_:row(row) end

---Set how many rows play; without an argument it gives the number. Rows cut off come back when it grows.
---@param steps? integer a whole number from 1 to 256
---@return pattern_|integer
function pattern_:steps(steps) end

---Set rows per beat (negative plays backwards); without an argument it gives the number.
---@param rate? number a number from -96 to 96 rows per beat, not 0
---@return pattern_|number
function pattern_:stepsPerBeat(rate) end

---What chance and ratio count as a cycle: "pass" counts the host's loops too, "position" only the song position.
---@param cycles string one of "pass" "position"
---@return pattern_
function pattern_:cycles(cycles) end

---Choose the columns shown, in order; index and length are always there.
---@param columns table a table
---@return pattern_
function pattern_:columns(columns) end

---Make a chain, or make it these entries: a pattern's name, or `{ name, times, mute = true }`.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param entries? table a table
---@return chain_
function chain(name, entries) end

---The entries as a list of `{ pattern, times, mute }`.
---@return table
function chain_:entries() end

---Lay a cable: every kind that fits, or "audio" or "event" alone. `{ volume = 0.5 }` sets the connection's volume. The same again changes nothing.
---@param from string|module_|pattern_|chain_|layer_ a name or its handle
---@param to string|module_|pattern_|chain_|layer_ a name or its handle
---@param kind? any anything
---@return boolean
function connect(from, to, kind) end

---Take a cable out; every kind, or one.
---@param from string|module_|pattern_|chain_|layer_ a name or its handle
---@param to string|module_|pattern_|chain_|layer_ a name or its handle
---@param kind? string one of "audio" "event"
---@return boolean
function disconnect(from, to, kind) end

---With two modules: the same as connect. Modulation of parameters comes in a later version.
---@param from string text
---@param to string text
---@param options? table a table
---@return boolean
function route(from, to, options) end

---Set a parameter: `setParam("kick", "volume", 0.7)`, or a whole path and a value. Values out of range are brought into it, and that is told.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param param number|string|boolean a number, a word or true/false
---@param value? number|string|boolean a number, a word or true/false
---@return boolean
function setParam(name, param, value) end

---The value of a parameter; nil for an unset row column.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param param? string text
---@return any
function getParam(name, param) end

---One value by its path: `kick.volume`, `kick.sample[2].speed`, `drums.connectionVolume[1]`, `beat.row[5].chance`.
---@param path string text
---@return param_
function param(path) end

---Set it.
---@param value number|string|boolean a number, a word or true/false
---@return param_
function param_:set(value) end

---Its value.
---@return any
function param_:get() end

---Take it back to its default; a row column is unset.
---@return param_
function param_:unset() end

---One of the 64 host macros.
---@param number integer a whole number from 1 to 64
---@return macro_
function macro(number) end

---Let the macro set a parameter: `min` at 0, `max` at 1, `curve` "lin", "exp" or "log". A second mapping of the parameter replaces the first.
---@param path string text
---@param options? table a table
---@return macro_
function macro_:map(path, options) end

---Take the mapping of a parameter away.
---@param path string text
---@return macro_
function macro_:unmap(path) end

---Its mappings: path to `{ min, max, curve }`.
---@return table
function macro_:get() end

---Use another file wherever this one is asked for.
---@param from string text
---@param to string text
function relink(from, to) end

---Play a sampler: `index` (or a sample's name), `note`, `length` (beats, "1/8"), and every parameter a row may have. In a clock callback it sounds on the callback's beat.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param hit? any anything
function trigger(name, hit) end

---Play this sampler.
---@param hit? any anything
function module_:trigger(hit) end

---The last triggers, newest last: frame, beat, module, sequencer, pattern, row, index, note, params, why (fired, ratio, chance, missing, disabled, rest).
---@param count? integer a whole number from 1 to 256
---@return table
function history(count) end

---Set the tempo of the internal clock, 20 to 480 beats per minute. Where the host's transport leads nothing changes and it gives false.
---@param bpm number a number beats per minute, 20 to 480
---@return boolean
function clock_:setBPM(bpm) end

---The tempo in force, in beats per minute.
---@return number
function clock_:getBPM() end

---Start the internal clock from where it stands. Where the host leads nothing changes and it gives false.
---@return boolean
function clock_:start() end

---The same as `clock:start()`.
---@return boolean
function clock_:play() end

---Stop the internal clock and return to the start.
---@return boolean
function clock_:stop() end

---Stop the internal clock and keep the position.
---@return boolean
function clock_:pause() end

---Stop, return to the start and tell listeners.
---@return boolean
function clock_:reset() end

---Whether the song position moves.
---@return boolean
function clock_:isPlaying() end

---Who leads the position: "host" follows the host's transport where there is one, "internal" plays by itself.
---@param source string one of "host" "internal" "free"
---@return boolean
function clock_:setSource(source) end

---Who leads: "host" or "internal".
---@return string
function clock_:getSource() end

---Time signature of the internal clock.
---@param beats integer a whole number from 1 to 64
---@param unit integer a whole number from 1 to 32
---@return boolean
function clock_:setSignature(beats, unit) end

---Set what the internal clock plays with, also while the host leads: `bpm`, `signature = "7/8"`, `source`.
---@param settings table a table
function clock_:internal(settings) end

---Song position in beats (quarter notes), from 0.
---@return number
function clock_:beat() end

---The bar of the song position, from 1.
---@return integer
function clock_:bar() end

---Move the internal clock to a position, in beats.
---@param beat number a number of beats from the song start
---@return boolean
function clock_:locate(beat) end

---Call a function at every multiple of a length, counted from the song start. It gets the beat, or the bar from 1 when the length is in bars. It runs ahead of the position: what it triggers and sets lands on its beat.
---@param span number|string beats above 0, a part of a whole note ("1/4") or bars ("2 bars")
---@param callback function a function
---@return timer_
function clock_:every(span, callback) end

---Call a function once, when the position reaches a beat.
---@param beat number a number of beats from the song start
---@param callback function a function
---@return timer_
function clock_:at(beat, callback) end

---Call a function once, this much later.
---@param span number|string beats above 0, a part of a whole note ("1/4") or bars ("2 bars")
---@param callback function a function
---@return timer_
function clock_:after(span, callback) end

---Run a function as a coroutine; inside it `clock:sync` and `clock:sleep` wait.
---@param routine function a function
---@return timer_
function clock_:run(routine) end

---Inside `clock:run`: wait for the next multiple of a length, counted from the song start.
---@param span number|string beats above 0, a part of a whole note ("1/4") or bars ("2 bars")
function clock_:sync(span) end

---Inside `clock:run`: wait this many seconds.
---@param seconds number a number from 0 seconds
function clock_:sleep(seconds) end

---Take the callback away; false when it was gone already.
---@return boolean
function timer_:stop() end

---Stop sequencers and live chunks, release what sounds; the transport goes on.
function hush() end

---Cut all sound at once.
function panic() end

---Go back to the last evaluation of the script that ran well: one undo step. Once more goes one further back.
function lastGood() end

---Take back the last change, after this chunk.
function undo() end

---Do again what was taken back, after this chunk.
function redo() end

---Set the source of all chance; gives the seed in force.
---@param seed? integer a whole number
---@return integer
function seed(seed) end

---Call a function with `(value, old, path)` when something changes, wherever the change came from: a value ("kick.volume", "kick.sample[2].speed", "beat.row[5].chance"), a row ("beat.row[5]"), a module, pattern or chain as a whole ("kick"), each of its values or rows ("kick.*", "beat.*"), or the clock ("clock.bpm", "clock.isPlaying", "clock.signature", "clock.hostLeads", all with "clock"). Changes that come together are told as one; what is not there any more is nil. Gives a handle with `:stop()`.
---@param what string|module_|pattern_|chain_|layer_ a name or its handle
---@param callback function a function
---@return timer_
function onChange(what, callback) end

---onChange for one value alone: a parameter, a sample's value, a connection's volume, a row's column.
---@param path string text
---@param callback function a function
---@return timer_
function on_param(path, callback) end

---Call a function for each trigger, or for those of one sampler, as soon as it was played: `{ module, sequencer, pattern, row, index, note, beat, frame, fired, why, params }`. `fired` says whether it sounded, `why` why not (ratio, chance, missing, disabled, rest). Gives a handle with `:stop()`.
---@param module any anything
---@param callback any anything
---@return timer_
function on_trigger(module, callback) end

---Run a function whose callbacks are saved with the session. The function is kept as text, so it sees globals alone. Running it again under the same name replaces what it registered.
---@param name string text
---@param chunk? any anything
---@return live_
function live(name, chunk) end

---Stop a live chunk and take it out of the session.
function live_:stop() end

---Make a song, or keep the one there is: `start` is its place on the show's timecode, `rate` how that counts (24, 25, 29.97df, 30, 60). Every session has the song `main`.
---@param name string text
---@param settings? table a table
function song(name, settings) end

---Make a layer of events, or keep the one there is: `song` it belongs to, `rate` (24, 25, 29.97df, 30, 60) for showing times, `anchor` (time or bars). `events` are then all its events without a key; one with a `key` among them is set as by `:set`.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@param settings? table a table
---@return layer_
function layer(name, settings) end

---Make the event with this key, or give it new values: `time` (seconds or timecode), `bar` (from 1) or `beat` (from 0) at the session's tempo, `token`, `cue`, `cmd`, `name`, `note`, `colour`. What is not given stays; `""` takes it away. A cue without a token is gone to (Goto), no cue is Go+.
---@param key string text
---@param event table a table
---@return layer_
function layer_:set(key, event) end

---Add an event without a key. For the console alone: a script that is run again would add it again, so there it is refused.
---@param event table a table
---@return layer_
function layer_:add(event) end

---Take the event with this key out; nothing happens when there is none.
---@param key string text
---@return layer_
function layer_:remove(key) end

---Take every event out.
---@return layer_
function layer_:clear() end

---The events by time, each a table: `index time ticks bar beat token cue cmd name note key colour`; what an event does not have is nil.
---@return table
function layer_:events() end

---How many events there are.
---@return integer
function layer_:count() end

---Look for the desk: `ip` and `port` (8000) of its OSC input, `listen` (9000; 0 takes any) for its answers, `prefix` of its OSC line. What is not given stays as it was; the first time it is this machine.
---@param settings? table a table
function desk_.connect(settings) end

---End the link. Layers and mappings stay.
function desk_.disconnect() end

---How the link stands: `link` (off, searching, connected, lost), `reason`, `armed`, `rtt` (ms), `loss` (0-1), `listening`, `packets`, `desk`, `test`, and `mappings` by layer with `state` (pending, synced, diverged, waiting, held, error), `reason`, `events`, `drift`, `conflicts`, `problems`, `writer`, `track`.
---@return table
function desk_.status() end

---Allow writing on the desk, or forbid it (the show lock: reading goes on). Without an argument it tells how it stands.
---@param armed? boolean true or false
---@return boolean
function desk_.arm(armed) end

---Tie a layer to a track of the desk: timecode `tc`, track group `tg` (1), `track` (name or number), `range` and `sub` (1), `sequence`, `create` what is missing, `cues` (require, create), `direction` (both, toDesk, fromDesk, manual), `policy` (ask, desk, plugin), `offset` in seconds added to the desk's times, `song` of the layer. Nothing is written on the desk before somebody accepts what is shown. What is not given stays.
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
---@param mapping table a table
function desk_.map(layer, mapping) end

---Untie a layer; its events stay here and on the desk.
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
function desk_.unmap(layer) end

---Send what is here to the desk now; all mapped layers without a name. `{ dry = true }` only makes the preview.
---@param layer? any anything
---@param options? table a table
function desk_.push(layer, options) end

---Take what the desk has now; all mapped layers without a name. `{ dry = true }` only makes the preview.
---@param layer? any anything
---@param options? table a table
function desk_.pull(layer, options) end

---The last preview of a layer: `desk` and `here` (counts `added deleted retimed changed`), `made` on the desk first, `lines`; nil when there is none.
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
---@return table|nil
function desk_.preview(layer) end

---Accept what the preview shows: from now on the mapping writes. All mappings without a name.
---@param layer? string|module_|pattern_|chain_|layer_ a name or its handle
function desk_.accept(layer) end

---What becomes of a mapping that is held, because the desk has another show or older content: `push` ours, `take` theirs, `merge` both, or `leave` it held. `nil` is every mapping.
---@param layer? string|module_|pattern_|chain_|layer_ a name or its handle
---@param what string one of "push" "take" "merge" "leave"
function desk_.choose(layer, what) end

---The events that both sides changed, each with its `key` for desk.resolve and the versions `base`, `ours` and `theirs` (nil where deleted).
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
---@return table
function desk_.conflicts(layer) end

---Which version of an event in conflict stays; `nil` as the key is every conflict of the layer.
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
---@param key? string text
---@param side string one of "ours" "theirs" "both"
function desk_.resolve(layer, key, side) end

---Become the writer of the layer's track in place of another instance; of every track without a name.
---@param layer? string|module_|pattern_|chain_|layer_ a name or its handle
function desk_.takeOver(layer) end

---Look what is wrong with the way to the desk; desk.status().test has the lines.
function desk_.test() end

---Put back on the desk the events that the last push or choice replaced.
---@param layer string|module_|pattern_|chain_|layer_ a name or its handle
function desk_.restore(layer) end

---Start (true) or stop (false) a pocket desk in this process, to rehearse without a desk; a text is a line for it, like `"move 101.1.1 3 12.5"`.
---@param what any anything
function desk_.pocket(what) end

---Kept for a later version: a line per song whether the desk is ready for it.
function desk_.check() end

---The engine object.
---@return engine_
function getEngine() end

---The clock.
---@return clock_
function engine_:getClock() end

---The modules.
---@return registry_
function engine_:getModuleRegistry() end

---The connections.
---@return connections_
function engine_:getConnectionManager() end

---Parameters by path.
---@return router_
function engine_:getParameterRouter() end

---Patterns and the playhead.
---@return runtime_
function engine_:getPatternRuntime() end

---The whole state now, read-only: `version`, `clock.bpm isPlaying beat bar`, `modules.NAME.parameters.P`, `patterns`, `chains`, `connections`, `macros`, `patternRuntime.playhead`; `state:clone()` gives a table that can be changed.
---@return state
function engine_:getState() end

---Run a text command; gives `{ success, message, error }`.
---@param line string text
---@return table
function engine_:executeCommand(line) end

---Call a function with the state once for each change; gives a number to remove it by.
---@param callback function a function
---@return integer
function engine_:onStateChange(callback) end

---Take a state callback away; false when it was gone already.
---@param id integer a whole number from 0 to 9223372036854775807
---@return boolean
function engine_:removeStateChangeCallback(id) end

---A module by its name; nil when there is none.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@return module_|nil
function registry_:getModule(name) end

---The names of all modules, in order.
---@return string[]
function registry_:getAllModuleNames() end

---All connections, or those of a module: a list of `{ from, to, kind, volume }`.
---@param name? string|module_|pattern_|chain_|layer_ a name or its handle
---@return table
function connections_:getConnections(name) end

---The same as the global connect.
---@param from string|module_|pattern_|chain_|layer_ a name or its handle
---@param to string|module_|pattern_|chain_|layer_ a name or its handle
---@param kind? string one of "audio" "event"
---@return boolean
function connections_:connect(from, to, kind) end

---Whether any cable leads from one to the other.
---@param from string|module_|pattern_|chain_|layer_ a name or its handle
---@param to string|module_|pattern_|chain_|layer_ a name or its handle
---@return boolean
function connections_:isConnected(from, to) end

---Set the value at a path.
---@param path string text
---@param value number|string|boolean a number, a word or true/false
---@return boolean
function router_:set(path, value) end

---The value at a path.
---@param path string text
---@return any
function router_:get(path) end

---Song position in beats.
---@return number
function runtime_:getPlayhead() end

---The names of all patterns, in order.
---@return string[]
function runtime_:getPatternNames() end

---A pattern by its name; nil when there is none.
---@param name string|module_|pattern_|chain_|layer_ a name or its handle
---@return pattern_|nil
function runtime_:getPattern(name) end

---The names of all chains, in order.
---@return string[]
function runtime_:getChainNames() end

---Write values to the console.
---@param ... any
function print(...) end

---Show what a function does: `help(sampler)`, `help("clock:every")`; without an argument all names.
---@param what? any anything
function help(what) end

---Run a text command and write its answer to the console; gives `{ success, message, error }`.
---@param line string text
---@return table
function exec(line) end
