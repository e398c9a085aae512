//! Texts that hold what a query language would take for its own (row 11).

/// The texts.
pub(crate) const TEXTS: [&str; 8] = [
    "due 10/2019 sharp",
    "written in C++ today",
    "the pair a:b here",
    "a call f(x) there",
    "we gave 100%_done now",
    "the path back\\slash ends",
    "this AND that",
    "a \" alone",
];

/// Queries, each with the text that it finds.
pub(crate) const FOUND: [(&str, usize); 8] = [
    ("10/2019", 0),
    ("C++", 1),
    ("a:b", 2),
    ("f(x)", 3),
    ("100%_done", 4),
    ("back\\slash", 5),
    ("AND that", 6),
    ("\"gave 100\"", 4),
];
