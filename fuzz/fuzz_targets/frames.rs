//! Fuzzes [`chinwag_fuzz::frames`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::frames(input));
