//! The first line, which says how the session stands, and the last one, which says what can be done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text::{padded, put_line, span};
use crate::event::Timestamp;
use crate::probe::gate::Pace;
use crate::text::units::{clock_text, count_text, lost_text};
use crate::text::width::width;
use crate::timeline::glyph::Glyph;
use crate::tui::app::action::Action;
use crate::tui::app::keymap::{self, Binding};
use crate::tui::app::mode::Mode;
use crate::tui::app::theme::{Role, Theme};
use crate::tui::app::{
    App, Grows, Motion, Overlay, RecordingStatus, SessionOrigin, SessionView, Watched,
    WatchedStatus,
};

/// The status line.
pub fn header(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, theme.style(Role::Title));
    let right = state(viewer, theme, area.width.into());
    let room = usize::from(area.width).saturating_sub(right.width());
    put_line(theme, buf, area, &title(viewer, theme, room));
    let from = (room as u16).min(area.width);
    let right_area = Rect {
        x: area.x + from,
        width: area.width - from,
        ..area
    };
    put_line(theme, buf, right_area, &right);
}

/// Returns the title in `room` columns.
fn title(viewer: &SessionView, theme: Theme, mut room: usize) -> Line<'static> {
    const PROGRAM: &str = " asyncline";
    let name = viewer
        .scenario
        .map_or(viewer.title.as_str(), |scenario| scenario.name);
    let mut line = Line::default();
    if room > width(PROGRAM) + width(name) + 2 {
        room -= width(PROGRAM);
        line.push_span(span(theme, Role::Accent, PROGRAM));
    }
    let title = Some(viewer.title.as_str()).filter(|title| *title != name);
    let title = title.unwrap_or_default();
    for (text, role) in [(name, Role::Title), (title, Role::Dim)] {
        let columns = width(text).min(room.saturating_sub(4));
        if columns >= 3 {
            room -= columns + 2;
            let text = padded(text, columns, theme);
            line.push_span(span(theme, role, format!("  {text}")));
        }
    }
    line
}

/// Returns the session's status, as much as fits.
fn state(viewer: &SessionView, theme: Theme, room: usize) -> Line<'static> {
    let mut line = Line::from(motion(viewer, theme));
    // What follows the clock leaves room for saying what is shown.
    let (all, some) = (room.saturating_sub(2), room.saturating_sub(24));
    let parts = [
        lost(viewer, theme),
        seen(viewer, theme),
        recording(viewer, theme),
        found(viewer, theme),
        counted(viewer, theme),
    ];
    append(&mut line, "  ", now(viewer, theme), all);
    append(&mut line, " ", total(viewer, theme), some);
    for part in parts {
        append(&mut line, "  ", part, some);
    }
    line.push_span(" ");
    line
}

fn append(line: &mut Line<'static>, gap: &'static str, part: Vec<Span<'static>>, room: usize) {
    let wide = part.iter().map(Span::width).sum::<usize>();
    if wide > 0 && line.width() + gap.len() + wide <= room {
        line.push_span(gap);
        line.extend(part);
    }
}

fn motion(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    let follows = viewer.follows();
    let back = viewer.playback.steps_back().unwrap_or(0);
    let mut spans = Vec::new();
    if let Some(watched) = viewer.watched() {
        if !viewer.playback.at_present() {
            let here = theme.glyph(Glyph::Here);
            spans.push(span(theme, Role::Accent, format!("{here} past  ")));
        }
        spans.push(life(viewer, watched, theme));
        return spans;
    }
    if let SessionOrigin::Replay { damage, grows } = viewer.origin() {
        let what = match grows {
            Grows::Not => "replay  ",
            Grows::Written => "following  ",
            Grows::Read => "reading  ",
        };
        spans.push(span(theme, Role::Accent, what));
        if damage.is_some() {
            spans.push(span(theme, Role::Error, "damaged  "));
        }
    } else if !follows && back > 0 {
        let steps = if back == 1 { "step" } else { "steps" };
        let here = theme.glyph(Glyph::Here);
        let text = format!("{here} past ({back} {steps} back)  ");
        spans.push(span(theme, Role::Accent, text));
    }
    let speed = if viewer.is_real_time() && follows {
        "real time".to_owned()
    } else {
        speed_text(viewer.speed(), theme)
    };
    let motion = viewer.motion();
    let has_ended = viewer.is_live() && !viewer.is_running() && back == 0;
    spans.push(if motion == Motion::Paused && has_ended {
        span(theme, Role::Accent, "ended")
    } else {
        moving(viewer, motion, [&speed, &speed], theme)
    });
    spans
}

