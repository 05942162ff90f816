//! The program with a window and sound of its own, as a person starts it: on a display, through JACK, through ALSA, and
//! where one of them is not there.
//!
//! proves: H19
//!
//! Each test has its own display (Xvfb), JACK server (jackd with the dummy driver) and ALSA configuration, so it hears
//! and disturbs nobody. Where those programs are not installed the tests are passed over, but not in CI.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::host_rig::write_wav;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// The JACK server's frames per second and per block: not what the program takes by itself.
const RATE: usize = 96_000;
const PERIOD: usize = 1024;

/// Whether these programs are there. Without them nothing is shown, which in CI is a failure.
fn have(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let missing: Vec<&&str> = programs.iter().filter(|name| !there(name)).collect();
    if !missing.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "missing: {missing:?}");
        eprintln!("passed over, missing: {missing:?}");
    }
    missing.is_empty()
}

/// Look until `found` answers.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = found() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    /// Ask it to end, and wait: a JACK server that is killed keeps one of the machine's eight places for servers, and a
    /// server waits a while for a client that is killed.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(5) {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display whose picture lies in a file.
struct Screen {
    name: String,
    picture: PathBuf,
    _server: Running,
}

impl Screen {
    fn open(folder: &Path) -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-fbdir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("its output")).read_line(&mut line).expect("its number");
        Self { name: format!(":{}", line.trim()), picture: folder.join("Xvfb_screen0"), _server: Running(server) }
    }

    /// The pixels, as X's window dump keeps them.
    fn pixels(&self) -> Vec<u32> {
        let dump = std::fs::read(&self.picture).expect("the picture");
        let word = |at: usize| u32::from_be_bytes(dump[at * 4..at * 4 + 4].try_into().expect("four bytes")) as usize;
        // Words 0 and 19 of the dump's header: its length, and the colours listed behind it.
        let from = word(0) + word(19) * 12;
        dump[from..].chunks_exact(4).map(|p| u32::from_le_bytes(p.try_into().expect("four bytes"))).collect()
    }

    fn colours(&self) -> usize {
        let mut pixels = self.pixels();
        pixels.sort_unstable();
        pixels.dedup();
        pixels.len()
    }
}

/// The program, started, and what it says on its output.
struct Program {
    process: Running,
    lines: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (tell, lines) = sync_channel(10_000);
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { process: Running(process), lines }
    }

    /// The next line that begins with `start`.
    fn says(&self, start: &str) -> String {
        until(start, || self.lines.try_iter().find(|line| line.starts_with(start)))
    }

    /// Ctrl+C, and how it ended.
    fn interrupt(mut self) -> ExitStatus {
        let id = self.process.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
        until("the end", || self.process.0.try_wait().expect("a child"))
    }
}

/// A folder with a click and a song that plays it on every beat and tells each beat.
fn song(rate: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_wav(&folder.path().join("click.wav"), rate as f64, &[1.0, 0.0, 0.0, 0.0]);
    let song = r#"sampler("hat", { samples = "click.wav" }) sequencer("seq", { pattern = "beat", to = "hat" })
        for row = 1, 16, 4 do pattern("beat", 16):set(row, 1) end
        live("tell", function()
            clock:every("1/4", function(beat) print("beat " .. beat .. " at " .. clock:getBPM()) end)
        end)
        print("the song is there")"#;
    std::fs::write(folder.path().join("song.lua"), song).unwrap();
    folder
}

fn tracklight(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracklight"));
    // Nobody's JACK server, sound card or display, unless a test gives one.
    command.args(line.split_whitespace()).current_dir(folder).env_remove("DISPLAY");
    command.env("JACK_DEFAULT_SERVER", "tracklight-nobody").env("JACK_NO_START_SERVER", "1");
    // Nor their unsaved work.
    command.env("TRACKLIGHT_STATE", folder.join("state"));
    command
}

