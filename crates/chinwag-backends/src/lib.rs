//! The engines: one module each, implementing ports and nothing else.
