//! Choosing from a list.

use crate::tui::app::action::Action;

/// The index that is selected after `action`, in a list of `len` of which `page` are seen at a time.
pub(super) fn moved(index: usize, action: Action, len: usize, page: usize) -> usize {
    let last = len.saturating_sub(1);
    let index = match action {
        Action::Up => index.saturating_sub(1),
        Action::Down => index.saturating_add(1),
        Action::PageUp => index.saturating_sub(page.max(1)),
        Action::PageDown => index.saturating_add(page.max(1)),
        Action::First => 0,
        Action::Last => last,
        _ => index,
    };
    index.min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_the_list() {
        assert_eq!(moved(0, Action::Up, 3, 10), 0);
        assert_eq!(moved(2, Action::Down, 3, 10), 2);
        assert_eq!(moved(1, Action::PageDown, 30, 10), 11);
        assert_eq!(moved(7, Action::Last, 0, 10), 0);
    }
}
