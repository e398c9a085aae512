//! How far a message has come.

/// How far an own message has come among the other members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Others who have it on a device.
    pub delivered: u32,
    /// Others who have read it.
    pub read: u32,
    /// How many others there are.
    pub others: u32,
}

impl Progress {
    /// Returns whether everybody else has read it.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.others > 0 && self.read >= self.others
    }

    /// Returns whether everybody else has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.others > 0 && self.delivered >= self.others
    }
}
