//! Each kind of edit.

use super::page;
use crate::model::layer::ticks_of;
use crate::model::session::Curve;
use crate::model::{
    Anchor, ChainEntry, Command, ConnKind, Cycles, FrameRate, Hit, LayerEvent, MacroMap, Mapping, ModuleKind, Name,
    ParamMap, Path, Policy, Row, Sample, Signature, Song, TrackName, Uid,
};

fn named(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn set(path: &str, value: f64) -> Command {
    Command::Set(Path::parse(path).unwrap(), value)
}

fn sample(path: &str) -> Sample {
    Sample { name: path.trim_end_matches(".wav").into(), path: path.into(), params: ParamMap::new() }
}

fn hit(index: u16) -> Row {
    Row::Hit(Hit { index, ..Hit::default() })
}

#[test]
fn a_turned_knob_changes_one_number() {
    for (before, after) in [
        (
            "-- my set\nsampler(\"kick\", { volume = 0.80, speed = 2 }) -- loud\n\n-- end",
            "-- my set\nsampler(\"kick\", { volume = 0.5, speed = 2 }) -- loud\n\n-- end",
        ),
        ("sampler('kick')\nsetParam('kick', 'volume', .8)", "sampler('kick')\nsetParam('kick', 'volume', 0.5)"),
        ("sampler('kick') param('kick.volume'):set(1.5)", "sampler('kick') param('kick.volume'):set(0.5)"),
        ("sampler('kick'):set('speed', 2):set('volume', 2)", "sampler('kick'):set('speed', 2):set('volume', 0.5)"),
        (
            "local k = sampler('kick')\nk.volume = 2\nk { speed = 2 }",
            "local k = sampler('kick')\nk.volume = 0.5\nk { speed = 2 }",
        ),
        (
            "local k = sampler('kick')\nk { speed = 2, volume = 2 }",
            "local k = sampler('kick')\nk { speed = 2, volume = 0.5 }",
        ),
        (
            "sampler('kick') engine:getModuleRegistry():getModule('kick'):setParameter('volume', 2)",
            "sampler('kick') engine:getModuleRegistry():getModule('kick'):setParameter('volume', 0.5)",
        ),
        (
            "sampler('kick', { volume = 2 }) setParam('kick.volume', 1.5) setParam('kick.speed', 2)",
            "sampler('kick', { volume = 2 }) setParam('kick.volume', 0.5) setParam('kick.speed', 2)",
        ),
        ("local n = 'kick'\nsampler(n, { volume = 2 })", "local n = 'kick'\nsampler(n, { volume = 0.5 })"),
        (
            "sampler('kick', { volume = 2 }) rename('kick', 'x') rename('x', 'kick')",
            "sampler('kick', { volume = 0.5 }) rename('kick', 'x') rename('x', 'kick')",
        ),
    ] {
        page(before).with(set("kick.volume", 0.5)).becomes(after);
    }
}

#[test]
fn words_and_masters_are_written_as_they_were() {
    page("sampler('kick', { playStyle = 'LOOP' })")
        .with(set("kick.playStyle", 2.0))
        .becomes("sampler('kick', { playStyle = 'GRAIN' })");
    page("audioOut { volume = 0.9 }")
        .with(set("masterAudioOut.masterVolume", 0.25))
        .becomes("audioOut { volume = 0.25 }");
    page("audioMixer('m', { volume = 0.9 })")
        .with(set("m.masterVolume", 0.25))
        .becomes("audioMixer('m', { volume = 0.25 })");
    page("sampler('kick', { pan = -0.5 })").with(set("kick.pan", -1.0)).becomes("sampler('kick', { pan = -1 })");
    page("sampler('kick', { pan = (0.5) })").with(set("kick.pan", -1.0)).becomes("sampler('kick', { pan = -1 })");
}

#[test]
fn a_value_that_no_line_sets_goes_into_the_constructor() {
    for (before, after) in [
        ("sampler(\"kick\")", "sampler(\"kick\", { volume = 0.5 })"),
        ("sampler \"kick\"", "sampler (\"kick\", { volume = 0.5 })"),
        ("sampler('kick', {})", "sampler('kick', { volume = 0.5 })"),
        ("sampler('kick', { speed = 2 })", "sampler('kick', { speed = 2, volume = 0.5 })"),
        ("sampler('kick', { speed = 2, })", "sampler('kick', { speed = 2, volume = 0.5, })"),
        ("sampler('kick', {\n\tspeed = 2, -- fast\n})", "sampler('kick', {\n\tspeed = 2, -- fast\n\tvolume = 0.5,\n})"),
        (
            "sampler('kick', {\r\n  speed = 2 -- fast\r\n})",
            "sampler('kick', {\r\n  speed = 2, -- fast\r\n  volume = 0.5\r\n})",
        ),
        (
            "for i = 1, 2 do sampler('kick') end",
            "for i = 1, 2 do sampler('kick') end\nsetParam(\"kick\", \"volume\", 0.5)",
        ),
    ] {
        page(before).with(set("kick.volume", 0.5)).becomes(after);
    }
    page("audioIn('in')\n-- x")
        .with(set("hostIn.masterVolume", 0.5))
        .becomes("audioIn('in')\nsetParam(\"hostIn\", \"masterVolume\", 0.5)\n-- x");
    page("-- nothing yet")
        .with(set("aux3.masterVolume", 0.5))
        .becomes("-- nothing yet\nsetParam(\"aux3\", \"masterVolume\", 0.5)");
    page("").with(Command::SetBpm(90.0)).becomes("clock:internal { bpm = 90 }\n");
}

#[test]
fn the_clock_is_written_where_it_is_said() {
    page("clock:setBPM(128)\nseed(4)").with(Command::SetBpm(90.5)).becomes("clock:setBPM(90.5)\nseed(4)");
    page("local c = engine:getClock() c:setBPM(128)")
        .with(Command::SetBpm(90.0))
        .becomes("local c = engine:getClock() c:setBPM(90)");
    page("clock:setBPM(128)\nseed(4)")
        .with(Command::SetSeed(u64::MAX))
        .becomes("clock:setBPM(128)\nseed(0xffffffffffffffff)");
    page("clock:internal { bpm = 128, signature = \"7/8\" }")
        .with(Command::SetSignature(Signature { num: 3, den: 4 }))
        .with(Command::SetSource(crate::model::ClockSource::Internal))
        .becomes("clock:internal { bpm = 128, signature = \"3/4\", source = \"internal\" }");
    page("clock:setSignature(7, 8)")
        .with(Command::SetSignature(Signature { num: 7, den: 4 }))
        .becomes("clock:setSignature(7, 4)");
    page("clock:setSource('internal')")
        .with(Command::SetSource(crate::model::ClockSource::Host))
        .becomes("clock:setSource('host')");
}

#[test]
fn a_row_is_edited_inside_its_table() {
    let text = "pattern(\"beat\", { steps = 16, rows = {\n  [1] = { index = 1, length = 2 }, -- one\n  [5] = 2,\n  [9] = \"-\",\n} })";
    page(text).with(set("beat.row[1].length", 4.0)).becomes(&text.replace("length = 2", "length = 4"));
    page(text).with(set("beat.row[1].volume", 0.5)).becomes(&text.replace("length = 2", "length = 2, volume = 0.5"));
    page(text)
        .with(Command::Unset(Path::parse("beat.row[1].length").unwrap()))
        .becomes(&text.replace(", length = 2", ""));
    page(text).with(set("beat.row[5].index", 3.0)).becomes(&text.replace("= 2,\n  [9]", "= 3,\n  [9]"));
    page(text)
        .with(set("beat.row[5].chance", 50.0))
        .becomes(&text.replace("[5] = 2", "[5] = { index = 2, chance = 50 }"));
    page(text)
        .with(Command::SetRow(named("beat"), 1, Row::Rest))
        .becomes(&text.replace("{ index = 1, length = 2 }", "\"-\""));
    page(text)
        .with(Command::SetRow(named("beat"), 1, Row::Empty))
        .becomes(&text.replace("  [1] = { index = 1, length = 2 }, -- one", "  -- one"));
    page(text).with(Command::SetRow(named("beat"), 5, Row::Empty)).becomes(&text.replace("  [5] = 2,\n", ""));
    page(text)
        .with(Command::SetRow(named("beat"), 7, hit(4)))
        .becomes(&text.replace("  [5] = 2,\n", "  [5] = 2,\n  [7] = { index = 4 },\n"));
    page(text).with(Command::SetSteps(named("beat"), 12)).becomes(&text.replace("steps = 16", "steps = 12"));
    page(text)
        .with(Command::SetStepsPerBeat(named("beat"), 8.0))
        .becomes(&text.replace("steps = 16,", "steps = 16, stepsPerBeat = 8,"));
}

#[test]
fn rows_without_keys_count_by_place() {
    page("pattern('p', { rows = { 1, '-', { index = 3 } } })")
        .with(set("p.row[3].index", 2.0))
        .becomes("pattern('p', { rows = { 1, '-', { index = 2 } } })");
    page("pattern('p', { rows = { 1, '-', 2 } })")
        .with(Command::SetRow(named("p"), 2, Row::Empty))
        .becomes("pattern('p', { rows = { 1, false, 2 } })");
}

#[test]
fn a_chain_of_calls_gets_loses_and_changes_links() {
    let text = "pattern(\"beat\", 16)\n  :set(1, { index = 1 }) -- one\n  :set(9, \"-\")\n  :clear(13)";
    page(text).with(set("beat.row[1].volume", 0.5)).becomes(&text.replace("index = 1 ", "index = 1, volume = 0.5 "));
    page(text)
        .with(Command::SetRow(named("beat"), 5, hit(2)))
        .becomes(&text.replace(" -- one", ":set(5, { index = 2 }) -- one"));
    page(text).with(Command::SetRow(named("beat"), 9, Row::Empty)).becomes(&text.replace("\n  :set(9, \"-\")", ""));
    page(text).with(Command::SetSteps(named("beat"), 32)).becomes(&text.replace("16", "32"));
    page(text).with(Command::SetStepsPerBeat(named("beat"), 8.0)).becomes(&format!("{text}:stepsPerBeat(8)"));
    page("local p = pattern('p', 16)\np:set(1, 2)\np:set(2, 2)")
        .with(Command::SetRow(named("p"), 2, Row::Empty))
        .becomes("local p = pattern('p', 16)\np:set(1, 2)\n");
    page("pattern('p'):steps(8):cycles('position')")
        .with(Command::SetCycles(named("p"), Cycles::Pass))
        .becomes("pattern('p'):steps(8):cycles('pass')");
    page("pattern('p', 16):set(1, 2) param('p.row[1].chance'):set(50)")
        .with(set("p.row[1].chance", 20.0))
        .becomes("pattern('p', 16):set(1, 2) param('p.row[1].chance'):set(20)");
}

#[test]
fn a_chain_changes_entry_by_entry() {
    let text = "pattern('a', 8) pattern('b', 8)\nchain('song', { { 'a', 2 }, -- twice\n  { 'b' }, 'a' })";
    let entry = |name: &str, repeats, mute| ChainEntry { pattern: named(name), repeats, mute };
    let chain = |list| Command::SetChain(named("song"), list);
    page(text)
        .with(chain(vec![entry("a", 3, false), entry("b", 1, false), entry("a", 1, false)]))
        .becomes(&text.replace("2 }", "3 }"));
    page(text)
        .with(chain(vec![entry("a", 2, false), entry("b", 4, true), entry("b", 1, false)]))
        .becomes(&text.replace("{ 'b' }, 'a'", "{ 'b', 4, mute = true }, 'b'"));
    page(text)
        .with(chain(vec![entry("a", 2, false), entry("a", 1, false)]))
        .becomes(&text.replace("  { 'b' }, 'a'", "  'a'"));
    page(text)
        .with(chain(vec![entry("a", 2, false), entry("b", 1, false), entry("a", 1, false), entry("b", 2, false)]))
        .becomes(&text.replace("'a' })", "'a', { \"b\", 2 } })"));
}

#[test]
fn a_bank_changes_file_by_file() {
    let text = "sampler('kick', { samples = { 'a.wav', 'b.wav' }, volume = 0.5 })";
    let files = |list: &[&str]| Command::SetSamples(named("kick"), list.iter().map(|p| sample(p)).collect());
    page(text).with(files(&["a.wav", "c.wav"])).becomes(&text.replace("b.wav", "c.wav"));
    page(text).with(files(&["a.wav"])).becomes(&text.replace(", 'b.wav'", ""));
    page(text).with(files(&["a.wav", "b.wav", "c.wav"])).becomes(&text.replace("'b.wav'", "'b.wav', \"c.wav\""));
    page("sampler('kick', { samples = 'a.wav' })")
        .with(files(&["b.wav"]))
        .becomes("sampler('kick', { samples = 'b.wav' })");
    page("sampler('kick')").with(files(&["b.wav"])).becomes("sampler('kick', { samples = { \"b.wav\" } })");
    page("sampler('k', { samples = { 'a.wav' } })\nsampler('k').sample[1] { speed = 2 }")
        .with(set("k.sample[1].speed", 0.5))
        .becomes("sampler('k', { samples = { 'a.wav' } })\nsampler('k').sample[1] { speed = 0.5 }");
    page("sampler('k', { samples = { { path = 'a.wav', speed = 2 } } })")
        .with(set("k.sample[1].speed", 0.5))
        .becomes("sampler('k', { samples = { { path = 'a.wav', speed = 0.5 } } })");
    page("sampler('k', { samples = { { path = 'a.wav', speed = 2 } } })")
        .with(Command::Unset(Path::parse("k.sample[1].speed").unwrap()))
        .becomes("sampler('k', { samples = { { path = 'a.wav' } } })");
    page("sampler('k', { samples = { 'a.wav' } })")
        .with(set("k.sample[1].speed", 0.5))
        .becomes("sampler('k', { samples = { 'a.wav' } })\nsetParam(\"k.sample[1].speed\", 0.5)");
}

#[test]
fn a_new_module_stands_after_its_kin() {
    let add = |kind, name: &str| Command::AddModule { uid: Uid(9), kind, name: named(name) };
    page("sampler('kick')\naudioMixer('drums')\n-- end\n")
        .with(add(ModuleKind::MultiSampler, "hat"))
        .becomes("sampler('kick')\nsampler(\"hat\")\naudioMixer('drums')\n-- end\n");
    page("sampler('kick') audioMixer('drums')")
        .with(add(ModuleKind::MultiSampler, "hat"))
        .becomes("sampler('kick') audioMixer('drums')\nsampler(\"hat\")");
    page("pattern('beat', 16)\nreturn 1")
        .with(add(ModuleKind::TrackerSequencer, "seq"))
        .becomes("pattern('beat', 16)\nsequencer(\"seq\", { pattern = \"beat\" })\nreturn 1");
    page("sampler('kick')")
        .with(Command::AddPattern { uid: Uid(8), name: named("beat"), steps: 8 })
        .becomes("sampler('kick')\npattern(\"beat\", { steps = 8 })");
}

#[test]
fn a_removed_module_goes_with_its_cables_and_its_comments_stay() {
    let text = "-- drums\nsampler('kick', { -- the kick\n  volume = 0.5,\n})\nsampler('hat') -- hat\nconnect('kick', 'drums2') connect('hat', 'drums2')\n";
    let text = format!(
        "audioMixer('drums2')\n{text}macro(1):map('kick.volume'):map('hat.volume')\nsetParam('kick', 'speed', 2); setParam('hat', 'speed', 2)\n"
    );
    let gone = "audioMixer('drums2')\n-- drums\n-- the kick\nsampler('hat') -- hat\nconnect('hat', 'drums2')\nmacro(1):map('hat.volume')\nsetParam('hat', 'speed', 2)\n";
    page(&text).with(Command::RemoveModule(named("kick"))).becomes(gone);
    page("sampler('kick') pattern('p', 8)\nsequencer('s', { pattern = 'p', to = 'kick' })")
        .with(Command::RemoveModule(named("kick")))
        .becomes("pattern('p', 8)\nsequencer('s', { pattern = 'p' })");
    page("local k = sampler('kick')\nk:set('volume', 0.5)\nk.speed = 2\n")
        .with(Command::RemoveModule(named("kick")))
        .becomes("");
    page("pattern('a', 8)\npattern('b', 8)\nchain('c', { 'a', 'b' })")
        .with(Command::RemovePattern(named("a")))
        .becomes("pattern('b', 8)\nchain('c', { 'b' })");
}

#[test]
fn cables_come_and_go() {
    let text = "sampler('kick')\naudioMixer('drums')\n";
    page(text)
        .with(Command::Connect(named("kick"), named("drums"), ConnKind::Audio))
        .becomes(&format!("{text}connect(\"kick\", \"drums\", \"audio\")\n"));
    page(text)
        .with(Command::Disconnect(named("kick"), named("masterAudioOut"), None))
        .becomes(&format!("{text}disconnect(\"kick\", \"masterAudioOut\", \"audio\")\n"));
    let laid = format!("{text}connect('kick', 'drums') -- sum\nconnect('kick', 'aux1')");
    page(&laid)
        .with(Command::Disconnect(named("kick"), named("drums"), None))
        .becomes(&laid.replace("connect('kick', 'drums') ", ""));
    page(&laid)
        .with(set("drums.connectionVolume[kick]", 0.5))
        .becomes(&laid.replace("'drums') --", "'drums', { volume = 0.5 }) --"));
    page("sampler('a') audioMixer('m')\nconnect('a', 'm')")
        .with(Command::Disconnect(named("a"), named("m"), None))
        .becomes("sampler('a') audioMixer('m')\ndisconnect(\"a\", \"masterAudioOut\", \"audio\")\n");
    page("sampler('a')\naudioMixer('m')\nconnect('a', 'm')\n")
        .with(Command::RemoveModule(named("m")))
        .becomes("sampler('a')\ndisconnect(\"a\", \"masterAudioOut\", \"audio\")\n");
    page("sampler('a') audioMixer('m') connect('a', 'm', { volume = 0.4 })")
        .with(set("m.connectionVolume[a]", 0.5))
        .becomes("sampler('a') audioMixer('m') connect('a', 'm', { volume = 0.5 })");
    page("sampler('a') sampler('b') sequencer('s', { to = 'a' })")
        .with(Command::Connect(named("s"), named("b"), ConnKind::Event))
        .becomes("sampler('a') sampler('b') sequencer('s', { to = { 'a', \"b\" } })");
    page("sampler('a') sampler('b') sequencer('s', { to = { 'a', 'b' } })")
        .with(Command::Disconnect(named("s"), named("a"), None))
        .becomes("sampler('a') sampler('b') sequencer('s', { to = { 'b' } })");
}

#[test]
fn what_a_sequencer_plays_and_what_a_macro_moves_is_written_in_place() {
    let text = "pattern('a', 8) pattern('b', 8) chain('c', { 'a' })\nsequencer('s', { pattern = 'a' })";
    let bind = |pattern: Option<&str>, chain: Option<Option<&str>>, on| Command::Bind {
        sequencer: named("s"),
        pattern: pattern.map(named),
        chain: chain.map(|c| c.map(named)),
        chain_on: on,
    };
    page(text).with(bind(Some("b"), None, None)).becomes(&text.replace("pattern = 'a'", "pattern = 'b'"));
    page(text).with(bind(None, Some(Some("c")), Some(true))).becomes(
        &text.replace("'a' })", "'a', chain = \"c\" })").replace("{ 'a', chain = \"c\" })\nseq", "{ 'a' })\nseq"),
    );
    page(text)
        .with(bind(None, Some(Some("c")), Some(false)))
        .becomes(&text.replace("pattern = 'a' }", "pattern = 'a', chain = \"c\", play = \"pattern\" }"));
    let map = "sampler('k') macro(1):map('k.volume', { min = 0, max = 0.8 })";
    let to = |number, max, curve| {
        Command::MapMacro(Path::parse("k.volume").unwrap(), MacroMap { number, min: 0.0, max, curve })
    };
    page(map)
        .with(to(1, 1.0, Curve::Exp))
        .becomes("sampler('k') macro(1):map('k.volume', { min = 0, max = 1, curve = \"exp\" })");
    page(map).with(to(3, 0.8, Curve::Lin)).becomes(&map.replace("macro(1)", "macro(3)"));
    page(map).with(Command::UnmapMacro(Path::parse("k.volume").unwrap())).becomes("sampler('k')");
    page("sampler('k')")
        .with(to(3, 0.8, Curve::Lin))
        .becomes("sampler('k')\nmacro(3):map(\"k.volume\", { min = 0, max = 0.8 })");
}

#[test]
fn a_module_is_switched_off_where_it_is_made() {
    let off = || Command::Enable(named("k"), false);
    page("sampler('k', { volume = 0.5 })").with(off()).becomes("sampler('k', { volume = 0.5, enabled = false })");
    page("sampler('k') enable('k')").with(off()).becomes("sampler('k') enable('k', false)");
    page("sampler('k') enable('k', true)").with(off()).becomes("sampler('k') enable('k', false)");
    page("sampler('k')").with(off()).becomes("sampler('k')\nenable(\"k\", false)");
}

#[test]
fn banks_and_live_chunks_are_kept() {
    page("bank('d', 'drums/')")
        .with(Command::SetBank("d".into(), Some("other/".into())))
        .becomes("bank('d', 'other/')");
    page("bank('d', 'drums/') seed(4)").with(Command::SetBank("d".into(), None)).becomes("seed(4)");
    page("seed(4)")
        .with(Command::SetBank("d".into(), Some("drums/".into())))
        .becomes("seed(4)\nbank(\"d\", \"drums/\")");
    page("live('g', function() end)\nseed(1)").with(Command::SetLive("g".into(), None)).becomes("seed(1)");
}

#[test]
fn a_new_name_is_written_wherever_it_is_used() {
    let text = "-- the kick\nsampler(\"kick\", { samples = { kick = \"kick.wav\" } })\nsetParam('kick', 'volume', 0.5) param('kick.speed'):set(2)\nsequencer(\"seq\", { to = { \"kick\" } })\nclock:every(1, function() trigger(\"kick\") print(\"kick\") end)\nmacro(1):map(\"kick.volume\")\n";
    let wanted = "-- the kick\nsampler(\"boom\", { samples = { kick = \"kick.wav\" } })\nsetParam('boom', 'volume', 0.5) param('boom.speed'):set(2)\nsequencer(\"seq\", { to = { \"boom\" } })\nclock:every(1, function() trigger(\"boom\") print(\"kick\") end)\nmacro(1):map(\"boom.volume\")\n";
    page(text).with(Command::Rename(named("kick"), named("boom"))).becomes(wanted);
    page("sampler('kick') local function f(n) connect(n, 'aux1') end f('kick')")
        .with(Command::Rename(named("kick"), named("b")))
        .becomes("sampler('b') local function f(n) connect(n, 'aux1') end f('b')");
    page("pattern('a', 8) chain('c', { { 'a', 2 }, 'a' })")
        .with(Command::Rename(named("a"), named("b")))
        .with(Command::SetSalt(named("b"), crate::model::name::salt_of(&named("b"))))
        .becomes("pattern('b', 8) chain('c', { { 'b', 2 }, 'b' })");
}

#[test]
fn a_module_of_another_type_takes_the_place_of_one() {
    let text = "pattern('P0', 16)\nsampler('kick', { volume = 0.5 })\nconnect('kick', 'aux1')\n-- end\n";
    page(text)
        .with(Command::RemoveModule(named("kick")))
        .with(Command::AddModule { uid: Uid(7), kind: ModuleKind::TrackerSequencer, name: named("kick") })
        .becomes("pattern('P0', 16)\nsequencer(\"kick\", { pattern = \"P0\" })\n-- end\n");
    page("pattern('P0', 16)\nsampler('kick')\nsampler('s')\nmacro(1):map('kick.volume')")
        .with(Command::RemoveModule(named("kick")))
        .with(Command::Rename(named("s"), named("kick")))
        .becomes("pattern('P0', 16)\nsampler('kick')\n");
}

fn at(seconds: f64) -> LayerEvent {
    LayerEvent::at(ticks_of(seconds))
}

/// The first event of the layer Beam made another, as a hand or the desk does it.
fn moved(page: super::Page, place: usize, change: impl FnOnce(&mut LayerEvent)) -> super::Page {
    let entry = page.live.layers["Beam"].events[place].clone();
    let mut event = (*entry.event).clone();
    change(&mut event);
    page.with(Command::PutEvents(named("Beam"), [(entry.uid, Some(std::sync::Arc::new(event)))].into()))
}

fn to(seconds: f64) -> impl Fn(&mut LayerEvent) {
    move |event| (event.ticks, event.beat) = (ticks_of(seconds), None)
}

fn put(uid: u64, event: LayerEvent) -> Command {
    Command::PutEvents(named("Beam"), [(Uid(uid), Some(std::sync::Arc::new(event)))].into())
}

#[test]
fn an_event_moved_on_the_desk_changes_its_literal() {
    let text = "-- lights\nlayer('Beam', { rate = '25' })\n  :set('cho1', { time = 12.50, token = 'Flash', name = 'Chorus' }) -- one\n  :set('cho2', { bar = 33, cue = 3 })\n";
    moved(page(text), 0, to(12.75)).becomes(&text.replace("12.50", "12.75"));
    moved(page(text), 0, |e| e.token = "Temp".into()).becomes(&text.replace("'Flash'", "'Temp'"));
    moved(page(text), 0, |e| e.name = "".into()).becomes(&text.replace(", name = 'Chorus'", ""));
    moved(page(text), 0, |e| e.note = "new".into()).becomes(&text.replace("'Chorus' }", "'Chorus', note = \"new\" }"));
    moved(page(text), 1, |e| e.cue = "3.5".into()).becomes(&text.replace("cue = 3", "cue = 3.5"));
    moved(page(text), 1, to(64.25)).becomes(&text.replace("bar = 33", "time = 64.25"));
    moved(page(text), 1, |e| (e.ticks, e.beat) = (ticks_of(66.0), Some(132.0)))
        .becomes(&text.replace("bar = 33", "bar = 34"));
    moved(page(text), 1, |e| (e.cue, e.token) = ("".into(), "Go+".into())).becomes(&text.replace(", cue = 3", ""));
    page("layer('Beam', { events = { { key = 'a', time = 1 }, { time = 2, cue = 4 } } })")
        .with(put(7, LayerEvent { key: Some("b".into()), ..at(3.0) }))
        .becomes("layer('Beam', { events = { { key = 'a', time = 1 }, { time = 2, cue = 4 } } })\nlayer(\"Beam\"):set(\"b\", { time = 3 })");
}

#[test]
fn events_come_and_go_where_they_are_written() {
    let text = "layer('Beam')\n  :set('a', { time = 1 })\n  :set('b', { time = 2 }) -- two\nseed(4)";
    let new = || put(7, LayerEvent { key: Some("c".into()), cue: "7".into(), token: "Goto".into(), ..at(3.0) });
    page(text).with(new()).becomes(&text.replace(" -- two", "\n  :set(\"c\", { time = 3, cue = 7 }) -- two"));
    let single = "layer('Beam')\nlayer('Beam'):set('a', { time = 1 })\nseed(4)";
    page(single)
        .with(new())
        .becomes(&single.replace("\nseed", "\nlayer(\"Beam\"):set(\"c\", { time = 3, cue = 7 })\nseed"));
    let gone = |page: super::Page, place: usize| {
        let uid = page.live.layers["Beam"].events[place].uid;
        page.with(Command::PutEvents(named("Beam"), [(uid, None)].into()))
    };
    gone(page(text), 0).becomes(&text.replace("\n  :set('a', { time = 1 })", ""));
    gone(page(single), 0).becomes("layer('Beam')\nseed(4)");
    gone(page("layer('Beam'):set('a', { time = 1 })"), 0).becomes("layer('Beam')");
}

#[test]
fn events_without_a_key_are_changed_in_their_list() {
    let text = "layer('Beam', { events = {\n  { time = 4 }, -- four\n  { bar = 2, cue = 3 },\n  { time = 8, name = 'x' },\n} })";
    moved(page(text), 1, to(3.5)).becomes(&text.replace("time = 4", "time = 3.5"));
    moved(page(text), 0, |e| e.cue = "5".into()).becomes(&text.replace("cue = 3", "cue = 5"));
    page(text).with(put(9, at(5.0))).becomes(&text.replace("-- four", "-- four\n  { time = 5 },"));
    let page_of = page(text);
    let uid = page_of.live.layers["Beam"].events[2].uid;
    page_of
        .with(Command::PutEvents(named("Beam"), [(uid, None)].into()))
        .becomes(&text.replace("  { time = 8, name = 'x' },\n", ""));
    page("layer('Beam', { rate = '25' })")
        .with(put(9, at(5.0)))
        .becomes("layer('Beam', { rate = '25', events = { { time = 5 } } })");
    page("layer('Beam')").with(put(9, at(5.0))).becomes("layer('Beam', { events = { { time = 5 } } })");
}

#[test]
fn what_a_script_computes_of_the_lights_is_marked() {
    let text = "layer('Beam') for i = 1, 4 do layer('Beam'):set('c' .. i, { bar = i * 4 }) end";
    let mark = moved(page(text), 0, to(3.0)).stays_marked();
    assert!(mark.item.contains("Beam.c1") && mark.over.is_some(), "{mark:?}");
    let text = "local start = 10\nlayer('Beam'):set('a', { time = start + 2 })";
    let mark = moved(page(text), 0, to(12.5)).stays_marked();
    assert_eq!(
        (mark.line, mark.pin.as_deref()),
        (2, Some("local start = 10\nlayer('Beam'):set('a', { time = 12.5 })"))
    );
    let text = "local list = {} for i = 1, 3 do list[i] = { time = i } end\nlayer('Beam', { events = list })";
    let mark = moved(page(text), 0, to(0.5)).stays_marked();
    assert_eq!((mark.line, mark.over), (2, None), "a list is not written a second time");
}

#[test]
fn songs_layers_and_mappings_are_written_in_place() {
    let text = "song('Intro', { start = '01:00:00:00', rate = '25' })\nlayer('Beam', { song = 'Intro' })\ndesk.map('Beam', { tc = 101, track = 'BEAM' }) -- lights\n";
    let song = |start: &str| Song { name: "Intro".into(), start: start.into(), rate: FrameRate::F25 };
    page(text).with(Command::SetSong(song("02:00:00:00"))).becomes(&text.replace("01:00", "02:00"));
    page(text)
        .with(Command::SetSong(Song { name: "Night".into(), ..song("03:00:00:00") }))
        .becomes(&text.replace("\nlayer", "\nsong(\"Night\", { start = \"03:00:00:00\", rate = \"25\" })\nlayer"));
    let set = |song: Option<&str>, rate, anchor| Command::SetLayer {
        name: named("Beam"),
        song: song.map(str::to_owned),
        rate,
        anchor,
    };
    page(text).with(set(Some("main"), None, None)).becomes(&text.replace("song = 'Intro'", "song = 'main'"));
    page(text)
        .with(set(None, Some(FrameRate::F24), Some(Anchor::Bars)))
        .becomes(&text.replace("'Intro' })\ndesk", "'Intro', rate = \"24\", anchor = \"bars\" })\ndesk"));
    let mapping = |page: &super::Page| (*page.live.mappings["Beam"]).clone();
    let first = page(text);
    let new = Mapping { tc: 102, policy: Policy::Desk, ..mapping(&first) };
    first
        .with(Command::MapLayer(named("Beam"), Some(new)))
        .becomes(&text.replace("tc = 101, track = 'BEAM'", "tc = 102, track = 'BEAM', policy = \"desk\""));
    page(text)
        .with(Command::MapLayer(named("Beam"), None))
        .becomes(&text.replace("desk.map('Beam', { tc = 101, track = 'BEAM' }) -- lights", "-- lights"));
    page(text)
        .with(Command::RemoveLayer(named("Beam")))
        .becomes("song('Intro', { start = '01:00:00:00', rate = '25' })\n-- lights\n");
    page(text)
        .with(Command::Rename(named("Beam"), named("Wash")))
        .becomes(&text.replace("layer('Beam'", "layer('Wash'").replace("map('Beam'", "map('Wash'"));
    page("seed(4)\n")
        .with(Command::AddLayer { uid: Uid(4), name: named("Beam"), song: "main".into() })
        .with(put(5, LayerEvent { key: Some("a".into()), ..at(1.0) }))
        .with(put(6, at(2.0)))
        .with(Command::MapLayer(named("Beam"), Some(Mapping::new(1, 1, TrackName::Number(2)))))
        .becomes("seed(4)\nlayer(\"Beam\", { events = {\n  { time = 2 },\n} })\nlayer(\"Beam\"):set(\"a\", { time = 1 })\ndesk.map(\"Beam\", { tc = 1, tg = 1, track = 2 })\n");
}

#[test]
fn another_tempo_keeps_events_where_the_session_has_them() {
    page("clock:internal { bpm = 120 }\nlayer('Beam'):set('a', { bar = 3 })")
        .with(Command::SetBpm(128.0))
        .becomes("clock:internal { bpm = 128 }\nlayer('Beam'):set('a', { time = 4, beat = 8 })");
}
