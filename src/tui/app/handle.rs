//! What each message does to the state.

use super::{App, Effect, Msg, Opened, RecordingStatus, Screen, SessionView};
use crate::tui::app::code::Source;

impl App {
    /// Takes in a message, other than events and the time.
    pub(super) fn handle(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Input(action) => return self.act(action),
            Msg::Typed(character) => self.typed(&character.to_string()),
            Msg::Pasted(text) => self.typed(&text),
            Msg::Mouse(gesture, at, on) => return self.mouse(gesture, at, on),
            Msg::Resize(size) => self.size = size,
            Msg::Ask(scenario) => return Some(self.ask(scenario)),
            Msg::Opened(opened) => return self.show_opened(*opened),
            Msg::Source(source) => self.take_source(source),
            Msg::Stayed(why) => {
                if let Some(viewer) = self.viewer_mut() {
                    viewer.stay();
                }
                self.notice = Some(why);
            }
            Msg::Recording(recording) => self.recorded(recording),
            Msg::Recents(recents) => self.menu.set_recents(recents),
            Msg::Progress(text) => self.notice = Some(text),
            Msg::Failed(text) => {
                if let Some(viewer) = self.viewer_mut() {
                    viewer.awaited = None;
                }
                self.notice = Some(text);
            }
            Msg::Arrived(..)
            | Msg::Appended(_)
            | Msg::Grown(_)
            | Msg::Complete(_)
            | Msg::Replaced(_)
            | Msg::Answered(_)
            | Msg::Watched(_)
            | Msg::Printed(_) => return self.tell_viewer(msg),
            Msg::Tick(_) | Msg::Events(_) => {}
        }
        None
    }

    /// Hands a message to the session that is shown. Without one, nothing happens.
    fn tell_viewer(&mut self, msg: Msg) -> Option<Effect> {
        let size = self.size;
        let viewer = self.viewer_mut()?;
        match msg {
            Msg::Appended(batch) => return viewer.append(batch),
            Msg::Grown(playback) => viewer.grow(*playback),
            Msg::Replaced(playback) => viewer.begin_anew(*playback),
            Msg::Answered(seen) => {
                let areas = viewer.areas(size);
                viewer.see(*seen, &areas);
            }
            Msg::Printed(lines) => viewer.print(lines),
            Msg::Arrived(playback, arrival) => {
                let notice = viewer.arrive(*playback, arrival);
                self.notice = notice.map(Into::into);
            }
            Msg::Complete(damage) => {
                viewer.complete(damage);
                self.notice = Some("The journal is read. All that it holds is here.".into());
            }
            Msg::Watched(watched) => {
                let notice = viewer.watch(watched);
                self.notice = notice.or(self.notice.take());
            }
            _ => {}
        }
        None
    }

    fn show_opened(&mut self, opened: Opened) -> Option<Effect> {
        let damage = opened.damage.clone();
        let runs = self.viewer().is_some_and(SessionView::is_running);
        self.show(SessionView::replay(opened));
        self.notice = damage.map(|damage| format!("This file is damaged: {damage}"));
        runs.then_some(Effect::Stop)
    }

    fn take_source(&mut self, source: Source) {
        match &mut self.screen {
            Screen::Lanes(viewer) => viewer.take_source(source),
            Screen::Question(asking) if asking.program.file == source.file => {
                asking.program = source;
            }
            _ => {}
        }
    }

    fn recorded(&mut self, recording: RecordingStatus) {
        if let RecordingStatus::Failed(text) = &recording {
            self.notice = Some(format!("Not recorded: {text}"));
        }
        if let Some(viewer) = self.viewer_mut() {
            viewer.recording = recording;
        }
    }
}