/// Where a recording of stereo clicks is not silent on the left, and how loud.
fn clicks(path: &Path) -> Vec<(usize, f64)> {
    let mut wav = hound::WavReader::open(path).expect("a recording");
    assert_eq!(wav.spec().channels, 2);
    let full = f64::from(1_u32 << (wav.spec().bits_per_sample - 1));
    let left = wav.samples::<i32>().step_by(2).map(|s| f64::from(s.expect("a sample")) / full);
    left.enumerate().filter(|(_, s)| *s != 0.0).collect()
}

#[test]
fn the_window_opens_and_plays_without_a_sound_device_and_ctrl_c_closes_it() {
    if !have(&["Xvfb"]) {
        return;
    }
    let folder = song(48_000);
    let screen = Screen::open(folder.path());
    let bare = screen.colours();
    let program = Program::start(
        tracklight(folder.path(), "--backend dummy --tempo 133 --script song.lua").env("DISPLAY", &screen.name),
    );
    program.says("the song is there");
    program.says("beat 4 at 133");
    until("the window", || (screen.colours() > bare + 30).then_some(()));
    let picture = screen.pixels();
    until("the clock in the window to move on", || (screen.pixels() != picture).then_some(()));
    assert!(program.interrupt().success());
}

/// A JACK server of our own without a sound card.
struct Jack {
    name: String,
    _server: Running,
}

impl Jack {
    fn start() -> Self {
        let name = format!("tracklight-{}", std::process::id());
        // Synchronous: each block waits for every client, also on a busy machine.
        let line = format!("-r -S -n {name} -d dummy -r {RATE} -p {PERIOD}");
        let server = Command::new("jackd").args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let jack = Self { name, _server: Running(server.expect("jackd starts")) };
        until("the JACK server", || jack.ports().contains("system:playback_1").then_some(()));
        jack
    }

