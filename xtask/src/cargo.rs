//! Calls cargo and other programs, and turns a bad end into an error that says which one.

use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// A cargo command in the workspace's root, with the same target folder as the cargo that runs xtask.
pub fn cargo(workspace: &Workspace, words: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(&workspace.root)
        // A relative target folder in the user's environment would count from another folder here.
        .env("CARGO_TARGET_DIR", &workspace.target)
        // Artifacts are looked for in the plain folders; a cross target would put them elsewhere.
        .env_remove("CARGO_BUILD_TARGET");
    command
}

/// Run to the end with the terminal's own input and output; anything but success is an error.
pub fn succeed(command: &mut Command) -> Result<()> {
    let status = finish(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Run to the end and hand back how it ended.
pub fn finish(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("could not start `{}`", line(command)))
}

/// Whether the program starts and succeeds; what it prints is dropped. For asking whether a tool is there.
pub fn answers(program: &str, words: &[&str]) -> bool {
    Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
}

/// The exit status to pass on: the program's own, or 128 + signal as shells say it.
pub fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The command as one would type it, with the program's bare name.
pub fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let mut words = vec![name];
    words.extend(command.get_args().map(|word| {
        let word = word.to_string_lossy();
        if word.contains(' ') { format!("'{word}'") } else { word.into_owned() }
    }));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["test", "a name"]);
        assert_eq!(line(&command), "cargo test 'a name'");
    }

    #[cfg(unix)]
    #[test]
    fn the_exit_status_is_passed_on_and_a_signal_becomes_128_and_more() {
        let ended = |script: &str| code(Command::new("sh").args(["-c", script]).status().unwrap());
        assert_eq!(ended("exit 0"), 0);
        assert_eq!(ended("exit 3"), 3);
        assert_eq!(ended("kill -9 $$"), 137);
    }

    #[test]
    fn a_program_that_fails_is_named_in_the_error() {
        let error = succeed(&mut Command::new("tracklight-no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("could not start `tracklight-no-such-program`"));
    }
}
