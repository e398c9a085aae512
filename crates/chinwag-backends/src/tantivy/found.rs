//! Documents that were found, as tantivy takes them.

use ::tantivy::{DocId, DocSet, TERMINATED};

/// Documents that were found, one after the other.
pub(super) struct Found {
    documents: Vec<DocId>,
    at: usize,
}

impl Found {
    /// Takes documents, rising.
    pub(super) fn new(documents: Vec<DocId>) -> Self {
        Self { documents, at: 0 }
    }
}

impl DocSet for Found {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.documents.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|document| *document < target);
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.documents.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.documents.len()).unwrap_or(u32::MAX)
    }
}
