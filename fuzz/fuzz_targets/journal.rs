//! Fuzzes [`chinwag_fuzz::journal`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::journal(input));
