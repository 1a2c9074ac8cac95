//! The terminal itself: how it is taken, and how it is given back on every way out.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{mem, panic};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;

use crate::tui::app::App;
use crate::tui::view::view;

/// `true` while the terminal is ours and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, while it is ours.
#[derive(Debug)]
pub(crate) struct TerminalScreen {
    /// Taken out only where it must not be written to any more.
    terminal: Option<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

impl TerminalScreen {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Self> {
        give_back_on_panic();
        TAKEN.store(true, Ordering::SeqCst);
        let taken = enter().and_then(|()| {
            let output = BufWriter::with_capacity(1 << 16, io::stdout());
            Terminal::new(CrosstermBackend::new(output))
        });
        match taken {
            Ok(terminal) => Ok(Self {
                terminal: Some(terminal),
            }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Its size.
    pub(crate) fn size(&self) -> io::Result<Size> {
        self.terminal
            .as_ref()
            .map_or(Ok(Size::ZERO), Terminal::size)
    }

    /// Shows the state, and redraws everything if the terminal may have lost its content. Shows nothing while the terminal
    /// is given back.
    pub(crate) fn draw(&mut self, app: &App, anew: bool) -> io::Result<()> {
        let taken = self.terminal.as_mut();
        let Some(terminal) = taken.filter(|_| TAKEN.load(Ordering::SeqCst)) else {
            return Ok(());
        };
        // A terminal that knows this shows the frame at once, or not at all.
        queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if anew {
            // Not `clear`, which asks the terminal where its cursor is, and waits for the answer.
            let area = terminal.size()?.into();
            terminal.resize(area)?;
        }
        terminal.draw(|frame| view(app, frame))?;
        queue!(terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(terminal.backend_mut())
    }
}

impl Drop for TerminalScreen {
    fn drop(&mut self) {
        // What of a frame is still in its buffer would land on the person's own screen. And where the terminal is gone, it
        // would complain of that, to nobody.
        mem::forget(self.terminal.take());
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// Takes the terminal again, whatever its state.
#[cfg(unix)]
pub(crate) fn take_again() -> io::Result<()> {
    give_back();
    TAKEN.store(true, Ordering::SeqCst);
    enter()
}

/// Gives the terminal back, once. Whatever fails here, there is nothing left to be done about it.
pub(crate) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back before a panic is reported, so that the report can be read.
///
/// Our own threads are left out: what panics there is caught, and scenarios panic on purpose.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if TAKEN.load(Ordering::SeqCst) && crate::text::threads::is_own() {
                return;
            }
            give_back();
            report(panic);
        }));
    });
}
