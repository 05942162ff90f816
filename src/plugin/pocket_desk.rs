//! `tracklight desk`: a pocket desk at the command line, to rehearse with where there is no desk.
//!
//! Thread: main; the desk has its own. Lines typed are done, what changes is shown.

use core::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use crate::bus::station::Waker;
use crate::osc::ma3::pocket::Options;
use crate::osc::ma3::rehearse::Rehearsal;

/// What the command understands.
pub const USAGE: &str = "\
usage: tracklight desk [OPTIONS]        a pocket desk: grandMA3's timecode tracks without a grandMA3
  --port N        its OSC port, 1 to 65535, 0 takes any (8000)
  --prefix WORD   prefix of its OSC line, as set on a desk (none)
  --loss N        lose N % of the datagrams, both ways (0)
  --seed N        for everything that is chance (1)
  --do 'LINE'     do a line first; may be given more than once
  --open          listen on every network of this machine, not on this machine alone
Lines typed are done: `help` lists them, `quit` ends.";

/// Lines that wait to be done.
const TYPED_MAX: usize = 256;
/// How long nothing is looked for.
const PAUSE: Duration = Duration::from_millis(20);

/// What was asked for.
#[derive(Debug, PartialEq)]
struct Wish {
    options: Options,
    lines: Vec<String>,
    at: Ipv4Addr,
}

fn read(words: &[&str]) -> Result<Wish, String> {
    let mut wish = Wish { options: Options::default(), lines: vec![], at: Ipv4Addr::LOCALHOST };
    let mut rest = words.iter();
    while let Some(option) = rest.next() {
        if *option == "--open" {
            wish.at = Ipv4Addr::UNSPECIFIED;
            continue;
        }
        let value = rest.next().ok_or_else(|| format!("{option} needs a value"))?;
        let wrong = |allowed: &str| format!("{option} takes {allowed}, got \"{value}\"");
        match *option {
            "--port" => wish.options.osc_port = value.parse().map_err(|_| wrong("0 to 65535"))?,
            "--prefix" => wish.options.prefix = (*value).to_owned(),
            "--seed" => wish.options.seed = value.parse().map_err(|_| wrong("a whole number"))?,
            "--do" => wish.lines.push((*value).to_owned()),
            "--loss" => {
                let share = value.parse::<f64>().ok().filter(|n| (0.0..=100.0).contains(n));
                let share = share.ok_or_else(|| wrong("0 to 100 %"))? / 100.0;
                let faults = &mut wish.options.faults;
                (faults.inbound.loss, faults.outbound.loss) = (share, share);
            }
            other => return Err(format!("there is no option `{other}`; see `tracklight desk --help`")),
        }
    }
    Ok(wish)
}

/// Run until `quit` or Ctrl+C. Errors say what is wrong with the options or which port could not be had.
pub fn run(words: &[&str]) -> Result<(), String> {
    if matches!(words, ["--help" | "-h"]) {
        println!("{USAGE}");
        return Ok(());
    }
    let Wish { options, lines, at } = read(words)?;
    let desk = Rehearsal::start(at, options, &Waker::default())?;
    lines.iter().for_each(|line| desk.say(line));
    let lines = Arc::new(ArrayQueue::<String>::new(TYPED_MAX));
    let typed = lines.clone();
    // Reading a terminal cannot be called off: this thread ends with the program.
    #[allow(clippy::disallowed_methods, reason = "a program's main reads its own terminal")]
    std::thread::spawn(move || {
        for mut line in std::io::stdin().lines().map_while(Result::ok) {
            // Somebody who pastes a book waits for it to be read.
            while let Err(back) = typed.push(line) {
                line = back;
                std::thread::park_timeout(PAUSE);
            }
        }
    });
    let mut seen = 0;
    loop {
        let (new, count) = desk.since(seen);
        new.iter().for_each(|line| println!("{line}"));
        seen = count;
        match lines.pop() {
            Some(line) if matches!(line.trim(), "quit" | "exit") => return Ok(()),
            Some(line) => desk.say(&line),
            None => std::thread::park_timeout(PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_pocket_desk_are_checked() {
        let wish = read(&["--port", "0", "--prefix", "gma3", "--loss", "20", "--do", "tracks", "--open"]).unwrap();
        assert_eq!((wish.options.osc_port, wish.options.prefix.as_str()), (0, "gma3"));
        assert_eq!((wish.options.faults.inbound.loss, wish.options.faults.outbound.loss), (0.2, 0.2));
        assert_eq!((wish.at, wish.lines.len()), (Ipv4Addr::UNSPECIFIED, 1));
        for (words, part) in [
            (vec!["--port", "70000"], "0 to 65535"),
            (vec!["--loss", "101"], "0 to 100 %"),
            (vec!["--wind", "3"], "--wind"),
            (vec!["--port"], "needs a value"),
        ] {
            assert!(read(&words).unwrap_err().contains(part), "{words:?}");
        }
    }
}
