//! What the keys do on the lanes.

use super::msg::RecordingStatus;
use super::{App, Effect, LaneEvent, Overlay, Screen, SessionView};
use crate::event::{Timestamp, printable};
use crate::tui::app::action::Action;
use crate::tui::app::columns;
use crate::tui::app::layout::Areas;

/// The zoom factor of a key or a turn of the wheel.
pub(super) const ZOOM: f64 = 1.5;

impl App {
    /// Does what a key asks for on the lanes.
    pub(super) fn act_in_lanes(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Back => return self.leave_lanes(),
            Action::Restart => return self.restart(),
            Action::Record => return self.toggle_recording(),
            Action::Answer => self.toggle_answer(),
            Action::Output => self.toggle_output(),
            Action::Detail | Action::Findings | Action::Find | Action::Filter | Action::GoTo => {
                self.lay_over(action);
            }
            _ => {
                let areas = self.viewer()?.areas(self.size);
                let (effect, notice) = self.viewer_mut()?.act(action, &areas);
                self.notice = notice.map(Into::into);
                return effect;
            }
        }
        None
    }

    /// Goes back to the menu. The program that runs is stopped.
    fn leave_lanes(&mut self) -> Option<Effect> {
        let viewer = self.viewer()?;
        if viewer.watched().is_some() {
            self.notice = Some("q leaves the program that is watched.".into());
            return None;
        }
        let effect = viewer.is_running().then_some(Effect::Stop);
        self.screen = Screen::Menu;
        effect
    }

    fn restart(&mut self) -> Option<Effect> {
        let viewer = self.viewer()?;
        let Some(scenario) = viewer.scenario else {
            self.notice = Some("Only a scenario can be run again.".into());
            return None;
        };
        let guess = viewer.guess;
        Some(self.start(scenario, guess))
    }

    fn toggle_recording(&mut self) -> Option<Effect> {
        let viewer = self.viewer()?;
        let saved = match &viewer.recording {
            RecordingStatus::Saved(path) if !viewer.is_running() => Some(printable::path(path)),
            _ => None,
        };
        let notice = match saved {
            Some(path) => format!("This session is recorded in {path}"),
            None if viewer.is_live() => return Some(Effect::ToggleRecording),
            None => "This is a recording already.".to_owned(),
        };
        self.notice = Some(notice);
        None
    }

    fn toggle_output(&mut self) {
        match self.viewer_mut().map(|viewer| &mut viewer.printed) {
            Some(Some(printed)) => printed.is_open = !printed.is_open,
            Some(None) => {
                self.notice = Some("Only of a program that `asyncline exec` begins.".into());
            }
            None => {}
        }
    }

    /// Opens what an action lays over the lanes.
    fn lay_over(&mut self, action: Action) {
        let Some(viewer) = self.viewer_mut() else {
            return;
        };
        let overlay = match action {
            Action::Detail => viewer.lanes.selected.map(|_| Overlay::Detail { scroll: 0 }),
            Action::Findings => {
                viewer.look_for_findings();
                let selected = viewer.finding.unwrap_or(0);
                Some(Overlay::Findings { selected })
            }
            Action::Find => Some(Overlay::Find(String::new())),
            Action::Filter => Some(Overlay::Filter(viewer.lanes.filter.clone())),
            Action::GoTo => Some(Overlay::GoTo(String::new())),
            _ => None,
        };
        self.overlay = overlay;
    }

    /// Shows the answer in its panel, or over everything where there is no room for panels.
    fn toggle_answer(&mut self) {
        let size = self.size;
        let Some(viewer) = self.viewer_mut() else {
            return;
        };
        if viewer.scenario.is_none() {
            self.notice = Some("Only scenarios ask questions.".into());
            return;
        }
        let areas = viewer.areas(size);
        if areas.events.is_some() {
            viewer.answer_open = !viewer.answer_open;
        } else {
            self.overlay = Some(Overlay::Answer);
        }
    }
}

impl SessionView {
    /// Does what a key asks for on the lanes; what cannot be done comes back in words.
    fn act(&mut self, action: Action, areas: &Areas) -> (Option<Effect>, Option<&'static str>) {
        let timeline = self.playback.timeline();
        let mut notice = None;
        match action {
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                self.lanes.act(action, areas.lane_rows());
            }
            Action::Fold => self.lanes.fold(timeline),
            Action::Coroutines => notice = Some(self.lanes.toggle_coroutines(timeline)),
            Action::Order => notice = Some(self.lanes.reorder(timeline)),
            Action::Ended => notice = Some(self.lanes.toggle_ended(timeline)),
            Action::Density => self.lanes.dense = !self.lanes.dense,
            Action::NextEvent => return self.go_to(LaneEvent::Event, true),
            Action::PreviousEvent => return self.go_to(LaneEvent::Event, false),
            Action::NextPoll => return self.go_to(LaneEvent::Poll, true),
            Action::PreviousPoll => return self.go_to(LaneEvent::Poll, false),
            Action::NextWoken => return self.go_to(LaneEvent::Wake, true),
            Action::PreviousWoken => return self.go_to(LaneEvent::Wake, false),
            Action::Panels => self.lanes.panels = self.lanes.panels.next(),
            Action::ZoomIn => self.lanes.zoom(ZOOM, self.centre()),
            Action::ZoomOut => self.lanes.zoom(1.0 / ZOOM, self.centre()),
            Action::PanLeft => self.lanes.pan(-8, self.bars(areas)),
            Action::PanRight => self.lanes.pan(8, self.bars(areas)),
            Action::Fit => self.lanes.fit(self.playback.spans()),
            Action::Slower | Action::Faster if self.is_real_time() => {
                notice = Some("This one runs in real time: its speed cannot be chosen.");
            }
            Action::Slower => return (self.set_speed(0.5), None),
            Action::Faster => return (self.set_speed(2.0), None),
            Action::NextFinding | Action::PreviousFinding => return self.go_to_finding(action),
            _ => return self.travel(action),
        }
        (None, notice)
    }

    fn go_to_finding(&mut self, action: Action) -> (Option<Effect>, Option<&'static str>) {
        self.look_for_findings();
        let count = self.findings.len();
        if count == 0 {
            return (None, Some("Nothing was found."));
        }
        let next = match (self.finding, action) {
            (None, _) => 0,
            (Some(shown), Action::PreviousFinding) => (shown + count - 1) % count,
            (Some(shown), _) => (shown + 1) % count,
        };
        (self.show_finding(next), None)
    }

    /// The moment to zoom around: the shown one where it is seen, else the middle.
    pub(super) fn centre(&self) -> Timestamp {
        let (viewport, now) = (&self.lanes.viewport, self.playback.now());
        if (viewport.start..viewport.end()).contains(&now) {
            now
        } else {
            Timestamp(viewport.start.0.saturating_add(viewport.span / 2))
        }
    }

    /// Returns the number of columns of the bars.
    pub(super) fn bars(&self, areas: &Areas) -> u16 {
        columns::bars(self.lanes.widest, areas.lanes).width
    }
}
