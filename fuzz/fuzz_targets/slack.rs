//! Fuzzes [`chinwag_fuzz::slack`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::slack(input));
