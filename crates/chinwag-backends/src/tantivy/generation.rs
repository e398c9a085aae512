//! One index in one directory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ::tantivy::{
    Directory as _, Index, IndexSettings, Result, Segment, SegmentReader, TantivyError,
    directory::{META_LOCK, MmapDirectory},
    error::DataCorruption,
    store::Compressor,
};
use parking_lot::RwLock;

use super::{
    schema::{Fields, ID, TOKENIZER},
    tokens::Analysis,
};

/// One index in one directory, and what may be searched of it.
pub(super) struct Generation {
    path: PathBuf,
    index: Index,
    fields: Fields,
    segments: RwLock<Segments>,
}

/// What was committed at one moment.
pub(super) type Segments = Arc<[SegmentReader]>;

impl Generation {
    /// Makes an empty one in an empty directory.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let (schema, _) = Fields::new();
        // Documents hold nothing: there is nothing to compress, and no thread is wanted for it.
        let settings = IndexSettings {
            docstore_compression: Compressor::None,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let index = Index::create(MmapDirectory::open(path)?, schema, settings)?;
        Self::of(path, index)
    }

    /// Opens what is there; fails where it is no whole index. Contents of files are not looked at.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let index = Index::open_in_dir(path)?;
        if index.schema() != Fields::new().0 {
            return Err(TantivyError::SchemaError("it has other fields".into()));
        }
        Self::of(path, index)
    }

    fn of(path: &Path, index: Index) -> Result<Self> {
        index.tokenizers().register(TOKENIZER, Analysis);
        let generation = Self {
            path: path.into(),
            index,
            fields: Fields::new().1,
            segments: RwLock::new(Arc::new([])),
        };
        generation.reload()?;
        Ok(generation)
    }

    /// Compares every file that is in use with its checksum. Reads all of it, through mappings of its own, which
    /// don't stay in memory.
    pub(super) fn check(path: &Path) -> Result<()> {
        let index = Index::open_in_dir(path)?;
        for segment in index.searchable_segment_metas()? {
            for file in segment.list_files() {
                // tantivy lists this one also where nothing was deleted, and there is none.
                if is_deletions(&file) && !segment.has_deletes() {
                    continue;
                }
                if !index.directory().validate_checksum(&file)? {
                    let comment = "its checksum is another".to_owned();
                    return Err(DataCorruption::new(file, comment).into());
                }
            }
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Returns what was committed when it was last reloaded.
    pub(super) fn segments(&self) -> Segments {
        Arc::clone(&self.segments.read())
    }

    /// Lets what was committed be found. Opens new segments alone.
    pub(super) fn reload(&self) -> Result<()> {
        // Lest a merge that ends removes files before they are opened.
        let _listed = self.index.directory().acquire_lock(&META_LOCK)?;
        let before = self.segments();
        let open = |segment: Segment| {
            let is_same = |reader: &&SegmentReader| {
                reader.segment_id() == segment.id()
                    && reader.delete_opstamp() == segment.meta().delete_opstamp()
            };
            match before.iter().find(is_same) {
                Some(reader) => Ok(reader.clone()),
                None => {
                    let reader = SegmentReader::open(&segment)?;
                    check_counts(&segment, &reader)?;
                    Ok(reader)
                }
            }
        };
        let segments = self.index.searchable_segments()?.into_iter();
        let segments: Segments = segments.map(open).collect::<Result<_>>()?;
        *self.segments.write() = segments;
        Ok(())
    }
}

/// Compares what the list of segments says, which has no checksum, with the segment itself.
fn check_counts(listed: &Segment, segment: &SegmentReader) -> Result<()> {
    let documents = segment.fast_fields().u64(ID)?.num_docs();
    if documents != segment.max_doc() || listed.meta().num_docs() != segment.num_docs() {
        let comment = format!("segment {} has another length", segment.segment_id());
        return Err(DataCorruption::comment_only(comment).into());
    }
    Ok(())
}

fn is_deletions(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "del")
}
