//! What can go wrong in opening and keeping the local stack. Failures of a call go to the caller as AWS's own errors.

use std::path::PathBuf;

/// The local stack cannot be opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The embedded database refuses: the file is not one, is newer than this program, or is in use by another.
    #[error("the embedded database: {0}")]
    Database(String),
    /// A file or directory cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of the master key is not one, or others may read it.
    #[error("the key file {path}: {why}")]
    KeyFile {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it, and what helps.
        why: &'static str,
    },
}

impl From<dynoxide::DynoxideError> for LocalError {
    fn from(error: dynoxide::DynoxideError) -> Self {
        Self::Database(error.to_string())
    }
}

impl LocalError {
    /// Names the file that an I/O error is about.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }
}
