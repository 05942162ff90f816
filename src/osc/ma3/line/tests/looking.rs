//! The self-test names what is wrong.

use core::net::Ipv4Addr;

use super::*;
use crate::model::DeskConfig;

fn texts(world: &World) -> String {
    let line = |line: &crate::model::desk::TestLine| {
        let mark = match line.ok {
            Some(true) => "+",
            Some(false) => "-",
            None => "?",
        };
        format!("{mark} {}", line.text)
    };
    world.line.self_test().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn looked(prepare: impl FnOnce(&mut World)) -> String {
    let mut world = World::new(1, Faults::default());
    prepare(&mut world);
    world.go(SECOND);
    world.line.start_self_test(world.now);
    world.go(4 * SECOND);
    texts(&world)
}

fn set(world: &mut World, change: impl FnOnce(&mut DeskConfig)) {
    let mut with = config();
    change(&mut with);
    world.line.configure(&with, *world::HERE.ip(), 9000);
}

#[test]
fn a_good_way_is_said_to_be_good() {
    let text = looked(|_| {});
    assert!(text.contains("+ the desk answers at 10.0.0.2:8000"), "{text}");
    assert!(text.contains("+ station \"FOH\"") && !text.contains("- "), "{text}");
}

#[test]
fn a_wrong_prefix_is_named() {
    let text = looked(|world| world.desk.prefix = "gma3".into());
    assert!(text.contains("- the desk answers with prefix \"gma3\": set it"), "{text}");
    let text = looked(|world| set(world, |config| config.prefix = "stage".into()));
    assert!(text.contains("- the desk answers with no prefix: take \"stage\" away"), "{text}");
    // And with the prefix that was named there is a link.
    let mut world = World::new(1, Faults::default());
    world.desk.prefix = "gma3".into();
    world.go(SECOND);
    set(&mut world, |config| config.prefix = "gma3".into());
    world.connect();
}

#[test]
fn no_answer_says_what_to_look_at_in_which_order() {
    for prepare in [
        (|world: &mut World| world.desk.installed = false) as fn(&mut World),
        |world| world.desk.port = 8001,
        |world| world.cut = (true, true),
    ] {
        let text = looked(prepare);
        assert!(text.contains("- no answer from 10.0.0.2:8000, tried with no prefix, prefix \"gma3\""), "{text}");
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing in\n{text}"));
        assert!(at("desk's address") < at("A wrong port looks like no desk"), "{text}");
        assert!(at("8000 the Port") < at("Receive Command") && at("Receive Command") < at("installed there"), "{text}");
        assert!(at("installed there") < at("firewall"), "{text}");
    }
}

#[test]
fn a_desk_that_answers_from_another_address_is_named() {
    let text = looked(|world| world.desk.answer_from = Ipv4Addr::new(10, 0, 0, 77));
    assert!(text.contains("- the desk hears us and answers from 10.0.0.77"), "{text}");
}

#[test]
fn something_else_at_that_address_is_told_from_silence() {
    let mut world = World::new(1, Faults::default());
    world.desk.installed = false;
    world.go(SECOND);
    world.line.hear(
        world.now,
        core::net::SocketAddrV4::new(desk::IP, 8000),
        &crate::osc::codec::encode_text("/14.14.1", "Go+"),
    );
    world.line.start_self_test(world.now);
    assert!(texts(&world).contains("? no answer from 10.0.0.2:8000 yet"), "{}", texts(&world));
    world.go(4 * SECOND);
    assert!(texts(&world).contains("sends us /14.14.1"), "{}", texts(&world));
}

#[test]
fn a_station_that_is_not_the_master_is_named() {
    let text = looked(|world| world.desk.master = "no");
    assert!(text.contains("- station \"FOH\" is not the master"), "{text}");
}

#[test]
fn a_link_that_cannot_be_is_said_at_once() {
    let mut world = World::new(1, Faults::default());
    set(&mut world, |config| config.on = false);
    assert!(texts(&world).contains("the link is off"));
    world.line.configure(&config(), Ipv4Addr::LOCALHOST, 0);
    assert!(texts(&world).contains("no port to listen on"));
    world.line.configure(&config(), Ipv4Addr::LOCALHOST, 9000);
    assert!(texts(&world).contains("- this computer knows no way to 10.0.0.2"));
}
