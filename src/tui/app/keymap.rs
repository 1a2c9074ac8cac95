//! The keys. [`BINDINGS`] is the one table of them: dispatch, the footer and the help page read it.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;
use super::mode::Mode;
use crate::tui::app::Msg;

/// A key, with what is held down with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A key's meaning in some modes.
#[derive(Debug)]
pub struct Binding {
    /// The modes in which it holds.
    pub modes: &'static [Mode],
    /// The keys, the one to show in the footer first.
    pub keys: &'static [Key],
    /// The command.
    pub action: Action,
    /// A word for the footer; empty where the footer leaves it out.
    pub short: &'static str,
    /// A line for the help page.
    pub help: &'static str,
}

const fn ch(character: char) -> Key {
    plain(KeyCode::Char(character))
}

const fn plain(code: KeyCode) -> Key {
    held(code, KeyModifiers::NONE)
}

const fn ctrl(character: char) -> Key {
    held(KeyCode::Char(character), KeyModifiers::CONTROL)
}

const fn held(code: KeyCode, modifiers: KeyModifiers) -> Key {
    Key { code, modifiers }
}

const fn bind(
    modes: &'static [Mode],
    keys: &'static [Key],
    action: Action,
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        modes,
        keys,
        action,
        short,
        help,
    }
}

const UP: Key = plain(KeyCode::Up);
const DOWN: Key = plain(KeyCode::Down);
const LEFT: Key = plain(KeyCode::Left);
const RIGHT: Key = plain(KeyCode::Right);
const ENTER: Key = plain(KeyCode::Enter);
const ESC: Key = plain(KeyCode::Esc);

const MENU: &[Mode] = &[Mode::Menu];
const QUESTION: &[Mode] = &[Mode::Question];
const LANES: &[Mode] = &[Mode::Lanes];
const DETAIL: &[Mode] = &[Mode::Detail];
const FINDINGS: &[Mode] = &[Mode::Findings];
const PROMPT: &[Mode] = &[Mode::Prompt];
const LISTS: &[Mode] = &[Mode::Menu, Mode::Help, Mode::Findings, Mode::Detail];
const SCREENS: &[Mode] = &[Mode::Menu, Mode::Question, Mode::Lanes];
const HELPED: &[Mode] = &[
    Mode::Menu,
    Mode::Question,
    Mode::Lanes,
    Mode::Detail,
    Mode::Findings,
    Mode::Answer,
];

