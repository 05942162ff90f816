//! What scripts cannot do, and what the replaced library functions do.

use super::*;

#[test]
fn nothing_reaches_outside() {
    let mut rig = Rig::new();
    let lines = rig.prints("print(io, os, debug, package, dofile, loadfile, string.dump, getmetatable('').__index)");
    assert_eq!(lines[0].split('\t').take(7).collect::<Vec<_>>(), ["nil"; 7]);
    assert!(rig.fails("load('\\27Lua')()").1.contains("nil"));
    assert!(rig.fails("setmetatable({}, { __gc = function() end })").1.contains("__gc"));
    assert!(rig.fails("setmetatable({}, { __close = function() end })").1.contains("__close"));
    assert!(rig.fails("getmetatable('').__index = {}").0.is_some());
}

/// Run a hostile chunk with 60 ms to live; gives what it says and how long it took. Nothing of it stays.
fn hostile(text: &str) -> (String, Duration) {
    let mut rig = Rig::new();
    rig.eval("sampler('kick')");
    let before = rig.session().to_json();
    rig.script.set_limits(Limits { eval: Duration::from_millis(60), callback: Duration::from_millis(20) });
    let start = Instant::now();
    let (_, message) = rig.fails(&format!("setParam('kick.volume', 0.25); {text}"));
    let took = start.elapsed();
    assert_eq!(rig.session().to_json(), before, "{text}");
    // The state is whole afterwards.
    assert_eq!(rig.prints("print(('x'):upper(), type(sampler))"), ["X\tfunction"], "{text}");
    (message, took)
}

#[test]
fn scripts_that_would_never_end_are_stopped() {
    // A `__close` that comes after setmetatable, and four places where it is called while an error is on its way.
    let closes = "local m = {} local e = setmetatable({}, m) m.__close = function() while true do end end ";
    let closed = [
        "local t <close> = e while true do end",
        "local t <close>, u = e local v <close> = e error('x')",
        "pcall(function() local t <close> = e while true do end end)",
        "coroutine.wrap(function() local t <close> = e while true do end end)()",
        "coroutine.wrap(function() pcall(function() local t <close> = e while true do end end) end)()",
        "local co = coroutine.create(function() local t <close> = e while true do end end) coroutine.resume(co) coroutine.close(co)",
        "local co = coroutine.create(function() local t <close> = e coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
        "for a in next, { 1 }, nil, e do while true do end end",
        "for a in next, {}, nil, e do end",
        "table.sort({ 1, 2, 3 }, function() local t <close> = e while true do end end)",
        "('x'):gsub('.', function() local t <close> = e while true do end end)",
        "load('local e = ... local t <close> = e while true do end')(e)",
        "xpcall(function() local t <close> = e while true do end end, function() while true do end end)",
        "clock:run(function() local t <close> = e while true do end end) while true do end",
    ];
    let plain = [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do pcall(function() while true do end end) end end)()",
        "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
        "local f = function() while true do pcall(function() while true do end end) end end xpcall(f, f)",
        "table.move({}, 1, 1 << 40, 2)",
        "table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 1)",
        "table.sort(setmetatable({}, { __len = function() return 1 << 30 end }), rawequal)",
        "while true do pcall(trigger, 'nope') end",
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        "print(setmetatable({}, { __tostring = function() while true do end end }))",
        "while true do pcall(error, setmetatable({}, { __tostring = function() while true do end end })) end",
        "local s = ('a'):rep(20000) while true do s:gsub('.', '%0') end",
        "setmetatable(_ENV and {}, { __index = function(t, k) while true do end end }).x = nil while true do end",
        // Single calls and instructions that are long by themselves.
        "local s = ('x'):rep(4 << 20) while true do s:upper() end",
        "local s = ('x'):rep(3 << 20) while true do local a = s .. 'x' end",
        "local s = ('x'):rep(4 << 20) while true do utf8.len(s) end",
        "while true do pcall(string.pack, 'c1000000000', 'x') end",
        "local s, p = ('a'):rep(4 << 20), ('a'):rep(2 << 20) .. 'b' s:find(p, 1, true)",
        "local s = '[' .. ('a'):rep(1 << 20) .. ']*' while true do ('b'):rep(1000):find(s) end",
        "table.concat(setmetatable({}, { __len = function() return 1 << 19 end, __index = function() return ('x'):rep(1 << 20) end }))",
        "for i = 1, 1e9 do pattern('p' .. i, 16) end",
        "while true do coroutine.wrap(function() end)() end",
    ];
    let all = closed.iter().map(|text| format!("{closes}{text}")).chain(plain.iter().map(|text| (*text).to_owned()));
    for text in all {
        let (message, took) = hostile(&text);
        assert!(message.starts_with("stopped: it ran longer than 60 ms"), "{text}: {message}");
        assert!(took < Duration::from_secs(3), "{text}: {took:?}");
    }
}