/// Returns the status of a watched program.
fn life(viewer: &SessionView, watched: &Watched, theme: Theme) -> Span<'static> {
    match &watched.life {
        WatchedStatus::Broken(_) => span(theme, Role::Error, "gone"),
        WatchedStatus::Ended(Some(0) | None) => span(theme, Role::Accent, "ended"),
        WatchedStatus::Ended(Some(code)) => span(theme, Role::Error, format!("ended with {code}")),
        WatchedStatus::Runs => moving(viewer, watched.pace.into(), ["live", "held"], theme),
    }
}

/// Returns the motion in words. The caller gives those for playing and for paused.
fn moving(
    viewer: &SessionView,
    motion: Motion,
    [plays, is_paused]: [&str; 2],
    theme: Theme,
) -> Span<'static> {
    let (play, pause) = (theme.glyph(Glyph::Play), theme.glyph(Glyph::Pause));
    let runs = |text: &str| span(theme, Role::Running, format!("{play} {text}"));
    match motion {
        Motion::Playing => runs(plays),
        Motion::Stepping => runs("one step"),
        Motion::ToWake => runs("to next wake"),
        Motion::Until(lane) => {
            let name = viewer.playback.timeline().name(lane);
            runs(&format!("until {name}"))
        }
        Motion::Paused => span(theme, Role::Ready, format!("{pause} {is_paused}")),
    }
}

/// A speed as people write it: `1/4×`, `2×`.
fn speed_text(speed: f64, theme: Theme) -> String {
    let times = if theme.ascii { 'x' } else { '×' };
    if speed >= 1.0 {
        format!("{speed:.0}{times}")
    } else {
        format!("1/{:.0}{times}", 1.0 / speed)
    }
}

fn now(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    let now = clock(viewer, viewer.playback.now());
    vec![span(theme, Role::Title, now)]
}

fn total(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    let grows = viewer.is_following() && viewer.playback.at_present();
    if viewer.follows() || grows {
        return Vec::new();
    }
    let total = format!("of {}", clock(viewer, viewer.playback.reached()));
    vec![span(theme, Role::Dim, total)]
}

fn clock(viewer: &SessionView, time: Timestamp) -> String {
    clock_text(time, viewer.lanes.viewport.span)
}

fn lost(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    match viewer.playback.timeline().lost() {
        0 => Vec::new(),
        lost => vec![span(
            theme,
            Role::Error,
            format!("{} lost", lost_text(lost)),
        )],
    }
}

/// Returns the number of tasks with lanes, if some have none.
fn seen(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    let counted = viewer.playback.timeline().counted().iter();
    let (seen, alive) = counted.fold((0_u64, 0_u64), |(seen, alive), tasks| {
        let add = u64::saturating_add;
        (add(seen, tasks.seen), add(alive, tasks.alive))
    });
    if seen >= alive {
        return Vec::new();
    }
    let text = format!("{} of {} tasks seen", count_text(seen), count_text(alive));
    vec![span(theme, Role::Ready, text)]
}

fn recording(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    match viewer.recording {
        RecordingStatus::Off => Vec::new(),
        RecordingStatus::On(_) => {
            let record = theme.glyph(Glyph::Record);
            vec![span(theme, Role::Record, format!("{record} rec"))]
        }
        RecordingStatus::Saved(_) => vec![span(theme, Role::Dim, "recorded")],
        RecordingStatus::Failed(_) => vec![span(theme, Role::Error, "not recorded")],
    }
}

fn found(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    if viewer.is_running() || viewer.findings.is_empty() {
        return Vec::new();
    }
    let findings = match viewer.findings.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    vec![span(theme, Role::Ready, findings)]
}

fn counted(viewer: &SessionView, theme: Theme) -> Vec<Span<'static>> {
    let text = match viewer.playback.counts() {
        (shown, all) if shown < all => {
            format!("event {} of {}", count_text(shown), count_text(all))
        }
        (_, 1) => "1 event".to_owned(),
        (_, all) if viewer.playback.is_stretch() => format!("{} events", count_text(all)),
        (_, all) => format!("{all} events"),
    };
    vec![span(theme, Role::Dim, text)]
}

