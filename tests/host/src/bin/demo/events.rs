//! The triggers of a pass as the plug-in told them, and `events.jsonl`. Main thread.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use tracklight::bus::station::Waker;
use tracklight::bus::{EventReceiver, Remote};
use tracklight::model::{Event, ParamKind, TriggerRecord, Why};

/// Room for events between two looks: more than a block can hold.
const ROOM: usize = 1 << 16;
/// When no event came for this long after the last block, there is none left.
const QUIET: Duration = Duration::from_millis(150);

/// Collects triggers while a pass plays.
pub struct Recorder {
    receiver: EventReceiver,
    records: Vec<Arc<TriggerRecord>>,
    lagged: bool,
}

impl Recorder {
    /// Listen from now on.
    pub fn listen(remote: &Remote) -> Self {
        Self { receiver: remote.events.subscribe(ROOM, &Waker::default()), records: vec![], lagged: false }
    }

    /// Take what has come.
    pub fn take(&mut self) {
        while let Some(event) = self.receiver.next() {
            if let Event::Triggered(record) = event {
                self.records.push(record);
            }
        }
        self.lagged |= self.receiver.lagged();
    }

    /// Wait for the last ones; all triggers in the order of their frames. The error says that some were lost.
    pub fn finish(mut self) -> Result<Vec<Arc<TriggerRecord>>, String> {
        let (mut count, mut since) = (self.records.len(), Instant::now());
        while since.elapsed() < QUIET {
            std::thread::sleep(Duration::from_millis(2));
            self.take();
            if self.records.len() != count {
                (count, since) = (self.records.len(), Instant::now());
            }
        }
        self.records.sort_by_key(|record| record.frame);
        if self.lagged { Err("events came faster than they were read".into()) } else { Ok(self.records) }
    }
}

/// One line of `events.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    frame: u64,
    beat: f64,
    module: &'a str,
    pattern: Option<&'a str>,
    row: Option<u16>,
    index: u16,
    params: BTreeMap<&'static str, Value>,
    fired: bool,
    why: Option<Why>,
}

impl<'a> Line<'a> {
    fn of(record: &'a TriggerRecord) -> Self {
        let mut params: BTreeMap<&'static str, Value> = record
            .params
            .iter()
            .map(|(param, value)| {
                let value = match param.desc().kind {
                    ParamKind::Choice(_) => Value::from(param.show(f64::from(*value))),
                    // The shortest text of the 32-bit value, not the long tail of its 64-bit form.
                    _ => value.to_string().parse::<f64>().map_or(Value::Null, Value::from),
                };
                (param.desc().name, value)
            })
            .collect();
        if let Some(note) = record.note {
            params.insert("note", Value::from(note));
        }
        let fired = record.why == Why::Fired;
        Self {
            frame: record.frame,
            beat: record.beat,
            module: record.module.as_str(),
            pattern: record.pattern.as_ref().map(|name| name.as_str()),
            row: record.row,
            index: record.index,
            params,
            fired,
            why: (!fired).then_some(record.why),
        }
    }
}

/// Write `events.jsonl`: one line a trigger, in time order.
pub fn write(path: &Path, records: &[Arc<TriggerRecord>]) -> Result<(), String> {
    let text = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(text)?);
    for record in records {
        serde_json::to_writer(&mut file, &Line::of(record)).map_err(|error| error.to_string())?;
        file.write_all(b"\n").map_err(text)?;
    }
    file.flush().map_err(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tracklight::model::{Name, Param};

    #[test]
    fn a_line_has_the_form_that_is_promised() {
        let mut record = TriggerRecord {
            frame: 12_000,
            beat: 0.5,
            module: Name::new("kick").unwrap(),
            sequencer: None,
            pattern: Some(Name::new("beat").unwrap()),
            row: Some(5),
            index: 1,
            note: None,
            params: vec![(Param::VOLUME, 0.7), (Param::PLAY_STYLE, 1.0)],
            why: Why::Fired,
        };
        let line = |record: &TriggerRecord| serde_json::to_string(&Line::of(record)).unwrap();
        assert_eq!(
            line(&record),
            r#"{"frame":12000,"beat":0.5,"module":"kick","pattern":"beat","row":5,"index":1,"params":{"playStyle":"LOOP","volume":0.7},"fired":true,"why":null}"#
        );
        record.why = Why::Chance;
        (record.pattern, record.row) = (None, None);
        assert!(line(&record).contains(r#""pattern":null,"row":null"#));
        assert!(line(&record).ends_with(r#""fired":false,"why":"chance"}"#));
    }
}
