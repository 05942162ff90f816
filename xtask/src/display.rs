//! A display for the editor's window where there is none: an Xvfb of our own, ended when it is dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A running Xvfb.
pub struct Display {
    server: Child,
    /// Its name, such as `:99`.
    pub name: String,
}

impl Display {
    /// Start Xvfb on a number it finds free by itself, so that two runs on one machine never fight.
    pub fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start Xvfb")?;
        let stdout = server.stdout.take().context("Xvfb has no output")?;
        // From here on the drop ends the server, also when it never answers.
        let mut display = Self { server, name: String::new() };
        let (tell, told) = mpsc::sync_channel(1);
        std::thread::Builder::new().name("xvfb-answer".into()).spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody listens any more when the ten seconds were over.
            let _ = tell.send(read.map(|_| line));
        })?;
        let line = told.recv_timeout(Duration::from_secs(10)).context("Xvfb said nothing in 10 s")??;
        match line.trim().parse::<u32>() {
            Ok(number) => display.name = format!(":{number}"),
            Err(_) => bail!("Xvfb ended without a display number"),
        }
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what we want.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Whether the environment names a display that is there. A local name (`:3`) must have its socket: a stale DISPLAY
/// left over in a container would otherwise cost the editor's picture.
pub fn is_given() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let name = std::env::var("DISPLAY").unwrap_or_default();
    match local_number(&name) {
        Some(number) => std::path::Path::new(&format!("/tmp/.X11-unix/X{number}")).exists(),
        None => !name.is_empty(),
    }
}

/// The number in `:3` or `:3.0`; none for a display over the network.
fn local_number(name: &str) -> Option<u32> {
    name.strip_prefix(':')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_display_is_told_from_one_over_the_network() {
        assert_eq!(local_number(":99"), Some(99));
        assert_eq!(local_number(":3.0"), Some(3));
        assert_eq!(local_number("desk:10.0"), None);
        assert_eq!(local_number(""), None);
    }
}
