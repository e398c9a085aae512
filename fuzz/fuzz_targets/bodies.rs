//! Fuzzes [`chinwag_fuzz::bodies`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::bodies(input));
