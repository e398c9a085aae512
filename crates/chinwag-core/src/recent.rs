//! A memory of a bounded number of things, the recent ones for certain.

use std::{collections::HashMap, hash::Hash};

/// Remembers at least the last `generation` things that were put in or asked for, and at most twice as many.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
    generation: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    pub(crate) fn new(generation: usize) -> Self {
        Self {
            newer: HashMap::new(),
            older: HashMap::new(),
            generation,
        }
    }

    /// Puts a thing in.
    pub(crate) fn put(&mut self, key: K, value: V) {
        if self.newer.len() >= self.generation {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, value);
    }

    /// Finds a thing, and remembers it longer.
    pub(crate) fn get(&mut self, key: K) -> Option<&mut V> {
        if !self.newer.contains_key(&key) {
            let (key, value) = self.older.remove_entry(&key)?;
            self.put(key, value);
            // `put` may have emptied `newer` first; it holds the thing all the same.
        }
        self.newer.get_mut(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recent_or_was_asked_for_lately_is_remembered_and_the_rest_is_bounded() {
        let mut recent = Recent::new(100);
        recent.put(0, 'a');
        for key in 1..1_000 {
            recent.put(key, 'b');
            assert_eq!(recent.get(0), Some(&mut 'a'), "asked for each time");
            assert!(recent.newer.len() + recent.older.len() <= 200);
        }
        assert!(recent.get(950).is_some());
        assert!(recent.get(500).is_none());
    }
}
