//! The API is that of section A and no more: every name is there, and what is not there is refused by its name.

use super::*;

/// The functions of section A, and of Lua's own libraries what it mentions.
const FUNCTIONS: &str = "Root DataPool SelectedTimecode IsObjectValid HandleToInt IntToHandle HandleToStr StrToHandle HookObjectChange Unhook \
    UnhookMultiple DumpAllHooks PrepareWaitObjectChange HookDelete Timer Time WaitObjectDelete WaitChildren WaitModal Cmd CmdIndirect CmdIndirectWait \
    CreateUndo CloseUndo Printf Echo ErrPrintf ErrEcho PluginVars GlobalVars UserVars AddonVars SetVar GetVar DelVar Version BuildDetails HostOS \
    HostType GetShowFileStatus CurrentUser CurrentProfile ReleaseType OpenMessageQueue SendLuaMessage require pcall xpcall select tonumber tostring \
    ipairs pairs setmetatable rawget os.time os.clock os.date io.open string.format string.pack math.floor table.concat coroutine.yield utf8.char";

/// What can be called on a handle.
const METHODS: &str = "Create Append Acquire Insert Delete Remove Copy Set Get Changed CommandDelete Ptr CmdlinePtr Children CmdlineChildren Find \
    FindRecursive FindParent IsValid GetClass GetChildClass PropertyInfo Import Export ToAddr Addr AddrNative HandleToInt HandleToStr Parent Count Dump \
    StartRecording StopRecording IsRecording IsUserTriggeredEvent";

/// Properties by the class that has them.
const PROPERTIES: [(&str, &str); 6] = [
    (
        "sub[1]",
        "IgnoreNetwork StructureLocked SystemLocked Lock Index Count No Name Note UserExpanded FaderEnabled Owned Hidden DependencyExport MemoryFootprint TrackGroup Track Time AbsTime RawTime Type RealtimeCmd FadeOverride Token CueDestination Status ExecuteCommand",
    ),
    ("range", "Start RawStart Duration Offset SpeedFactor Play Rec Guid"),
    ("track", "Target Play Rec Name Note Guid Tags Appearance"),
    ("tg", "Name Note Play Rec Lock UserExpanded Hidden Count"),
    (
        "tc",
        "Cursor Duration RawDuration OffsetTCSlot RawOffsetTCSlot LoopMode LoopCount TimeMarkers TCSlot AutoStart AutoStop SwitchOff Goto AssertPrevEvents PlaybackandRecord RecordTimedCues RecordCueCommands RecordMacroEvents RecordRemoteEvents UserBits TimeDisplayFormat FrameReadout Type User Guid",
    ),
    (
        "Root().TimecodeSlots[1]",
        "TimeString Time SourceIP UserBits PreRoll AfterRoll GeneratorStartTime GeneratorEndTime GeneratorLooped GeneratorFrameUnit",
    ),
];

#[test]
fn every_name_of_the_list_is_there() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    for name in FUNCTIONS.split_whitespace() {
        assert_eq!(lua(&mut desk, &format!("return type({name})")), "function", "{name}");
    }
    for name in METHODS.split_whitespace() {
        assert_eq!(lua(&mut desk, &format!("return type(tc.{name})")), "function", "{name}");
    }
    for (object, names) in PROPERTIES {
        for name in names.split_whitespace() {
            let text = lua(
                &mut desk,
                &format!(
                    "local p = {object}:PropertyInfo('{name}') return p.Name, type({object}:Get('{name}', 1)), p.ReadOnly"
                ),
            );
            assert!(text.starts_with(&format!("{name}\tstring\t")), "{object}.{name}: {text}");
        }
    }
    assert_eq!(
        lua(&mut desk, "local n = 0 while sub[1]:PropertyInfo(n + 1) do n = n + 1 end return n"),
        "27",
        "the 28th of the dump is a method"
    );
    assert_eq!(
        lua(
            &mut desk,
            "return sub[1]:PropertyInfo('RawTime').ReadOnly, sub[1]:PropertyInfo('Token').ReadOnly, sub[1]:PropertyInfo('Time').ReadOnly, sub[1]:PropertyInfo('Cmd')"
        ),
        "true\ttrue\tfalse\tnil"
    );
    assert_eq!(
        lua(
            &mut desk,
            "return Enums.Roles.Display, Enums.ChangeLevel.Full, Enums.TimecodePoolAction.Top, Enums.OSCMode.TCP, Enums.TimeCodeSource.Smpte, Enums.AssignmentButtonFunctionsTimecode.Goto"
        ),
        "1\t8\t12\t1\t1\t16"
    );
}

