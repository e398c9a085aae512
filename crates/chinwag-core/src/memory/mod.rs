//! The in-memory reference of each port: the executable specification.