/// The last line: what went wrong, what is being typed, or the keys. Where text is typed, its end's column comes back.
pub fn footer(app: &App, area: Rect, buf: &mut Buffer) -> Option<u16> {
    let theme = app.theme;
    buf.set_style(area, ratatui::style::Style::reset());
    for cell in area.positions() {
        buf[cell].set_symbol(" ");
    }
    if let Some((label, text, after)) = prompt(app) {
        let line = Line::from(vec![
            span(theme, Role::Key, label),
            span(theme, Role::Text, text),
            span(theme, Role::Dim, after),
        ]);
        put_line(theme, buf, area, &line);
        let column = (width(label) + width(text)).min(usize::from(area.width.saturating_sub(1)));
        return Some(area.x + column as u16);
    }
    match &app.notice {
        Some(notice) => {
            let notice = format!(" {notice}");
            put_line(
                theme,
                buf,
                area,
                &Line::from(span(theme, Role::Accent, notice)),
            );
        }
        None => put_line(theme, buf, area, &keys(app, area.width.into())),
    }
    None
}

/// Returns the line that is typed: what it asks for, the text so far, and a hint.
fn prompt(app: &App) -> Option<(&'static str, &str, String)> {
    match &app.overlay {
        _ if app.help.is_some() => None,
        Some(Overlay::Find(text)) => Some((" find: ", text, found_text(app, text))),
        Some(Overlay::Filter(text)) => {
            let lanes = app.viewer().map_or(0, |viewer| viewer.lanes.rows.len());
            Some((" only lanes with: ", text, format!("   {lanes} lanes")))
        }
        Some(Overlay::GoTo(text)) => {
            let hint = if text.is_empty() {
                "   1.5s, 20ms, 40%"
            } else {
                ""
            };
            Some((" go to: ", text, hint.to_owned()))
        }
        Some(Overlay::Path(text)) => Some((" open the session file: ", text, String::new())),
        _ => None,
    }
}

fn found_text(app: &App, text: &str) -> String {
    let (count, one, many) = match app.viewer() {
        Some(viewer) => (viewer.lanes.highlights.len(), "lane", "lanes"),
        None => (app.menu.matches(text), "entry", "entries"),
    };
    match count {
        _ if text.is_empty() => String::new(),
        0 => "   nothing so far".to_owned(),
        1 => format!("   1 {one}"),
        _ => format!("   {count} {many}"),
    }
}

/// The mode's keys, as many as fit; always how to get help and how to leave.
fn keys(app: &App, room: usize) -> Line<'static> {
    let groups = groups(app);
    // How to go on from a question matters more than how to leave it.
    let asks = app.mode() == Mode::Question;
    let is_last = |action| match action {
        Action::Help | Action::Quit => true,
        Action::Back => !asks,
        _ => false,
    };
    let size = |keys: &str, word: &str| width(keys) + width(word) + 3;
    let last = groups.iter().filter(|group| is_last(group.2));
    let mut left = room.saturating_sub(last.map(|(keys, word, _)| size(keys, word)).sum());
    let mut spans = Vec::new();
    for (keys, word, action) in groups {
        let size = size(&keys, word);
        if !is_last(action) {
            if size > left {
                continue;
            }
            left -= size;
        }
        spans.push(Span::raw(if spans.is_empty() { " " } else { "  " }));
        spans.push(span(app.theme, Role::Key, keys));
        spans.push(span(app.theme, Role::Dim, format!(" {word}")));
    }
    Line::from(spans)
}

/// Returns the keys of the present mode and their words. Neighbours with the same word share it.
fn groups(app: &App) -> Vec<(String, &'static str, Action)> {
    let paused = app
        .viewer()
        .is_some_and(|viewer| match viewer.at_watched() {
            Some(watched) => watched.pace == Pace::Paused,
            None => viewer.motion() == Motion::Paused,
        });
    let bindings = keymap::bindings(app.mode()).filter(|binding| !binding.short.is_empty());
    let mut groups: Vec<(String, &'static str, Action)> = Vec::new();
    for binding in bindings {
        let key = binding.keys[0].label(app.theme.ascii);
        let short = word(binding, paused);
        match groups.last_mut() {
            Some((keys, last, _)) if *last == short => *keys = format!("{keys} {key}"),
            _ => groups.push((key, short, binding.action)),
        }
    }
    groups
}

fn word(binding: &Binding, paused: bool) -> &'static str {
    match binding.action {
        Action::PlayPause if paused => "play",
        _ => binding.short,
    }
}
