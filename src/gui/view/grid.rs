//! The grid: rows and columns of one pattern, played and edited. Thread: gui.
//!
//! The whole grid is one widget for the keyboard; the cell in focus is view state. What keys do is in `hands`.

mod hands;

use egui::{Align, Align2, Id, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::super::scene::Intents;
use super::super::theme;
use super::cell;
use crate::model::{Column, Name, Pattern, Row, Session};
use hands::{Clip, Edit, Spot};

/// The grid's identity.
pub fn grid_id() -> Id {
    Id::unique("pattern grid")
}

/// What the grid shows.
pub struct Shown<'a> {
    /// The document.
    pub session: &'a Session,
    /// The pattern's name.
    pub name: &'a Name,
    /// The pattern.
    pub pattern: &'a Pattern,
    /// Rows on which sequencers stand, from 1.
    pub heads: &'a [u16],
    /// Whether the song position moves.
    pub playing: bool,
}

impl Shown<'_> {
    /// The column at a place; place 0 is the column of row numbers.
    fn column(&self, place: usize) -> Option<Column> {
        place.checked_sub(1).and_then(|at| self.pattern.columns.get(at).copied())
    }

    fn row(&self, number: u16) -> Row {
        self.pattern.row(number)
    }
}

/// View state of the grid.
#[derive(Default)]
pub struct Grid {
    focus: Option<Spot>,
    // Where a choice of rows began.
    anchor: Option<u16>,
    edit: Option<Edit>,
    error: Option<String>,
    clip: Option<Clip>,
    // The row last scrolled to, so that the wheel is not fought over.
    followed: Option<u16>,
    reveal: bool,
}

const NUMBER_WIDTH: f32 = 48.0;

fn width_of(column: Column) -> f32 {
    match column {
        Column::Index | Column::Length | Column::Note => 64.0,
        Column::Chance | Column::Ratio => 68.0,
        Column::Param(param) => (param.desc().name.len() as f32 * 7.6 + 18.0).max(76.0),
    }
}

impl Grid {
    /// Whether a cell is being typed in.
    pub fn editing(&self) -> bool {
        self.edit.is_some()
    }

    /// What was wrong with the last value, if anything.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Another pattern is shown now.
    pub fn leave(&mut self) {
        *self = Self { clip: self.clip.take(), ..Self::default() };
    }

    /// Draw it and take keys.
    pub fn ui(&mut self, ui: &mut Ui, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        self.keep_inside(shown);
        let id = grid_id();
        let focused = ui.memory(|memory| memory.has_focus(id));
        if focused {
            self.keys(ui, shown, intents);
        } else if self.edit.is_some() {
            // A click elsewhere keeps what was typed, as leaving a field does.
            self.commit(shown, intents);
        }
        let area = ScrollArea::both().id_salt("grid").auto_shrink([false, false]);
        area.show(ui, |ui| {
            let widths = std::iter::once(NUMBER_WIDTH).chain(shown.pattern.columns.iter().map(|c| width_of(*c)));
            let mut edges = vec![0.0];
            edges.extend(widths.scan(0.0, |at, width| {
                *at += width;
                Some(*at)
            }));
            let rows = f32::from(shown.pattern.steps);
            let size = vec2(edges.last().copied().unwrap_or(0.0), (rows + 1.0) * theme::ROW_HEIGHT + 8.0);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let whole = ui.interact(rect, id, Sense::FOCUSABLE);
            whole.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Grid, true, "Pattern grid"));
            if focused {
                let all = egui::EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(id, all));
            }
            self.rows(ui, rect, &edges, shown, focused, intents);
            header(ui, rect, &edges, shown, intents);
            self.follow(ui, rect, shown, focused);
        });
    }

    /// Rows and columns can be taken away while a cell is in focus.
    fn keep_inside(&mut self, shown: &Shown<'_>) {
        let (rows, columns) = (shown.pattern.steps, shown.pattern.columns.len());
        if let Some(spot) = &mut self.focus
            && (spot.row > rows || spot.place > columns)
        {
            *spot = Spot { row: spot.row.min(rows), place: spot.place.min(columns) };
            self.edit = None;
        }
        self.anchor = self.anchor.map(|row| row.min(rows));
    }

    fn rows(
        &mut self,
        ui: &Ui,
        rect: Rect,
        edges: &[f32],
        shown: &Shown<'_>,
        focused: bool,
        intents: &mut Intents<'_>,
    ) {
        let clip = ui.clip_rect();
        let first = ((clip.top() - rect.top()) / theme::ROW_HEIGHT).floor().max(1.0) as u16;
        let last = ((clip.bottom() - rect.top()) / theme::ROW_HEIGHT).ceil() as u16;
        for number in first..=last.min(shown.pattern.steps) {
            let top = rect.top() + f32::from(number) * theme::ROW_HEIGHT;
            let line = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), theme::ROW_HEIGHT));
            let chosen = self.chosen_rows().is_some_and(|rows| rows.contains(&number));
            let colour = match () {
                () if shown.heads.contains(&number) && shown.playing => theme::PLAYING_ROW,
                () if chosen => theme::CHOSEN,
                () if shown.heads.contains(&number) => theme::STANDING_ROW,
                () => theme::FIELD,
            };
            ui.painter().rect_filled(line.shrink2(vec2(0.0, 0.5)), 0.0, colour);
            let row = shown.row(number);
            for (place, edge) in edges.windows(2).enumerate() {
                let area = Rect::from_x_y_ranges(rect.left() + edge[0]..=rect.left() + edge[1], line.y_range());
                self.cell(ui, area, Spot { row: number, place }, &row, shown, focused, intents);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one cell of one frame; a struct would only rename them")]
    fn cell(
        &mut self,
        ui: &Ui,
        area: Rect,
        spot: Spot,
        row: &Row,
        shown: &Shown<'_>,
        focused: bool,
        intents: &mut Intents<'_>,
    ) {
        let column = shown.column(spot.place);
        let here = self.focus == Some(spot);
        let name = match column {
            Some(column) => format!("row {} {}", spot.row, column.name()),
            None => format!("row {}", spot.row),
        };
        let value = match (column, &self.edit) {
            (Some(_), Some(edit)) if here => edit.text.clone(),
            (Some(column), _) => cell::show(row, column),
            (None, _) => format!("{:02}", spot.row),
        };
        // Clicks only: the keyboard goes through the grid itself.
        let response = ui.interact(area, grid_id().with((spot.row, spot.place)), Sense::CLICK);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(egui::accesskit::Role::Cell, true, &name);
            info.current_text_value = Some(value.clone());
            info
        });
        let marked = here || (column.is_none() && shown.heads.contains(&spot.row));
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_selected(marked));
        paint(ui, area, &value, column, row, here && self.edit.is_some());
        if here {
            let colour = match (self.edit.is_some(), focused) {
                (true, _) => theme::EDITING,
                (false, true) => theme::FOCUS,
                (false, false) => theme::LINE,
            };
            ui.painter().rect_stroke(area.shrink(1.0), 2.0, Stroke::new(1.5, colour), StrokeKind::Inside);
        }
        if response.clicked() {
            ui.memory_mut(|memory| memory.request_focus(grid_id()));
            let extend = ui.input(|input| input.modifiers.shift) && column.is_none();
            self.go(spot, extend, shown, intents);
            if column.is_none() && !extend {
                self.audition(shown, spot.row, intents);
            }
        }
        if response.double_clicked() && column.is_some() {
            self.begin(shown);
        }
    }

    /// Keep the playhead in sight, unless the keyboard is in the grid; keep the focus in sight when it moves.
    fn follow(&mut self, ui: &Ui, rect: Rect, shown: &Shown<'_>, focused: bool) {
        let line = |row: u16| {
            let top = rect.top() + f32::from(row) * theme::ROW_HEIGHT;
            Rect::from_min_size(pos2(ui.clip_rect().left(), top), vec2(1.0, theme::ROW_HEIGHT))
        };
        let still = egui::style::ScrollAnimation::none();
        if std::mem::take(&mut self.reveal)
            && let Some(spot) = self.focus
        {
            // The header lies over the first row in sight.
            let room = line(spot.row).expand2(vec2(0.0, theme::ROW_HEIGHT * 1.5));
            return ui.scroll_to_rect_animation(room, None, still);
        }
        let head = shown.heads.first().copied().filter(|_| shown.playing && !focused);
        if head.is_some() && head != self.followed {
            head.into_iter().for_each(|row| ui.scroll_to_rect_animation(line(row), Some(Align::Center), still));
        }
        self.followed = head;
    }
}

