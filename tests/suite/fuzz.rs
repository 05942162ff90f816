//! Ten thousand random scripts and ten thousand random text commands: none breaks anything or changes half of it.
//!
//! proves: L11
//!
//! `TRACKLIGHT_FUZZ_CASES` and `TRACKLIGHT_FUZZ_SEED` ask for more and for others. What was found is kept in
//! `tests/corpus`; the hostile scripts there say in their first line how they must end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracklight::model::text::{Standing, run};
use tracklight::model::{Command, Event, Session};

use crate::dice::Dice;
use crate::rig::Rig;
use crate::strategy::beginning;

/// How long a random script may run. None needs it; those that loop are stopped soon.
const LIMIT: Duration = Duration::from_millis(50);

/// How long a good one may: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn cases() -> u64 {
    number("TRACKLIGHT_FUZZ_CASES", 10_000)
}

fn dice(number_of_case: u64) -> Dice {
    Dice::new(number("TRACKLIGHT_FUZZ_SEED", 20_261_121).wrapping_mul(1_000_003).wrapping_add(number_of_case))
}

/// Name and text of every file of a corpus folder, in order.
fn corpus(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Says which case it was, and what went before it, when the test breaks.
struct Case<'a>(u64, &'a [String]);

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("case {}, the last of:\n{}\n", self.0, self.1.join("\n----\n"));
        }
    }
}

fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.furnish();
    rig.limit(LIMIT);
    rig.ask(vec![Command::Load(Arc::new(beginning()))]).unwrap();
    rig
}

/// What must work whatever went before.
fn still_whole(rig: &mut Rig) {
    let good = "local t = { 3, 1, 2 } table.sort(t) pattern('fuzzok', 4):set(1, 1) sampler('fuzzs'):set('volume', 0.5)
        return table.concat(t, ',') .. ('x'):upper() .. type(sampler) .. getParam('fuzzs.volume')";
    rig.limit(PATIENCE);
    assert_eq!(rig.eval(good), Ok(vec!["1,2,3Xfunction0.5".to_owned()]));
    rig.run("exec('remove fuzzs') exec('remove fuzzok')");
    rig.limit(LIMIT);
}

/// Run one chunk; the session is as before when it fails, and whole when it does not.
fn one(rig: &mut Rig, text: &str) -> Result<Vec<String>, String> {
    rig.forget();
    let before = rig.session().to_json();
    let begun = Instant::now();
    let outcome = rig.eval(text);
    let took = begun.elapsed();
    assert!(took < PATIENCE, "it took {took:?}");
    // The script's own copy of the session and the engine agree; only a hush drops what was to come.
    let refused = |event: &&Event| matches!(event, Event::Refused { error, .. } if !error.contains("hush"));
    assert_eq!(rig.told.iter().find(refused).map(|event| format!("{event:?}")), None, "the engine refused");
    assert!(!rig.notices().iter().any(|text| text.contains("broke down")), "{:?}", rig.notices());
    match &outcome {
        Err(message) => {
            assert!(message.chars().count() < 2_200 && !message.contains("[tracklight]"), "{message}");
            assert!(message != "line 0: ", "no word of what is wrong");
            assert_eq!(rig.session().to_json(), before, "{message}");
        }
        Ok(_) => assert_eq!(rig.session().check(), Ok(())),
    }
    outcome
}

#[test]
fn random_scripts_take_effect_whole_or_not_at_all() {
    let texts: Vec<String> = corpus("scripts").into_iter().map(|(_, text)| text).collect();
    let mut rig = rig();
    let (mut done, mut failed, mut since) = (0, 0, vec![]);
    for case in 0..cases() {
        if case % 50 == 0 {
            still_whole(&mut rig);
            rig.render(512);
            rig.run("hush() clock:stop()");
            rig.ask(vec![Command::Load(Arc::new(beginning()))]).unwrap();
            since.clear();
        }
        let mut dice = dice(case);
        let (text, whole) = match dice.below(10) {
            0..=4 => {
                let text = dice.program();
                let whole = !text.contains("return");
                let steps = 1 + case % 200;
                (format!("pattern('fuzzin', {steps})\n{text}\npattern('fuzzout', {steps})"), whole)
            }
            5..=7 => (dice.mutated(&texts), false),
            8 => (dice.noise(), false),
            _ => (format!("return exec({:?})", dice.command()), false),
        };
        since.push(text);
        let _case = Case(case, &since);
        match one(&mut rig, &since[since.len() - 1]) {
            Ok(_) => {
                done += 1;
                // A chunk has its first and its last statement in it, unless it or a callback before it can undo.
                if whole && !since.iter().any(|text: &String| text.contains("undo")) {
                    let session = rig.session();
                    for name in ["fuzzin", "fuzzout"] {
                        assert_eq!(u64::from(session.patterns[name].steps), 1 + case % 200, "{name}");
                    }
                }
            }
            Err(_) => failed += 1,
        }
    }
    still_whole(&mut rig);
    eprintln!("{done} scripts took effect, {failed} failed");
    assert!(done * 6 > cases() && failed * 6 > cases(), "{done} and {failed}: not worth their time");
}

