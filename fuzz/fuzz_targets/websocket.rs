//! Fuzzes [`chinwag_fuzz::websocket`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::websocket(input));
