//! The screen, as people see it: each test is a session of messages, and what is on the screen after it.

#![cfg(feature = "app")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that fails to unwrap has failed, and says where"
)]

use std::time::Duration;

use asyncline::event::{
    Awaited, Event, EventKind, FrameId, LaneId, Polled, Site, TaskKind, ThreadId, Timestamp, Waker,
};
use asyncline::probe::gate::{Pace, Report};
use asyncline::scenario::{self, Scenario};
use asyncline::source::Live;
use asyncline::tui::app::action::Action;
use asyncline::tui::app::keymap;
use asyncline::tui::app::mode::Mode;
use asyncline::tui::app::mouse::Gesture;
use asyncline::tui::app::theme::{ColourDepth, Theme};
use asyncline::tui::app::{
    App, ClockTick, Effect, Grows, Msg, Opened, Playback, RecentRecording, RecordingStatus,
};
use asyncline::tui::view::hit;
use asyncline::tui::view::view;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::{Position, Size};

const SECOND: u64 = 1_000_000_000;
const THEME: Theme = Theme {
    depth: ColourDepth::None,
    ascii: false,
};

/// A person before a screen.
struct Session {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Session {
    fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, THEME)
    }

    fn with(width: u16, height: u16, theme: Theme) -> Self {
        let size = Size::new(width, height);
        Self {
            app: App::new(scenario::all(), theme, size),
            terminal: Terminal::new(TestBackend::new(width, height)).unwrap(),
        }
    }

    /// A session in which a recorded run of this scenario was opened.
    fn replaying(name: &str, width: u16, height: u16) -> Self {
        let mut session = Self::new(width, height);
        session.tell(Msg::Opened(Box::new(recorded(find(name)))));
        session
    }

    fn tell(&mut self, msg: Msg) -> Option<Effect> {
        let msg = match msg {
            Msg::Mouse(gesture, at, _) => Msg::Mouse(gesture, at, hit::target(&self.app, at)),
            msg => msg,
        };
        self.app.update(msg)
    }

    fn press(&mut self, actions: &[Action]) -> Option<Effect> {
        let mut effect = None;
        for action in actions {
            effect = self.tell(Msg::Input(*action));
        }
        effect
    }

    fn type_in(&mut self, text: &str) {
        for character in text.chars() {
            self.tell(Msg::Typed(character));
        }
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
        self.tell(Msg::Resize(Size::new(width, height)));
    }

    fn tick(
        &mut self,
        elapsed_ms: u64,
        report: impl Into<Option<Report>>,
        finished: bool,
    ) -> Option<Effect> {
        self.tell(Msg::Tick(ClockTick {
            elapsed: Duration::from_millis(elapsed_ms),
            report: report.into(),
            finished,
        }))
    }

    fn draw(&mut self) -> &TestBackend {
        let app = &self.app;
        self.terminal.draw(|frame| view(app, frame)).unwrap();
        self.terminal.backend()
    }

    fn text(&mut self) -> String {
        self.draw().to_string()
    }

    fn cursor(&self) -> usize {
        self.app.viewer().unwrap().playback.cursor()
    }
}

fn find(name: &str) -> &'static Scenario {
    scenario::find(name).unwrap()
}

fn recorded(scenario: &'static Scenario) -> Opened {
    Opened {
        title: scenario.title.to_owned(),
        scenario: Some(scenario),
        playback: Playback::of(Live::run_to_end(scenario).unwrap()),
        damage: None,
        grows: Grows::Not,
    }
}

fn at(position: u64, pace: Pace) -> Report {
    Report {
        position: Timestamp(position),
        pace,
        held: None,
    }
}

/// A run of `tasks` to which nothing has come yet.
fn running(width: u16, height: u16) -> (Session, Vec<Event>) {
    let mut session = Session::new(width, height);
    session.tell(Msg::Ask(find("tasks")));
    let effect = session.press(&[Action::Choose(2)]);
    assert!(matches!(effect, Some(Effect::Start(_))));
    session.tell(Msg::Recording(RecordingStatus::On("x.aline".into())));
    (session, Live::run_to_end(find("tasks")).unwrap())
}

#[test]
fn the_menu_lists_the_scenarios_by_chapter() {
    insta::assert_snapshot!(Session::new(110, 30).text());
}