/// Run a line on the model alone.
fn line(session: &mut Session, text: &str) -> bool {
    let before = session.clone();
    match run(session, Standing::default(), text) {
        Err(error) => {
            assert!(!error.0.is_empty() && error.0.chars().count() < 4_000, "{}", error.0);
            assert_eq!(session.to_json(), before.to_json(), "{}", error.0);
            false
        }
        Ok(reply) => {
            let mut again = before;
            for command in &reply.commands {
                again.perform(command).expect("what was done can be done again");
            }
            assert_eq!(again.to_json(), session.to_json());
            assert_eq!(session.check(), Ok(()));
            true
        }
    }
}

#[test]
fn random_text_commands_take_effect_whole_or_not_at_all() {
    let texts: Vec<String> = corpus("commands").into_iter().map(|(_, text)| text).collect();
    let mut session = beginning();
    let mut done = 0;
    for case in 0..cases() {
        if case % 100 == 0 {
            session = beginning();
        }
        let mut dice = dice(case ^ 0x5555);
        let text = if dice.below(10) == 0 { dice.mutated(&texts) } else { dice.command() };
        for text in text.lines() {
            let this = [text.to_owned()];
            let _case = Case(case, &this);
            done += u64::from(line(&mut session, text));
        }
    }
    eprintln!("{done} commands took effect");
    assert!(done * 5 > cases(), "{done}: not worth their time");
}

#[test]
fn random_commands_through_exec_do_what_they_do_alone() {
    let mut rig = rig();
    rig.limit(PATIENCE);
    let mut model = beginning();
    for round in 0..cases() / 20 {
        if round % 5 == 0 {
            model = beginning();
            rig.run("clock:stop()");
            rig.ask(vec![Command::Load(Arc::new(beginning()))]).unwrap();
        }
        let mut dice = dice(round ^ 0xaaaa_aaaa);
        let lines: Vec<String> = (0..20).map(|_| dice.command().replace(['\n', '\r'], " ")).collect();
        // These are done by others and later.
        let others = ["undo", "redo", "save", "load", "open", "render", "bounce"];
        let lines: Vec<String> =
            lines.into_iter().filter(|l| !others.iter().any(|o| l.to_ascii_lowercase().contains(o))).collect();
        let quoted: Vec<String> = lines.iter().map(|l| lua_text(l)).collect();
        let text = format!(
            "local n = 0 for _, line in ipairs {{ {} }} do if exec(line).success then n = n + 1 end end return n",
            quoted.join(", ")
        );
        let this = [text.clone()];
        let _case = Case(round, &this);
        let count = lines.iter().filter(|l| line(&mut model, l)).count();
        assert_eq!(one(&mut rig, &text), Ok(vec![count.to_string()]));
        assert_eq!(rig.session(), model);
    }
    still_whole(&mut rig);
}

/// Any text as a Lua literal.
fn lua_text(text: &str) -> String {
    let escaped: String = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{escaped}\"")
}

#[test]
fn the_corpus_of_scripts_ends_as_each_says() {
    for (name, text) in corpus("scripts") {
        let mut rig = rig();
        let first = text.lines().next().unwrap_or_default();
        rig.limit(if first.contains("stopped") { LIMIT * 4 } else { PATIENCE });
        let outcome = one(&mut rig, &text);
        match first.strip_prefix("-- fails: ") {
            Some(want) => assert!(outcome.as_ref().is_err_and(|e| e.contains(want)), "{name}: {outcome:?}"),
            None => assert!(outcome.is_ok(), "{name}: {outcome:?}"),
        }
        rig.limit(LIMIT);
        rig.render(4_800);
        still_whole(&mut rig);
    }
}

#[test]
fn the_corpus_of_commands_keeps_the_session_whole() {
    for (name, text) in corpus("commands") {
        let mut session = beginning();
        for (number, text) in text.lines().enumerate() {
            let this = [text.to_owned()];
            let _case = Case(number as u64 + 1, &this);
            let (text, must_fail) = text.strip_prefix("fails: ").map_or((text, false), |text| (text, true));
            assert_eq!(line(&mut session, text), !must_fail, "{name} line {}: {text}", number + 1);
        }
    }
}
