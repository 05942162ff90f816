//! Colours for Lua, and its layout: a text is cut into words anew when it changes, and only lines that look otherwise
//! than before are laid out again. Thread: gui.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use egui::text::{CharIndex, LayoutJob, TextFormat};
use egui::{Color32, FontId, Galley, Rect, Ui};

use super::super::theme;
use super::lua_lex::{Lexeme, Token, lex};
use super::lua_syntax::{Fault, faults};

/// Lays out one buffer in colours, and remembers the last one.
#[derive(Default)]
pub struct LuaText {
    text: String,
    version: u64,
    tokens: Vec<Token>,
    // First byte of each line.
    starts: Vec<usize>,
    faults: Option<Vec<Fault>>,
    // Lines by what they look like.
    lines: HashMap<u64, Arc<Galley>>,
    whole: Option<Arc<Galley>>,
    size: f32,
    // A word laid out in every frame: another galley of it says that the fonts were made anew.
    witness: Option<Arc<Galley>>,
}

impl LuaText {
    /// Read a text. Costs a comparison when it has not changed.
    pub fn read(&mut self, text: &str) {
        if self.text != text {
            text.clone_into(&mut self.text);
            self.version += 1;
            self.tokens = lex(text);
            self.starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
            self.starts.insert(0, 0);
            self.faults = None;
            self.whole = None;
        }
    }

