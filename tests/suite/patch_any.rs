//! What holds for any script and anything done elsewhere: the text is written to the session or left and marked, and
//! every comment stays.
//!
//! proves: L8

use std::sync::Arc;
use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tracklight::bus::Files;
use tracklight::model::{Command, Item, ModuleKind, Param, Path, Row, Session};
use tracklight::script::{Dry, mirror, patch};

use crate::strategy::{command, named, session};

/// No files: the scripts here name them alone.
struct Nowhere;

impl Files for Nowhere {
    fn expand(&self, asked: &str, _: &[String]) -> Result<Vec<String>, String> {
        Err(format!("\"{asked}\" is not there"))
    }
    fn read_text(&self, asked: &str, _: &[String]) -> Result<(String, String), String> {
        Err(format!("\"{asked}\" is not there"))
    }
    fn write_text(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

fn dry() -> Dry {
    Dry::new(Arc::new(Nowhere), Instant::now)
}

/// Lines that are put between those of a script.
const NOISE: [&str; 5] = ["", "-- a comment", "  -- kick, indented", "--[[ a\n  longer one ]]", "-- sampler(\"kick\")"];

/// Lines that compute what they set.
const COMPUTED: [&str; 8] = [
    "for i = 1, 3 do sampler(\"s\" .. i, { volume = i / 10 }) end -- three",
    "local function drum(name, v)\n  -- of many\n  sampler(name, { volume = v, pan = -0.5 })\n  connect(name, \"aux1\")\nend\ndrum(\"d1\", 0.3) drum(\"d2\", 0.6)",
    "local level = 0.25\nsampler(\"s4\", { volume = level * 2, speed = 0.5 }) -- half",
    "pattern(\"loop\", 16) for i = 1, 16, 4 do pattern(\"loop\"):set(i, { index = 1, volume = i / 16 }) end",
    "pattern(\"links\", 8)\n  :set(1, 2) -- first\n  :set(3, { index = 2, chance = 50 })\n  :stepsPerBeat(2)",
    "local s5 = sampler(\"s5\", { samples = { \"a.wav\", \"b.wav\" } })\ns5.speed = 2\ns5.sample[1] { speed = 0.5 } -- slow",
    "for _, name in ipairs { \"m1\", \"m2\" } do audioMixer(name, { volume = 0.5 }) connect(name, \"masterAudioOut\") end",
    "sampler \"s6\" { volume = 0.75; pan = 0.5 }",
];

/// The mirror of a session with noise between its lines: nothing in it is computed.
fn written() -> impl Strategy<Value = String> {
    (session(), vec((any::<Index>(), select(NOISE.to_vec())), 0..8), any::<bool>()).prop_map(
        |(session, noise, crlf)| {
            // Live chunks of random letters are no Lua.
            let session = Session { live: Default::default(), ..session };
            let mut lines: Vec<String> = mirror(&session).lines().map(str::to_owned).collect();
            lines.push(String::new());
            for (at, line) in noise {
                let at = at.index(lines.len());
                lines.insert(at, line.to_owned());
            }
            lines.join(if crlf { "\r\n" } else { "\n" })
        },
    )
}

/// A script with some lines that compute.
fn computing() -> impl Strategy<Value = String> {
    (written(), vec(any::<Index>(), 0..3), proptest::sample::subsequence(COMPUTED.to_vec(), 1..5))
        .prop_map(|(text, _, lines)| format!("-- begin\n{text}\n{}\n-- end", lines.join("\n\n-- between\n")))
}

/// Something done to what the computing lines make.
fn done_to_computed() -> impl Strategy<Value = Command> {
    let name = || select(vec!["s1", "s2", "s3", "s4", "s5", "s6", "d1", "d2", "m1", "m2"]).prop_map(named);
    let param = || select(vec![Param::VOLUME, Param::SPEED, Param::PAN, Param::MASTER_VOLUME]);
    let pattern = || select(vec!["loop", "links"]).prop_map(named);
    let row = || prop_oneof![Just(Row::Empty), Just(Row::Rest), crate::strategy::hit().prop_map(Row::Hit)];
    prop_oneof![
        4 => (name(), param(), 0.0..1.0).prop_map(|(module, param, v)| Command::Set(Path::Param { module, param }, v)),
        2 => (pattern(), 1..9u16, row()).prop_map(|(name, number, row)| Command::SetRow(name, number, row)),
        1 => name().prop_map(Command::RemoveModule),
        1 => (name(), select(vec!["x1", "x2"])).prop_map(|(from, to)| Command::Rename(from, named(to))),
        1 => (pattern(), select(vec!["x1", "x2"])).prop_map(|(from, to)| Command::Rename(from, named(to))),
        1 => (name(), any::<bool>()).prop_map(|(name, on)| Command::Enable(name, on)),
    ]
}

fn ours(command: &Command) -> bool {
    !matches!(command, Command::SetLive(..) | Command::SetFolders(_))
}

/// Do commands to a session; gives what was touched.
fn done(live: &mut Session, commands: &[Command]) -> Vec<Item> {
    let mut touched = vec![];
    for command in commands.iter().filter(|c| ours(c)) {
        let mut before = live.clone();
        // Many of them do not apply; then nothing changes.
        let Ok(done) = live.perform(command) else { continue };
        for edit in &done.forward {
            touched.extend(Item::of(edit, &before));
            before.apply(edit).expect("it was just applied");
        }
    }
    touched
}

/// The comments of a text, in order.
fn comments(text: &str) -> Vec<&str> {
    let mut list = vec![];
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        let end = if rest[at..].starts_with("--[[") {
            rest[at..].find("]]").map(|n| n + 2)
        } else {
            rest[at..].find(['\r', '\n'])
        };
        let end = end.unwrap_or(rest.len() - at);
        list.push(&rest[at..at + end]);
        rest = &rest[at + end..];
    }
    list
}

fn sound(text: &str, commands: &[Command]) -> Result<(), TestCaseError> {
    let mut dry = dry();
    let made = match dry.run(text, &[]) {
        Ok(made) => made,
        // Two parts of the script may want one name.
        Err(_) => return Ok(()),
    };
    let mut live = made.session.clone();
    let touched = done(&mut live, commands);
    let patched = patch(&mut dry, text, &live, &[], &touched);
    let after = dry.run(&patched.text, &[]);
    let after = after.map_err(|e| TestCaseError::fail(format!("{}\n{}", e.text(), patched.text)))?;
    let marked: Vec<&str> = patched.marks.iter().map(|mark| &*mark.item).collect();
    let renames = touched.iter().any(|item| matches!(item, Item::Rename(..)) && marked.contains(&&*item.to_string()));
    for item in after.session.diff(&live) {
        // A module that is left as it is keeps its cables and mappings.
        let words = item.to_string();
        let hangs = |mark: &&str| {
            matches!(item, Item::Cable(..) | Item::Macro(_))
                && words.contains(mark.split_whitespace().next().unwrap_or("?"))
        };
        let named = marked.contains(&words.as_str()) || marked.iter().any(hangs);
        // A name that stays in the text makes all that hangs on it differ.
        prop_assert!(
            named || renames,
            "{item} differs and is not marked: {:?}\n{:?}\n--- before\n{text}\n--- after\n{}",
            patched.marks,
            commands,
            patched.text
        );
    }
    prop_assert_eq!(comments(&patched.text), comments(text), "\n{}\n--- after\n{}", text, patched.text);
    for offer in patched.marks.iter().flat_map(|mark| [&mark.pin, &mark.over]).flatten() {
        prop_assert!(dry.run(offer, &[]).is_ok());
        prop_assert_eq!(comments(offer), comments(text));
    }
    if patched.written.is_empty() {
        prop_assert_eq!(&*patched.text, text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_script_of_literals_is_written_whatever_is_done(text in written(), commands in vec(command(), 1..6)) {
        let mut dry = dry();
        let made = dry.run(&text, &[]).map_err(|e| TestCaseError::fail(e.text()))?;
        let mut live = made.session.clone();
        let touched = done(&mut live, &commands);
        let patched = patch(&mut dry, &text, &live, &[], &touched);
        prop_assert_eq!(&patched.marks, &vec![], "{:?}\n--- before\n{}\n--- after\n{}", commands, text, patched.text);
        let after = dry.run(&patched.text, &[]).map_err(|e| TestCaseError::fail(e.text()))?;
        prop_assert_eq!(after.session.diff(&live), vec![], "{:?}\n--- before\n{}\n--- after\n{}", commands, text, patched.text);
        prop_assert_eq!(comments(&patched.text), comments(&text));
        prop_assert!(patched.text.contains("\r\n") == text.contains("\r\n") || text.is_empty());
    }

    #[test]
    fn a_knob_turned_changes_one_line_and_an_edit_not_run_yet_stays(text in written(), volume in 0.01..0.99_f64) {
        let mut dry = dry();
        let made = dry.run(&text, &[]).map_err(|e| TestCaseError::fail(e.text()))?;
        let mut live = made.session.clone();
        let path = Path::parse("masterAudioOut.masterVolume").expect("a literal path");
        let commands = match live.modules.contains_key("kick") && live.modules["kick"].kind() == ModuleKind::MultiSampler {
            true => vec![Command::Set(Path::parse("kick.volume").expect("a literal path"), volume)],
            false => vec![Command::Set(path, volume)],
        };
        let touched = done(&mut live, &commands);
        // The person has typed on since the text was run.
        let typed = format!("seed(77) -- typed\n{text}");
        let patched = patch(&mut dry, &typed, &live, &[], &touched);
        prop_assert_eq!(&patched.marks, &vec![]);
        let (before, after): (Vec<&str>, Vec<&str>) = (typed.lines().collect(), patched.text.lines().collect());
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        let end = before.iter().rev().zip(after.iter().rev()).take(before.len().min(after.len()) - same).take_while(|(a, b)| a == b).count();
        prop_assert!(after.len() - same - end <= 1 && before.len() - same - end <= 1, "{}\n---\n{}", typed, patched.text);
        prop_assert!(patched.text.starts_with("seed(77) -- typed"));
    }

    #[test]
    fn a_script_that_computes_is_written_or_marked(
        text in computing(),
        commands in vec(prop_oneof![3 => done_to_computed(), 1 => command()], 1..5),
    ) {
        sound(&text, &commands)?;
    }
}
