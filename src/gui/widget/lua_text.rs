//! Colours for Lua: tree-sitter reads the text, changed parts only, and its leaves get their colours. Thread: gui.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId};
use tree_sitter::{InputEdit, Node, Parser, Point, Tree};

use super::super::theme;

/// Lays out one buffer in colours, and remembers the last one.
#[derive(Default)]
pub struct LuaText {
    parser: Option<Parser>,
    tree: Option<Tree>,
    text: String,
    job: LayoutJob,
    size: f32,
}

impl LuaText {
    /// The text in colours, unwrapped. Costs a comparison when nothing has changed.
    pub fn job(&mut self, text: &str, font: &FontId) -> LayoutJob {
        if self.text != text || self.size != font.size || (self.job.text.is_empty() && !text.is_empty()) {
            self.read(text);
            self.job = self.lay_out(font);
            self.size = font.size;
        }
        self.job.clone()
    }

    /// Whether this is the text that [`Self::job`] was last asked for.
    pub fn shows(&self, text: &str) -> bool {
        self.text == text
    }

    fn read(&mut self, text: &str) {
        if self.parser.is_none() {
            let mut parser = Parser::new();
            // A grammar of another version than the library leaves the text in one colour.
            self.parser = parser.set_language(&tree_sitter_lua::LANGUAGE.into()).ok().map(|()| parser);
        }
        if let Some(tree) = &mut self.tree {
            tree.edit(&difference(&self.text, text));
        }
        self.tree = self.parser.as_mut().and_then(|parser| parser.parse(text, self.tree.as_ref()));
        text.clone_into(&mut self.text);
    }

    fn lay_out(&self, font: &FontId) -> LayoutJob {
        let mut job = LayoutJob { break_on_newline: true, ..LayoutJob::default() };
        job.wrap.max_width = f32::INFINITY;
        let mut put = |from: usize, to: usize, colour: Color32| {
            if let Some(piece) = self.text.get(from..to)
                && !piece.is_empty()
            {
                job.append(piece, 0.0, TextFormat::simple(font.clone(), colour));
            }
        };
        let mut done = 0;
        for (from, to, colour) in self.leaves() {
            // Leaves come in order; one inside another that has a colour already is passed over.
            if from >= done {
                put(done, from, theme::TEXT);
                put(from, to, colour);
                done = to;
            }
        }
        put(done, self.text.len(), theme::TEXT);
        job
    }

    /// Coloured stretches in order, in bytes.
    fn leaves(&self) -> Vec<(usize, usize, Color32)> {
        let Some(tree) = &self.tree else { return vec![] };
        let mut found = vec![];
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            let colour = colour_of(node);
            if let Some(colour) = colour {
                found.push((node.start_byte(), node.end_byte(), colour));
            }
            if colour.is_none() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return found;
                }
            }
        }
    }
}

fn colour_of(node: Node<'_>) -> Option<Color32> {
    Some(match node.kind() {
        "comment" | "hash_bang_line" => theme::COMMENT,
        "string" => theme::STRING,
        "number" | "true" | "false" | "nil" => theme::NUMBER,
        "identifier" => name_colour(node)?,
        "break_statement" | "and" | "or" | "not" | "local" | "function" | "end" | "return" | "if" | "then" | "else"
        | "elseif" | "for" | "in" | "do" | "while" | "repeat" | "until" | "goto" | "global" => theme::KEYWORD,
        // Only signs are left among the leaves without a name.
        _ if node.child_count() == 0 && !node.is_named() => theme::SIGN,
        _ => return None,
    })
}

fn name_colour(node: Node<'_>) -> Option<Color32> {
    let parent = node.parent()?;
    let called = |node: Node<'_>| {
        node.parent().is_some_and(|p| {
            matches!(p.kind(), "function_call" | "function_declaration") && p.child_by_field_name("name") == Some(node)
        })
    };
    match parent.kind() {
        "function_call" | "function_declaration" if called(node) => Some(theme::CALL),
        "method_index_expression" if parent.child_by_field_name("method") == Some(node) => Some(theme::CALL),
        "dot_index_expression" if parent.child_by_field_name("field") == Some(node) => {
            Some(if called(parent) { theme::CALL } else { theme::FIELD_NAME })
        }
        "field" if parent.child_by_field_name("name") == Some(node) => Some(theme::FIELD_NAME),
        _ => Some(theme::TEXT),
    }
}

/// The one stretch in which two texts differ, as tree-sitter wants it told.
fn difference(old: &str, new: &str) -> InputEdit {
    let start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.bytes().rev().zip(new.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    let point = |text: &str, at: usize| {
        let before = &text.as_bytes()[..at];
        let row = before.iter().filter(|b| **b == b'\n').count();
        let column = before.iter().rev().take_while(|b| **b != b'\n').count();
        Point { row, column }
    };
    InputEdit {
        start_byte: start,
        old_end_byte: old.len() - end,
        new_end_byte: new.len() - end,
        start_position: point(old, start),
        old_end_position: point(old, old.len() - end),
        new_end_position: point(new, new.len() - end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(text: &mut LuaText, source: &str) -> Vec<(String, Color32)> {
        let job = text.job(source, &FontId::monospace(12.0));
        assert_eq!(job.text, source);
        let piece = |s: &egui::text::LayoutSection| source[s.byte_range.start.0..s.byte_range.end.0].to_owned();
        job.sections.iter().map(|s| (piece(s), s.format.color)).collect()
    }

    #[test]
    fn words_get_their_colours() {
        let found =
            colours(&mut LuaText::default(), "local x = 0.5 -- half\nclock:setBPM(128) sampler(\"ä\", { volume = 1 })");
        for (word, colour) in [
            ("local", theme::KEYWORD),
            ("0.5", theme::NUMBER),
            ("-- half", theme::COMMENT),
            ("setBPM", theme::CALL),
            ("sampler", theme::CALL),
            ("\"ä\"", theme::STRING),
            ("volume", theme::FIELD_NAME),
            (" x ", theme::TEXT),
        ] {
            assert!(found.contains(&(word.to_owned(), colour)), "{word}: {found:?}");
        }
    }

    #[test]
    fn typing_gives_the_same_colours_as_reading_anew() {
        let mut typed = LuaText::default();
        let whole = "for i = 1, 4 do\n    trigger(\"kick\", { volume = i / 4 }) -- ä\nend\n";
        let mut text = String::new();
        for c in whole.chars() {
            text.push(c);
            colours(&mut typed, &text);
        }
        assert_eq!(colours(&mut typed, whole), colours(&mut LuaText::default(), whole));
        let changed = whole.replace("kick", "ki\"ck");
        assert_eq!(colours(&mut typed, &changed), colours(&mut LuaText::default(), &changed));
    }

    #[test]
    fn a_text_that_is_no_lua_is_still_all_there() {
        for text in ["end end )(", "\"open", "\u{0}\u{feff}ä{{{", ""] {
            colours(&mut LuaText::default(), text);
        }
    }
}
