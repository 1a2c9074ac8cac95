//! What keys and text do in what lies over the screen: pages, lists, and lines that are typed.

use super::{App, Effect, Overlay, choice};
use crate::text::units::Moment;
use crate::tui::app::action::Action;
use crate::tui::app::layout;

impl App {
    pub(super) fn act_in_overlay(&mut self, action: Action) -> Option<Effect> {
        if action == Action::Back {
            match (self.overlay.take(), self.viewer_mut()) {
                (Some(Overlay::Find(_)), Some(viewer)) => viewer.lanes.highlights.clear(),
                (Some(Overlay::Filter(_)), Some(viewer)) => viewer.show_only(""),
                _ => {}
            }
            return None;
        }
        let page = layout::page(self.size);
        match self.overlay.clone()? {
            Overlay::Detail { scroll } => self.act_in_detail(action, scroll),
            Overlay::Findings { selected } => return self.act_in_findings(action, selected, page),
            Overlay::Answer => {}
            Overlay::Find(text) => self.act_in_find(action, text),
            Overlay::Filter(text) => self.act_in_filter(action, text),
            Overlay::GoTo(text) => return self.act_in_go_to(action, text),
            Overlay::Path(text) => return self.act_in_path(action, text),
        }
        None
    }

    /// Scrolls what lies over the lanes by some lines; false where nothing does that scrolls.
    pub(super) fn scroll(&mut self, lines: isize) -> bool {
        let scroll = match (&mut self.help, &mut self.overlay) {
            (Some(help), _) => &mut help.scroll,
            (_, Some(Overlay::Detail { scroll })) => scroll,
            _ => return false,
        };
        *scroll = scroll.saturating_add_signed(lines);
        true
    }

    fn act_in_detail(&mut self, action: Action, scroll: usize) {
        let page = layout::page(self.size);
        let Some(viewer) = self.viewer_mut() else {
            return;
        };
        let scroll = match action {
            Action::Up | Action::Down => {
                viewer.lanes.act(action, 1);
                0
            }
            Action::Follow => {
                viewer.follow_wait();
                0
            }
            _ => choice::moved(scroll, action, 1000, page / 2),
        };
        self.overlay = Some(Overlay::Detail { scroll });
    }

    fn act_in_findings(&mut self, action: Action, selected: usize, page: usize) -> Option<Effect> {
        let viewer = self.viewer_mut()?;
        if action == Action::Confirm {
            let effect = viewer.show_finding(selected);
            let shown = viewer.findings.get(selected);
            self.notice = shown.map(|finding| finding.text.clone());
            self.overlay = None;
            return effect;
        }
        let selected = choice::moved(selected, action, viewer.findings.len(), page);
        self.overlay = Some(Overlay::Findings { selected });
        None
    }

    fn act_in_find(&mut self, action: Action, mut text: String) {
        match action {
            Action::Confirm => {
                self.overlay = None;
                if let (true, Some(viewer)) = (text.is_empty(), self.viewer_mut()) {
                    viewer.next_found();
                }
                return;
            }
            _ => edit(&mut text, action),
        }
        self.look_for(text);
    }

    fn look_for(&mut self, text: String) {
        match self.viewer_mut() {
            Some(viewer) => viewer.find(&text),
            None => self.menu.find(&text),
        }
        self.overlay = Some(Overlay::Find(text));
    }

    fn act_in_filter(&mut self, action: Action, mut text: String) {
        if action == Action::Confirm {
            self.overlay = None;
            return;
        }
        edit(&mut text, action);
        self.show_only(text);
    }

    fn show_only(&mut self, text: String) {
        if let Some(viewer) = self.viewer_mut() {
            viewer.show_only(&text);
        }
        self.overlay = Some(Overlay::Filter(text));
    }

    fn act_in_go_to(&mut self, action: Action, mut text: String) -> Option<Effect> {
        if action != Action::Confirm {
            edit(&mut text, action);
            self.overlay = Some(Overlay::GoTo(text));
            return None;
        }
        self.overlay = None;
        if text.trim().is_empty() {
            return None;
        }
        let viewer = self.viewer_mut()?;
        match text.parse::<Moment>() {
            Ok(moment) => {
                let at = moment.of(viewer.playback.reached());
                viewer.seek(at)
            }
            Err(wrong) => {
                self.notice = Some(wrong);
                None
            }
        }
    }

    fn act_in_path(&mut self, action: Action, mut text: String) -> Option<Effect> {
        if action == Action::Confirm {
            self.overlay = None;
            let path = text.trim();
            return (!path.is_empty()).then(|| self.open(path.into()));
        }
        edit(&mut text, action);
        self.overlay = Some(Overlay::Path(text));
        None
    }

    pub(super) fn typed(&mut self, typed: &str) {
        let typed = typed.chars().filter(|character| !character.is_control());
        match self.overlay.clone() {
            _ if self.help.is_some() => {}
            Some(Overlay::Find(mut text)) => {
                text.extend(typed);
                self.look_for(text);
            }
            Some(Overlay::Filter(mut text)) => {
                text.extend(typed);
                self.show_only(text);
            }
            Some(Overlay::GoTo(mut text)) => {
                text.extend(typed);
                self.overlay = Some(Overlay::GoTo(text));
            }
            Some(Overlay::Path(mut text)) => {
                text.extend(typed);
                self.overlay = Some(Overlay::Path(text));
            }
            _ => {}
        }
    }
}

/// Edits what was typed so far.
fn edit(text: &mut String, action: Action) {
    match action {
        Action::Erase => {
            text.pop();
        }
        Action::EraseAll => text.clear(),
        _ => {}
    }
}
