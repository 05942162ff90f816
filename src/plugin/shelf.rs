//! STAND-IN for the engine's door until the main line wires it: keeps the session, and nobody plays it.
//!
//! Thread: main.

use std::sync::{Mutex, PoisonError};

use super::persist::{Pending, SessionDoor};
use crate::model::Session;

/// Holds a session for an instance without an engine.
pub struct Shelf {
    pending: Pending<Session>,
    first: String,
    refused: Mutex<Option<String>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { pending: Pending::new(), first: Session::new().to_json(), refused: Mutex::new(None) }
    }
}

impl SessionDoor for Shelf {
    fn check(json: &str) -> Result<(), String> {
        Session::from_json(json).map(drop).map_err(|error| error.to_string())
    }

    fn load(&self, json: &str) {
        match Session::from_json(json) {
            // The canonical text, not the file's: whoever saves an equal session saves equal bytes.
            Ok(session) => self.pending.offer(&session.to_json(), session),
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn refuse(&self, why: &str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    fn save(&self) -> String {
        self.pending.json().map_or_else(|| self.first.clone(), |json| json.to_string())
    }
}
