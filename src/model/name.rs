//! What things are called: checked names, and the identity underneath a name.
//!
//! Thread: any.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A name that is not allowed, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{got}\" is not a name: names have 1 to 64 of the characters A-Z a-z 0-9 _ -")]
pub struct NameError {
    /// The text that was refused.
    pub got: String,
}

/// The name of a module, pattern, chain or layer: 1-64 characters of `A-Z a-z 0-9 _ -`.
///
/// Names are unique over all of those together; a path's first word is looked up there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(Arc<str>);

impl Name {
    /// Check and make a name. Errors when it is empty, longer than 64 or has other characters.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let good = !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if good { Ok(Self(Arc::from(text))) } else { Err(NameError { got: text.chars().take(80).collect() }) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Name::new(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

/// Identity underneath a name: survives renames, never shown. Chosen by whoever asks for the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub u64);

impl Uid {
    /// A new identity, different from all others with the certainty of 64 random bits.
    pub fn fresh() -> Self {
        // The standard library's hasher keys are random per process and differ per call.
        Self(std::collections::hash_map::RandomState::new().build_hasher().finish())
    }
}

/// The chance salt of a pattern: a stable hash (FNV-1a, 64 bit) of its name at creation.
///
/// It is kept when the pattern is renamed, so chance outcomes survive a rename.
pub fn salt_of(name: &Name) -> u64 {
    name.as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_letters_digits_underscore_and_dash() {
        assert!(Name::new("kick-2_b").is_ok());
        for bad in ["", "a b", "a.b", "ä", &"x".repeat(65)] {
            assert!(Name::new(bad).unwrap_err().to_string().contains("1 to 64"));
        }
    }
}
