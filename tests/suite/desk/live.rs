//! The station with real sockets and a pocket desk on a thread of its own, in real time.

use tracklight::model::{Command, DeskConfig, DeskVerb, LinkState, MappingState, Uid};

use super::real::Instance;
use super::rig::{App, SECOND, at, beam, name};

/// proves: H20
#[test]
fn a_pocket_desk_is_rehearsed_with_over_real_sockets() {
    let mut session = App::session(beam());
    session.desk = DeskConfig { on: false, listen: 0, port: 18_731, ..DeskConfig::default() };
    let mut one = Instance::new(session, "one");
    one.perform(Command::Desk(DeskVerb::Pocket(true)));
    one.until("the pocket desk starts", |one| one.state.pocket.is_some());
    assert_eq!(one.state.link, LinkState::Off);
    let port = one.state.pocket.clone().unwrap().0;
    // Two instances in one process, one port setting: they share it, and each hears what is its own.
    let listen = 18_732;
    one.perform(Command::SetDesk(DeskConfig { on: true, port, listen, ..DeskConfig::default() }));
    one.perform(Command::PutEvents(name("Beam"), [(Uid(1), at(SECOND, "a"))].into()));
    one.until("a preview", |one| one.mapping() == MappingState::Diverged);
    one.perform(Command::Desk(DeskVerb::Accept(None)));
    one.until("in step", |one| one.mapping() == MappingState::Synced && one.events() == (1, 1));
    let mut two = Instance::new(one.session.clone(), "two");
    two.until("the second one reads", |two| two.mapping() == MappingState::Synced);
    assert_eq!(one.state.listening, two.state.listening);
    one.perform(Command::Desk(DeskVerb::PocketLine("add 101.1.1 2.5".into())));
    one.until("an event of the desk", |one| one.mapping() == MappingState::Synced && one.events() == (2, 2));
    two.until("it comes to both", |two| two.mapping() == MappingState::Synced && two.events() == (2, 2));
    one.perform(Command::Desk(DeskVerb::PocketLine("nonsense".into())));
    one.until("an answer", |one| {
        one.state.pocket.as_ref().is_some_and(|(_, lines)| lines.iter().any(|l| &**l == "> nonsense"))
    });
    one.perform(Command::Desk(DeskVerb::SelfTest));
    // What no desk says (who is the master) stays unknown; nothing is wrong.
    one.until("a self-test", |one| {
        let oks: Vec<_> = one.state.test.iter().map(|line| line.ok).collect();
        oks.contains(&Some(true)) && !oks.contains(&Some(false))
    });
    one.perform(Command::SetDesk(DeskConfig { on: false, port, ..DeskConfig::default() }));
    one.until("off", |one| one.state.link == LinkState::Off);
    one.perform(Command::Desk(DeskVerb::Pocket(false)));
    one.until("no pocket desk", |one| one.state.pocket.is_none());
}