#[test]
fn the_menu_lists_recordings_after_the_scenarios() {
    let mut session = Session::new(80, 24);
    session.tell(Msg::Recents(vec![RecentRecording {
        path: "/tmp/x.aline".into(),
        scenario: Some("tasks".into()),
        title: "한글 제목 👩‍👩‍👧".into(),
        when: "2 minutes ago".into(),
    }]));
    session.press(&[Action::Last]);
    insta::assert_snapshot!(session.text());
    let effect = session.press(&[Action::Confirm]);
    assert_eq!(effect, Some(Effect::Open("/tmp/x.aline".into())));
}

#[test]
fn the_last_recording_of_a_scenario_is_replayed_with_a_key() {
    let mut session = Session::new(80, 24);
    assert_eq!(session.press(&[Action::Replay]), None);
    assert!(session.text().contains("No recording of this scenario yet"));
    let recent = |path: &str| RecentRecording {
        path: path.into(),
        scenario: Some(scenario::all()[0].name.into()),
        title: String::new(),
        when: String::new(),
    };
    session.tell(Msg::Recents(vec![recent("new"), recent("old")]));
    assert_eq!(
        session.press(&[Action::Replay]),
        Some(Effect::Open("new".into()))
    );
}

#[test]
fn a_scenario_is_found_by_its_name_or_by_what_it_teaches() {
    let mut session = Session::new(80, 24);
    let selected = |session: &mut Session| {
        let text = session.text();
        let line = text.lines().find(|line| line.contains('▸')).unwrap();
        line.split_whitespace()
            .nth(2)
            .unwrap_or_default()
            .to_owned()
    };
    session.press(&[Action::Find]);
    session.type_in("TASKS");
    session.press(&[Action::Confirm]);
    assert_eq!(selected(&mut session), "tasks");
    session.press(&[Action::Find]);
    session.type_in("steals");
    assert!(session.text().contains("find: steals   1 entry"));
    session.press(&[Action::Confirm]);
    assert_eq!(selected(&mut session), "work-stealing");
    assert_eq!(session.app.mode(), Mode::Menu);
}

#[test]
fn a_session_file_is_opened_by_its_path() {
    let mut session = Session::new(80, 24);
    session.press(&[Action::OpenFile]);
    session.type_in("a b.alinx");
    session.press(&[Action::Erase]);
    session.tell(Msg::Pasted("e\n".into()));
    assert!(session.text().contains("open the session file: a b.aline"));
    let effect = session.press(&[Action::Confirm]);
    assert_eq!(effect, Some(Effect::Open("a b.aline".into())));
    session.tell(Msg::Failed("cannot read a b.aline: it is empty".into()));
    assert!(session.text().contains("it is empty"));
}

#[test]
fn a_question_comes_before_the_run() {
    let mut session = Session::new(80, 24);
    session.tell(Msg::Ask(find("tasks")));
    session.press(&[Action::Down, Action::Down]);
    insta::assert_snapshot!(session.text());
}

#[test]
fn a_question_can_be_skipped() {
    let mut session = Session::new(80, 24);
    session.tell(Msg::Ask(find("tasks")));
    let effect = session.press(&[Action::Down, Action::Skip]);
    assert!(matches!(effect, Some(Effect::Start(_))));
    assert_eq!(session.app.viewer().unwrap().guess, None);
    session.tell(Msg::Ask(find("tasks")));
    let effect = session.press(&[Action::Confirm]);
    assert!(matches!(effect, Some(Effect::Start(_))));
    assert_eq!(session.app.viewer().unwrap().guess, None);
}

#[test]
fn the_lanes_in_the_middle_of_a_run() {
    let (mut session, events) = running(110, 30);
    session.tell(Msg::Events(events));
    session.tick(16, at(SECOND + 204_000_000, Pace::Playing), false);
    insta::assert_snapshot!(session.text());
}

#[test]
fn nothing_is_shown_before_playback_has_come_to_it() {
    let (mut session, events) = running(80, 24);
    session.tell(Msg::Events(events.clone()));
    session.tick(16, at(SECOND - 1, Pace::Playing), false);
    let past = events.iter().filter(|event| event.at.0 < SECOND).count();
    assert_eq!(session.cursor(), past);
    session.tick(16, at(SECOND, Pace::Playing), false);
    assert!(session.cursor() > past);
}

