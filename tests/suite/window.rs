//! The editor in a real window: an X server of the test's own, a host's window around the editor's, and keys that come
//! from a keyboard (xdotool, through the server) and not from a function call.
//!
//! Needs Xvfb and xdotool, which `cargo xtask test` installs or names; without them there is nothing to type on.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tracklight::bus::station::Waker;
use tracklight_host::Instance;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, EventMask, MapState, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

use crate::host_rig::{Plug, Setup};

/// A tone of two seconds, and a pattern to look at.
const SCRIPT: &str = "sampler('pad', { samples = 'tone.wav' }) trigger('pad') pattern('beat', 16)";

/// The display is a process's own, so the window is opened in a process of its own: this binary once more.
fn in_a_display_of_its_own(test: &str) {
    let Some((server, display)) = server() else {
        eprintln!("skipped: Xvfb and xdotool are needed");
        return;
    };
    let _server = Ended(server);
    let program = std::env::current_exe().unwrap();
    let words = ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"];
    let out = Command::new(program).args(words).env("DISPLAY", display).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An X server on a number that it finds free by itself.
fn server() -> Option<(Child, String)> {
    Command::new("xdotool").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1100x800x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "Xvfb found no display");
    Some((server, format!(":{}", line.trim())))
}

/// A key that arrived at the host's window.
#[derive(Debug, PartialEq)]
struct Given {
    key: String,
    shift: bool,
    control: bool,
    down: bool,
}

/// A host with the editor in its window, and somebody at the keyboard.
struct Desk {
    plug: Plug,
    wire: RustConnection,
    window: Window,
    given: Vec<Given>,
}

impl Desk {
    /// A host's window with the editor open in it.
    fn new() -> Self {
        let plug = Plug::new(&Setup::default(), SCRIPT);
        let (wire, screen) = x11rb::connect(None).unwrap();
        let screen = &wire.setup().roots[screen];
        let window = wire.generate_id().unwrap();
        let keys = EventMask::KEY_PRESS | EventMask::KEY_RELEASE;
        let look = CreateWindowAux::new().event_mask(keys);
        let class = WindowClass::INPUT_OUTPUT;
        let made = wire.create_window(screen.root_depth, window, screen.root, 0, 0, 1000, 700, 0, class, 0, &look);
        made.unwrap().check().unwrap();
        wire.map_window(window).unwrap().check().unwrap();
        let mut desk = Self { plug, wire, window, given: vec![] };
        desk.open();
        desk
    }

    /// Open the editor and click into its bar, where no widget is.
    fn open(&mut self) {
        let window = self.window;
        self.instance().open_editor(window).unwrap();
        self.until("the editor's window is there", |desk| {
            let inside = desk.wire.query_tree(window).unwrap().reply().unwrap().children;
            inside.iter().any(|child| {
                let look = desk.wire.get_window_attributes(*child).unwrap().reply().unwrap();
                look.map_state == MapState::VIEWABLE
            })
        });
        self.rest();
        self.click(900, 20);
    }

    /// Close the editor; nothing of it goes on: a host may unload the plug-in next, or end.
    fn close(&mut self) {
        self.instance().close_editor();
        let own = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
        // A thread without a name of its own has that of the one that made it.
        self.until("the window's threads have ended", |_| {
            let all = std::fs::read_dir("/proc/self/task").unwrap().flatten();
            let names = all.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
            names.filter(|name| *name == own).count() == 1
        });
    }

