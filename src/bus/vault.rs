//! How memory reaches the audio thread without ever being freed there.
//!
//! The engine's [`Vault`] keeps one handle of everything lent, so dropping a [`Lent`] on the audio thread only
//! counts down; the engine frees what nobody else holds when it calls [`Vault::collect`].
//!
//! Thread: `Vault` engine, `Lent` any. Realtime: cloning and dropping a `Lent` yes; the vault no.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

/// Something the engine owns and others may read. Only [`Vault::lend`] makes one.
#[derive(Debug)]
pub struct Lent<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Clone for Lent<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> Deref for Lent<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> Lent<T> {
    /// Whether two handles are of the same thing. Realtime: yes.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Keeps a handle of everything lent. **Invariant:** outlives the audio side of its instance.
#[derive(Default)]
pub struct Vault {
    kept: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Vault {
    /// Hand something out.
    pub fn lend<T: Any + Send + Sync>(&mut self, thing: T) -> Lent<T> {
        let arc = Arc::new(thing);
        self.kept.push(arc.clone());
        Lent(arc)
    }

    /// Free what nobody holds any more. Things inside freed things go in the same call.
    pub fn collect(&mut self) {
        loop {
            let before = self.kept.len();
            // Only the vault can hold the last handle, so a count of one cannot rise again.
            self.kept.retain(|thing| Arc::strong_count(thing) > 1);
            if self.kept.len() == before {
                break;
            }
        }
    }

    /// How many things are out or waiting to be collected.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether nothing is out.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_is_freed_by_the_vault_alone() {
        let mut vault = Vault::default();
        let inner = vault.lend(5_u32);
        let watch = Arc::downgrade(&inner.0);
        let outer = vault.lend(vec![inner]);
        drop(outer);
        assert_eq!(vault.len(), 2);
        assert!(watch.upgrade().is_some(), "dropping the last lent handle frees nothing");
        vault.collect();
        assert!(vault.is_empty() && watch.upgrade().is_none());
    }
}
