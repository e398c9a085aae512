//! Fuzzes [`chinwag_fuzz::rows`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::rows(input));
