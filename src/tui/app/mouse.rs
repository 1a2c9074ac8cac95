//! The mouse, in the few gestures that mean something here.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// A gesture of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Its button was pressed.
    Press,
    /// It was moved with the button held.
    Drag,
    /// The button was let go.
    Release,
    /// The wheel was turned away from the person.
    WheelUp,
    /// The wheel was turned towards the person.
    WheelDown,
    /// The wheel was tilted to the left.
    WheelLeft,
    /// The wheel was tilted to the right.
    WheelRight,
}

/// The mouse's button is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Press {
    pub(crate) at: Position,
    pub(crate) dragged: bool,
}

/// Returns the gesture that an event of the mouse is, and its place.
pub(crate) fn gesture(event: MouseEvent) -> Option<(Gesture, Position)> {
    let gesture = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::Up(MouseButton::Left) => Gesture::Release,
        MouseEventKind::ScrollUp => Gesture::WheelUp,
        MouseEventKind::ScrollDown => Gesture::WheelDown,
        MouseEventKind::ScrollLeft => Gesture::WheelLeft,
        MouseEventKind::ScrollRight => Gesture::WheelRight,
        _ => return None,
    };
    let at = Position::new(event.column, event.row);
    Some((gesture, at))
}
