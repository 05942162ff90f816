//! What the decoder promises. The small files in `tests/media` hold 0.1 s each: `tone` is a 440 Hz sine at 22050 Hz,
//! mono; `both` has that sine on the left and a click at frame 2000 on the right, at 44100 Hz.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn media(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media").join(name)
}

fn decoded(path: &Path) -> Decoded {
    decode(path, &|_| {}, &|| false).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(path: &Path) -> MediaError {
    decode(path, &|_| {}, &|| false).expect_err("refused")
}

fn file_of(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn wav_of<S: hound::Sample + Copy>(
    rate: u32,
    channels: u16,
    bits: u16,
    format: hound::SampleFormat,
    samples: &[S],
) -> Vec<u8> {
    let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format: format };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("a writer");
    samples.iter().for_each(|sample| writer.write_sample(*sample).expect("written"));
    writer.finalize().expect("finished");
    bytes.into_inner()
}

fn sine(frame: usize, rate: f64) -> f32 {
    ((16384.0 * (std::f64::consts::TAU * 440.0 * frame as f64 / rate).sin()).round() / 32768.0) as f32
}

fn click(frame: usize) -> f32 {
    if frame < 2000 {
        return 0.0;
    }
    let n = (frame - 2000) as f64;
    (16384.0 * (-n / 200.0).exp() * (std::f64::consts::TAU * n / 40.0).cos() / 32768.0) as f32
}

#[test]
fn every_bit_depth_of_wav_is_exact() {
    for bits in [8u16, 16, 24, 32] {
        let top = (1i64 << (bits - 1)) - 1;
        let mut samples: Vec<i32> = (0..2000i64).map(|n| ((n * 7_919_317 * 12_345) % top) as i32).collect();
        samples.extend([0, 1, -1, top as i32, (-top - 1) as i32]);
        let bytes = wav_of(48000, 1, bits, hound::SampleFormat::Int, &samples);
        let (_folder, path) = file_of("a.wav", &bytes);
        let got = decoded(&path);
        let expected: Vec<f32> =
            samples.iter().map(|sample| (f64::from(*sample) / (top as f64 + 1.0)) as f32).collect();
        assert_eq!((got.clip.rate, got.clip.channels.len()), (48000, 1));
        assert!(got.clip.channels[0] == expected, "{bits} bits differ");
        assert!(got.warnings.is_empty(), "{:?}", got.warnings);
    }
}

#[test]
fn float_wav_is_exact_beyond_full_scale_and_what_is_no_number_becomes_zero() {
    let samples = [0.1f32, -3.5, f32::NAN, f32::INFINITY, 1e-30, f32::NEG_INFINITY, 1.0, -1.0];
    let (_folder, path) = file_of("a.wav", &wav_of(44100, 2, 32, hound::SampleFormat::Float, &samples));
    let got = decoded(&path);
    assert_eq!(got.clip.channels, [vec![0.1, 0.0, 1e-30, 1.0], vec![-3.5, 0.0, 0.0, -1.0]]);
    assert!(got.warnings.len() == 1 && got.warnings[0].contains('3'), "{:?}", got.warnings);
}

/// proves: S1
#[test]
fn lossless_files_of_every_format_are_exact() {
    let expected: Vec<f32> = (0..2205).map(|frame| sine(frame, 22050.0)).collect();
    for name in ["tone.aiff", "tone24.aiff", "tone.flac", "tone_alac.m4a"] {
        let got = decoded(&media(name));
        assert_eq!((got.clip.rate, got.clip.channels.len(), got.clip.frames()), (22050, 1, 2205), "{name}");
        assert!(got.clip.channels[0] == expected, "{name} differs");
        assert!(got.warnings.is_empty(), "{name}: {:?}", got.warnings);
    }
}

/// proves: S1
#[test]
fn lossy_files_have_the_exact_length_and_sound_in_the_right_place() {
    for name in ["both.mp3", "both.ogg", "both_aac.m4a"] {
        let got = decoded(&media(name));
        assert_eq!((got.clip.rate, got.clip.channels.len(), got.clip.frames()), (44100, 2, 4410), "{name}");
        assert!(got.warnings.is_empty(), "{name}: {:?}", got.warnings);
        // The aac encoder swings in over its first 900 frames (every decoder hears that), so they are not compared.
        let far = |channel: usize, shift: usize, wanted: &dyn Fn(usize) -> f32| {
            let off = |frame: usize| got.clip.channels[channel][frame + shift - 1] - wanted(frame);
            let sum: f32 = (1000..4400).map(|frame| off(frame).powi(2)).sum();
            (sum / 3400.0).sqrt()
        };
        let left: Vec<f32> = (0..3).map(|shift| far(0, shift, &|frame| sine(frame, 44100.0))).collect();
        let right: Vec<f32> = (0..3).map(|shift| far(1, shift, &click)).collect();
        for distance in [left, right] {
            assert!(distance[1] < 0.02, "{name}: {distance:?}");
            assert!(distance[1] < distance[0] && distance[1] < distance[2], "{name} is a frame off: {distance:?}");
        }
    }
}

#[test]
fn a_bare_aac_stream_is_decoded() {
    let got = decoded(&media("both.aac"));
    assert_eq!((got.clip.rate, got.clip.channels.len()), (44100, 2));
    assert!(got.clip.frames() >= 4410 && got.clip.frames().is_multiple_of(1024), "{}", got.clip.frames());
}

#[test]
fn a_probe_tells_what_decoding_gives() {
    for name in ["tone.aiff", "tone24.aiff", "tone.flac", "tone_alac.m4a", "both.mp3", "both.ogg", "both_aac.m4a"] {
        let told = probe::probe(&media(name)).unwrap_or_else(|error| panic!("{error}"));
        let got = decoded(&media(name)).clip;
        assert_eq!(told.rate, got.rate, "{name}");
        assert_eq!(usize::from(told.channels), got.channels.len(), "{name}");
        assert_eq!(told.frames, Some(got.frames() as u64), "{name}");
    }
}

#[test]
fn the_content_decides_and_not_the_extension() {
    let bytes = wav_of(8000, 1, 16, hound::SampleFormat::Int, &[100i16, -100]);
    for name in ["a.mp3", "a.txt", "a"] {
        let (_folder, path) = file_of(name, &bytes);
        assert_eq!(decoded(&path).clip.frames(), 2);
        assert_eq!(probe::probe(&path).map(|told| told.rate), Ok(8000));
    }
}

#[test]
fn six_channels_become_two() {
    let frame = [1000i16, 0, 0, 30000, 0, 0];
    let (_folder, path) = file_of("a.wav", &wav_of(48000, 6, 16, hound::SampleFormat::Int, &frame.repeat(10)));
    let got = decoded(&path).clip;
    assert_eq!((got.channels.len(), got.frames()), (2, 10));
    assert!(got.channels[0][0] > 0.01 && got.channels[1][0] == 0.0, "{:?}", got.channels);
    assert_eq!(probe::probe(&path).map(|told| told.channels), Ok(6));
}

#[test]
fn what_is_no_audio_file_is_told_apart() {
    let (folder, path) = file_of("a.wav", b"");
    assert_eq!(refused(&path), MediaError::Empty { path });
    assert_eq!(refused(folder.path()), MediaError::Folder { path: folder.path().into() });
    let gone = folder.path().join("gone.wav");
    assert_eq!(refused(&gone), MediaError::Missing { path: gone.clone() });
    assert!(gone.to_str().is_some_and(|name| refused(&gone).to_string().contains(name)));
    let (_folder, path) = file_of("a.wav", "A letter to a friend. ".repeat(500).as_bytes());
    assert_eq!(refused(&path), MediaError::NotAudio { path });
    let (_folder, path) = file_of("a.wav", b"RIFF\x24\0\0\0WAVEfm");
    assert!(matches!(refused(&path), MediaError::Damaged { ref format, .. } if format == "wave"), "{}", refused(&path));
    let (_folder, path) = file_of("a.wav", b"R");
    assert_eq!(refused(&path), MediaError::NotAudio { path });
    let (_folder, path) = file_of("a.wav", &wav_of::<i16>(8000, 1, 16, hound::SampleFormat::Int, &[]));
    assert!(matches!(refused(&path), MediaError::NoSound { .. }), "{:?}", refused(&path));
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_before_it_is_read() {
    assert!(matches!(refused(Path::new("/dev/zero")), MediaError::NotAFile { .. }));
}

#[test]
fn a_file_cut_short_gives_what_is_there_and_says_so() {
    let samples: Vec<i16> = (0..20_000).collect();
    let whole = wav_of(8000, 1, 16, hound::SampleFormat::Int, &samples);
    let (_folder, path) = file_of("a.wav", &whole[..44 + 2 * 12_345]);
    let got = decoded(&path);
    assert_eq!(got.clip.frames(), 12_345);
    assert_eq!(got.clip.channels[0][12_344], 12_344.0 / 32768.0);
    assert_eq!(got.warnings.len(), 1, "{:?}", got.warnings);
    for name in ["tone.flac", "both.mp3", "both.ogg", "tone.aiff"] {
        let bytes = std::fs::read(media(name)).expect("read");
        let (_folder, path) = file_of(name, &bytes[..bytes.len() * 4 / 5]);
        // A short ogg is one page, which is whole or nothing.
        match decode(&path, &|_| {}, &|| false) {
            Ok(got) => assert!(got.clip.frames() > 0 && !got.warnings.is_empty(), "{name} said nothing"),
            Err(error) => assert!(matches!(error, MediaError::Damaged { .. } | MediaError::NoSound { .. }), "{error}"),
        }
    }
}

#[test]
fn a_header_that_promises_too_much_is_not_believed() {
    let mut bytes = wav_of(8000, 1, 16, hound::SampleFormat::Int, &[1000i16; 100]);
    let data = bytes.windows(4).position(|window| window == b"data").expect("a data chunk");
    for size in [0x7FFF_FFF0u32, 0xFFFF_FFFE, 0xFFFF_FFFF] {
        bytes[data + 4..data + 8].copy_from_slice(&size.to_le_bytes());
        let (_folder, path) = file_of("a.wav", &bytes);
        assert_eq!(decoded(&path).clip.frames(), 100, "{size:x}");
    }
}

#[test]
fn too_much_sound_is_refused_and_the_limit_is_told() {
    let (_folder, path) = file_of("a.wav", &wav_of(8000, 2, 16, hound::SampleFormat::Int, &[5i16; 1_000_000]));
    let error = decode_up_to(&path, 1 << 20, &|_| {}, &|| false).expect_err("too large");
    assert_eq!(error, MediaError::TooLarge { path: path.clone(), size_mib: 3, limit_mib: 1 });
    assert!(decode_up_to(&path, 4 << 20, &|_| {}, &|| false).is_ok());
    // An ogg tells no usable length up front in every file; the limit holds while decoding, too.
    assert!(matches!(decode_up_to(&media("both.mp3"), 20_000, &|_| {}, &|| false), Err(MediaError::TooLarge { .. })));
}

#[test]
fn progress_rises_to_one_and_a_cancel_ends_it() {
    let (_folder, path) = file_of("a.wav", &wav_of(8000, 1, 16, hound::SampleFormat::Int, &[5i16; 100_000]));
    let heard = std::cell::RefCell::new(Vec::new());
    decode(&path, &|part| heard.borrow_mut().push(part), &|| false).expect("decoded");
    let heard = heard.into_inner();
    assert!(heard.len() > 10 && heard.is_sorted() && heard.last() == Some(&1.0), "{heard:?}");
    let asked = std::cell::Cell::new(0);
    let cancel = || {
        asked.set(asked.get() + 1);
        asked.get() > 5
    };
    assert_eq!(decode(&path, &|_| {}, &cancel), Err(MediaError::Cancelled { path: path.clone() }));
}

/// The promises that hold for any file at all.
fn check_any(name: &str, bytes: &[u8]) {
    let (_folder, path) = file_of(name, bytes);
    let _ = probe::probe(&path);
    if let Ok(got) = decode_up_to(&path, 64 << 20, &|_| {}, &|| false) {
        assert!((1..=2).contains(&got.clip.channels.len()) && got.clip.frames() > 0, "{name}");
        assert!((1..=probe::MAX_RATE).contains(&got.clip.rate), "{name}");
        assert!(got.clip.channels.iter().all(|channel| channel.len() == got.clip.frames()), "{name}");
        assert!(got.clip.channels.iter().flatten().all(|sample| sample.is_finite()), "{name}");
    }
}

const CORPUS: [&str; 8] =
    ["tone.aiff", "tone24.aiff", "tone.flac", "tone_alac.m4a", "both.mp3", "both.ogg", "both_aac.m4a", "both.aac"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_give_a_value(
        head in prop::sample::select(vec![
            &b""[..], b"RIFF\xff\xff\xff\xffWAVEfmt ", b"FORM\0\0\x10\0AIFFCOMM", b"fLaC\0\0\0\x22", b"OggS\0\x02",
            b"\xff\xfb\x90\x64", b"ID3\x04\0\0", b"\0\0\0\x18ftypM4A \0\0\0\0", b"\xff\xf1\x50\x80",
        ]),
        body in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        check_any("any", &[head, &body].concat());
    }

    #[test]
    fn a_changed_file_gives_a_value(
        name in prop::sample::select(&CORPUS[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        near_the_head in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(media(name)).expect("read");
        let reach = if near_the_head { bytes.len().min(200) } else { bytes.len() };
        for (place, value) in changes {
            bytes[place.index(reach)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_any(name, &bytes);
    }

    #[test]
    fn a_changed_wav_gives_a_value(
        bits in prop::sample::select(vec![8u16, 16, 24, 32]),
        channels in 1u16..8,
        changes in prop::collection::vec((0usize..80, any::<u8>()), 1..6),
    ) {
        let samples = vec![100i32; usize::from(channels) * 50];
        let mut bytes = wav_of(44100, channels, bits, hound::SampleFormat::Int, &samples);
        for (place, value) in changes {
            bytes[place] = value;
        }
        check_any("a.wav", &bytes);
    }
}