fn paint(ui: &Ui, area: Rect, value: &str, column: Option<Column>, row: &Row, editing: bool) {
    let painter = ui.painter();
    if let Some(full) = column.filter(|_| !editing).and_then(|column| cell::fill(row, column)) {
        let bar = Rect::from_min_size(area.min, vec2(area.width() * full, area.height())).shrink(1.5);
        painter.rect_filled(bar, 1.0, theme::FILL);
    }
    let colour = match column {
        _ if editing => theme::EDITING,
        None => theme::WEAK,
        Some(_) if value == cell::EMPTY => theme::FAINT,
        Some(_) => theme::TEXT,
    };
    let at = pos2(area.left() + 6.0, area.center().y);
    painter.with_clip_rect(area.intersect(ui.clip_rect())).text(
        at,
        Align2::LEFT_CENTER,
        value,
        theme::code_font(),
        colour,
    );
}

/// The names of the columns, kept at the top; a click opens what can be done with one.
fn header(ui: &Ui, rect: Rect, edges: &[f32], shown: &Shown<'_>, intents: &mut Intents<'_>) {
    use crate::model::Command;
    let top = ui.clip_rect().top().max(rect.top());
    let line = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), theme::ROW_HEIGHT));
    ui.painter().rect_filled(line.expand2(vec2(0.0, 1.0)), 0.0, theme::PANEL);
    for (column, edge) in shown.pattern.columns.iter().zip(edges.windows(2).skip(1)) {
        let area = Rect::from_x_y_ranges(rect.left() + edge[0]..=rect.left() + edge[1], line.y_range());
        let at = pos2(area.left() + 6.0, area.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, column.name(), egui::FontId::proportional(12.0), theme::WEAK);
        let head = ui.interact(area, grid_id().with(("head", column.name())), Sense::CLICK);
        let name = format!("column {}", column.name());
        head.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::ColumnHeader, true, &name));
        if let Column::Param(param) = column {
            head.clone().on_hover_text(param.desc().doc);
        }
        if column.is_fixed() {
            continue;
        }
        egui::Popup::menu(&head).show(|ui| {
            if ui.button(format!("Hide {}", column.name())).clicked() {
                let columns = shown.pattern.columns.iter().copied().filter(|other| other != column).collect();
                let label = format!("{} column {}", shown.name, column.name());
                intents.wish(&label, Command::SetColumns(shown.name.clone(), columns));
            }
        });
    }
}
