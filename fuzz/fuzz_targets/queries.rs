//! Fuzzes [`chinwag_fuzz::queries`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::queries(input));
