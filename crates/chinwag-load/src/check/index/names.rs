//! Gives each name a number, once.

use std::collections::HashMap;

/// Stands for "none" wherever a number of a table is kept.
pub(crate) const NONE: u32 = u32::MAX;

/// Holds names by number and numbers by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Names {
    /// Gives a name's number, a new one for a new name.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// Gives the name of a number.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("?", |name| name)
    }
}
