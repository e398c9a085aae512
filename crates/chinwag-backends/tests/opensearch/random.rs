//! Random messages, changes and queries: this engine finds what the reference in memory finds.

use proptest::prelude::*;

use crate::steps::{run, steps};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    #[ignore = "needs an OpenSearch: make conformance"]
    fn what_is_found_is_what_the_reference_finds(steps in steps()) {
        run(steps);
    }
}
