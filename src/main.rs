//! The program beside the plug-in: a window with sound of its own, a headless mode, and help.
//!
//! Thread: main.

use std::path::PathBuf;
use std::process::ExitCode;

use tracklight::plugin::headless::{Act, Headless, Settings, write_docs};

const USAGE: &str = "\
Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW

usage: tracklight [OPTIONS]             open the window and play through a sound device or JACK
       tracklight --resume [OPTIONS]    the same, and play at once what a crash left
       tracklight headless ACTS…        work without display and sound card; acts are done in the order given
       tracklight desk [OPTIONS]        a pocket desk to rehearse with; `tracklight desk --help`
       tracklight docs --out DIR        write the reference pages
       tracklight --help | --version

acts of headless:
  --load FILE          read a session                --save FILE        write the session
  --script FILE        run a Lua file                --mirror FILE      write the session as a script
  --commands FILE      run text commands, one a line --do 'COMMAND'     run one text command
  --render FILE.wav    render, 32-bit float stereo
settings of headless:
  --media DIR          look for files here too       --bars N           bars to render, 1 to 10000 (16)
  --rate HZ            8000 to 384000 (48000)        --tempo BPM        20 to 480 (the session's)
The exit status is 0 only if every act was done.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["--version" | "-V"] => {
            println!("tracklight {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        ["--help" | "-h" | "help", ..] => {
            print!("{USAGE}");
            device::help();
            ExitCode::SUCCESS
        }
        ["headless", rest @ ..] => end(headless(rest)),
        ["desk", rest @ ..] => end(tracklight::plugin::pocket_desk::run(rest)),
        ["docs", "--out", folder] => {
            end(write_docs(&PathBuf::from(folder)).map(|pages| println!("{}", pages.join("\n"))))
        }
        [word, ..] if !word.starts_with('-') => {
            end(Err(format!("there is no command `{word}`; see `tracklight --help`")))
        }
        words => {
            let resume = words.contains(&"--resume");
            tracklight::plugin::journal::RESUME.store(resume, std::sync::atomic::Ordering::Release);
            let words: Vec<String> =
                words.iter().filter(|word| **word != "--resume").map(|word| (*word).to_owned()).collect();
            device::open(&words)
        }
    }
}

fn end(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tracklight: {error}");
            ExitCode::FAILURE
        }
    }
}

fn headless(words: &[&str]) -> Result<(), String> {
    let (settings, acts) = read(words)?;
    if acts.is_empty() {
        return Err("nothing to do: give an act, such as --script FILE; see `tracklight --help`".to_owned());
    }
    let mut headless = Headless::start(settings, |line| println!("{line}"))?;
    acts.iter().try_for_each(|act| headless.act(act))
}

/// Read the options of headless. Settings hold for every act, wherever they stand.
fn read(words: &[&str]) -> Result<(Settings, Vec<Act>), String> {
    let mut settings = Settings::default();
    let mut acts = vec![];
    let mut rest = words.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{option} needs a value"))?;
        let number = |min: f64, max: f64| {
            let wrong = || format!("{option} takes a number from {min} to {max}, got \"{value}\"");
            value.parse::<f64>().ok().filter(|n| (min..=max).contains(n)).ok_or_else(wrong)
        };
        let path = PathBuf::from(value);
        match *option {
            "--load" => acts.push(Act::Load(path)),
            "--script" => acts.push(Act::Script(path)),
            "--commands" => acts.push(Act::Commands(path)),
            "--do" => acts.push(Act::Do((*value).to_owned())),
            "--save" => acts.push(Act::Save(path)),
            "--mirror" => acts.push(Act::Mirror(path)),
            "--render" => acts.push(Act::Render(path)),
            "--media" => settings.media.push(path),
            "--bars" => settings.bars = number(1.0, 10_000.0)? as u32,
            "--rate" => settings.rate = number(8_000.0, 384_000.0)? as u32,
            "--tempo" => settings.tempo = Some(number(20.0, 480.0)?),
            other => return Err(format!("there is no option `{other}`; see `tracklight --help`")),
        }
    }
    Ok((settings, acts))
}

#[cfg(feature = "standalone")]
const OPTIONS: &str = "
acts of the window, done when it opens: --load, --script, --commands, --do; --media DIR as above
settings of the window:
  --backend auto|jack|alsa|dummy   where sound goes (auto: JACK, else ALSA, else nowhere)
  --sample-rate HZ                 frames per second (48000); JACK has its own
  --period-size FRAMES             frames per block (512); JACK has its own
  --tempo BPM                      tempo of the transport (120)
  --timesig-num N --timesig-denom N    its signature (4/4)
  --output-device NAME             ALSA device to play on; '' lists them
  --input-device NAME              ALSA device to hear; '' lists them
  --midi-input NAME                ALSA MIDI port to listen to; '' lists them
  --connect-jack-inputs A:1,A:2    JACK ports to hear
  --connect-jack-midi-input PORT   JACK MIDI port to listen to
With ALSA and dummy the transport always plays. With JACK its transport leads: start it there (`jack_transport`), or
take the program's own clock: clock:setSource(\"internal\") clock:play().
";

/// The window with a sound device: only in builds that have the system's audio libraries.
#[cfg(feature = "standalone")]
mod device {
    use std::process::ExitCode;

    use tracklight::plugin::standalone;

    use super::OPTIONS;

    pub fn help() {
        print!("{OPTIONS}");
    }

    pub fn open(words: &[String]) -> ExitCode {
        super::end(standalone::open(words))
    }
}

#[cfg(not(feature = "standalone"))]
mod device {
    use std::process::ExitCode;

    pub fn help() {
        println!("\nThis build has no sound devices (it was made without the feature `standalone`).");
    }

    pub fn open(_: &[String]) -> ExitCode {
        eprintln!("tracklight: this build has no sound devices; build it with `--features standalone`");
        ExitCode::from(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_keep_their_order_and_wrong_options_are_named() {
        let (settings, acts) = read(&["--script", "a.lua", "--bars", "4", "--render", "b.wav"]).expect("good options");
        assert_eq!(settings.bars, 4);
        assert_eq!(acts, [Act::Script("a.lua".into()), Act::Render("b.wav".into())]);
        assert!(read(&["--bars", "0"]).unwrap_err().contains("1 to 10000"));
        assert!(read(&["--frob", "0"]).unwrap_err().contains("--frob"));
        assert!(read(&["--script"]).unwrap_err().contains("--script needs a value"));
    }
}
