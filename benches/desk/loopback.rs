//! Whole pushes over real loopback sockets: from the link switched on to the desk in step and compared. Thread: main.

use tracklight::model::{Command, DeskConfig, DeskVerb, LayerEvent, MappingState, Name, Put, Uid};
use tracklight::osc::ma3::event::TICKS_PER_SECOND;
use tracklight::osc::ma3::pocket::Options;

use crate::real::{Instance, RealDesk, mapped};

/// How often each is done, each time with a desk of its own.
const TIMES: usize = 5;

/// Print what a push of 215 events and one of 5000 take; 1 s and 10 s are the limits (D21).
pub fn run() {
    for (events, limit) in [(215, 1.0), (5000, 10.0)] {
        let mut pushes: Vec<Push> = (0..TIMES).map(|_| push(events)).collect();
        pushes.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let (middle, worst) = (&pushes[TIMES / 2], &pushes[TIMES - 1]);
        let Push { seconds, all, there, back, repeated } = middle;
        println!(
            "push of {events} events over loopback sockets: {seconds:.3} s from the accepted preview to in step (worst of \
             {TIMES}: {:.3} s, limit {limit} s), {all:.3} s from the link switched on; {there} datagrams there ({repeated} of \
             them repeats), {back} back",
            worst.seconds
        );
    }
}

/// What one push took.
struct Push {
    seconds: f64,
    all: f64,
    there: u64,
    back: u64,
    repeated: u64,
}

fn push(events: usize) -> Push {
    let desk = RealDesk::start(Options::default());
    let mut session = mapped();
    let put = |n: usize| -> Put {
        let ticks = n as i64 * TICKS_PER_SECOND * 9 / 10;
        let name = format!("Cue {n}").into();
        (Uid(100 + n as u64), Some(LayerEvent { name, ..LayerEvent::at(ticks) }.into()))
    };
    let puts: Vec<Put> = (0..events).map(put).collect();
    let layer = Name::new("Beam").expect("a good name");
    session.perform(&Command::PutEvents(layer, puts.into())).expect("the events are good");
    let mut one = Instance::new(session, "bench");
    let config = DeskConfig { on: true, port: desk.port, listen: 0, ..DeskConfig::default() };
    one.perform(Command::SetDesk(config));
    let looked = one.until("a preview", |one| one.status().preview.is_some());
    one.perform(Command::Desk(DeskVerb::Accept(None)));
    let pushed = one.until("in step", |one| one.mapping() == MappingState::Synced && one.events() == (events, events));
    assert_eq!(one.contents(), desk.contents(), "what is on the desk is what is here");
    let [there, back, repeated, _] = one.state.packets;
    Push { seconds: pushed.as_secs_f64(), all: (looked + pushed).as_secs_f64(), there, back, repeated }
}
