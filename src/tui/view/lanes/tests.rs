use std::collections::HashSet;

use super::*;
use crate::event::{EventKind, Timestamp};
use crate::timeline::rows::rows;
use crate::timeline::story::{self, MILLI, Story};
use crate::tui::app::theme::ColourDepth;
use proptest::prelude::*;
use ratatui::layout::Position;

const COLORED: Theme = Theme {
    depth: ColourDepth::True,
    ascii: false,
};
const ASCII: Theme = Theme {
    depth: ColourDepth::None,
    ascii: true,
};

/// Calls `with` on the view of a story, `millis` after its beginning, with a lane selected.
fn view<T>(
    story: &Story,
    millis: u64,
    selected: u64,
    theme: Theme,
    with: impl Fn(&LanesView<'_>) -> T,
) -> T {
    let timeline = story.timeline();
    let rows = rows(&timeline, &HashSet::new(), false, Timestamp::ZERO);
    let mut viewport = Viewport::default();
    viewport.fit(timeline.end());
    with(&LanesView {
        timeline: &timeline,
        scene: None,
        widest: None,
        rows: &rows,
        first: 0,
        viewport: &viewport,
        selected: Some(LaneId(selected)),
        now: Timestamp(millis * MILLI),
        theme: &theme,
        highlights: &[],
    })
}

fn drawn(view: &LanesView<'_>, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    view.render(area, &mut buffer);
    buffer
}

fn text(buffer: &Buffer) -> String {
    let line = |row: Rect| {
        let mut text = String::new();
        let mut x = row.left();
        while x < row.right() {
            let symbol = buffer[(x, row.y)].symbol();
            text.push_str(symbol);
            x += (width(symbol) as u16).max(1);
        }
        text.trim_end().to_owned()
    };
    buffer.area.rows().map(line).collect::<Vec<_>>().join("\n")
}

fn screen(story: &Story, size: (u16, u16), millis: u64, selected: u64) -> String {
    view(story, millis, selected, COLORED, |view| {
        text(&drawn(view, size.0, size.1))
    })
}

#[test]
fn two_tasks_as_they_run() {
    insta::assert_snapshot!(screen(&story::two_tasks(), (80, 6), 1204, 1), @r#"
              ╷0            ╷0.5 s         ╷1.0 s▼       ╷1.5 s         ╷2.0 s
    ▸main     █── task1 ──────────────────▸█─────╎
     ├ task1 ├█── sleep(1 s) ─────────────╰█✓ "hello"
     └ task2 ╰█── sleep(2 s) ────────────────────╎
                                                 ╎
                                                 ╎
    "#);
    insta::assert_snapshot!(screen(&story::two_tasks(), (80, 6), 1204, 3), @r#"
              ╷0            ╷0.5 s         ╷1.0 s▼       ╷1.5 s         ╷2.0 s
     main     █── task1 ──────────────────▸█─────╎
    ▸├ task1 ╰█── sleep(1 s) ─────────────╰█✓ "hello"
     └ task2  █── sleep(2 s) ────────────────────╎
                                                 ╎
                                                 ╎
    "#);
}

#[test]
fn two_tasks_at_their_end() {
    insta::assert_snapshot!(screen(&story::two_tasks(), (110, 5), 2000, 1), @r#"
              ╷0                  ╷0.5 s               ╷1.0 s               ╷1.5 s               ▼2.0 s
    ▸main     █── task1 ──────────────────────────────▸█── task2 ───────────────────────────────▸█✓
     ├ task1 ├█── sleep(1 s) ─────────────────────────╰█✓ "hello"                               │╎
     └ task2 ╰█── sleep(2 s) ───────────────────────────────────────────────────────────────────╰█✓ "world"
                                                                                                 ╎
    "#);
    insta::assert_snapshot!(screen(&story::two_tasks(), (40, 5), 2000, 1), @r#"
              ╷0          ╷1 s         ▼2 s
    ▸main     █── task1 ─▸█── task2 ──▸█✓
     ├ task1 ├█──────────╰█✓ "hello"  │╎
     └ task2 ╰█── sleep(2 s) ─────────╰█✓
                                       ╎
    "#);
    insta::assert_snapshot!(screen(&story::two_tasks(), (20, 5), 2000, 1), @r#"
              ╷0      ▼
    ▸main     █──▸█──▸█✓
     ├ task1 ├█──╰█✓ │╎
     └ task2 ╰█──────╰█✓
                      ╎
    "#);
}

#[test]
fn a_task_that_was_spawned_is_seen_before_its_first_poll() {
    let story = Story::of_main()
        .poll(1)
        .at(500)
        .spawn(2, "child", Some(1))
        .waits(1);
    insta::assert_snapshot!(screen(&story, (40, 4), 500, 2), @r#"
              ╷0                       ▼
     main     █████████████████████████╎
    ▸└ child                          ╰▒
                                       ╎
    "#);
}

#[test]
fn branches_join() {
    insta::assert_snapshot!(screen(&story::branches(), (80, 5), 2000, 1), @r#"
                              ╷0         ╷0.5 s     ╷1.0 s     ╷1.5 s      ▼2.0 s
    ▸main                     █── join! ────────────▸▒▒▒▒██████▊── join! ─▸█✓
     ├ say_after(1, "hello") ├▄╌╌ sleep(1 s) ╌╌╌╌╌╌╌╰░░░░▄▄▄▄▄▄▄✓         │╎
     └ say_after(2, "world") ╰▄╌╌ sleep(2 s) ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╰▄✓
                                                                           ╎
    "#);
}

#[test]
fn every_end_is_told_apart() {
    insta::assert_snapshot!(screen(&story::endings(), (80, 8), 1204, 1), @r#"
                  ╷0                ╷0.5 s            ╷1.0 s  ▼          ╷1.5 s
    ▸main         █── timeout(1 s, job()) ────────────█───────╎
     ├ nested    ├○┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈∅ never awaited
     ├ slow      ├█── sleep(5 s) ──────────────────────✗ aborted by main
     ├ broken    ├█── sleep(700 ms) ───────█‼ panicked        ╎
     ├ forgotten ├█── lock.lock(): nothing can wake it ───────╎⊘
     └ job()     ╰▄╌╌ rx.recv() ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌✗ timed out
                                                              ╎
    "#);
}

#[test]
fn broad_characters_keep_the_grid() {
    insta::assert_snapshot!(screen(&story::wide_names(), (80, 6), 1204, 1), @r#"
                      ╷0                   ╷0.5 s                ╷1.0 s  ▼
    ▸main             █── 느린 작업 ────────────────────────────▸█✓      ╎
     ├ 느린 작업     ├█── 채널.받기() ──────────────────────────╰█✓ "안녕하세요"
     ├ 日本語の仕事  ├█──────────────────────────────────────────█‼ panicked
     └ 👩👩👧 family ╰█──────────────────────────────────────────────────█✓
                                                                         ╎
    "#);
    insta::assert_snapshot!(screen(&story::wide_names(), (40, 6), 1204, 1), @r#"
                 ╷0                ╷1 s▼
    ▸main        █── 느린 작업 ───▸█✓  ╎
     ├ 느린 작… ├█── 채널.받기() ─╰█✓  ╎
     ├ 日本語…  ├█─────────────────█‼  ╎
     └ 👩👩👧 … ╰█─────────────────────█✓
                                       ╎
    "#);
}

#[test]
fn ascii_and_no_color() {
    let buffer = view(&story::endings(), 1204, 1, ASCII, |view| drawn(view, 80, 8));
    insta::assert_snapshot!(text(&buffer), @r#"
                  |0                |0.5 s            |1.0 s  v          |1.5 s
    >main         #-- timeout(1 s, job()) ------------#-------:
     | nested    |o....................................0 never awaited
     | slow      |#-- sleep(5 s) ----------------------x aborted by main
     | broken    |#-- sleep(700 ms) -------#! panicked        :
     | forgotten |#-- lock.lock(): nothing can wake it -------:?
     ` job()     `=-- rx.recv() -----------------------x timed out
                                                              :
    "#);
    let plain = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(buffer.content.iter().all(plain));
    assert!(text(&buffer).is_ascii());
}

#[test]
fn only_the_selected_row_has_a_ground() {
    let buffer = view(&story::branches(), 2000, 2, COLORED, |view| {
        drawn(view, 80, 6)
    });
    let ground = COLORED.style(Role::Selected).bg;
    for row in buffer.area.rows() {
        let expected = if row.y == 2 {
            ground
        } else {
            Some(Color::Reset)
        };
        assert!(
            row.columns()
                .all(|place| Some(buffer[(place.x, place.y)].bg) == expected)
        );
    }
}

#[test]
fn a_bar_that_begins_within_a_column_is_drawn_reversed() {
    let story = Story::of_main()
        .poll(1)
        .waits(1)
        .at(1030)
        .poll(1)
        .at(2000)
        .done(1);
    let buffer = view(&story, 2000, 0, COLORED, |view| drawn(view, 80, 2));
    let reversed: Vec<_> = (0..80)
        .filter(|&x| buffer[(x, 1)].modifier.contains(Modifier::REVERSED))
        .collect();
    let [x] = reversed[..] else {
        panic!("{reversed:?}")
    };
    let bars = view(&story, 2000, 0, COLORED, |view| view.bars(buffer.area));
    let length = 2400.0 / f64::from(bars.width);
    let empty = (1030.0 - f64::from(x - bars.x) * length) / length * 8.0;
    let blocks = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    assert_eq!(
        buffer[(x, 1)].symbol(),
        blocks[(empty.round() as usize).min(6) - 1]
    );
    assert_eq!(buffer[(x + 1, 1)].symbol(), "█");
    assert_eq!(buffer[(x - 1, 1)].symbol(), "─");
}

#[test]
fn places_are_found_again() {
    let area = Rect::new(3, 2, 80, 5);
    view(&story::two_tasks(), 2000, 1, COLORED, |view| {
        let lane_at = |x, y| columns::lane_at(view.rows, view.first, area, Position::new(x, y));
        assert_eq!(lane_at(3, 2), None, "the ruler");
        assert_eq!(lane_at(3, 3), Some(LaneId(1)));
        assert_eq!(lane_at(82, 5), Some(LaneId(5)));
        assert_eq!(lane_at(83, 5), None);
        assert_eq!(lane_at(3, 6), None, "no row");
        let bars = view.bars(area);
        let time_at = |x| columns::time_at(view.viewport, bars, x);
        assert_eq!(time_at(bars.x - 1), None);
        assert_eq!(time_at(bars.x), Some(Timestamp::ZERO));
        let end = view
            .viewport
            .column_of(Timestamp(2000 * MILLI), bars.width)
            .expect("the end is seen");
        let near = time_at(bars.x + end).expect("there are bars");
        assert!(near.0.abs_diff(2000 * MILLI) < view.viewport.span / 60);
    });
}

#[test]
fn texts_on_a_wait_stay_in_their_columns_as_it_grows() {
    let note = |text: &'static str| EventKind::Mark {
        lane: Some(LaneId(1)),
        text: text.into(),
    };
    let story = Story::of_main()
        .poll(1)
        .say(note("begins 한글"))
        .enter(1, 1, "nested(1)", None)
        .enter_within(1, 2, Some(1), "sleep(secs(2))", story::until(2000))
        .waits(1);
    let shown = |millis| {
        let timeline = story.timeline();
        let rows = rows(&timeline, &HashSet::new(), false, Timestamp::ZERO);
        let mut viewport = Viewport::default();
        viewport.fit(Timestamp(2000 * MILLI));
        let view = LanesView {
            timeline: &timeline,
            scene: None,
            widest: None,
            rows: &rows,
            first: 0,
            viewport: &viewport,
            selected: None,
            now: Timestamp(millis * MILLI),
            theme: &COLORED,
            highlights: &[],
        };
        text(&drawn(&view, 80, 2))
    };
    let rows: Vec<String> = (0..=20).map(|tenths| shown(tenths * 100)).collect();
    insta::assert_snapshot!([&*rows[7], &*rows[12], &*rows[20]].join("\n"), @r#"
          ╷0             ╷0.5 s▼        ╷1.0 s         ╷1.5 s         ╷2.0 s
    main  █ "begins 한글" ─────╎
          ╷0             ╷0.5 s         ╷1.0 s▼        ╷1.5 s         ╷2.0 s
    main  █ "begins 한글" ── nested(1) › sle… ╎
          ╷0             ╷0.5 s         ╷1.0 s         ╷1.5 s         ▼2.0 s
    main  █ "begins 한글" ── nested(1) › sleep(2 s) ──────────────────╎
    "#);
    for sign in ["begins", "nested"] {
        let column = |row: &String| {
            let lane = row.lines().nth(1)?;
            lane.find(sign)
        };
        let places: HashSet<usize> = rows.iter().filter_map(column).collect();
        assert_eq!(places.len(), 1, "{rows:#?}");
    }
}

#[test]
fn the_legend_names_the_states_that_occur() {
    let legend = |story: &Story, room| {
        view(story, 3000, 1, COLORED, |view| {
            let line = legend(view.theme, view.rows, view.timeline, true, room);
            line.to_string().trim().to_owned()
        })
    };
    insta::assert_snapshot!(legend(&story::two_tasks(), 110), @r#"
     █ running  ▒ ready, not polled yet  ─ waiting  ✓ done
    "#);
    insta::assert_snapshot!(legend(&story::endings(), 110), @"█ running  ▒ ready  ─ waiting  ✓ done  ✗ cancelled  ‼ panicked  ○ created  ∅ never awaited");
    insta::assert_snapshot!(legend(&story::endings(), 40), @"█ running  ▒ ready  ─ waiting  ✓ done");
}

proptest! {
    #[test]
    fn no_size_or_view_panics(
        which in 0_usize..5, width in 0_u16..60, height in 0_u16..12, x in 0_u16..5, y in 0_u16..5, first in 0_usize..9,
        now: u64, start: u64, span in crate::tui::app::viewport::SHORTEST..=crate::tui::app::viewport::LONGEST, selected in 0_u64..8,
    ) {
        let stories = [story::two_tasks(), story::branches(), story::endings(), story::gap(), story::wide_names()];
        let viewport = Viewport { start: Timestamp(start % (4_000 * MILLI)), span: span % (1 << (now % 60)) + 1, follow: true };
        view(&stories[which], now % 3000, selected, COLORED, |view| {
            let view = LanesView { viewport: &viewport, first, ..*view };
            let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 12));
            let area = Rect { x, y, width, height };
            (&view).render(area, &mut buffer);
            let _ = (columns::lane_at(view.rows, view.first, area, Position::new(x, y)), columns::time_at(view.viewport, view.bars(area), x));
        });
    }
}