#[test]
fn what_is_too_much_says_so() {
    for (text, want) in [
        ("setmetatable({}, { __gc = function() while true do end end }) collectgarbage()", "__gc is not allowed"),
        ("local t <close> = setmetatable({}, { __close = print })", "__close is not allowed"),
        ("('x'):rep(1 << 30)", "string.rep makes at most 4194304 bytes"),
        ("local s = 'x' while true do s = s .. s end", "a text may have 4 MB"),
        ("('x'):rep(1 << 20):gsub('.', ('y'):rep(1 << 20))", "string.gsub makes at most 4194304 bytes"),
        ("('x'):rep(1 << 20):gsub('.', function() return ('y'):rep(1 << 20) end)", "string.gsub makes at most"),
        ("local function f() return f() + 1 end f()", "stack overflow"),
        ("local function f() return (coroutine.wrap(f)()) end f()", "C stack overflow"),
        ("local function f() return (('x'):gsub('.', f)) end f()", "stack overflow"),
        ("local function f() local ok, e = pcall(f) error(e, 0) end f()", "stack overflow"),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end print(t[1])",
            "stack overflow",
        ),
        ("local m = {} m.__index = m setmetatable(m, m) print(m.x)", "__index"),
        ("coroutine.resume(nil)", "coroutine.resume takes a coroutine, got nil"),
        ("select('#', tostring())", "bad argument #1"),
        ("error((select(2, load(('('):rep(1 << 20)))), 0)", "overflow"),
        ("error(('x'):rep(3 << 20), 0)", "… (3145728 bytes)"),
        ("string.format('%99999d', 1)", "invalid conversion"),
        ("table.sort({ 3, 1, 2, 5, 4, 7, 6, 9, 8, 1, 2, 3 }, function() return true end)", "invalid order function"),
        ("table.sort({ {}, {} })", "attempt to compare two table values"),
        ("table.concat({ {} })", "in table for 'concat'"),
        ("string.find(('a'):rep(5000), ('a-'):rep(30) .. 'b')", "make it simpler"),
        ("local co co = coroutine.wrap(function() return co() end) co()", "cannot resume non-suspended coroutine"),
        ("coroutine.close(coroutine.running())", "cannot close a running coroutine"),
        ("local t = {} for i = 1, 100000 do t = { t } end sampler('x', { samples = t })", "samples: "),
        ("local t = {} for i = 1, 100000 do t = { t } end pattern('x', { rows = t })", "row 1"),
        ("for i = 1, 70000 do clock:every('1 bar', print) end", "at most 65536 callbacks"),
        ("string.dump(print)", "nil value"),
        ("load('\\27Lua')()", "nil value"),
        ("load(function() return 'x' end)", "load takes the text of a chunk"),
        ("debug.sethook()", "nil value"),
        ("collectgarbage('stop')", "collectgarbage takes"),
        ("error(setmetatable({}, { __tostring = error }))", "stack overflow"),
        ("error(setmetatable({}, { __tostring = function() return {} end }))", "must return a string"),
    ] {
        let mut rig = Rig::new();
        rig.eval("sampler('kick')");
        let before = rig.session().to_json();
        rig.script.set_limits(Limits { eval: Duration::from_secs(20), ..Limits::default() });
        let (_, message) = rig.fails(&format!("setParam('kick.volume', 0.25); {text}"));
        assert!(message.contains(want), "{text}: {message}");
        assert!(!message.contains("[tracklight]"), "{text}: {message}");
        assert_eq!(rig.session().to_json(), before, "{text}");
        assert_eq!(rig.prints("print(('x'):upper(), type(sampler))"), ["X\tfunction"], "{text}");
    }
}

