//! The peer: a score for SuperCollider's server in non-real-time mode, made without its language. Thread: main.
//!
//! Both formats are written by hand: the synth definition (`SCgf`, version 2) and the score, which is a file of OSC bundles,
//! each preceded by its size.

use std::path::Path;
use std::process::{Command, Stdio};

use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType};

/// Control rate and audio rate in a synth definition.
const CONTROL: u8 = 1;
const AUDIO: u8 = 2;

/// An input of a unit generator: a constant, or an output of an earlier unit.
enum Input {
    Constant(u32),
    Output(u32, u32),
}

/// `Out.ar(0, Pan2.ar(PlayBuf.ar(1, buf, rate, loop: 1), pan, level))` with controls `buf rate pan level`.
pub fn definition() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(b"SCgf");
    int32(&mut bytes, 2);
    bytes.extend(1_i16.to_be_bytes());
    string(&mut bytes, "voice");
    int32(&mut bytes, 2);
    float32s(&mut bytes, &[0.0, 1.0]);
    int32(&mut bytes, 4);
    float32s(&mut bytes, &[0.0, 1.0, 0.0, 1.0]);
    int32(&mut bytes, 4);
    for (index, name) in ["buf", "rate", "pan", "level"].iter().enumerate() {
        string(&mut bytes, name);
        int32(&mut bytes, index as i32);
    }
    use Input::{Constant, Output};
    let (zero, one) = (|| Constant(0), || Constant(1));
    int32(&mut bytes, 4);
    unit(&mut bytes, "Control", CONTROL, &[], &[CONTROL; 4]);
    // Inputs: buffer, rate, trigger, start, loop, done action.
    unit(&mut bytes, "PlayBuf", AUDIO, &[Output(0, 0), Output(0, 1), one(), zero(), one(), zero()], &[AUDIO]);
    unit(&mut bytes, "Pan2", AUDIO, &[Output(1, 0), Output(0, 2), Output(0, 3)], &[AUDIO; 2]);
    unit(&mut bytes, "Out", AUDIO, &[zero(), Output(2, 0), Output(2, 1)], &[]);
    bytes.extend(0_i16.to_be_bytes());
    bytes
}

fn int32(bytes: &mut Vec<u8>, value: i32) {
    bytes.extend(value.to_be_bytes());
}

fn float32s(bytes: &mut Vec<u8>, values: &[f32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(text.len() as u8);
    bytes.extend(text.as_bytes());
}

fn unit(bytes: &mut Vec<u8>, class: &str, rate: u8, inputs: &[Input], outputs: &[u8]) {
    string(bytes, class);
    bytes.push(rate);
    int32(bytes, inputs.len() as i32);
    int32(bytes, outputs.len() as i32);
    bytes.extend(0_i16.to_be_bytes());
    for input in inputs {
        match *input {
            Input::Constant(index) => {
                int32(bytes, -1);
                int32(bytes, index as i32);
            }
            Input::Output(unit, output) => {
                int32(bytes, unit as i32);
                int32(bytes, output as i32);
            }
        }
    }
    bytes.extend(outputs);
}

/// One synth of the score.
pub struct Synth {
    /// Which buffer it loops, from 0; it joins the group of the same number.
    pub buffer: usize,
    /// Frames of the clip per frame.
    pub rate: f32,
    /// −1 … 1.
    pub pan: f32,
    /// Linear gain.
    pub level: f32,
}

/// A score that loads `clips`, starts `synths` at 0 and ends after `seconds`.
pub fn score(clips: &[&Path], synths: &[Synth], seconds: u32) -> Result<Vec<u8>, rosc::OscError> {
    let mut first = vec![message("/d_recv", vec![OscType::Blob(definition())])];
    for (index, clip) in clips.iter().enumerate() {
        let path = OscType::String(clip.to_string_lossy().into_owned());
        first.push(message("/b_allocRead", vec![int(index), path]));
        first.push(message("/g_new", vec![int(10 + index), int(1), int(0)]));
    }
    let mut bytes = bundle(0, first)?;
    // Small bundles, as a client would send them.
    for (chunk_index, chunk) in synths.chunks(50).enumerate() {
        let messages = chunk.iter().enumerate().map(|(index, synth)| {
            let id = 1000 + chunk_index * 50 + index;
            let mut args = vec![OscType::String("voice".into()), int(id), int(1), int(10 + synth.buffer)];
            for (name, value) in [
                ("buf", OscType::Float(synth.buffer as f32)),
                ("rate", OscType::Float(synth.rate)),
                ("pan", OscType::Float(synth.pan)),
                ("level", OscType::Float(synth.level)),
            ] {
                args.extend([OscType::String(name.into()), value]);
            }
            message("/s_new", args)
        });
        bytes.extend(bundle(0, messages.collect())?);
    }
    bytes.extend(bundle(seconds, vec![message("/c_set", vec![int(0), int(0)])])?);
    Ok(bytes)
}

fn int(value: usize) -> OscType {
    OscType::Int(value as i32)
}

fn message(addr: &str, args: Vec<OscType>) -> OscPacket {
    OscPacket::Message(OscMessage { addr: addr.into(), args })
}

fn bundle(seconds: u32, content: Vec<OscPacket>) -> Result<Vec<u8>, rosc::OscError> {
    let timetag = OscTime { seconds, fractional: 0 };
    let packet = rosc::encoder::encode(&OscPacket::Bundle(OscBundle { timetag, content }))?;
    let mut bytes = (packet.len() as i32).to_be_bytes().to_vec();
    bytes.extend(packet);
    Ok(bytes)
}

/// Renders a score; `None` when scsynth is not there or failed, and then it says why.
pub fn render(score: &Path, output: &Path, block: usize) -> Option<()> {
    let run = Command::new("scsynth")
        .args(["-z", &block.to_string(), "-o", "2", "-i", "0", "-n", "4096", "-m", "65536", "-N"])
        .args([score.as_os_str(), "_".as_ref(), output.as_os_str()])
        .args(["48000", "WAV", "float"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match run {
        Ok(done) if done.status.success() => Some(()),
        Ok(done) => {
            eprintln!("scsynth failed: {} {}", done.status, String::from_utf8_lossy(&done.stderr));
            None
        }
        Err(error) => {
            eprintln!("no comparison: scsynth does not start ({error}); Debian has it in supercollider-server");
            None
        }
    }
}