/// Every key, in the order in which help lists them.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(MENU, &[ENTER], Action::Confirm, "start", "start the selected scenario, or open the selected recording"),
    bind(MENU, &[ch('r')], Action::Replay, "replay the last run", "replay the last recording of the selected scenario"),
    bind(MENU, &[ch('/')], Action::Find, "find", "find a scenario by its name or by what it teaches"),
    bind(MENU, &[ch('o')], Action::OpenFile, "open a file", "open a session file"),

    bind(QUESTION, &[ch('1')], Action::Choose(0), "", "the first choice"),
    bind(QUESTION, &[ch('2')], Action::Choose(1), "", "the second choice"),
    bind(QUESTION, &[ch('3')], Action::Choose(2), "", "the third choice"),
    bind(QUESTION, &[ch('4')], Action::Choose(3), "", "the fourth choice"),
    bind(QUESTION, &[ch('5')], Action::Choose(4), "", "the fifth choice"),
    bind(QUESTION, &[ch('6')], Action::Choose(5), "", "the sixth choice"),
    bind(QUESTION, &[UP, ch('k')], Action::Up, "", "the choice above"),
    bind(QUESTION, &[DOWN, ch('j')], Action::Down, "choose", "the choice below"),
    bind(QUESTION, &[ENTER], Action::Confirm, "go on", "start, with the chosen answer or without one"),
    bind(QUESTION, &[ESC], Action::Skip, "skip", "start without an answer"),
    bind(QUESTION, &[plain(KeyCode::Backspace)], Action::Back, "menu", "back to the menu"),

    bind(LANES, &[ch(' ')], Action::PlayPause, "pause", "play or pause"),
    bind(LANES, &[RIGHT, ch('.')], Action::Step, "step", "one step on: until the next poll has ended"),
    bind(LANES, &[LEFT, ch(',')], Action::StepBack, "back", "one step back"),
    bind(LANES, &[ch('w'), held(KeyCode::Right, KeyModifiers::SHIFT)], Action::NextWake, "to next wake", "run until a task is woken"),
    bind(LANES, &[ch('W'), held(KeyCode::Left, KeyModifiers::SHIFT)], Action::PreviousWake, "", "back to the wake before"),
    bind(LANES, &[ch('u')], Action::RunUntil, "", "run until the selected task has been polled"),
    bind(LANES, &[ch('[')], Action::Slower, "speed", "half the speed"),
    bind(LANES, &[ch(']')], Action::Faster, "speed", "twice the speed"),
    bind(LANES, &[ch('g'), plain(KeyCode::Home)], Action::First, "", "to the beginning of the session"),
    bind(LANES, &[ch('G'), plain(KeyCode::End)], Action::Last, "", "to the end, or to the present of a program that runs"),
    bind(LANES, &[ch('r')], Action::Restart, "", "run the scenario again from the start"),
    bind(LANES, &[UP, ch('k')], Action::Up, "", "select the lane above"),
    bind(LANES, &[DOWN, ch('j')], Action::Down, "", "select the lane below"),
    bind(LANES, &[plain(KeyCode::PageUp)], Action::PageUp, "", "a screenful of lanes up"),
    bind(LANES, &[plain(KeyCode::PageDown)], Action::PageDown, "", "a screenful of lanes down"),
    bind(LANES, &[ENTER], Action::Detail, "", "all about the selected lane"),
    bind(LANES, &[ch('+'), ch('=')], Action::ZoomIn, "zoom", "show less time, in more detail"),
    bind(LANES, &[ch('-')], Action::ZoomOut, "zoom", "show more time"),
    bind(LANES, &[ch('h'), held(KeyCode::Left, KeyModifiers::CONTROL)], Action::PanLeft, "", "show what was earlier"),
    bind(LANES, &[ch('l'), held(KeyCode::Right, KeyModifiers::CONTROL)], Action::PanRight, "", "show what was later"),
    bind(LANES, &[ch('f')], Action::Fit, "fit", "show the whole session"),
    bind(LANES, &[ch('/')], Action::Find, "find", "find a lane by its name or by what it waits for"),
    bind(LANES, &[ch('&')], Action::Filter, "", "show only lanes with a text in their name or in what they wait for"),
    bind(LANES, &[ch('s')], Action::Order, "", "order the lanes: as a tree, by start, newest, running, waiting or longest poll"),
    bind(LANES, &[ch('x')], Action::Ended, "", "leave out the lanes that ended a while ago, or show them"),
    bind(LANES, &[ch('d')], Action::Density, "", "show many lanes in a row, or each in its own"),
    bind(LANES, &[ch('t')], Action::GoTo, "", "go to a time, such as 1.5s, 20ms or 40%"),
    bind(LANES, &[ch('e')], Action::NextEvent, "", "to the next event of the selected lane"),
    bind(LANES, &[ch('E')], Action::PreviousEvent, "", "to the event of the selected lane before"),
    bind(LANES, &[ch('p')], Action::NextPoll, "", "to the next poll of the selected lane"),
    bind(LANES, &[ch('P')], Action::PreviousPoll, "", "to the poll of the selected lane before"),
    bind(LANES, &[ch('b')], Action::NextWoken, "", "to where the selected lane is woken next"),
    bind(LANES, &[ch('B')], Action::PreviousWoken, "", "to where the selected lane was woken before"),
    bind(LANES, &[ch('F')], Action::Findings, "findings", "what went wrong or took too long"),
    bind(LANES, &[ch('n')], Action::NextFinding, "", "go to the next finding"),
    bind(LANES, &[ch('N')], Action::PreviousFinding, "", "go to the finding before"),
    bind(LANES, &[ch('a')], Action::Answer, "", "the question and its answer"),
    bind(LANES, &[ch('o')], Action::Output, "", "what a program prints that was begun here, or the events"),
    bind(LANES, &[ch('z')], Action::Fold, "", "fold or unfold the lanes under the selected one"),
    bind(LANES, &[ch('c')], Action::Coroutines, "", "show or hide coroutines as lanes of their own"),
    bind(LANES, &[plain(KeyCode::Tab)], Action::Panels, "", "show both panels, one of them, or none"),
    bind(LANES, &[ch('R')], Action::Record, "", "begin or end recording"),
    bind(LANES, &[ESC], Action::Back, "", "back to the menu"),

    bind(DETAIL, &[ENTER], Action::Follow, "follow", "go to the lane that this one waits for, or that woke it last"),
    bind(FINDINGS, &[ENTER], Action::Confirm, "show it", "show the finding on the lanes"),

    bind(LISTS, &[UP, ch('k')], Action::Up, "", "one up"),
    bind(LISTS, &[DOWN, ch('j')], Action::Down, "select", "one down"),
    bind(LISTS, &[plain(KeyCode::PageUp)], Action::PageUp, "", "a screenful up"),
    bind(LISTS, &[plain(KeyCode::PageDown)], Action::PageDown, "", "a screenful down"),
    bind(LISTS, &[ch('g'), plain(KeyCode::Home)], Action::First, "", "to the first"),
    bind(LISTS, &[ch('G'), plain(KeyCode::End)], Action::Last, "", "to the last"),
    bind(&[Mode::Help], &[ESC, ch('q'), ch('?')], Action::Back, "close", "close this"),
    bind(&[Mode::Detail], &[ESC, ch('q')], Action::Back, "close", "close this"),
    bind(&[Mode::Findings], &[ESC, ch('q'), ch('F')], Action::Back, "close", "close this"),
    bind(&[Mode::Answer], &[ESC, ch('q'), ch('a'), ENTER], Action::Back, "close", "close this"),

    bind(PROMPT, &[ENTER], Action::Confirm, "go", "take what was typed"),
    bind(PROMPT, &[ESC], Action::Back, "cancel", "close this"),
    bind(PROMPT, &[plain(KeyCode::Backspace), ctrl('h')], Action::Erase, "", "delete the last character"),
    bind(PROMPT, &[ctrl('u')], Action::EraseAll, "clear", "delete all"),

    bind(HELPED, &[ch('?')], Action::Help, "help", "the keys of this screen"),
    bind(SCREENS, &[ch('q')], Action::Quit, "quit", "leave asyncline"),
    bind(&Mode::ALL, &[ctrl('c')], Action::Quit, "", "leave asyncline, wherever you are"),
    bind(&Mode::ALL, &[ctrl('z')], Action::Suspend, "", "suspend asyncline (fg resumes it)"),
];