    /// The line (from 0) that a byte of the text last read stands on.
    pub fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// First byte of a line of the text last read.
    pub fn start_of(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// Where some bytes of the text last read are in its galley; what goes on in the next line is left out.
    pub fn rect_of(&self, galley: &Galley, bytes: &Range<usize>) -> Option<Rect> {
        let line = self.line_of(bytes.start);
        let row = galley.rows.get(line)?;
        let start = self.start_of(line);
        let column = |byte: usize| {
            let before = self.text.get(start..byte.min(self.text.len())).unwrap_or_default();
            CharIndex(before.chars().take_while(|c| *c != '\n').count())
        };
        let (left, right) = (row.row.x_offset(column(bytes.start)), row.row.x_offset(column(bytes.end)));
        let rect = row.rect();
        Some(Rect::from_x_y_ranges(rect.left() + left..=rect.left() + right.max(left + 6.0), rect.y_range()))
    }

    /// Another number for each other text.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The words of the text last read.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// What is wrong with the text last read.
    pub fn faults(&mut self) -> &[Fault] {
        self.faults.get_or_insert_with(|| faults(&self.text, &self.tokens))
    }

    /// The text laid out, unwrapped; one row a line.
    pub fn galley(&mut self, ui: &Ui, text: &str, font: &FontId) -> Arc<Galley> {
        let word = || LayoutJob::simple_singleline("0".into(), font.clone(), theme::TEXT);
        let witness = ui.fonts_mut(|fonts| fonts.layout_job(word()));
        let same = self.size == font.size && self.witness.as_ref().is_some_and(|last| Arc::ptr_eq(last, &witness));
        if !same {
            (self.size, self.witness) = (font.size, Some(witness));
            self.lines.clear();
            self.whole = None;
        }
        self.read(text);
        if let Some(galley) = &self.whole {
            return galley.clone();
        }
        let galley = Arc::new(self.lay_out(ui, font));
        self.whole = Some(galley.clone());
        galley
    }

    fn lay_out(&mut self, ui: &Ui, font: &FontId) -> Galley {
        let painted = painted(&self.text, &self.tokens);
        let mut next = 0;
        let mut start = 0;
        let mut rows = vec![];
        let mut pieces: Vec<(Range<usize>, Color32)> = vec![];
        for line in self.text.split('\n') {
            let end = start + line.len();
            pieces.clear();
            // A long string or comment is in all its lines; the one that goes on is looked at again.
            while let Some((range, colour)) = painted.get(next).filter(|(range, _)| range.start < end) {
                pieces.push((range.start.saturating_sub(start)..range.end.min(end) - start, *colour));
                if range.end > end {
                    break;
                }
                next += 1;
            }
            let key = look(line, &pieces);
            let row = self.lines.entry(key).or_insert_with(|| {
                let job = line_job(line, &pieces, font);
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            });
            rows.push(row.clone());
            start = end + 1;
        }
        if self.lines.len() > rows.len() * 2 + 500 {
            self.lines.retain(|_, galley| Arc::strong_count(galley) > 1);
        }
        // The rows are all that is drawn and clicked; the job says only which text this is, and that there is some: a
        // job without sections is taken for empty and not drawn.
        // They are rounded already, and rounding them again would copy every one.
        let mut job = LayoutJob { round_output_to_gui: false, ..LayoutJob::default() };
        job.append(&self.text, 0.0, TextFormat::simple(font.clone(), theme::TEXT));
        Galley::concat(Arc::new(job), &rows, ui.pixels_per_point())
    }
}

fn look(line: &str, pieces: &[(Range<usize>, Color32)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(line.as_bytes());
    for (range, colour) in pieces {
        hasher.write_u64((range.start as u64) << 32 | range.end as u64);
        hasher.write(&colour.to_array());
    }
    hasher.finish()
}

fn line_job(line: &str, pieces: &[(Range<usize>, Color32)], font: &FontId) -> LayoutJob {
    let mut job = LayoutJob { break_on_newline: false, keep_trailing_whitespace: true, ..LayoutJob::default() };
    job.wrap.max_width = f32::INFINITY;
    let mut put = |range: Range<usize>, colour: Color32| {
        if !range.is_empty() {
            job.append(&line[range], 0.0, TextFormat::simple(font.clone(), colour));
        }
    };
    let mut done = 0;
    for (range, colour) in pieces {
        put(done..range.start, theme::TEXT);
        put(range.clone(), *colour);
        done = range.end;
    }
    put(done..line.len(), theme::TEXT);
    if line.is_empty() {
        job.append("", 0.0, TextFormat::simple(font.clone(), theme::TEXT));
    }
    job
}

/// Coloured stretches in order, in bytes.
fn painted(text: &str, tokens: &[Token]) -> Vec<(Range<usize>, Color32)> {
    let mut brackets: Vec<&str> = vec![];
    let sign = |at: Option<&Token>| at.filter(|t| t.kind == Lexeme::Sign).map_or("", |t| t.of(text));
    let mut list = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let word = token.of(text);
        match (token.kind, word) {
            (Lexeme::Sign, "{" | "(" | "[") | (Lexeme::Keyword, "function") => brackets.push(word),
            (Lexeme::Sign, "}" | ")" | "]") => {
                brackets.pop();
            }
            // The end of a function whose bracket is gone already is no harm: a colour is all that hangs on it.
            (Lexeme::Keyword, "end") if brackets.last() == Some(&"function") => {
                brackets.pop();
            }
            _ => {}
        }
        let colour = match token.kind {
            Lexeme::Comment | Lexeme::OpenComment => theme::COMMENT,
            Lexeme::Text | Lexeme::OpenText => theme::STRING,
            Lexeme::Number => theme::NUMBER,
            Lexeme::Keyword if matches!(word, "true" | "false" | "nil") => theme::NUMBER,
            Lexeme::Keyword => theme::KEYWORD,
            Lexeme::Sign => theme::SIGN,
            Lexeme::Wrong => theme::ERROR,
            Lexeme::Name => {
                let next = tokens.get(at + 1);
                let before = sign(at.checked_sub(1).and_then(|at| tokens.get(at)));
                let called = matches!(sign(next), "(" | "{") || next.is_some_and(Token::is_text);
                match before {
                    _ if called => theme::CALL,
                    ":" => theme::CALL,
                    "." => theme::FIELD_NAME,
                    _ if sign(next) == "=" && brackets.last() == Some(&"{") => theme::FIELD_NAME,
                    _ => theme::TEXT,
                }
            }
        };
        list.push((token.start..token.end, colour));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(source: &str) -> Vec<(&str, Color32)> {
        painted(source, &lex(source)).into_iter().map(|(range, colour)| (&source[range], colour)).collect()
    }

    fn in_a_window(act: impl Fn(&Ui)) {
        let context = egui::Context::default();
        let mut output = context.run_ui(egui::RawInput::default(), |ui| act(ui));
        output.textures_delta.clear();
    }

    #[test]
    fn words_get_their_colours() {
        let found = colours(
            "local x = 0.5 -- half\nclock:setBPM(128) sampler(\"ä\", { volume = 1, f = function() y = x.z end })",
        );
        for (word, colour) in [
            ("local", theme::KEYWORD),
            ("0.5", theme::NUMBER),
            ("-- half", theme::COMMENT),
            ("setBPM", theme::CALL),
            ("sampler", theme::CALL),
            ("\"ä\"", theme::STRING),
            ("volume", theme::FIELD_NAME),
            ("x", theme::TEXT),
            ("y", theme::TEXT),
            ("z", theme::FIELD_NAME),
        ] {
            assert!(found.contains(&(word, colour)), "{word}: {found:?}");
        }
    }

    #[test]
    fn each_line_is_one_row_and_a_caret_comes_back_to_its_letter() {
        in_a_window(|ui| {
            let mut lua = LuaText::default();
            for text in ["", "a", "a\n", "\n\nx = [[ long\n\n  ä ]] y()  \n", "trailing   "] {
                let galley = lua.galley(ui, text, &FontId::monospace(13.0));
                assert_eq!(galley.rows.len(), text.split('\n').count(), "{text:?}");
                for at in 0..=text.chars().count() {
                    let caret = egui::text::CCursor::new(at);
                    let there = galley.pos_from_cursor(caret).center();
                    assert_eq!(galley.cursor_from_pos(there.to_vec2()).index, caret.index, "{text:?} {at}");
                }
                assert!(galley.rows.iter().all(|row| row.height() > 5.0));
            }
        });
    }

    #[test]
    fn the_letters_of_the_lines_in_sight_become_triangles() {
        let context = egui::Context::default();
        let text = "trigger(\"kick\")\n".repeat(1000);
        let count = |text: &str| {
            let mut lua = LuaText::default();
            let mut output = context.run_ui(egui::RawInput::default(), |ui| {
                let galley = lua.galley(ui, text, &FontId::monospace(13.0));
                ui.painter().galley(egui::pos2(0.0, 0.0), galley, theme::TEXT);
            });
            output.textures_delta.clear();
            let shapes = context.tessellate(output.shapes, output.pixels_per_point);
            let vertices = |shape: &egui::ClippedPrimitive| match &shape.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            };
            shapes.iter().map(vertices).sum::<usize>()
        };
        let (some, many) = (count("trigger(\"kick\")"), count(&text));
        assert!(some >= 15 * 4, "{some}");
        assert!(many > 10 * some && many < 1000 * some, "{many}: lines out of sight cost nothing");
    }

    #[test]
    fn a_changed_line_alone_is_laid_out_again() {
        in_a_window(|ui| {
            let mut lua = LuaText::default();
            let font = FontId::monospace(13.0);
            let before = lua.galley(ui, "a()\nb()\nc()", &font);
            let after = lua.galley(ui, "a()\nb(1)\nc()", &font);
            let same = |line: usize| Arc::ptr_eq(&before.rows[line].row, &after.rows[line].row);
            assert_eq!([same(0), same(1), same(2)], [true, false, true]);
            let open = lua.galley(ui, "--[[a()\nb(1)\nc()", &font);
            assert!(!Arc::ptr_eq(&open.rows[2].row, &after.rows[2].row), "a comment that opens colours what follows");
            let larger = lua.galley(ui, "--[[a()\nb(1)\nc()", &FontId::monospace(20.0));
            assert!(larger.rect.height() > open.rect.height());
        });
    }

    #[test]
    fn a_text_that_is_no_lua_is_still_all_there() {
        in_a_window(|ui| {
            for text in ["end end )(", "\"open", "\u{0}\u{feff}ä{{{", "]]\n--[[\n\n"] {
                assert_eq!(LuaText::default().galley(ui, text, &FontId::monospace(13.0)).text(), text);
            }
        });
    }
}
