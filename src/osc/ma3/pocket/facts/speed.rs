//! Ten thousand events on a track: no step may look at all of them.

use super::*;

/// Operations that may be many. Whoever is quadratic needs minutes here, not seconds.
const MANY: i64 = 10_000;

#[test]
fn ten_thousand_events_are_made_timed_read_and_deleted() {
    let mut desk = desk();
    lua(
        &mut desk,
        &format!(
            "HookObjectChange(note, sub, PLUGIN) for n = 1, {MANY} do local e = sub:Append('CmdEvent') e:Set('RawTime', (n * 7919 % {MANY}) << 20) e.name = 'n' end"
        ),
    );
    assert_eq!(heard(&mut desk), MANY * 3);
    let sorted = "local last, t = -1, sub:Children() for _, e in ipairs(t) do local now = e:Get('RawTime') assert(now >= last) last = now end return #t";
    assert_eq!(lua(&mut desk, sorted), MANY.to_string());
    assert_eq!(
        lua(&mut desk, &format!("local s = 0 for n = 1, {MANY} do s = s + sub[n].index end return s")),
        (MANY * (MANY + 1) / 2).to_string()
    );
    lua(&mut desk, &format!("for n = 1, {MANY} do sub[n]:Set('RawTime', -n) end"));
    lua(&mut desk, "for n = #sub, 1, -1 do sub:Delete(n) end");
    assert_eq!(lua(&mut desk, "return #sub"), "0");
}

#[test]
fn ten_thousand_at_one_time_are_no_slower() {
    let mut desk = desk();
    lua(
        &mut desk,
        &format!(
            "local u = CreateUndo('x') sub:Append('CmdEvent', u, {MANY}) for n, e in ipairs(sub:Children()) do e:Set('Note', n) end CloseUndo(u)"
        ),
    );
    lua(&mut desk, "for _, e in ipairs(sub:Children()) do e:Set('RawTime', 5) end");
    // Each was sorted in before those that had the time already, as a stable sort after every write does.
    assert_eq!(lua(&mut desk, &format!("return sub[1].note, sub[{MANY}].note")), format!("{MANY}\t1"));
}
