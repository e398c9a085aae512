//! What tests compile in is in no other build.

use std::process::Command;

#[test]
fn a_binary_that_is_built_alone_has_no_failpoints() {
    assert!(features("normal,build,features").contains("chinwag-core feature \"default\""));
    assert!(!features("normal,build,features").contains("failpoints"));
    assert!(features("all,features").contains("failpoints"), "tests do");
}

/// Returns which features of what the binary is made of, which kinds of dependencies turn on.
fn features(edges: &str) -> String {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "chinwag", "--prefix", "none"])
        .args(["--locked", "--offline", "--edges", edges])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    String::from_utf8(tree.stdout).unwrap()
}
