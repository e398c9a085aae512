//! Turns lists of cases into tests.

use std::{future::Future, time::Duration};

/// How long a case may take before it counts as hanging; far above what any needs.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Runs a case on a runtime of its own; one that hangs fails.
pub fn run(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(HANGS_AFTER, case).await });
    runtime.shutdown_timeout(HANGS_AFTER);
    assert!(ended.is_ok(), "the case hangs");
}

/// Makes a test of every case of the ports named, for one engine.
#[macro_export]
macro_rules! conformance_tests {
    ($(#[$attribute:meta])* $engine:ty: $($port:ident),+ $(,)?) => {
        $crate::conformance_tests!(@ports [$(#[$attribute])*] $engine; $($port)+);
    };
    (@ports $attributes:tt $engine:ty; $($port:ident)+) => {
        $(
            mod $port {
                use super::*;
                $crate::$port! { case_tests [$attributes $engine] }
            }
        )+
    };
}

/// Makes a test of each case of one port.
#[doc(hidden)]
#[macro_export]
macro_rules! case_tests {
    ([$attributes:tt $engine:ty] $port:ident $($case:ident)+) => {
        $( $crate::case_test! { $attributes $engine; $port $case } )+
    };
}

/// Makes a test of one case.
#[doc(hidden)]
#[macro_export]
macro_rules! case_test {
    ([$(#[$attribute:meta])*] $engine:ty; $port:ident $case:ident) => {
        #[test]
        $(#[$attribute])*
        fn $case() {
            $crate::run(async {
                let engine = <$engine as $crate::Engine>::fresh().await;
                $crate::$port::$case(engine).await;
            });
        }
    };
}

/// Returns the names of the cases of one port.
#[doc(hidden)]
#[macro_export]
macro_rules! case_names {
    ([] $port:ident $($case:ident)+) => { [$(stringify!($case)),+] };
}

/// Checks that the list of a port names each case that its sources hold.
#[cfg(test)]
macro_rules! assert_every_case_is_listed {
    ($port:ident, $($source:literal),+) => {
        #[test]
        fn every_case_is_listed() {
            let listed: &[&str] = &$crate::$port! { case_names [] };
            $crate::listing::assert_listed(listed, &[$(include_str!($source)),+]);
        }
    };
}

#[cfg(test)]
pub(crate) use assert_every_case_is_listed;

#[cfg(test)]
pub(crate) fn assert_listed(listed: &[&str], sources: &[&str]) {
    let lines = sources.iter().flat_map(|source| source.lines());
    let written: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("pub async fn "))
        .filter_map(|line| line.split(['<', '(']).next())
        .collect();
    assert!(!written.is_empty());
    for case in &written {
        assert!(
            listed.contains(case),
            "{case} is in no list, so nobody runs it"
        );
    }
    assert_eq!(listed.len(), written.len(), "a case is listed twice");
}
