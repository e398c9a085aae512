//! What is left to chance, and what time it is, by a seed: the system's own answers are replaced.
//!
//! Every source of randomness below (hash maps, `rand`, tokio's choice among what is ready) begins with `getrandom`. A
//! process plays one seed only, since some of them count what happened before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::{
    rand::GetRandomFlags,
    time::{ClockId, Timespec},
};

use crate::time::BEGIN;

/// Whether a seed decides.
static IS_FIXED: AtomicBool = AtomicBool::new(false);
/// The state of the generator.
static STATE: AtomicU64 = AtomicU64::new(0);

/// Lets a seed decide from now on; call it before a thread that draws is started.
pub(crate) fn fix(seed: u64) {
    STATE.store(seed, Ordering::SeqCst);
    IS_FIXED.store(true, Ordering::SeqCst);
}

/// SplitMix64: each call a new number, whatever the seed.
fn next() -> u64 {
    let state = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Takes the place of the C library's function of this name.
#[expect(unsafe_code, reason = "the C library's function is replaced")]
#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    // SAFETY: the caller gives a buffer of that length.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, length) };
    if IS_FIXED.load(Ordering::SeqCst) {
        for part in buffer.chunks_mut(8) {
            part.copy_from_slice(&next().to_le_bytes()[..part.len()]);
        }
        return length.cast_signed();
    }
    match rustix::rand::getrandom(buffer, GetRandomFlags::from_bits_retain(flags)) {
        Ok(filled) => filled.cast_signed(),
        Err(_) => -1,
    }
}

/// Takes the place of the C library's function of this name: the wall clock stands at the simulation's beginning.
#[expect(unsafe_code, reason = "the C library's function is replaced")]
#[unsafe(no_mangle)]
extern "C" fn clock_gettime(clock: i32, time: *mut Timespec) -> i32 {
    let id = match clock {
        0 | 5 => ClockId::Realtime,
        2 => ClockId::ProcessCPUTime,
        3 => ClockId::ThreadCPUTime,
        7 => ClockId::Boottime,
        _ => ClockId::Monotonic,
    };
    let is_wall = matches!(id, ClockId::Realtime);
    let now = match is_wall && IS_FIXED.load(Ordering::SeqCst) {
        true => Timespec {
            tv_sec: BEGIN / 1_000,
            tv_nsec: 0,
        },
        false => rustix::time::clock_gettime(id),
    };
    // SAFETY: the caller gives room for a time.
    unsafe { time.write(now) };
    0
}
