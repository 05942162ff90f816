//! What is left alone, and texts that are hard to cut.

use super::page;
use crate::model::{Command, Name, Path, Row};

fn set(path: &str, value: f64) -> Command {
    Command::Set(Path::parse(path).unwrap(), value)
}

#[test]
fn a_value_from_a_loop_is_marked_and_can_be_overridden() {
    let text = "for i = 1, 4 do\n  sampler('s' .. i, { volume = i / 10 })\nend\n-- end";
    let mark = page(text).with(set("s2.volume", 0.5)).is_marked();
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
fn a_value_from_an_expression_is_marked_and_can_be_pinned() {
    let mark =
        page("local v = 0.4\nsampler('k', { volume = v * 2, speed = v })").with(set("k.volume", 0.5)).is_marked();
    assert_eq!(mark.pin.as_deref(), Some("local v = 0.4\nsampler('k', { volume = 0.5, speed = v })"));
    assert!(mark.over.is_some_and(|text| text.ends_with("\nsetParam(\"k\", \"volume\", 0.5)")));
    let text = "local function drum(n, v) sampler(n, { volume = v }) end\ndrum('a', 0.4) drum('b', 0.6)";
    let mark = page(text).with(set("a.volume", 0.5)).is_marked();
    assert!(mark.pin.is_none() && mark.line == 1);
    let over = format!("{text}\nsetParam(\"a\", \"volume\", 0.5)");
    assert_eq!(mark.over.as_deref(), Some(over.as_str()));
    let mark = page("pattern('p', 16) for i = 1, 16, 4 do pattern('p'):set(i, 1) end")
        .with(Command::SetRow(Name::new("p").unwrap(), 5, Row::Rest))
        .is_marked();
    assert!(mark.over.is_some());
}

#[test]
fn a_text_that_does_not_run_is_marked_where_it_fails() {
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
    use super::super::tree::Reader;
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
