//! Whether the content of a desk track comes from what was agreed on, or is another show's, or an older one. Thread: any; pure.
//!
//! Neither clocks nor counters can tell two shows with the same numbers apart, but the contents themselves can: the desk
//! keeps the hashes of the last 64 with who made them (docs/desk-protocol.md).

/// One content that a track had: its hash, and who made it (`"desk"`, or the name of the client that wrote it).
pub type Ancestor = (String, String);

/// Most entries of our own that we may not know of: a crash can lose the last batch and the one before it.
pub const LOST_MAX: usize = 2;

/// How what is on the desk stands to what was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descent {
    /// It is what was agreed on.
    Same,
    /// The desk went on from there; `ours` where every step since was our own writing that we do not know of any more.
    Later {
        /// Whether nobody but us wrote since.
        ours: bool,
    },
    /// It is what the desk had before that.
    Older,
    /// We wrote more there than a crash can have lost: our session is the older one.
    SessionOlder,
    /// It comes from there, but changed while nobody watched.
    Unwatched,
    /// It does not come from there: another show, or one saved before.
    Unrelated,
}

/// Judge a content. `base` is the hash agreed on, `content` the hash now, `lineage` the contents from old to new, `dirty`
/// whether a change is not in it yet, `me` the name we write under.
pub fn descent(base: &str, content: &str, lineage: &[Ancestor], dirty: bool, me: &str) -> Descent {
    if content == base {
        return Descent::Same;
    }
    let Some(at) = lineage.iter().rposition(|(hash, _)| hash == base) else { return Descent::Unrelated };
    let since = &lineage[at + 1..];
    let is_newest = lineage.last().is_some_and(|(hash, _)| hash == content);
    if !is_newest && !dirty {
        return if lineage[..at].iter().any(|(hash, _)| hash == content) { Descent::Older } else { Descent::Unwatched };
    }
    let own = since.iter().filter(|(_, by)| by == me).count();
    if own > LOST_MAX {
        return Descent::SessionOlder;
    }
    Descent::Later { ours: !dirty && own == since.len() }
}

impl Descent {
    /// Why nothing is written or taken until a person chooses; `None` where it goes on by itself.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Same | Self::Later { .. } => None,
            Self::Older => Some("the desk has what it had before the last agreement"),
            Self::SessionOlder => Some("this session is older than what the desk has from it"),
            Self::Unwatched => Some("the desk's track changed while nobody watched"),
            Self::Unrelated => Some("the desk's track is another show's, or one saved before the last agreement"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<Ancestor> {
        // `A` is the desk's, `a` ours.
        let by = |c: char| if c.is_uppercase() { "desk" } else { "me" };
        text.chars().map(|c| (c.to_ascii_lowercase().to_string(), by(c).to_owned())).collect()
    }

    #[test]
    fn the_desk_may_go_on_from_what_was_agreed() {
        let judge = |base, content, lineage, dirty| descent(base, content, &line(lineage), dirty, "me");
        assert_eq!(judge("a", "a", "", false), Descent::Same, "even where the lineage is lost");
        assert_eq!(judge("b", "d", "AbCD", false), Descent::Later { ours: false });
        assert_eq!(judge("b", "x", "AbC", true), Descent::Later { ours: false });
        assert_eq!(judge("a", "a", "ABA", false), Descent::Same, "an Oops leads back");
        assert_eq!(judge("b", "a", "ABA", false), Descent::Later { ours: false }, "an Oops is an edit");
    }

    #[test]
    fn what_a_crash_lost_is_known_as_our_own_and_more_than_that_is_an_older_session() {
        let judge = |lineage| descent("a", "d", &line(lineage), false, "me");
        assert_eq!(judge("Ad"), Descent::Later { ours: true });
        assert_eq!(judge("Acd"), Descent::Later { ours: true });
        assert_eq!(judge("AcBd"), Descent::Later { ours: false });
        assert_eq!(judge("Abcd"), Descent::SessionOlder);
        assert!(judge("Abcd").reason().is_some());
    }

    #[test]
    fn another_show_an_older_one_and_what_nobody_saw_are_held() {
        let judge = |base, content, lineage| descent(base, content, &line(lineage), false, "me");
        assert_eq!(judge("q", "c", "ABC"), Descent::Unrelated);
        assert_eq!(judge("b", "a", "AB"), Descent::Older);
        assert_eq!(judge("b", "x", "AB"), Descent::Unwatched);
        assert_eq!(judge("q", "x", ""), Descent::Unrelated);
    }
}
