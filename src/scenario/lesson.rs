//! What a scenario is: a program, and what it teaches.

/// A program that shows one thing about async.
#[derive(Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The chapter in which the menu lists it.
    pub chapter: Chapter,
    /// What it teaches, in one line.
    pub lesson: &'static str,
    /// What a learner is asked before it runs.
    pub question: Question,
    /// Its source file, as events name it.
    pub file: &'static str,
    /// The whole text of that file.
    pub source: &'static str,
    /// Its program.
    pub main: fn(),
    /// Milliseconds of virtual time that it takes, at every run; none if it runs on the real clock and several threads.
    pub elapsed_ms: Option<u64>,
}

/// A chapter of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chapter {
    /// Functions, generators and coroutines.
    Coroutines,
    /// Running and awaiting them.
    Awaiting,
    /// Tasks, and doing things at the same time.
    Tasks,
    /// Ending things early.
    Cancellation,
    /// Tasks that share something.
    Sharing,
    /// What goes wrong.
    Trouble,
}

/// A question with choices.
#[derive(Debug)]
pub struct Question {
    /// The question.
    pub text: &'static str,
    /// The choices, one of which is right.
    pub choices: &'static [&'static str],
    /// The index of the right one.
    pub right: usize,
    /// Why it is right, and where the lanes show it.
    pub because: &'static str,
}

impl Chapter {
    /// All chapters, in the menu's order.
    pub const ALL: [Self; 6] = [
        Self::Coroutines,
        Self::Awaiting,
        Self::Tasks,
        Self::Cancellation,
        Self::Sharing,
        Self::Trouble,
    ];

    /// The heading in the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Coroutines => "Coroutines",
            Self::Awaiting => "Running and awaiting",
            Self::Tasks => "Tasks",
            Self::Cancellation => "Ending early",
            Self::Sharing => "Sharing",
            Self::Trouble => "Trouble",
        }
    }
}

impl Scenario {
    /// Returns `true` if it runs on the real clock and several threads; else its times are virtual and exact.
    pub fn is_real_time(&self) -> bool {
        self.elapsed_ms.is_none()
    }

    /// The lines of its source that are its program, with their numbers in the file: neither its imports nor what
    /// follows the program.
    pub fn program(&self) -> impl Iterator<Item = (u32, &'static str)> {
        let program = self.source.split(END_OF_PROGRAM).next().unwrap_or_default();
        let lines = (1..).zip(program.trim_end().lines());
        let mut imports = false;
        lines.skip_while(move |(_, line)| {
            imports |= line.starts_with("use ");
            let skipped = imports || line.is_empty();
            imports &= !line.ends_with(';');
            skipped
        })
    }
}

/// The line that divides a scenario's program from its description.
const END_OF_PROGRAM: &str = "// The end of the program.";
