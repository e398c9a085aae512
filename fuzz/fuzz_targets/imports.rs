//! Fuzzes [`chinwag_fuzz::imports`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chinwag_fuzz::imports(input));
