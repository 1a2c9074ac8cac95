//! What a person can ask for. Which key asks for it in which mode stands in [`keymap`](super::keymap).

/// A command that a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Leave the program.
    Quit,
    /// Stop the program, until the shell continues it.
    Suspend,
    /// Show the keys of the present mode.
    Help,
    /// Close what is on top; from the lanes, go back to the menu.
    Back,
    /// Choose what is selected.
    Confirm,
    /// Select the one above.
    Up,
    /// Select the one below.
    Down,
    /// Go up by a screenful.
    PageUp,
    /// Go down by a screenful.
    PageDown,
    /// Go to the beginning.
    First,
    /// Go to the end.
    Last,

    /// Replay the last recording of the selected scenario.
    Replay,
    /// Ask for a session file to open.
    OpenFile,
    /// Answer the question with this choice, from 0.
    Choose(usize),

    /// Leave the question without an answer.
    Skip,

    /// Play or pause.
    PlayPause,
    /// Go on by one poll.
    Step,
    /// Go back by one poll.
    StepBack,
    /// Go on until a task is woken.
    NextWake,
    /// Go back to the wake before.
    PreviousWake,
    /// Go on until the selected task has been polled.
    RunUntil,
    /// Play at half the speed.
    Slower,
    /// Play at twice the speed.
    Faster,
    /// Show less time, in more detail.
    ZoomIn,
    /// Show more time.
    ZoomOut,
    /// Show what was earlier.
    PanLeft,
    /// Show what was later.
    PanRight,
    /// Show the whole session.
    Fit,
    /// Fold or unfold the lanes under the selected one.
    Fold,
    /// Show or hide coroutines as lanes of their own.
    Coroutines,
    /// Order the lanes otherwise.
    Order,
    /// Show only some lanes.
    Filter,
    /// Show or hide lanes that have ended.
    Ended,
    /// Show many lanes in a row.
    Density,
    /// Ask for a time to go to.
    GoTo,
    /// Go to the next event of the selected lane.
    NextEvent,
    /// Go to the event of the selected lane before.
    PreviousEvent,
    /// Go to the next poll of the selected lane.
    NextPoll,
    /// Go to the poll of the selected lane before.
    PreviousPoll,
    /// Go to where the selected lane is woken next.
    NextWoken,
    /// Go to where the selected lane was woken before.
    PreviousWoken,
    /// Show both panels, one of them, or none.
    Panels,
    /// Show all about the selected lane.
    Detail,
    /// Go to the lane for which the selected one waits, or by which it was woken.
    Follow,
    /// Show the findings.
    Findings,
    /// Go to the next finding.
    NextFinding,
    /// Go to the finding before.
    PreviousFinding,
    /// Look for a lane, or for a scenario.
    Find,
    /// Show the question and its answer.
    Answer,
    /// Show what the program prints, or the events.
    Output,
    /// Begin or end recording.
    Record,
    /// Run the scenario again from the start.
    Restart,

    /// Delete the last character of what was typed.
    Erase,
    /// Delete all that was typed.
    EraseAll,
}
