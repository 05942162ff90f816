//! What a cell of the grid shows, and what a text typed into it asks for. Thread: gui. Pure.

use crate::model::param::ParamKind;
use crate::model::{Column, Command, Hit, Name, Path, Row};

use super::super::widget::number;

/// Shown in a cell that holds nothing.
pub const EMPTY: &str = "--";

/// What a cell shows: its value, [`EMPTY`], or `rest` in the first column of a rest.
pub fn show(row: &Row, column: Column) -> String {
    match row {
        Row::Empty => EMPTY.to_owned(),
        Row::Rest if column == Column::Index => "rest".to_owned(),
        Row::Rest => EMPTY.to_owned(),
        Row::Hit(hit) => own(hit, column).unwrap_or_else(|| EMPTY.to_owned()),
    }
}

fn own(hit: &Hit, column: Column) -> Option<String> {
    if !hit.has(column) {
        return None;
    }
    match column {
        Column::Index => Some(hit.index.to_string()),
        Column::Length => hit.length.map(|n| n.to_string()),
        Column::Note => hit.note.map(|n| n.to_string()),
        Column::Chance => Some(hit.chance.to_string()),
        Column::Ratio => Some(format!("{}:{}", hit.ratio.0, hit.ratio.1)),
        Column::Param(param) => hit.params.get(&param).map(|value| param.show(*value)),
    }
}

/// The number a leading operator works on; what a hit would play when the cell is empty.
pub fn present(row: &Row, column: Column) -> Option<f64> {
    let Row::Hit(hit) = row else { return None };
    match column {
        Column::Index => Some(f64::from(hit.index)),
        Column::Length => hit.length.map(f64::from),
        Column::Note => hit.note.map(f64::from),
        Column::Chance => Some(f64::from(hit.chance)),
        Column::Ratio => None,
        Column::Param(param) => Some(hit.params.get(&param).copied().unwrap_or(param.desc().default)),
    }
}

/// How full the cell is, 0-1, for its bar.
pub fn fill(row: &Row, column: Column) -> Option<f32> {
    let Row::Hit(hit) = row else { return None };
    let (value, min, max) = match column {
        Column::Index | Column::Note | Column::Ratio => return None,
        Column::Length => (f64::from(hit.length?), 0.0, 16.0),
        Column::Chance if hit.has(column) => (f64::from(hit.chance), 0.0, 100.0),
        Column::Chance => return None,
        Column::Param(param) if matches!(param.desc().kind, ParamKind::Choice(_) | ParamKind::Switch) => return None,
        Column::Param(param) => (*hit.params.get(&param)?, param.desc().min, param.desc().max),
    };
    Some(((value - min) / (max - min)).clamp(0.0, 1.0) as f32)
}

/// Whether a typed character begins a new value in this column.
pub fn begins(column: Column, typed: char) -> bool {
    let words = matches!(column, Column::Param(p) if matches!(p.desc().kind, ParamKind::Choice(_) | ParamKind::Switch));
    typed.is_ascii_digit() || "+-*/.:".contains(typed) || (words && typed.is_ascii_alphabetic())
}

/// What is allowed in a column, as a phrase.
pub fn allowed(column: Column) -> String {
    match column {
        Column::Index => "a sample from 1 to 1024, 0 or - for a rest".to_owned(),
        Column::Length => "a gate of 1 to 64 rows".to_owned(),
        Column::Note => "a MIDI note from 0 to 127".to_owned(),
        Column::Chance => "a percentage from 0 to 100".to_owned(),
        Column::Ratio => "A:B with A from 1 to B and B up to 16".to_owned(),
        Column::Param(param) => param.allowed(),
    }
}

/// The cell a text was typed into.
pub struct Place<'a> {
    /// Its pattern.
    pub pattern: &'a Name,
    /// Its row, from 1.
    pub number: u16,
    /// What the row holds.
    pub row: &'a Row,
    /// Its column.
    pub column: Column,
}

