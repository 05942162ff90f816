//! `report.json`, and the few lines a person reads. Any thread.

use std::path::Path;

use serde::Serialize;

use crate::desk::DeskReport;

/// CPU time of the blocks of the paced pass, in milliseconds, and how long such a block is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BlockMs {
    /// The median.
    pub p50: f64,
    /// 99 in 100 took at most this.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// The length of the block.
    pub deadline: f64,
}

/// What was played.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plugin {
    /// The plug-in's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The format it was loaded in.
    pub format: String,
}

/// The keys of `report.json`, in their order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Triggers that should sound, by the oracle.
    pub triggers_expected: usize,
    /// Triggers that sounded.
    pub triggers_fired: usize,
    /// Largest distance of a trigger's frame from its beat's frame on the transport's map.
    pub onset_error_frames_max: u64,
    /// The same, heard in the probe pass.
    pub audio_onset_error_frames_max: u64,
    /// Calls of the allocator inside `process`, all passes of the linked plug-in together.
    pub process_allocations: u64,
    /// Blocks of the mix.
    pub blocks: u64,
    /// Of the paced pass.
    pub block_ms: BlockMs,
    /// Seconds of sound per second of rendering, for the mix.
    pub realtime_factor: f64,
    /// The bundle from disk, given the state, played the same, bit by bit.
    pub disk_instance_equal: bool,
    /// A second bounce was the same, bit by bit.
    pub bounce_equal: bool,
    /// Triggers that came after their frame in the offline passes.
    pub late_events: u64,
    /// Size of the state.
    pub state_bytes: usize,
    /// The generated script makes an equal session.
    pub script_equal: bool,
    /// How a layer of the script and a pocket desk were kept in step; none where the script has no layer.
    pub desk: Option<DeskReport>,
    /// What was played.
    pub plugin: Plugin,
    /// What did not hold, one sentence each; empty when all did.
    pub failures: Vec<String>,
    /// What is told to people beside the report.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

impl Report {
    /// Note what did not hold.
    pub fn fail(&mut self, text: impl Into<String>) {
        self.failures.push(text.into());
    }

    /// Take the value of a step, or note why there is none.
    pub fn take<T>(&mut self, step: Result<T, String>) -> Option<T> {
        step.map_err(|error| self.fail(error)).ok()
    }

    /// Hold the numbers against what was promised.
    pub fn judge(&mut self) {
        let checks = [
            (self.triggers_expected == self.triggers_fired, "as many triggers sound as should"),
            (self.onset_error_frames_max == 0, "every trigger is on its frame"),
            (self.audio_onset_error_frames_max == 0, "every trigger is heard on its frame"),
            (self.process_allocations == 0, "process does not allocate"),
            (self.disk_instance_equal, "the instance from disk plays the same"),
            (self.bounce_equal, "two bounces are equal"),
            (self.late_events == 0, "no event is late offline"),
            (self.script_equal, "the generated script makes the same session"),
        ];
        let desk = self.desk.as_ref();
        let lights = [
            (desk.is_none_or(|desk| desk.equal), "both sides of the desk link are equal"),
            (desk.is_none_or(|desk| desk.lost + desk.doubled == 0), "no event of the desk is lost or doubled"),
        ];
        let broken: Vec<_> = checks
            .iter()
            .chain(&lights)
            .filter(|(held, _)| !held)
            .map(|(_, what)| format!("does not hold: {what}"))
            .collect();
        self.failures.extend(broken);
    }

    /// Write `report.json`.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The few lines a person reads.
    pub fn print(&self) {
        let yes = |held: bool| if held { "yes" } else { "NO" };
        println!("{} {} ({})", self.plugin.id, self.plugin.version, self.plugin.format);
        println!("  triggers           {} of {} expected", self.triggers_fired, self.triggers_expected);
        println!(
            "  onset error        {} frames told, {} frames heard",
            self.onset_error_frames_max, self.audio_onset_error_frames_max
        );
        println!("  process allocates  {} times", self.process_allocations);
        println!("  late offline       {}", self.late_events);
        println!("  rendered           {} blocks, {:.0} times real time", self.blocks, self.realtime_factor);
        println!("  disk plays equal   {}", yes(self.disk_instance_equal));
        println!("  bounces equal      {}", yes(self.bounce_equal));
        println!("  script equal       {}", yes(self.script_equal));
        println!("  state              {} bytes", self.state_bytes);
        self.remarks.iter().for_each(|remark| println!("  {remark}"));
        if self.failures.is_empty() {
            println!("all held");
        }
        self.failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_report_has_the_promised_keys_in_their_order() {
        let text = serde_json::to_string(&Report::default()).unwrap();
        let keys = "triggers_expected triggers_fired onset_error_frames_max audio_onset_error_frames_max \
            process_allocations blocks block_ms p50 p99 max deadline realtime_factor disk_instance_equal bounce_equal \
            late_events state_bytes script_equal desk plugin id version format failures";
        let mut rest = text.as_str();
        for key in keys.split_whitespace() {
            let at = rest.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is not there or not in order"));
            rest = &rest[at + 1..];
        }
        assert!(!text.contains("remarks"));
    }

    #[test]
    fn nothing_holds_by_itself() {
        let mut report = Report { triggers_fired: 1, process_allocations: 2, late_events: 3, ..Report::default() };
        report.judge();
        assert_eq!(report.failures.len(), 6);
    }
}
