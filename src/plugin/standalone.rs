//! The program with a window and sound of its own: what nice-plug's standalone wrapper leaves undone around it.
//!
//! Thread: main, and one thread that runs what the command line asked for and shows the console in the terminal.
//!
//! The wrapper opens the window and the sound device. What it lacks: it is silent about what goes wrong, it ignores
//! Ctrl+C while the window is open, it waits for ever where there is no display, and it takes the rate from its
//! options instead of from the JACK server.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::acts::{Act, Acts};
use super::own_window::OwnWindow;
use super::variant::{Standalone, Variant};
use super::{Tracklight, rooms};
use crate::model::Ask;

mod log;
mod options;

use options::Options;

/// How often the console is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a window may take to open, and how long the sound device may take to end after it closed.
const WINDOW_WAIT: Duration = Duration::from_secs(30);
const END_WAIT: Duration = Duration::from_secs(10);

/// Open the window and play until it is closed. `words` are the program's arguments without its name.
///
/// Thread: main.
pub fn open(words: &[String]) -> Result<(), String> {
    let Options { acts, media, mut wrapper } = Options::read(words)?;
    find_display()?;
    log::listen();
    if let Some((rate, frames)) = options::asks_jack(&wrapper).then(jack_server).flatten() {
        options::set_rate(&mut wrapper, rate, frames);
    }
    let window = Standalone::window().ok_or("the program has no window")?;
    // Before the wrapper, which sets a handler that nobody listens to while the window is open; its second try fails.
    ctrlc::set_handler(|| interrupted(window)).map_err(|error| format!("Ctrl+C cannot be watched: {error}"))?;
    std::thread::Builder::new()
        .name("tracklight terminal".into())
        .spawn(move || attend(window, &acts, media))
        .map_err(|error| format!("the system gave no thread: {error}"))?;

    let line = std::iter::once("tracklight".to_owned()).chain(wrapper);
    match nice_plug::prelude::nice_export_standalone_with_args::<Tracklight<Standalone>, _>(line) {
        true => Ok(()),
        false => Err("it could not be opened".to_owned()),
    }
}

/// Close the window as a person would; a second Ctrl+C does not wait.
fn interrupted(window: &OwnWindow) {
    if window.close() || !window.was_opened() {
        end(130);
    }
}

#[allow(clippy::disallowed_methods, reason = "this program is its own host")]
fn end(status: i32) -> ! {
    std::process::exit(status)
}

/// Rate (frames per second) and frames per block of a JACK server that runs.
fn jack_server() -> Option<(usize, u32)> {
    // Its messages would tell everybody without JACK that there is none.
    jack::set_logger(jack::LoggerType::None);
    let (client, _) = jack::Client::new("tracklight asks", jack::ClientOptions::NO_START_SERVER).ok()?;
    Some((client.sample_rate() as usize, client.buffer_size()))
}

/// An error where there is certainly no display: the wrapper would play on without a window, which nobody can end.
#[cfg(target_os = "linux")]
fn find_display() -> Result<(), String> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};

    let headless = "`tracklight headless` needs none";
    let name = std::env::var("DISPLAY").unwrap_or_default();
    if name.is_empty() {
        return Err(format!("there is no display for the window (DISPLAY is not set); {headless}"));
    }
    // A display over the network is left to the window itself.
    let Some(number) = local_display(&name) else { return Ok(()) };
    let path = format!("/tmp/.X11-unix/X{number}");
    let hidden = SocketAddr::from_abstract_name(&path).and_then(|address| UnixStream::connect_addr(&address));
    match hidden.or_else(|_| UnixStream::connect(&path)) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the display {name} (DISPLAY) does not answer: {error}; {headless}")),
    }
}

#[cfg(not(target_os = "linux"))]
fn find_display() -> Result<(), String> {
    Ok(())
}

/// The number in `:3`, `:3.0` or `unix:3`.
#[cfg(target_os = "linux")]
fn local_display(name: &str) -> Option<u32> {
    name.strip_prefix("unix").unwrap_or(name).strip_prefix(':')?.split('.').next()?.parse().ok()
}

fn say(line: &str) {
    // What the window's console was told from here comes back.
    if !log::was_shown(line) {
        // A terminal that is gone is no reason to stop playing.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

/// Do what the command line asked, then show the console until the program ends.
fn attend(window: &'static OwnWindow, acts: &[Act], media: Vec<PathBuf>) {
    let wait = || std::thread::park_timeout(LOOK);
    let remote = loop {
        // The wrapper makes the one instance of this process.
        match rooms::newest() {
            Some(remote) => break remote,
            None => wait(),
        }
    };
    let tell = |text: String| {
        // With a full queue the terminal still has it.
        let _ = remote.asks.send(Ask::Notice(text));
    };
    match Acts::new(remote.clone(), media, say) {
        Ok(mut doer) => {
            for act in acts {
                let done = doer.act(act, &mut |_, _, _| Err("render works in `tracklight headless`".to_owned()));
                if let Err(error) = done {
                    log::show(&error);
                    break;
                }
            }
            watch(window, || {
                log::new_lines().into_iter().for_each(tell);
                doer.show_console();
                wait();
            });
        }
        Err(error) => log::show(&error),
    }
}

/// Call `look` for ever, but end a program whose window does not open, and one that was told to close and cannot: the
/// wrapper waits for ever for a JACK server that died.
fn watch(window: &OwnWindow, mut look: impl FnMut()) {
    let (mut unopened, mut closed) = (Duration::ZERO, Duration::ZERO);
    loop {
        look();
        if !window.was_opened() {
            unopened += LOOK;
        } else if window.is_to_close() {
            closed += LOOK;
        }
        if unopened > WINDOW_WAIT {
            log::show("the window could not be opened; `tracklight headless` needs none");
            end(1);
        }
        if closed > END_WAIT {
            log::show("the sound device does not answer any more; closed without it");
            end(1);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_local_display_is_told_from_one_over_the_network() {
        assert_eq!(local_display(":99"), Some(99));
        assert_eq!(local_display("unix:3.0"), Some(3));
        assert_eq!(local_display("desk:10.0"), None);
    }
}