#[test]
fn no_chunk_spoils_the_language_for_the_next() {
    let mut rig = Rig::new();
    for (text, want) in [
        ("sampler = nil", "\"sampler\" is a name of Tracklight's own"),
        ("function pattern() end", "\"pattern\" is a name of Tracklight's own"),
        ("clock = 5", "\"clock\" is a name"),
        ("pcall = nil", "\"pcall\" is a name"),
        ("_G = {}", "\"_G\" is a name"),
        ("string = nil", "\"string\" is a name"),
        ("_G.print = nil", "\"print\" is a name"),
        ("_ENV.print = nil", "\"print\" is a name"),
        ("rawset(_G, 'sampler', 1)", "\"sampler\" is a name"),
        ("string.upper = nil", "string.upper belongs to the language"),
        ("rawset(string, 'upper', nil)", "string.upper belongs to the language"),
        ("math.floor = math.ceil", "math.floor belongs to the language"),
        ("table.insert = nil", "table.insert belongs to the language"),
        ("coroutine.wrap = nil", "coroutine.wrap belongs to the language"),
        ("setmetatable(_G, {})", "protected metatable"),
        ("setmetatable(string, {})", "protected metatable"),
        ("getmetatable('').__index = {}", "index"),
        ("getmetatable('').__index.upper = nil", "index"),
        ("getmetatable(engine).__index = nil", "index"),
        ("engine.getClock = nil", "engine cannot be written to"),
        ("clock.every = print", "clock cannot be written to"),
        ("for k in pairs(string) do string[k] = nil end", "belongs to the language"),
        ("for k in pairs(_G) do _G[k] = nil end sampler = 1", "\"sampler\" is a name"),
        ("engine:getState().clock.tempo = 1", "read-only"),
    ] {
        let (line, message) = rig.fails(text);
        assert!(message.contains(want), "{text}: {message}");
        assert_eq!(line, Some(1), "{text}: {message}");
    }
    let good = "local t = { 3, 1 } table.sort(t) table.insert(t, math.floor(2.5)) print(table.concat(t, ','), ('x'):upper(), type(sampler('kick')), type(engine:getState().clock), coroutine.wrap(function() return 1 end)())";
    assert_eq!(rig.prints(good).len(), 1);
    // New names are anybody's, also inside the libraries and for a name that a later version may take.
    let mine = "function string.trim(s) return (s:match('^%s*(.-)%s*$')) end mine, setlist = 1, 2 local print, clock = print, 5
        table.double = function(t) return #t * 2 end print((' a '):trim(), string.trim(' b '), table.double({ 1 }), mine + setlist, clock)";
    assert_eq!(rig.prints(mine), ["a\tb\t2\t3\t5"]);
    assert_eq!(
        rig.prints("print(mine, rawget(_G, 'mine'), rawget(_G, 'print') == print, rawequal(_G, _G._G))"),
        ["1\t1\ttrue\ttrue"]
    );
    let names = rig.prints("local names = {} for k in pairs(math) do names[#names + 1] = k end print(#names > 20)");
    assert_eq!(names, ["true"]);
}

