//! What arrives of a session while it is shown.

use super::{SessionOrigin, SessionView};
use crate::recording::Batch;
use crate::tui::app::{Effect, Grows, MOST_KEPT, Playback, Printed, Scene, Watched, WatchedStatus};

impl SessionView {
    /// Takes note of how the program stands that is watched; what is to be said of that comes back.
    pub(in crate::tui::app) fn watch(&mut self, watched: Watched) -> Option<String> {
        let ran = self.watched.as_ref().is_none_or(Watched::runs);
        let notice = match &watched.life {
            WatchedStatus::Broken(why) if ran => Some(format!(
                "The program is gone: {why}. What came until then stays here."
            )),
            WatchedStatus::Ended(_) if ran => {
                self.look_for_findings();
                Some("The program has ended. All that it did is here.".to_owned())
            }
            _ => None,
        };
        self.watched = Some(watched);
        if notice.is_some() && self.lanes.sees_whole() {
            // There will be no more.
            self.lanes.fit(self.playback.spans());
        }
        notice
    }

    /// Takes in what the program printed.
    pub(in crate::tui::app) fn print(&mut self, lines: Vec<String>) {
        let open = || Printed {
            is_open: true,
            ..Printed::default()
        };
        self.printed.get_or_insert_with(open).extend(lines);
    }

    /// Takes in events that were added to the session, and follows it where its end is shown. Where events are missing,
    /// or too many are here, the end has to be read.
    pub(in crate::tui::app) fn append(&mut self, batch: Batch) -> Option<Effect> {
        if !self.is_following() {
            return None;
        }
        let (follows, end) = (self.playback.at_present(), self.playback.end());
        let left = self.playback.append(batch).err();
        if follows {
            self.playback.show_present();
            self.keep_up_in_steps();
        }
        match &mut self.awaited {
            Some(awaited) => {
                if let Some(left) = left {
                    awaited.add(left, MOST_KEPT);
                }
                None
            }
            None if left.is_some() || self.playback.is_long() => {
                self.awaited = Some(left.unwrap_or_default());
                Some(Effect::ReadPresent(end))
            }
            None => None,
        }
    }

    /// Takes in the end of a session that has grown, and follows it where its end is shown.
    pub(in crate::tui::app) fn grow(&mut self, mut playback: Playback) {
        let (_, read) = playback.reaches();
        let later = [self.playback.events_since(read), self.awaited.take()];
        for batch in later.into_iter().flatten() {
            if playback.append(batch).is_ok() {
                playback.show_present();
            }
        }
        if self.playback.at_present() {
            self.replace_playback(playback);
            self.keep_up_in_steps();
        } else {
            self.playback.grow(&playback);
            playback.leave();
        }
    }

    fn keep_up_in_steps(&mut self) {
        self.refresh();
        self.lanes.keep_up_in_steps(self.playback.now());
    }

    /// Takes note that a session was read to its end, and what is wrong with it.
    pub(in crate::tui::app) fn complete(&mut self, damage: Option<String>) {
        let grows = Grows::Not;
        self.origin = SessionOrigin::Replay { damage, grows };
        self.lanes.count();
        self.look_for_findings();
        if self.lanes.sees_whole() {
            self.lanes.fit(self.playback.spans());
        }
    }

    /// Shows another session from its end; it is written to the file that held this one.
    pub(in crate::tui::app) fn begin_anew(&mut self, playback: Playback) {
        std::mem::replace(&mut self.playback, playback).leave();
        self.awaited = None;
        self.scene = Scene::default();
        self.lanes.forget_rows();
        self.refresh();
        self.lanes.fit(self.playback.spans());
    }

    /// Continues with another stretch of the session.
    pub(super) fn replace_playback(&mut self, playback: Playback) {
        let before = std::mem::replace(&mut self.playback, playback);
        let start = self.lanes.viewport.start;
        self.scene.inherit(before, &self.playback, start);
        self.lanes.forget_rows();
    }
}
