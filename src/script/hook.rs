//! The two places where running Lua is stopped: an instruction (the hook) and a large allocation (the allocator).
//!
//! Thread: script. **Invariant:** while code is armed, both ask its [`Budget`]; neither frees, closes or calls anything
//! of Lua's before it raises. (The binding's own hook clears the frame it stopped in, and that runs `__close` methods
//! where no hook runs. That is why this one is written by hand.)
#![allow(unsafe_code, reason = "a hook and an allocator are C's to call")]

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::rc::Rc;
use std::sync::OnceLock;

use mlua::{Lua, ffi};

use super::vm::{Budget, HIDDEN};

/// Instructions between two looks at the clock. One instruction is 4 MB of work at most ([`TEXT_MAX`]).
pub const HOOK_EVERY: i32 = 100;
/// Longest text in Lua, in bytes: what a single instruction may copy or compare.
pub const TEXT_MAX: usize = 4 << 20;
/// Bytes from which an allocation looks at the clock.
const LARGE: usize = 256 << 10;
/// What a text needs beside its bytes, at most.
const HEADER: usize = 64;

/// Why memory was refused last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// All that a script may hold is used.
    Full,
    /// One text would be longer than [`TEXT_MAX`].
    Text,
    /// The time is over: this many milliseconds.
    Late(u32),
}

thread_local! {
    static RUNNING: RefCell<Option<Rc<Budget>>> = const { RefCell::new(None) };
    static REFUSED: Cell<Refused> = const { Cell::new(Refused::Full) };
}

/// The binding's own allocator, which counts and frees; one function for all states.
static INNER: OnceLock<ffi::lua_Alloc> = OnceLock::new();

/// Code of this budget runs on this thread from here on.
pub fn begin(budget: Rc<Budget>) {
    REFUSED.set(Refused::Full);
    RUNNING.replace(Some(budget));
}

/// No code runs any more.
pub fn end() {
    RUNNING.replace(None);
}

/// Why memory was refused last on this thread.
pub fn refused() -> Refused {
    REFUSED.get()
}

/// The limit in milliseconds, when the code that runs now is over it.
fn over() -> Option<u32> {
    RUNNING.with(|running| match &*running.borrow() {
        Some(budget) if budget.spend().is_err() => Some(budget.limit_ms()),
        _ => None,
    })
}

/// Let this state ask at every `every` instructions; coroutines inherit it from what makes them.
pub fn hook(lua: &Lua, every: i32) {
    lua.exec_raw_lua(|raw| {
        // SAFETY: the state is alive while its lock is held, and `on_count` has the signature and the manners of a hook.
        unsafe { ffi::lua_sethook(raw.state(), Some(on_count), ffi::LUA_MASKCOUNT, every) }
    });
}

unsafe extern "C-unwind" fn on_count(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    let Some(limit) = over() else {
        // SAFETY: Lua called this with a running state. One that survived an earlier stop asks at every instruction still.
        unsafe {
            if ffi::lua_gethookcount(state) != HOOK_EVERY {
                ffi::lua_sethook(state, Some(on_count), ffi::LUA_MASKCOUNT, HOOK_EVERY);
            }
        }
        return;
    };
    // SAFETY: a hook has room for 20 values; one is pushed on top of the frame, whose own values stay. No Rust value
    // that would have to be dropped is alive when `lua_error` leaves this frame.
    unsafe {
        // From now on at every instruction, so that a loop around a pcall ends too.
        ffi::lua_sethook(state, Some(on_count), ffi::LUA_MASKCOUNT, 1);
        push_place(state);
        ffi::lua_pushfstring(state, c"stopped: it ran longer than %d ms".as_ptr(), limit as c_int);
        ffi::lua_concat(state, 2);
        ffi::lua_error(state)
    }
}

/// Push `chunk:12: ` for the innermost line that is not ours, or nothing.
///
/// # Safety
/// A running state with room for a value.
unsafe fn push_place(state: *mut ffi::lua_State) {
    // SAFETY: `getinfo` fills what `getstack` found; `short_src` ends with a zero.
    unsafe {
        let mut info: ffi::lua_Debug = std::mem::zeroed();
        for level in 0..24 {
            if ffi::lua_getstack(state, level, &mut info) == 0 {
                break;
            }
            ffi::lua_getinfo(state, c"Sl".as_ptr(), &mut info);
            let source: *const c_char = info.short_src.as_ptr();
            if info.currentline > 0 && !CStr::from_ptr(source).to_bytes().starts_with(HIDDEN.as_bytes()) {
                ffi::lua_pushfstring(state, c"%s:%d: ".as_ptr(), source, info.currentline);
                return;
            }
        }
        ffi::lua_pushlstring(state, c"".as_ptr(), 0);
    }
}

/// Put ourselves in front of the state's allocator. The memory limit must be set before.
pub fn guard(lua: &Lua) {
    lua.exec_raw_lua(|raw| {
        let mut data = std::ptr::null_mut();
        // SAFETY: the state is alive; the allocator's data stays the same, and `allocate` hands it on untouched.
        unsafe {
            let inner = ffi::lua_getallocf(raw.state(), &mut data);
            INNER.get_or_init(|| inner);
            ffi::lua_setallocf(raw.state(), allocate, data);
        }
    });
}

/// Give the state its own allocator back: the binding frees its count only when it finds that one.
pub fn unguard(lua: &Lua) {
    let Some(inner) = INNER.get() else { return };
    lua.exec_raw_lua(|raw| {
        let mut data = std::ptr::null_mut();
        // SAFETY: as in `guard`; a state that was never guarded is left alone.
        unsafe {
            if std::ptr::fn_addr_eq(ffi::lua_getallocf(raw.state(), &mut data), allocate as ffi::lua_Alloc) {
                ffi::lua_setallocf(raw.state(), *inner, data);
            }
        }
    });
}

/// Whether so much memory is refused. A block that does not exist yet comes with its kind in place of its size.
fn refuses(is_new: bool, old: usize, new: usize) -> bool {
    let grows = is_new || new > old;
    if !grows || new < LARGE {
        return false;
    }
    if is_new && old == ffi::LUA_TSTRING as usize && new > TEXT_MAX + HEADER {
        REFUSED.set(Refused::Text);
        return true;
    }
    match over() {
        Some(limit) => REFUSED.set(Refused::Late(limit)),
        None => return false,
    }
    true
}

unsafe extern "C" fn allocate(data: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    if refuses(block.is_null(), old, new) {
        return std::ptr::null_mut();
    }
    let Some(inner) = INNER.get() else { return std::ptr::null_mut() };
    // SAFETY: what Lua asked for goes on as it came, with the data that belongs to this allocator.
    let given = unsafe { inner(data, block, old, new) };
    if given.is_null() && new > 0 {
        REFUSED.set(Refused::Full);
    }
    given
}
