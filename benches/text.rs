//! What the two-way script costs: one literal patched in 2000 lines, and the mirror of a large session. Thread: main.
//!
//! `cargo bench --bench text` prints the figures.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use tracklight::bus::Files;
use tracklight::model::{Command, Edit, Item, ModuleKind, Name, Path, Row, Session, Uid};
use tracklight::script::{Dry, mirror, patch};

type Failure = Box<dyn std::error::Error>;

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

/// 2000 lines as people write them: samplers, cables, patterns with rows, comments, a few loops.
fn script() -> String {
    let mut text = String::from("-- a set\nclock:internal { bpm = 126 }\nseed(42)\naudioMixer(\"drums\")\n");
    for i in 0..100 {
        let _ = writeln!(
            text,
            "-- voice {i}\nsampler(\"s{i}\", {{ samples = {{ \"s{i}.wav\" }}, volume = 0.{i:02}, speed = 1.5 }})"
        );
        let _ = writeln!(text, "connect(\"s{i}\", \"drums\") -- to the sum");
        let _ = writeln!(text, "pattern(\"p{i}\", {{ steps = 16, rows = {{");
        for row in 1..13 {
            let _ = writeln!(text, "  [{row}] = {{ index = 1, length = 2, volume = 0.{row} }},");
        }
        let _ = writeln!(text, "}} }})\nsequencer(\"q{i}\", {{ pattern = \"p{i}\", to = \"s{i}\" }})\n");
    }
    let lines = text.lines().count();
    for line in lines..2000 {
        writeln!(text, "-- line {line}").expect("a String takes everything");
    }
    text
}

/// A session of so many modules and patterns.
fn session(modules: u64, patterns: u64) -> Result<Session, Failure> {
    let mut session = Session::new();
    for i in 0..patterns {
        let name = Name::new(&format!("p{i}"))?;
        session.perform(&Command::AddPattern { uid: Uid(1000 + i), name: name.clone(), steps: 16 })?;
        for row in (1..=16).step_by(4) {
            session.perform(&Command::SetRow(name.clone(), row, Row::Hit(Default::default())))?;
        }
    }
    for i in 0..modules {
        let name = Name::new(&format!("s{i}"))?;
        session.perform(&Command::AddModule {
            uid: Uid(100 + i),
            kind: ModuleKind::MultiSampler,
            name: name.clone(),
        })?;
        session.perform(&Command::Set(Path::parse(&format!("{name}.volume"))?, 0.5))?;
    }
    Ok(session)
}

#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
fn main() -> Result<(), Failure> {
    let mut bench = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    let text = script();
    let mut dry = Dry::new(Arc::new(Nowhere), Instant::now);
    let made = dry.run(&text, &[]).map_err(|e| e.text())?;
    let path = Path::parse("s50.volume")?;
    let (mut live, mut turn) = (made.session.clone(), 0_u32);
    bench.bench_function("patch one literal in 2000 lines", |b| {
        b.iter(|| {
            turn += 1;
            let value = 0.25 + f64::from(turn % 1000) / 2000.0;
            let Ok(done) = live.perform(&Command::Set(path.clone(), value)) else { return 0 };
            let touched: Vec<Item> = done
                .forward
                .iter()
                .filter_map(|edit| match edit {
                    Edit::Param(name, param, _) => Some(Item::Param(name.clone(), *param)),
                    _ => None,
                })
                .collect();
            patch(&mut dry, &text, &live, &[], &touched).text.len()
        });
    });
    bench.bench_function("the same text run beside the session", |b| {
        b.iter(|| {
            dry.forget();
            dry.run(&text, &[]).map(|made| made.set_at.len()).unwrap_or_default()
        });
    });
    let large = session(100, 1000)?;
    bench.bench_function("mirror of 100 modules and 1000 patterns", |b| b.iter(|| black_box(mirror(&large)).len()));
    Ok(())
}