#[test]
fn the_answer_is_shown_at_the_end_with_the_guess() {
    let (mut session, events) = running(110, 30);
    session.tell(Msg::Events(events));
    session.tick(16, at(2 * SECOND, Pace::Playing), true);
    session.tell(Msg::Recording(RecordingStatus::Saved("x.aline".into())));
    insta::assert_snapshot!(session.text());
    session.press(&[Action::Answer]);
    assert!(!session.text().contains("the answer"));
}

#[test]
fn back_holds_the_program_and_forward_returns_to_it() {
    let (mut session, events) = running(80, 24);
    session.tell(Msg::Events(events));
    session.tick(16, at(SECOND, Pace::Playing), false);
    let present = session.cursor();
    let effect = session.press(&[Action::StepBack]);
    assert_eq!(effect, Some(Effect::SetPace(Pace::Paused)));
    assert_eq!(session.press(&[Action::StepBack]), None);
    session.tick(16, at(SECOND, Pace::Paused), false);
    assert!(session.text().contains("past (2 steps back)"));
    assert_eq!(session.press(&[Action::Step, Action::Step]), None);
    assert_eq!(session.cursor(), present);
    assert!(!session.text().contains("past ("));
    let effect = session.press(&[Action::Step]);
    assert_eq!(effect, Some(Effect::SetPace(Pace::Step)));
}

#[test]
fn playing_from_the_past_goes_on_with_the_program() {
    let (mut session, events) = running(80, 24);
    session.tell(Msg::Events(events));
    session.tick(16, at(SECOND, Pace::Playing), false);
    session.press(&[Action::First]);
    assert_eq!(session.press(&[Action::PlayPause]), None);
    assert_eq!(session.tick(600, at(SECOND, Pace::Paused), false), None);
    let effect = session.tick(600, at(SECOND, Pace::Paused), false);
    assert_eq!(effect, Some(Effect::SetPace(Pace::Playing)));
}

#[test]
fn a_replay_is_opened_whole_at_its_end() {
    let mut session = Session::replaying("tasks", 110, 30);
    insta::assert_snapshot!(session.text());
}

#[test]
fn a_replay_plays_from_its_start_at_the_chosen_speed() {
    let mut session = Session::replaying("tasks", 80, 24);
    session.press(&[Action::Faster, Action::PlayPause]);
    session.tick(250, None, true);
    assert!(
        session.text().contains("0.500 s of 2.000 s"),
        "{}",
        session.text()
    );
    session.tick(800, None, true);
    let viewer = session.app.viewer().unwrap();
    assert_eq!(viewer.playback.now(), Timestamp(2 * SECOND));
    assert_eq!(session.app.pulse(), None);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let mut session = Session::new(110, 30);
    let mut opened = recorded(find("tasks"));
    opened.damage = Some("the recording was cut off: its last 7 bytes cannot be read".into());
    session.tell(Msg::Opened(Box::new(opened)));
    assert!(session.text().contains("damaged"));
    assert!(session.text().contains("its last 7 bytes cannot be read"));
}

#[test]
fn the_findings_say_what_to_try() {
    let mut session = Session::replaying("sequential", 110, 30);
    session.press(&[Action::Findings]);
    insta::assert_snapshot!(session.text());
    session.press(&[Action::Confirm]);
    assert_eq!(session.app.mode(), Mode::Lanes);
    let viewer = session.app.viewer().unwrap();
    let finding = &viewer.findings[0];
    let over = Timestamp(finding.at.0 + finding.costs_ns);
    assert_eq!(viewer.playback.now(), over);
    assert!(
        session
            .text()
            .contains("main awaits 2 calls one after another")
    );
}

#[test]
fn a_lanes_detail() {
    let mut session = Session::replaying("tasks", 110, 30);
    session.press(&[Action::Down, Action::Detail]);
    insta::assert_snapshot!(session.text());
}