    fn instance(&mut self) -> &mut Instance {
        &mut self.plug.instance
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(20);
        while !done(self) {
            let state = || format!("the host got {:?}, the text is {:?}", self.given, self.text());
            assert!(Instant::now() < limit, "not within 20 s: {what}; {}", state());
            self.instance().idle();
            self.listen();
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn xdotool(&self, words: &[&str]) {
        assert!(Command::new("xdotool").args(words).status().unwrap().success(), "{words:?}");
    }

    /// Click and let a frame or two pass, as a hand does.
    fn click(&mut self, x: u32, y: u32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
        self.rest();
    }

    /// Press chords in turn.
    fn press(&mut self, chords: &str) {
        for chord in chords.split(' ') {
            self.xdotool(&["key", chord]);
            self.rest();
        }
    }

    /// A fifth of a second in which the host goes on: several frames of the editor.
    fn rest(&mut self) {
        self.pause(200);
    }

    fn pause(&mut self, milliseconds: u64) {
        let since = Instant::now();
        self.until("time passes", |_| since.elapsed() > Duration::from_millis(milliseconds));
    }

    /// What the host's window has got.
    fn listen(&mut self) {
        while let Some(event) = self.wire.poll_for_event().unwrap() {
            let (event, down) = match event {
                Event::KeyPress(event) => (event, true),
                Event::KeyRelease(event) => (event, false),
                _ => continue,
            };
            assert_eq!(event.event, self.window);
            let names = self.wire.get_keyboard_mapping(event.detail, 1).unwrap().reply().unwrap();
            let key = match names.keysyms[0] {
                // Shift and its like go along with their chords.
                0xffe1..=0xffee => continue,
                sign @ 0x20..=0x7e => char::from(sign as u8).to_string(),
                function @ 0xffbe..=0xffc9 => format!("F{}", function - 0xffbd),
                other => format!("{other:#x}"),
            };
            let held = u16::from(event.state);
            let (shift, control) = (held & 1 != 0, held & 4 != 0);
            self.given.push(Given { key, shift, control, down });
        }
    }

    fn shown(&self) -> String {
        self.plug.session().layout.get("view").cloned().unwrap_or_default()
    }

    fn text(&self) -> String {
        self.plug.session().text.to_string()
    }

    fn shows(&mut self, view: &str) {
        self.until(&format!("{view} is shown"), |desk| desk.shown() == view);
    }

    fn has_text(&mut self, text: &str) {
        self.until(&format!("the text is {text:?}"), |desk| desk.text() == text);
    }

    /// The host gets these keys and no others, each pressed and let go.
    fn host_gets(&mut self, expected: &[&str]) {
        self.until("the host gets its keys", |desk| desk.given.len() >= 2 * expected.len());
        self.rest();
        let given = std::mem::take(&mut self.given);
        for pair in given.chunks(2) {
            assert!(pair.len() == 2 && pair[0].down && !pair[1].down && pair[0].key == pair[1].key, "{given:?}");
        }
        let name = |given: &Given| {
            let control = if given.control { "ctrl+" } else { "" };
            let shift = if given.shift { "shift+" } else { "" };
            format!("{control}{shift}{}", given.key)
        };
        assert_eq!(given.iter().step_by(2).map(name).collect::<Vec<_>>(), expected);
    }
}

/// proves: E1
#[test]
fn the_famous_keys_do_what_they_say_in_a_real_window() {
    in_a_display_of_its_own("window::famous_keys");
}

#[test]
#[ignore = "run by the test above, on a display of its own"]
fn famous_keys() {
    let mut desk = Desk::new();
    for (key, view) in [
        ("F1", "Command"),
        ("F3", "Patterns"),
        ("F4", "Desk"),
        ("F2", "Code"),
        ("ctrl+3", "Patterns"),
        ("ctrl+4", "Desk"),
        ("F2", "Code"),
    ] {
        desk.press(key);
        desk.shows(view);
    }
    // Hush fades what sounds in 50 ms, panic in 5: ten milliseconds later they are told apart.
    assert_eq!(desk.plug.block(512, &[])[511], 0.5);
    assert!(!desk.plug.remote.now().hushed);
    desk.press("ctrl+period");
    desk.until("hush is on", |desk| desk.plug.remote.now().hushed);
    desk.plug.settle();
    let fading = desk.plug.block(512, &[])[511];
    assert!(0.25 < fading && fading < 0.5, "{fading}");
    let events = desk.plug.remote.events.subscribe(256, &Waker::default());
    desk.press("ctrl+shift+period");
    desk.until("panic is told", |_| std::iter::from_fn(|| events.next()).any(|told| format!("{told:?}") == "Hushed"));
    desk.plug.settle();
    assert_eq!(desk.plug.block(512, &[])[511], 0.0);

    desk.click(400, 200);
    desk.xdotool(&["type", "--delay", "30", "Print{A<B>C} = 'x'?"]);
    desk.has_text("Print{A<B>C} = 'x'?");
    desk.press("ctrl+slash");
    desk.has_text("-- Print{A<B>C} = 'x'?");
    desk.press("ctrl+slash End");
    desk.has_text("Print{A<B>C} = 'x'?");
    // Undo of text begins a new step after a rest.
    desk.pause(1_800);
    desk.xdotool(&["type", "MORE"]);
    desk.has_text("Print{A<B>C} = 'x'?MORE");
    desk.press("ctrl+z");
    desk.has_text("Print{A<B>C} = 'x'?");
    desk.press("ctrl+y");
    desk.has_text("Print{A<B>C} = 'x'?MORE");
    // The last good evaluation: the engine says whether there is one to go back to.
    desk.press("ctrl+shift+z");
    desk.until("the engine was asked", |desk| {
        desk.plug.remote.now().notices.iter().any(|notice| notice.text.contains("good evaluation"))
    });
    // All of it was ours.
    desk.host_gets(&[]);
    desk.close();
}

#[test]
fn keys_that_the_editor_does_not_use_go_back_to_the_host_and_no_others() {
    in_a_display_of_its_own("window::keys_go_back");
}

#[test]
#[ignore = "run by the test above, on a display of its own"]
fn keys_go_back() {
    let mut desk = Desk::new();
    desk.press("F3");
    desk.shows("Patterns");
    // Nobody types: Space, letters and unknown chords are the host's.
    desk.press("space k shift+m ctrl+t F7");
    desk.host_gets(&[" ", "k", "shift+m", "ctrl+t", "F7"]);

    // Text is typed: Space is a space, the host still gets what no text field knows.
    desk.press("F2");
    desk.shows("Code");
    desk.click(400, 200);
    desk.press("1 space 2 shift+3 ctrl+t F7");
    desk.has_text("1 2#");
    desk.host_gets(&["ctrl+t", "F7"]);

    // Right after the click, before a frame could tell: typing must not start the transport.
    desk.press("Escape space");
    desk.host_gets(&[" "]);
    desk.xdotool(&["mousemove", "400", "200", "click", "1", "key", "space"]);
    desk.until("the space is in the text", |desk| desk.text().len() == 5);
    desk.host_gets(&[]);
    desk.close();
}

#[test]
fn what_is_typed_just_before_the_window_closes_is_kept() {
    in_a_display_of_its_own("window::closing_keeps");
}

#[test]
#[ignore = "run by the test above, on a display of its own"]
fn closing_keeps() {
    let mut desk = Desk::new();
    for (letter, text) in [("a", "a"), ("b", "ab")] {
        desk.click(400, 200);
        desk.press("End");
        // Half a second would pass before it is kept in any case.
        desk.xdotool(&["key", letter]);
        desk.pause(400);
        desk.close();
        desk.plug.settle();
        assert_eq!(desk.text(), text);
        desk.open();
    }
    desk.close();
}
