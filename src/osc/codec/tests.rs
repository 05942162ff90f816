//! OSC there and back, and what is no OSC.

use proptest::prelude::*;

use super::*;

fn arg() -> impl Strategy<Value = Arg> {
    prop_oneof![
        any::<i32>().prop_map(Arg::Int),
        any::<i32>().prop_map(|n| Arg::Float(n as f32)),
        "[^\\x00]{0,60}".prop_map(Arg::Text),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(Arg::Blob),
        any::<bool>().prop_map(Arg::Bool),
        Just(Arg::Nil),
        Just(Arg::Impulse),
        any::<(u32, u32)>().prop_map(|(seconds, part)| Arg::Time(seconds, part)),
    ]
}

proptest! {
    #[test]
    fn every_message_comes_back_as_it_was(address in "/[a-zA-Z0-9_./-]{0,80}", args in prop::collection::vec(arg(), 0..12)) {
        let message = Osc { address, args };
        let bytes = encode(&message).expect("a good message");
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(decode(&bytes), Ok(message));
    }

    #[test]
    fn a_text_is_the_same_bytes_by_the_short_way(address in "/[a-z]{1,30}", text in "[^\\x00]{0,300}") {
        let short = encode_text(&address, &text);
        let message = Osc { address, args: vec![Arg::Text(text)] };
        prop_assert_eq!(encode(&message), Ok(short));
    }

    #[test]
    fn garbage_is_refused_and_never_fatal(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&bytes);
        let mut slashed = b"/cmd\0\0\0\0,".to_vec();
        slashed.extend(&bytes);
        slashed.resize(slashed.len().next_multiple_of(4), 0);
        let _ = decode(&slashed);
    }

    #[test]
    fn a_spoilt_message_is_refused_and_never_fatal(at in 0usize..64, with in any::<u8>(), cut in 0usize..64) {
        let args = vec![Arg::Int(1), Arg::Text("Lua \"TL.R('abc')\"".into()), Arg::Blob(vec![1, 2, 3]), Arg::Time(1, 2)];
        let mut bytes = encode(&Osc { address: "/gma3/cmd".into(), args }).expect("good");
        let end = bytes.len();
        bytes[at % end] = with;
        let _ = decode(&bytes);
        let _ = decode(&bytes[..cut % end]);
    }
}

#[test]
fn what_is_not_one_good_message_is_refused_with_a_reason() {
    let good = encode_text("/cmd", "x");
    let mut long = good.clone();
    long.extend([0; 4]);
    let huge = vec![b'/'; BYTES_MAX + 1];
    let bundle = b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x0c/a\0\0,i\0\0\0\0\0\x01";
    let wide = encode_text("/a", "x").iter().map(|b| if *b == b's' { b'h' } else { *b }).collect::<Vec<_>>();
    let wide = [&wide[..8], &[0, 0, 0, 0, 0, 0, 0, 1]].concat();
    for (bytes, why) in [
        (&b""[..], "empty"),
        (&bundle[..], "bundle"),
        (b"cmd\0,s\0\0x\0\0\0", "slash"),
        (&good[..good.len() - 1], "multiple of 4"),
        (&long, "more than the message says"),
        (&huge, "more than a datagram"),
        (&wide, "type"),
        ("/ä\0,\0\0\0".as_bytes(), "address"),
    ] {
        let error = decode(bytes).expect_err(why);
        assert!(error.contains(why), "{why}: {error}");
    }
    let nested = [b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\x0f\xff".as_slice(); 2000].concat();
    assert!(decode(&nested).is_err(), "bundles in bundles are not followed");
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let with = |address: &str, args: Vec<Arg>| encode(&Osc { address: address.into(), args });
    assert!(with("cmd", vec![]).is_err());
    assert!(with("/c md", vec![]).is_err());
    assert!(with("/cmd", vec![Arg::Nil; ARGS_MAX + 1]).is_err());
    assert!(with("/cmd", vec![Arg::Text("a\0b".into())]).is_err());
    assert!(with("/cmd", vec![Arg::Blob(vec![0; BYTES_MAX])]).is_err());
    assert_eq!(decode(&encode_text("/cmd", "a\0b")).expect("good").text(), Ok("ab"));
    assert!(Osc { address: "/x".into(), args: vec![Arg::Nil] }.text().is_err());
}