#[test]
fn help_is_made_of_the_keys() {
    let mut session = Session::replaying("tasks", 110, 52);
    session.press(&[Action::Help]);
    let help = session.text();
    for binding in keymap::bindings(Mode::Lanes) {
        assert!(help.contains(binding.help), "{}", binding.help);
    }
    insta::assert_snapshot!(help);
}

#[test]
fn a_lane_is_found_by_its_name() {
    let mut session = Session::replaying("tasks", 110, 30);
    session.press(&[Action::Find]);
    session.type_in("TASK2");
    let text = session.text();
    assert!(text.contains("find: TASK2"), "{text}");
    session.press(&[Action::Confirm]);
    let viewer = session.app.viewer().unwrap();
    let selected = viewer.lanes.selected.unwrap();
    assert_eq!(viewer.playback.timeline().name(selected), "task2");
}

#[test]
fn screens_of_other_sizes() {
    let mut session = Session::replaying("tasks", 80, 24);
    insta::assert_snapshot!("lanes_80x24", session.text());
    session.resize(40, 10);
    insta::assert_snapshot!("lanes_40x10", session.text());
    session.resize(29, 6);
    insta::assert_snapshot!("lanes_29x6", session.text());
}

#[test]
fn a_screen_in_ascii() {
    let theme = Theme {
        depth: ColourDepth::None,
        ascii: true,
    };
    let mut session = Session::with(80, 24, theme);
    session.tell(Msg::Opened(Box::new(recorded(find("tasks")))));
    let text = session.text();
    insta::assert_snapshot!(text);
    // What the scenario's own author wrote is no sign of ours.
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn a_screen_in_colours() {
    let theme = Theme {
        depth: ColourDepth::Ansi16,
        ascii: false,
    };
    let mut session = Session::with(80, 24, theme);
    session.tell(Msg::Opened(Box::new(recorded(find("tasks")))));
    insta::assert_debug_snapshot!(session.draw().buffer());
}

/// A program whose names are wide, read from a file that is not here.
fn wide() -> Vec<Event> {
    let event = |at, kind| Event {
        at: Timestamp(at),
        thread: ThreadId(0),
        kind,
    };
    let spawned = |lane, name: &'static str, parent| EventKind::Spawned {
        lane,
        name: name.into(),
        parent,
        kind: TaskKind::Task,
        site: Some(Site {
            file: "없는/파일.rs".into(),
            line: 3,
            column: 1,
        }),
    };
    let (main, task) = (LaneId(1), LaneId(2));
    let awaits = EventKind::AwaitEntered {
        lane: main,
        frame: FrameId(1),
        parent: None,
        coroutine: None,
        site: None,
        text: "작업👩‍👩‍👧".into(),
        on: Some(Awaited::Task(task)),
    };
    let pending = Polled::Pending;
    vec![
        event(0, spawned(main, "메인", None)),
        event(0, EventKind::PollStarted { lane: main }),
        event(
            0,
            spawned(task, "👩‍👩‍👧 가족 일을 아주 오래 하는 작업", Some(main)),
        ),
        event(0, awaits),
        event(
            0,
            EventKind::PollEnded {
                lane: main,
                result: pending,
            },
        ),
        event(SECOND, EventKind::PollStarted { lane: task }),
        event(
            SECOND,
            EventKind::Mark {
                lane: Some(task),
                text: "안녕\n하세요".into(),
            },
        ),
        event(
            2 * SECOND,
            EventKind::PollEnded {
                lane: task,
                result: Polled::Completed,
            },
        ),
        event(
            2 * SECOND,
            EventKind::Woken {
                lane: main,
                by: Waker::Lane(task),
            },
        ),
    ]
}

#[test]
fn wide_names_keep_everything_in_its_column() {
    let mut session = Session::new(80, 24);
    session.tell(Msg::Opened(Box::new(Opened {
        title: "한글 이름".into(),
        scenario: None,
        playback: Playback::of(wide()),
        damage: None,
        grows: Grows::Not,
    })));
    insta::assert_snapshot!(session.text());
}

