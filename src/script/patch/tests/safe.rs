//! What is left alone, and texts that are hard to cut.

use super::page;
use crate::model::{Command, Name, Path, Row};

fn set(path: &str, value: f64) -> Command {
    Command::Set(Path::parse(path).unwrap(), value)
}

#[test]
fn a_value_from_a_loop_stays_marked_and_can_be_overridden() {
    let text = "for i = 1, 4 do\n  sampler('s' .. i, { volume = i / 10 })\nend\n-- end";
    let mark = page(text).with(set("s2.volume", 0.5)).stays_marked();
    assert_eq!((mark.line, &*mark.item), (2, "s2.volume"));
    assert!(mark.message.contains("0.5") && mark.pin.is_none());
    assert_eq!(
        mark.over.as_deref(),
        Some(
            "for i = 1, 4 do\n  sampler('s' .. i, { volume = i / 10 })\nend\nsetParam(\"s2\", \"volume\", 0.5)\n-- end"
        )
    );
}

#[test]
fn a_value_from_an_expression_stays_marked_and_can_be_pinned() {
    let mark =
        page("local v = 0.4\nsampler('k', { volume = v * 2, speed = v })").with(set("k.volume", 0.5)).stays_marked();
    assert_eq!(mark.pin.as_deref(), Some("local v = 0.4\nsampler('k', { volume = 0.5, speed = v })"));
    assert!(mark.over.is_some_and(|text| text.ends_with("\nsetParam(\"k\", \"volume\", 0.5)")));
    let text = "local function drum(n, v) sampler(n, { volume = v }) end\ndrum('a', 0.4) drum('b', 0.6)";
    let mark = page(text).with(set("a.volume", 0.5)).stays_marked();
    assert!(mark.pin.is_none() && mark.line == 1);
    let over = format!("{text}\nsetParam(\"a\", \"volume\", 0.5)");
    assert_eq!(mark.over.as_deref(), Some(over.as_str()));
    let mark = page("pattern('p', 16) for i = 1, 16, 4 do pattern('p'):set(i, 1) end")
        .with(Command::SetRow(Name::new("p").unwrap(), 5, Row::Rest))
        .stays_marked();
    assert!(mark.over.is_some());
}

#[test]
fn a_text_that_does_not_run_stays_marked_where_it_fails() {
    let live = page("sampler('k')").live;
    for (text, line) in
        [("sampler('k')\nsampler('k'", 2), ("\n\nsetParam('nobody', 'volume', 1)", 3), ("while true do end", 1)]
    {
        let mut dry = super::Dry::new(std::sync::Arc::new(super::Shelf), std::time::Instant::now);
        let limits = crate::script::vm::Limits { eval: std::time::Duration::from_millis(20), ..Default::default() };
        dry.set_limits(limits);
        let patched = super::patch(&mut dry, text, &live, &[], &[crate::model::Item::Bpm]);
        assert_eq!(&*patched.text, text);
        assert_eq!(patched.marks.len(), 1);
        assert!(patched.marks[0].line == line && !patched.marks[0].message.is_empty(), "{:?}", patched.marks);
    }
}

#[test]
fn what_was_not_touched_is_left_though_it_differs() {
    let mut page = page("sampler('k', { volume = 0.5 })\nseed(4)").with(set("k.volume", 0.7));
    page.text = page.text.replace("seed(4)", "seed(9)");
    let patched = page.patch();
    assert_eq!(&*patched.text, "sampler('k', { volume = 0.7 })\nseed(9)");
    assert_eq!(patched.marks, vec![]);
}

#[test]
fn hard_texts_are_cut_to_the_byte() {
    for (before, after) in [
        (
            "sampler('k', { volume = 0.2 --[[ loud ]] , speed = 2 });(print)('x')",
            "sampler('k', { volume = 0.5 --[[ loud ]] , speed = 2 });(print)('x')",
        ),
        (
            "--[==[ sampler('k', { volume = 9 }) ]==] sampler('k',{volume=0.2})",
            "--[==[ sampler('k', { volume = 9 }) ]==] sampler('k',{volume=0.5})",
        ),
        (
            "print('grüße 🎹') sampler([[k]], { ['volume'] = 2e-1 })",
            "print('grüße 🎹') sampler([[k]], { ['volume'] = 0.5 })",
        ),
        ("sampler 'k' { volume = 1.5; speed = 2 }", "sampler 'k' { volume = 0.5; speed = 2 }"),
        ("if true then sampler('k', { volume = 0.2 }) end", "if true then sampler('k', { volume = 0.5 }) end"),
        ("do sampler('k', {\r\n\tvolume\t= 0.2,\r\n}) end\r\n", "do sampler('k', {\r\n\tvolume\t= 0.5,\r\n}) end\r\n"),
        (
            "sampler('k')\n  :set('volume', 0.2)\n  -- between\n  :set('speed', 2)",
            "sampler('k')\n  :set('volume', 0.5)\n  -- between\n  :set('speed', 2)",
        ),
    ] {
        page(before).with(set("k.volume", 0.5)).becomes(after);
    }
    page("seed(1);\r\n(print)('x')\r\n")
        .with(Command::SetBpm(90.0))
        .becomes("seed(1);\r\nclock:internal { bpm = 90 };\r\n(print)('x')\r\n");
    page("sampler('k') ; seed(1)\n;(print)(1)")
        .with(Command::RemoveModule(Name::new("k").unwrap()))
        .becomes("seed(1)\n;(print)(1)");
}

