//! What tantivy's failures mean to a caller.

use std::{any::Any, io, panic::AssertUnwindSafe};

use ::tantivy::{
    TantivyError,
    directory::error::{OpenReadError, OpenWriteError},
};
use chinwag_core::ports::{EngineError, EngineResult};

/// Does something with the index; one that can't be read any more is damaged.
///
/// tantivy asserts some of what it reads, so damage may also come as a panic.
pub(super) fn guarded<T>(
    what: &str,
    work: impl FnOnce() -> ::tantivy::Result<T>,
) -> EngineResult<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| failed(what, &error)),
        Err(panic) => Err(EngineError::Damaged(format!(
            "can't {what}: {}",
            panic_text(&*panic)
        ))),
    }
}

fn failed(what: &str, error: &TantivyError) -> EngineError {
    let text = format!("can't {what}: {error}");
    match error {
        TantivyError::IoError(error)
        | TantivyError::OpenWriteError(OpenWriteError::IoError {
            io_error: error, ..
        })
        | TantivyError::OpenReadError(OpenReadError::IoError {
            io_error: error, ..
        }) => io_failed(text, error),
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::OpenReadError(_)
        | TantivyError::OpenDirectoryError(_)
        | TantivyError::SchemaError(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::InternalError(_) => EngineError::Damaged(text),
        _ => EngineError::Unavailable(text),
    }
}

fn io_failed(text: String, error: &io::Error) -> EngineError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => EngineError::Full(text),
        // A file that ends too early or holds something else.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => EngineError::Damaged(text),
        _ => EngineError::Unavailable(text),
    }
}

pub(super) fn io(what: &'static str) -> impl FnOnce(io::Error) -> EngineError {
    move |error| io_failed(format!("can't {what}: {error}"), &error)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}