#[test]
fn the_header_tells_how_many_tasks_are_seen_where_some_are_not() {
    let counted = |seen, alive| {
        let kind = EventKind::TasksCounted {
            runtime: LaneId(9),
            seen,
            alive,
        };
        Event {
            at: Timestamp(2 * SECOND),
            thread: ThreadId(0),
            kind,
        }
    };
    for (seen, alive, is_shown) in [(37, 52, true), (52, 52, false)] {
        let mut session = Session::new(80, 24);
        let mut events = wide();
        events.push(counted(seen, alive));
        session.tell(Msg::Opened(Box::new(Opened {
            title: "a service".into(),
            scenario: None,
            playback: Playback::of(events),
            damage: None,
            grows: Grows::Not,
        })));
        let text = session.text();
        let header = text.lines().next().unwrap();
        assert_eq!(header.contains("37 of 52 tasks seen"), is_shown, "{header}");
    }
}

/// Time that passes is seen in the clock and in the lanes, but it is no event: nothing is counted, listed or stepped to.
#[test]
fn heartbeats_move_the_clock_and_nothing_else() {
    let (mut one, mut other) = (Session::new(110, 30), Session::new(110, 30));
    let events = wide();
    let last = events.last().unwrap().at.0;
    let beats = (1..=1_000).map(|beat| Event {
        at: Timestamp(last + beat * SECOND / 10),
        thread: ThreadId(0),
        kind: EventKind::Alive,
    });
    let longer: Vec<Event> = events.iter().cloned().chain(beats).collect();
    for (session, events) in [(&mut one, events), (&mut other, longer)] {
        session.tell(Msg::Opened(Box::new(Opened {
            title: "a service".into(),
            scenario: None,
            playback: Playback::of(events),
            damage: None,
            grows: Grows::Not,
        })));
    }
    let playback = |session: &Session| {
        let playback = &session.app.viewer().unwrap().playback;
        let lines = playback.recent().iter().cloned().collect::<Vec<_>>();
        (playback.counts(), lines, playback.now().0)
    };
    let (short, long) = (playback(&one), playback(&other));
    assert_eq!((&short.0, &short.1), (&long.0, &long.1));
    assert!(!short.1.is_empty());
    assert_eq!((short.2, long.2), (last, last + 100 * SECOND));
    for action in [Action::StepBack, Action::StepBack, Action::Step] {
        one.press(&[action]);
        other.press(&[action]);
        let (short, long) = (playback(&one), playback(&other));
        assert_eq!(short.1, long.1, "{action:?}");
    }
}

#[test]
fn a_click_selects_and_a_second_one_starts() {
    let mut session = Session::new(110, 30);
    let click = |session: &mut Session, text: &str| {
        let screen = session.text();
        let (y, line) = screen
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(text))
            .unwrap();
        // Each line of the backend's text begins with a quotation mark.
        let x = line[..line.find(text).unwrap()].chars().count() - 1;
        let at = Position::new(x as u16, y as u16);
        session.tell(Msg::Mouse(Gesture::Press, at, None))
    };
    assert_eq!(click(&mut session, "await-nested  "), None);
    assert_eq!(session.app.mode(), Mode::Menu);
    click(&mut session, "await-nested  ");
    assert_eq!(session.app.mode(), Mode::Question);
    let choice = find("await-nested").question.choices[1];
    assert_eq!(click(&mut session, choice), None);
    let effect = click(&mut session, choice);
    assert!(matches!(effect, Some(Effect::Start(_))));
    assert_eq!(session.app.viewer().unwrap().guess, Some(1));
    session.press(&[Action::Help]);
    click(&mut session, "pause");
    assert_eq!(session.app.mode(), Mode::Lanes);
}

#[test]
fn the_mouse_selects_pans_and_zooms() {
    let mut session = Session::replaying("tasks", 110, 30);
    session.draw();
    let viewport = |session: &Session| session.app.viewer().unwrap().lanes.viewport;
    let before = viewport(&session);
    session.tell(Msg::Mouse(Gesture::WheelUp, Position::new(60, 6), None));
    assert!(viewport(&session).span < before.span);
    let zoomed = viewport(&session);
    session.tell(Msg::Mouse(Gesture::Press, Position::new(60, 6), None));
    session.tell(Msg::Mouse(Gesture::Drag, Position::new(50, 6), None));
    session.tell(Msg::Mouse(Gesture::Release, Position::new(50, 6), None));
    assert!(viewport(&session).start > zoomed.start);
    let now = session.app.viewer().unwrap().playback.now();
    assert_eq!(now, Timestamp(2 * SECOND), "a drag is no click");
    session.press(&[Action::Fit]);
    session.tell(Msg::Mouse(Gesture::Press, Position::new(40, 6), None));
    session.tell(Msg::Mouse(Gesture::Release, Position::new(40, 6), None));
    assert!(session.app.viewer().unwrap().playback.now() < now);
}

