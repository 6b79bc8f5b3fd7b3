//! stub

#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct Error;

impl Error {
    pub fn hint(&self) -> Option<String> {
        None
    }
}