impl Place<'_> {
    fn path(&self) -> Path {
        Path::Row { pattern: self.pattern.clone(), row: self.number, column: self.column }
    }

    /// Take the value away; the first column takes the row away. `None` when there is nothing.
    pub fn clear(&self) -> Option<Command> {
        match (self.row, self.column) {
            (Row::Empty, _) => None,
            (_, Column::Index) => Some(Command::SetRow(self.pattern.clone(), self.number, Row::Empty)),
            (Row::Rest, _) => None,
            (Row::Hit(_), _) => Some(Command::Unset(self.path())),
        }
    }

    /// What `text` asks for. `entered` says that edit mode came first, so that a leading `-` or `+` works on the
    /// present value. Errors say what the column takes. `None` when nothing would change.
    pub fn read(&self, text: &str, entered: bool) -> Result<Option<Command>, String> {
        let text = text.trim();
        if text.is_empty() || text == EMPTY {
            return Ok(self.clear());
        }
        let value = match self.column {
            Column::Index if matches!(text, "-" | "0" | "rest") => {
                return Ok(Some(Command::SetRow(self.pattern.clone(), self.number, Row::Rest)));
            }
            Column::Ratio => {
                let (a, b) = number::ratio(text)?;
                f64::from(a) * 1000.0 + f64::from(b)
            }
            column => self.number(column, text, entered)?,
        };
        Ok(Some(Command::Set(self.path(), value)))
    }

    fn number(&self, column: Column, text: &str, entered: bool) -> Result<f64, String> {
        let wrong = || format!("{} takes {}, got \"{text}\"", column.name(), allowed(column));
        if let Column::Param(param) = column
            && let Ok(value) = param.read(text)
            && !(entered && text.starts_with(['-', '+']))
        {
            return Ok(value);
        }
        // `*` and `/` cannot begin a number, so they always mean the present value.
        let present = present(self.row, column).filter(|_| entered || text.starts_with(['*', '/', '+']));
        let value = number::evaluate(text, present).ok_or_else(wrong)?;
        let whole = |min: f64, max: f64| {
            let rounded = value.round();
            if (min..=max).contains(&rounded) { Ok(rounded) } else { Err(wrong()) }
        };
        match column {
            Column::Index => whole(1.0, 1024.0),
            Column::Length => whole(1.0, 64.0),
            Column::Note => whole(0.0, 127.0),
            Column::Chance => whole(0.0, 100.0),
            _ => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Param;

    fn read(row: &Row, column: Column, text: &str, entered: bool) -> Result<Option<Command>, String> {
        let pattern = Name::new("beat").expect("a name");
        Place { pattern: &pattern, number: 5, row, column }.read(text, entered)
    }

    fn hit() -> Row {
        Row::Hit(Hit { length: Some(4), params: [(Param::VOLUME, 0.5)].into(), ..Hit::default() })
    }

    fn value(outcome: Result<Option<Command>, String>) -> f64 {
        match outcome {
            Ok(Some(Command::Set(_, value))) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn expressions_work_on_the_present_value() {
        let volume = Column::Param(Param::VOLUME);
        assert_eq!(value(read(&hit(), volume, "*2", true)), 1.0);
        assert_eq!(value(read(&hit(), volume, "+0.25", true)), 0.75);
        assert_eq!(value(read(&hit(), volume, "-0.25", true)), 0.25);
        assert_eq!(value(read(&hit(), Column::Param(Param::SPEED), "-2", false)), -2.0);
        assert_eq!(value(read(&hit(), Column::Length, "*2", false)), 8.0);
    }

    #[test]
    fn nought_and_dash_are_rests_and_nothing_clears() {
        for rest in ["0", "-"] {
            assert!(matches!(read(&hit(), Column::Index, rest, false), Ok(Some(Command::SetRow(_, 5, Row::Rest)))));
        }
        assert!(matches!(read(&hit(), Column::Index, "", false), Ok(Some(Command::SetRow(_, 5, Row::Empty)))));
        assert!(matches!(read(&hit(), Column::Length, "", false), Ok(Some(Command::Unset(_)))));
        assert_eq!(read(&Row::Empty, Column::Length, "", false), Ok(None));
    }

    #[test]
    fn an_error_says_what_the_column_takes() {
        for (column, text, part) in [
            (Column::Chance, "101", "0 to 100"),
            (Column::Length, "99", "1 to 64"),
            (Column::Ratio, "4:2", "A:B"),
            (Column::Param(Param::VOLUME), "1+", "0 to 2"),
            (Column::Param(Param::PLAY_STYLE), "spin", "ONCE"),
        ] {
            let message = read(&hit(), column, text, false).expect_err(text);
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(value(read(&hit(), Column::Param(Param::PLAY_STYLE), "loop", false)), 1.0);
        assert_eq!(value(read(&hit(), Column::Ratio, "2:3", false)), 2003.0);
    }
}
