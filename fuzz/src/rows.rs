//! What a store hands back.

use chinwag_core::model::LogRow;

/// Plays an input that is a row of a chat's log: refused, or read as what is written and read the same.
pub fn rows(input: &[u8]) {
    if let Ok(row) = LogRow::from_bytes(input) {
        let again = LogRow::from_bytes(&row.to_bytes()).unwrap();
        assert_eq!(row, again);
    }
}