#[test]
fn leaving_a_run_ends_it() {
    let (mut session, _) = running(80, 24);
    assert_eq!(session.press(&[Action::Back]), Some(Effect::Stop));
    assert_eq!(session.app.mode(), Mode::Menu);
    assert_eq!(session.press(&[Action::Quit]), Some(Effect::Quit));
}

/// Tells the session of all that the program does until its gate holds it, or until it has ended.
fn watch(session: &mut Session, live: &mut Live) {
    loop {
        let finished = live.is_finished();
        let report = live.report();
        let mut events = Vec::new();
        live.drain(&mut events);
        session.tell(Msg::Events(events));
        session.tick(1, report, finished);
        if finished || (report.pace == Pace::Paused && report.held.is_some()) {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn stepping_a_program_that_runs_stops_where_stepping_its_recording_does() {
    let scenario = find("tasks");
    let mut session = Session::new(80, 24);
    session.tell(Msg::Ask(scenario));
    session.press(&[Action::Confirm]);
    let mut live = Live::start(scenario, Pace::Paused).unwrap();
    watch(&mut session, &mut live);
    let mut stops = vec![session.cursor()];
    while let Some(effect) = session.press(&[Action::Step]) {
        assert_eq!(effect, Effect::SetPace(Pace::Step));
        live.set_pace(Pace::Step);
        watch(&mut session, &mut live);
        stops.push(session.cursor());
    }
    let mut replay = Session::replaying("tasks", 80, 24);
    let whole = |session: &Session| session.app.viewer().unwrap().playback.timeline().clone();
    assert_eq!(whole(&session), whole(&replay));
    replay.press(&[Action::First]);
    let mut recorded = Vec::new();
    while recorded.last() != Some(&replay.cursor()) {
        recorded.push(replay.cursor());
        replay.press(&[Action::Step]);
    }
    // A program that runs has been set up before its first poll.
    stops[0] = 0;
    assert_eq!(stops, recorded);
}

fn any_message() -> impl Strategy<Value = Msg> {
    let actions: Vec<Action> = keymap::BINDINGS
        .iter()
        .map(|binding| binding.action)
        .filter(|action| !matches!(action, Action::Quit))
        .collect();
    let gestures = [
        Gesture::Press,
        Gesture::Drag,
        Gesture::Release,
        Gesture::WheelUp,
        Gesture::WheelDown,
        Gesture::WheelLeft,
        Gesture::WheelRight,
    ];
    let gesture = (
        prop::sample::select(gestures.to_vec()),
        0..130_u16,
        0..40_u16,
    );
    prop_oneof![
        8 => prop::sample::select(actions).prop_map(Msg::Input),
        1 => any::<char>().prop_map(Msg::Typed),
        2 => gesture.prop_map(|(gesture, x, y)| Msg::Mouse(gesture, Position::new(x, y), None)),
        2 => (0..5000_u64, 0..3 * SECOND, any::<bool>()).prop_map(|(ms, position, finished)| {
            Msg::Tick(ClockTick {
                elapsed: Duration::from_millis(ms),
                report: Some(at(position, Pace::Playing)),
                finished,
            })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pressed, at whatever size: nothing panics, and drawing changes nothing.
    #[test]
    fn no_key_and_no_size_breaks_the_screen(
        messages in prop::collection::vec((any_message(), 0..120_u16, 0..40_u16), 0..40),
        replay: bool,
    ) {
        let mut session = if replay {
            Session::replaying("gather", 80, 24)
        } else {
            let (mut session, events) = running(80, 24);
            session.tell(Msg::Events(events));
            session
        };
        for (msg, width, height) in messages {
            session.tell(msg);
            if width % 3 == 0 {
                session.resize(width, height);
            }
            let drawn = session.draw().buffer().clone();
            prop_assert_eq!(&drawn, session.draw().buffer());
        }
    }
}