#[test]
fn a_coroutine_that_was_stopped_is_harmless_to_the_next_chunk() {
    let mut rig = Rig::new();
    rig.script.set_limits(Limits { eval: Duration::from_millis(40), callback: Duration::from_millis(20) });
    rig.fails("local m = {} local e = setmetatable({}, m) m.__close = function() while true do end end
        co = coroutine.create(function() local t <close> = e while true do end end)
        waits = coroutine.create(function() coroutine.yield(1) return 2 end) coroutine.resume(waits) coroutine.resume(co)");
    assert_eq!(
        rig.prints(
            "print(coroutine.status(co), coroutine.close(co), coroutine.resume(co)) print(coroutine.resume(waits))"
        ),
        ["dead\ttrue\tfalse\tcannot resume dead coroutine", "true\t2"]
    );
}

#[test]
fn coroutines_carry_values_and_errors() {
    let mut rig = Rig::new();
    let lines = rig.prints("local gen = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) print(gen(1), gen(5))
        print(pcall(coroutine.wrap(function() error({ 1 }) end)))
        print(select(2, pcall(coroutine.wrap(function() error('no') end))))
        local co = coroutine.create(function() pcall(function() coroutine.yield(1) end) return 3 end) print(coroutine.resume(co)) print(coroutine.resume(co))");
    assert_eq!(lines[0], "2\t10");
    assert!(lines[1].starts_with("false\ttable"));
    assert_eq!(lines[2..], ["test:3: no", "true\t1", "true\t3"]);
}

#[test]
fn long_lines_are_cut_in_the_console() {
    let mut rig = Rig::new();
    let lines = rig.prints("local s = ('é'):rep(1 << 20) for i = 1, 50 do print(s) end");
    assert!(lines.iter().all(|line| line.chars().count() < 4040 && line.ends_with("… (2097152 bytes)")));
}

#[test]
fn a_chunk_that_ran_too_long_fails_whatever_it_caught() {
    let mut rig = Rig::new();
    rig.script.set_limits(Limits { eval: Duration::from_millis(40), callback: Duration::from_millis(20) });
    let (line, message) = rig.fails("sampler('kick')\nwhile true do end");
    assert_eq!(line, Some(2));
    assert!(message.contains("40 ms"), "{message}");
    rig.fails("sampler('kick') pcall(function() while true do end end)");
    assert!(rig.batches.is_empty());
}

#[test]
fn memory_and_depth_have_an_end() {
    let mut rig = Rig::new();
    let (_, message) = rig.fails("local function f() return 1 + f() end f()");
    assert!(message.contains("stack overflow"), "{message}");
    rig.script.set_limits(Limits { eval: Duration::from_secs(20), ..Limits::default() });
    let (_, message) = rig.fails("local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1 << 20) .. i end");
    assert!(message.contains("memory") && message.contains("256 MB"), "{message}");
    assert_eq!(rig.prints("print(1)"), ["1"]);
}

#[test]
fn pcall_gives_plain_text_with_the_line() {
    let mut rig = Rig::new();
    let lines = rig.prints("local ok, e = pcall(setParam, 'x.y', 1) print(ok, type(e), e)\nprint(pcall(error, { 1 }))\nprint(select(2, xpcall(function() setParam('x.y', 1) end, function(e) return '<' .. e .. '>' end)))");
    assert!(lines[0].starts_with("false\tstring\t") && lines[0].contains("no "), "{lines:?}");
    assert!(lines[1].starts_with("false\ttable"));
    assert!(lines[2].starts_with("<test:3: setParam: "), "{lines:?}");
}

#[test]
fn patterns_match_as_in_the_standard_library() {
    let mut rig = Rig::new();
    for (text, want) in [
        ("('hello world'):find('o w')", "5\t7"),
        ("('hello'):find('l', 1, true)", "3\t3"),
        ("('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key\tvalue"),
        ("('abc'):gsub('%w', '%0%0')", "aabbcc\t3"),
        ("('abc'):gsub('', '-')", "-a-b-c-\t4"),
        ("('hello world'):gsub('o', { o = '0' }, 1)", "hell0 world\t1"),
        ("('$name is $x'):gsub('%$(%w+)', function(n) if n == 'name' then return 'Lua' end end)", "Lua is $x\t2"),
        ("('THE (quick) fox'):find('%((%a+)%)')", "5\t11\tquick"),
        ("('f(a(b)c)d'):match('%b()')", "(a(b)c)"),
        ("('THE (quick) fox'):gsub('%f[%a]%a+', 'X')", "X (X) X\t3"),
        ("('aXb'):match('()X()')", "2\t3"),
        ("('abcabc'):match('(abc)%1')", "abc"),
        ("('x'):match('y')", "nil"),
        ("('[]]'):match('[]]')", "]"),
        ("('a-z'):gsub('[a%-]', '.')", "..z\t2"),
        ("('aaa'):match('a-$')", "aaa"),
        ("('  trim '):match('^%s*(.-)%s*$')", "trim"),
        ("('abc'):find('b', -1)", "nil"),
        ("('abc'):find('', 10)", "nil"),
        ("('abc'):find('')", "1\t0"),
    ] {
        assert_eq!(rig.prints(&format!("print({text})")), [want], "{text}");
    }
    let lines = rig.prints("for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do print(k, v) end for w in ('one two'):gmatch('%a+') do print(w) end");
    assert_eq!(lines, ["a\t1", "b\t2", "one", "two"]);
    for bad in ["('a'):find('[a')", "('a'):find('%')", "('a'):find('(a')", "('a'):gsub('a', '%2')", "('a'):find('%1')"]
    {
        assert_eq!(rig.fails(bad).0, Some(1), "{bad}");
    }
}

#[test]
fn tables_work_as_in_the_standard_library() {
    let mut rig = Rig::new();
    let lines = rig.prints(
        "local t = { 3, 1, 2 } table.sort(t) print(table.concat(t, ',')) table.insert(t, 1, 9) table.insert(t, 7) print(table.concat(t, ','))
         print(table.remove(t, 1), table.remove(t), table.concat(t, ',')) table.sort(t, function(a, b) return a > b end) print(table.concat(t, ','))
         print(table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ','), table.remove({}), select('#', table.unpack({ 1, 2 })))",
    );
    assert_eq!(lines, ["1,2,3", "9,1,2,3,7", "9\t7\t1,2,3", "3,2,1", "1,1,2,3\tnil\t2"]);
}

#[test]
fn a_thousand_lines_of_print_are_kept_and_the_rest_is_cut_with_a_remark() {
    let mut rig = Rig::new();
    let lines = rig.prints("for i = 1, 5000 do print(i) end");
    assert_eq!(lines.len(), 1001);
    assert!(lines[1000].contains("1000"));
}
