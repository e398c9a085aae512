//! Each rule against a planted fault and a near miss, and against random histories.

mod faults;
mod log_faults;
mod people_faults;
mod random;
mod reading_faults;
mod story;
mod world;
