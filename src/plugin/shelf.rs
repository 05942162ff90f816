//! STAND-IN for the engine's door until the main line wires it: keeps the session's text as it came.
//!
//! Thread: main.

use std::sync::{Mutex, PoisonError};

use super::persist::SessionDoor;

/// Holds a session's JSON unread.
pub struct Shelf {
    json: Mutex<String>,
    refused: Mutex<Option<String>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { json: Mutex::new("{}".to_owned()), refused: Mutex::new(None) }
    }
}

impl SessionDoor for Shelf {
    fn check(json: &str) -> Result<(), String> {
        match serde_json::from_str(json) {
            Ok(serde_json::Value::Object(_)) => Ok(()),
            Ok(_) => Err("a session is a JSON object".to_owned()),
            Err(error) => Err(format!("the session is not readable: {error}")),
        }
    }

    fn load(&self, json: &str) {
        json.clone_into(&mut self.json.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn refuse(&self, why: &str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    fn save(&self) -> String {
        self.json.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