#[test]
fn a_tree_read_from_the_one_before_is_the_tree_of_the_text() {
    use super::super::reader::Reader;
    let texts = [
        "sampler('k', { volume = 1 })\n-- x",
        "sampler('k', { volume = 0.25 })\n-- x",
        "",
        "--[[ a",
        "--[[ a ]] seed(1)",
        "seed(1) seed(2)",
        "seed(2)",
    ];
    let mut reader = Reader::default();
    for text in texts {
        let fresh = Reader::default().read(text).unwrap().root_node().to_sexp();
        assert_eq!(reader.read(text).unwrap().root_node().to_sexp(), fresh, "{text}");
    }
}

#[test]
fn functions_of_callbacks_and_live_chunks_keep_their_text() {
    let text = "sampler('k', { volume = 0.2 })\nlive('g', function()\n  -- every bar\n  clock:every('1 bar', function() setParam('k', 'volume', 0.9) end)\nend)\nengine:onStateChange(function() setParam('k', 'speed', 2) end)";
    page(text).with(set("k.volume", 0.5)).becomes(&text.replace("0.2", "0.5"));
    page(text).with(set("k.speed", 0.5)).becomes(&text.replace("volume = 0.2", "volume = 0.2, speed = 0.5"));
    let text = "sampler('k')\nlocal function go() setParam('k', 'volume', 0.2) end\ngo()";
    let mark = page(text).with(set("k.volume", 0.5)).stays_marked();
    assert_eq!(mark.pin.as_deref(), Some(text.replace("0.2", "0.5").as_str()));
    assert!(mark.line == 2 && mark.over.is_some_and(|over| over.ends_with("go()\nsetParam(\"k\", \"volume\", 0.5)")));
}

#[test]
fn a_new_name_reaches_live_chunks_and_callbacks() {
    let mut page = page("sampler('k')\nlive('g', function() clock:every(1, function() trigger('k') end) end)");
    page = page.with(Command::Rename(Name::new("k").unwrap(), Name::new("b").unwrap()));
    let patched = page.patch();
    assert_eq!(&*patched.text, "sampler('b')\nlive('g', function() clock:every(1, function() trigger('b') end) end)");
    assert_eq!(patched.marks, vec![]);
}

#[test]
fn a_name_that_is_computed_stays_marked_and_can_be_overridden() {
    let text = "for i = 1, 2 do sampler('s' .. i) end";
    let mark = page(text).with(Command::Rename(Name::new("s1").unwrap(), Name::new("b").unwrap())).stays_marked();
    assert_eq!(mark.over.as_deref(), Some("for i = 1, 2 do sampler('s' .. i) end\nrename(\"s1\", \"b\")"));
    let mark = page(text).with(Command::RemoveModule(Name::new("s1").unwrap())).stays_marked();
    assert_eq!(mark.over.as_deref(), Some("for i = 1, 2 do sampler('s' .. i) end\nremove(\"s1\")"));
}

#[test]
fn what_another_file_or_a_text_command_sets_stays_marked() {
    let mark = page("sampler('k') exec('set k volume 0.2')").with(set("k.volume", 0.5)).stays_marked();
    assert!(mark.pin.is_none() && mark.over.is_some());
    let text = "require('lib.beats').four('p')";
    let mark = page(text).with(Command::SetRow(Name::new("p").unwrap(), 5, Row::Rest)).stays_marked();
    assert!(mark.over.is_some_and(|over| over.starts_with(text)));
}

#[test]
fn twenty_edits_at_once_are_twenty_small_edits() {
    let mut text = String::new();
    for i in 0..20 {
        text += &format!("sampler('s{i}', {{ volume = 0.25 }}) -- {i}\n");
    }
    let mut wanted = page(&text);
    for i in 0..20 {
        wanted = wanted.with(set(&format!("s{i}.volume"), 0.75));
    }
    wanted.becomes(&text.replace("0.25", "0.75"));
    // One of them is computed: it alone is left.
    let text = text.replace("'s7', { volume = 0.25", "'s7', { volume = 1 / 4");
    let mut mixed = page(&text);
    for i in 0..20 {
        mixed = mixed.with(set(&format!("s{i}.volume"), 0.75));
    }
    let patched = mixed.patch();
    assert_eq!(&*patched.text, text.replace("0.25", "0.75"));
    assert_eq!((patched.marks.len(), patched.marks[0].line, patched.written.len()), (1, 8, 19));
}

#[test]
fn a_long_chain_and_a_long_sum_are_no_deep_trouble() {
    let mut text = String::from("pattern('p', 256)");
    for row in 1..=200 {
        text += &format!("\n  :set({row}, {{ index = 1, note = 60 }}) -- ü{row}");
    }
    let wanted = text.replace(":set(150, { index = 1, note = 60", ":set(150, { index = 1, note = 61");
    page(&text).with(set("p.row[150].note", 61.0)).becomes(&wanted);
    let sum = format!("print({}1)\r\nseed(1)\n-- ü\n", "1 + ".repeat(20_000));
    page(&sum).with(Command::SetSeed(2)).becomes(&sum.replace("seed(1)", "seed(2)"));
}