    fn tool(&self, line: &str) -> Command {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).env("JACK_DEFAULT_SERVER", &self.name).env("JACK_NO_START_SERVER", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// All ports, and below each those it is connected to.
    fn ports(&self) -> String {
        let output: Output = self.tool("jack_lsp -c").output().expect("jack_lsp runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn has(&self, port: &str) {
        until(port, || self.ports().lines().any(|line| line.trim() == port).then_some(()));
    }

    /// Give commands to `jack_transport`, and leave it running: as timebase master it leads as long as it lives.
    fn transport(&self, commands: &str) -> Running {
        let mut tool = self.tool("jack_transport").spawn().expect("jack_transport starts");
        tool.stdin.as_mut().expect("its input").write_all(commands.as_bytes()).expect("it reads");
        Running(tool)
    }

    /// Record the program for some seconds while `meanwhile` runs.
    fn record(&self, folder: &Path, seconds: u32, meanwhile: impl FnOnce()) -> Vec<(usize, f64)> {
        let path = folder.join("heard.wav");
        let line = format!("jack_rec -f {} -d {seconds} -b 16 tracklight:output_1 tracklight:output_2", path.display());
        let mut recorder = Running(self.tool(&line).spawn().expect("jack_rec starts"));
        until("the recorder", || self.ports().contains("jackrec").then_some(()));
        meanwhile();
        until("the recording", || recorder.0.try_wait().expect("a child"));
        clicks(&path)
    }
}

/// Clicks come so many frames apart. A recorder on a busy machine may lose whole blocks: those gaps are not counted.
fn come_every(frames: usize, heard: &[(usize, f64)]) {
    let gaps: Vec<usize> = heard.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let exact = gaps.iter().filter(|gap| **gap == frames).count();
    assert!(gaps.iter().all(|gap| *gap <= frames && (frames - gap).is_multiple_of(PERIOD)), "{heard:?}");
    assert!(exact >= 2, "{exact} of the gaps {gaps:?} are {frames} frames");
}

#[test]
fn through_jack_it_plays_at_the_servers_rate_takes_midi_and_follows_the_transport() {
    if !have(&["Xvfb", "jackd", "jack_lsp", "jack_rec", "jack_transport", "jack_midiseq", "jack_connect"]) {
        return;
    }
    let folder = song(RATE);
    let screen = Screen::open(folder.path());
    let jack = Jack::start();
    let mut command = tracklight(folder.path(), "--backend jack --tempo 150 --script song.lua");
    let program = Program::start(command.env("DISPLAY", &screen.name).env("JACK_DEFAULT_SERVER", &jack.name));
    program.says("the song is there");
    for port in ["input_1", "input_2", "output_1", "output_2", "midi_input"] {
        jack.has(&format!("tracklight:{port}"));
    }
    let ports = jack.ports();
    assert!(ports.contains("tracklight:output_1\n   system:playback_1\n"), "{ports}");
    assert!(ports.contains("tracklight:output_2\n   system:playback_2\n"), "{ports}");

    // The transport stands; a note every 48000 frames, which jack_midiseq plays at velocity 64.
    let notes = Running(jack.tool("jack_midiseq notes 48000 0 60 2000").spawn().expect("jack_midiseq starts"));
    jack.has("notes:out");
    let connected = jack.tool("jack_connect notes:out tracklight:midi_input").status().expect("jack_connect runs");
    assert!(connected.success());
    let heard = jack.record(folder.path(), 4, || ());
    come_every(48_000, &heard);
    assert!(heard.iter().all(|(_, level)| (level - 64.0 / 127.0).abs() < 1e-3), "{heard:?}");
    drop(notes);

    // The tempo is the option's as long as nobody in JACK tells one.
    let mut hands = vec![];
    let heard = jack.record(folder.path(), 4, || hands.push(jack.transport("play\n")));
    come_every(38_400, &heard);
    program.says("beat 2 at 150");

    // A timebase master counts bars and beats from 1: its first beat is our beat 0. This one drops parts of ticks in each
    // block; at this tempo, rate and block there are none.
    hands.push(jack.transport("stop\nlocate 0\nmaster\ntempo 93.75\n"));
    let heard = jack.record(folder.path(), 5, || hands.push(jack.transport("play\n")));
    come_every(61_440, &heard);
    program.says("beat 0 at 93.75");
    program.says("beat 1 at 93.75");
    assert!(program.interrupt().success());
    drop(hands);
}

#[test]
fn through_alsa_it_plays() {
    if !have(&["Xvfb"]) {
        return;
    }
    let folder = song(48_000);
    let screen = Screen::open(folder.path());
    let bare = screen.colours();
    // ALSA without a card: it takes everything at once, so the song runs as fast as it can.
    let path = folder.path().join("asound.conf");
    std::fs::write(&path, "pcm.!default { type null }\nctl.!default { type null }\n").unwrap();
    let mut command = tracklight(folder.path(), "--backend alsa --tempo 140 --script song.lua");
    let program = Program::start(command.env("DISPLAY", &screen.name).env("ALSA_CONFIG_PATH", &path));
    // The first beats are over before the script has seen the clock at all.
    until("the tempo", || program.lines.try_iter().find(|line| line.ends_with(" at 140")));
    until("the window", || (screen.colours() > bare + 30).then_some(()));
    assert!(program.interrupt().success());
}

#[test]
fn what_is_not_there_is_said_and_the_exit_status_is_1() {
    if !have(&["Xvfb"]) {
        return;
    }
    let folder = song(48_000);
    let screen = Screen::open(folder.path());
    let on = Some(screen.name.as_str());
    for (line, display, told) in [
        ("--backend dummy", None, vec!["DISPLAY is not set", "headless"]),
        ("--backend dummy", Some(":31337"), vec![":31337", "does not answer", "headless"]),
        ("--backend jack", on, vec!["JACK"]),
        ("--backend alsa --output-device no-such-card", on, vec!["Unknown output device 'no-such-card'", "Available"]),
        ("--backend dummy --script none.lua", on, vec!["--script", "none.lua"]),
    ] {
        let mut command = tracklight(folder.path(), line);
        display.map(|name| command.env("DISPLAY", name));
        let done = command.output().expect("the program runs");
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{line}: {text}");
        assert!(told.iter().all(|word| text.contains(word)), "{line}: {text}");
    }
}
