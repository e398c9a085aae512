//! The one list of behaviours that every implementation of a port must show.