/// Returns the bindings of a mode.
pub fn bindings(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.modes.contains(&mode))
}

/// Returns a key's meaning in a mode.
pub fn action(mode: Mode, key: Key) -> Option<Action> {
    bindings(mode)
        .find(|binding| binding.keys.contains(&key))
        .map(|binding| binding.action)
}

/// Returns the message for an event of the terminal in a mode; none for those of the mouse.
pub fn message(mode: Mode, event: &Event) -> Option<Msg> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => {
            let key = Key::from(*event);
            action(mode, key)
                .map(Msg::Input)
                .or_else(|| typed(mode, key))
        }
        Event::Paste(text) => Some(Msg::Pasted(text.clone())),
        Event::Resize(width, height) => Some(Msg::Resize((*width, *height).into())),
        _ => None,
    }
}

fn typed(mode: Mode, key: Key) -> Option<Msg> {
    match key.code {
        KeyCode::Char(character) if mode == Mode::Prompt && key.modifiers.is_empty() => {
            Some(Msg::Typed(character))
        }
        _ => None,
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if let KeyCode::Char(_) = event.code {
            // The character says already whether shift was held.
            modifiers -= KeyModifiers::SHIFT;
        }
        held(event.code, modifiers)
    }
}

impl Key {
    /// Returns the name of this key, in ASCII if only that may be drawn.
    pub fn label(self, ascii: bool) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::Left => if ascii { "left" } else { "←" }.to_owned(),
            KeyCode::Right => if ascii { "right" } else { "→" }.to_owned(),
            KeyCode::Up => if ascii { "up" } else { "↑" }.to_owned(),
            KeyCode::Down => if ascii { "down" } else { "↓" }.to_owned(),
            KeyCode::PageUp => "page up".to_owned(),
            KeyCode::PageDown => "page down".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        let shift = self.modifiers.contains(KeyModifiers::SHIFT);
        let ctrl = self.modifiers.contains(KeyModifiers::CONTROL);
        match (ctrl, shift) {
            (true, _) => format!("ctrl-{name}"),
            (_, true) => format!("shift-{name}"),
            _ => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_a_mode() {
        for mode in Mode::ALL {
            let mut seen = HashSet::new();
            for key in bindings(mode).flat_map(|binding| binding.keys) {
                assert!(seen.insert(key), "{key:?} twice in {mode:?}");
            }
        }
    }

    #[test]
    fn every_mode_can_be_left_and_every_binding_is_explained() {
        for mode in Mode::ALL {
            let actions: Vec<_> = bindings(mode).map(|binding| binding.action).collect();
            assert!(actions.contains(&Action::Quit), "{mode:?}");
            assert!(
                mode == Mode::Menu || actions.contains(&Action::Back),
                "{mode:?}"
            );
        }
        for binding in BINDINGS {
            assert!(!binding.help.is_empty() && !binding.keys.is_empty());
        }
    }

    #[test]
    fn shift_is_part_of_a_capital_letter_but_not_of_an_arrow() {
        let capital = KeyEvent::new(KeyCode::Char('F'), KeyModifiers::SHIFT);
        assert_eq!(action(Mode::Lanes, capital.into()), Some(Action::Findings));
        let arrow = KeyEvent::new(KeyCode::Right, KeyModifiers::SHIFT);
        assert_eq!(action(Mode::Lanes, arrow.into()), Some(Action::NextWake));
    }

    #[test]
    fn a_prompt_takes_the_letters_that_are_keys_elsewhere() {
        let event = Event::Key(KeyEvent::from(KeyCode::Char('q')));
        assert!(matches!(
            message(Mode::Prompt, &event),
            Some(Msg::Typed('q'))
        ));
        assert!(matches!(
            message(Mode::Lanes, &event),
            Some(Msg::Input(Action::Quit))
        ));
    }

    #[test]
    fn keys_are_called_what_people_call_them() {
        assert_eq!(ch(' ').label(false), "space");
        assert_eq!(
            held(KeyCode::Right, KeyModifiers::SHIFT).label(false),
            "shift-→"
        );
        assert_eq!(LEFT.label(true), "left");
        assert_eq!(ctrl('u').label(true), "ctrl-u");
    }
}