#[test]
fn what_is_not_on_the_list_is_refused_by_its_name() {
    let mut desk = desk();
    for name in [
        "SelectedSequence",
        "GetPath",
        "MessageBox",
        "PopupInput",
        "GetObject",
        "FromAddr",
        "AddFixtures",
        "dofile",
        "loadfile",
        "loadstring",
        "gma",
    ] {
        let call = if name == "gma" { "gma()".to_owned() } else { format!("{name}('x')") };
        let error = fails(&mut desk, &call);
        assert!(error.contains(&format!("knows no API \"{name}\"")), "{name}: {error}");
        assert!(desk.looked_for().contains(&name.to_owned()));
    }
    for name in ["GetDependencies", "SetChildren", "HasActivePlayback", "Resize", "InputRun"] {
        let error = fails(&mut desk, &format!("tc:{name}()"));
        assert!(error.contains(&format!("\"{name}\"")), "{name}: {error}");
    }
    assert_eq!(
        lua(&mut desk, "local ok, why = pcall(function() return tc:Sing() end) return ok, type(why)"),
        "false\tstring"
    );
    assert_eq!(
        lua(
            &mut desk,
            "local ok, why = pcall(WaitModal) return ok, why:match('WaitModal') , select(2, pcall(PrepareWaitObjectChange, tc)) ~= nil"
        ),
        "false\tWaitModal\ttrue"
    );
    assert_eq!(
        lua(&mut desk, "return math.frexp, unpack, setfenv, io.popen, os.execute, os.remove, debug.getinfo"),
        "nil\tnil\tnil\tnil\tnil\tnil\tnil"
    );
}

#[test]
fn the_modules_are_json_socket_core_and_two_without_files_and_no_plain_socket() {
    let mut desk = desk();
    assert_eq!(
        lua(
            &mut desk,
            "local s = require('socket.core') return type(s.udp), type(s.tcp), type(s.gettime), s == require('socket.core')"
        ),
        "function\tfunction\tfunction\ttrue"
    );
    assert!(fails(&mut desk, "require('socket')").contains("module 'socket' not found"));
    assert!(fails(&mut desk, "require('lfs').dir('.')").contains("lfs.dir"));
    assert!(fails(&mut desk, "require('ftp').get('x')").contains("ftp.get"));
    assert_eq!(lua(&mut desk, "return select(2, io.open('x', 'w'))"), "x: the pocket desk has no files");
    let json = "local j = require('json') return j.encode({ b = 1, a = { 'x', true }, c = 'q\"\\\\\\n' }), j.decode('{\"k\":[1,2.5,null,\"\\\\u00e9\"]}').k[4], #j.encode({})";
    assert_eq!(lua(&mut desk, json), "{\"a\":[\"x\",true],\"b\":1,\"c\":\"q\\\"\\\\\\n\"}\té\t2");
    assert!(fails(&mut desk, "require('json').decode('{')").len() > 5);
}

#[test]
fn what_the_desk_prints_is_in_its_log_by_kind() {
    let mut desk = desk();
    lua(&mut desk, "Printf('%d %%', 5) Echo('e') ErrPrintf('bad %s', 'x') print('a', 1)");
    let log: Vec<String> = desk.log().into_iter().map(|line| format!("{:?} {}", line.kind, line.text)).collect();
    assert_eq!(log, ["Printf 5 %", "Echo e", "Error bad x", "Printf a\t1"]);
    assert!(fails(&mut desk, "Printf('50 %')").len() > 5, "a format, as on the desk");
    let (lines, count) = desk.log_since(0);
    assert_eq!(lines.len() as u64, count);
    assert!(desk.log_since(count + 5).0.is_empty());
}

#[test]
fn addresses_lead_to_their_objects() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    assert_eq!(
        lua(&mut desk, "return sub[1]:ToAddr(), DataPool().Sequences[201][3]:ToAddr(), PLUGIN:ToAddr(), track:Addr()"),
        "Timecode 101.1.1.1.1.1\tSequence 201 Cue 3\tPlugin 1\t1.1.1.14.101.1.2"
    );
    assert_eq!(
        lua(
            &mut desk,
            "return tg:Find('wash').name, tc:FindRecursive('a'):GetClass(), tg:Find('a'), sub[1]:FindParent('Timecode') == tc, tc:FindRecursive('BEAM', 'Cue')"
        ),
        "WASH\tCmdEvent\tnil\ttrue\tnil"
    );
}
