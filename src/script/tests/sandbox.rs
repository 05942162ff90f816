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

fn stopped(text: &str) -> Duration {
    let mut rig = Rig::new();
    rig.script.set_limits(Limits { eval: Duration::from_millis(60), callback: Duration::from_millis(20) });
    let start = Instant::now();
    rig.fails(text);
    let took = start.elapsed();
    // The state is whole afterwards.
    assert_eq!(rig.prints("print(1)"), ["1"]);
    took
}

#[test]
fn scripts_that_would_never_end_are_stopped() {
    for text in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "string.find(('a'):rep(5000), ('a-'):rep(30) .. 'b')",
        "setmetatable({}, { __gc = function() while true do end end }) collectgarbage()",
        "coroutine.wrap(function() while true do pcall(function() while true do end end) end end)()",
        "local f = function() while true do pcall(function() while true do end end) end end xpcall(f, f)",
        "table.move({}, 1, 1 << 40, 2)",
        "table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 1)",
        "table.sort(setmetatable({}, { __len = function() return 1 << 30 end }), rawequal)",
        "('x'):rep(1 << 40)",
        "local function f() return f() end f()",
        "local t <close> = setmetatable({}, { __close = function() while true do end end }) while true do end",
        "while true do trigger('nope') end",
        "local s = ('a'):rep(20000) while true do s:gsub('.', '%0') end",
    ] {
        let took = stopped(text);
        assert!(took < Duration::from_millis(200), "{text}: {took:?}");
    }
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
