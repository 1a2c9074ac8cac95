//! Ways through a session.

use super::Playback;
use crate::event::{Event, EventKind, LaneId, Timestamp};

/// A way through a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    /// To this moment, or the nearest one that can be shown.
    At(Timestamp),
    /// To the beginning.
    First,
    /// To the present.
    Last,
    /// On by one step.
    Step,
    /// Back by one step.
    StepBack,
    /// On until a task is woken.
    NextWake,
    /// Back to the wake before.
    PreviousWake,
    /// On until this task has been polled.
    UntilPolled(LaneId),
    /// To the next event of this lane.
    NextOf(LaneId, LaneEvent),
    /// Back to the event of this lane before.
    PreviousOf(LaneId, LaneEvent),
}

impl Journey {
    /// Returns `true` if the shown moment stays, since the journey found nothing.
    pub(in crate::tui) fn leads_nowhere(self, arrival: Arrival) -> bool {
        arrival == Arrival::Present && matches!(self, Self::NextOf(..) | Self::PreviousOf(..))
    }
}

/// A kind of event of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneEvent {
    /// Any.
    Event,
    /// It is polled.
    Poll,
    /// It is woken.
    Wake,
}

impl LaneEvent {
    fn is(self, lane: LaneId, kind: &EventKind) -> bool {
        match self {
            Self::Event => kind.lane() == Some(lane),
            Self::Poll => *kind == EventKind::PollStarted { lane },
            Self::Wake => matches!(kind, EventKind::Woken { lane: of, .. } if *of == lane),
        }
    }
}

/// The end of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Its destination.
    There,
    /// The present, since the destination was not found.
    Present,
    /// The edge of the loaded stretch: the destination lies beyond.
    Beyond,
}

impl Playback {
    /// Goes a way through the session, as far as it leads through what is here.
    pub fn go(&mut self, journey: Journey) -> Arrival {
        match journey {
            Journey::At(at) => self.seek(at),
            Journey::First if self.is_first() => self.there(0),
            Journey::Last if self.is_last() => {
                self.show_present();
                Arrival::There
            }
            Journey::First | Journey::Last => Arrival::Beyond,
            Journey::Step => self.go_on(self.steps.next(self.cursor)),
            Journey::StepBack => self.go_back(self.steps.previous(self.cursor)),
            Journey::NextWake => {
                let stop = self.steps.after_wake(self.cursor, self.present);
                self.go_on(stop)
            }
            Journey::PreviousWake => {
                self.go_back(self.steps.before_wake(self.cursor, self.present))
            }
            Journey::UntilPolled(task) => self.until_polled(task),
            Journey::NextOf(lane, about) => {
                let ahead = &self.events()[self.cursor..self.present];
                let next = ahead.iter().position(|event| about.is(lane, &event.kind));
                match next {
                    Some(next) => self.there(self.cursor + next + 1),
                    None if self.is_last() => Arrival::Present,
                    None => Arrival::Beyond,
                }
            }
            Journey::PreviousOf(lane, about) => {
                let behind = &self.events()[..self.cursor.saturating_sub(1)];
                let before = behind.iter().rposition(|event| about.is(lane, &event.kind));
                match before {
                    Some(before) => self.there(before + 1),
                    None if self.is_first() => Arrival::Present,
                    None => Arrival::Beyond,
                }
            }
        }
    }

    fn there(&mut self, place: usize) -> Arrival {
        self.show(place);
        Arrival::There
    }

    /// Shows this moment, or the nearest one that can be shown.
    fn seek(&mut self, at: Timestamp) -> Arrival {
        let at = at.min(self.reached);
        let place = self.place_at(at);
        let (first, last) = (place == 0, place == self.events().len());
        if (first && !self.is_first()) || (last && !self.is_last()) {
            return Arrival::Beyond;
        }
        self.show(place);
        self.now = self.now.max(at);
        Arrival::There
    }

    fn until_polled(&mut self, task: LaneId) -> Arrival {
        let ahead = &self.events()[self.cursor..self.present];
        let is_poll = |event: &Event| event.kind == EventKind::PollStarted { lane: task };
        let poll = ahead.iter().position(is_poll);
        let stop = poll.map(|poll| self.steps.poll_end(self.cursor + poll + 1, self.present));
        self.go_on(stop)
    }

    /// Shows the moment after the first `place` events that are here; the present where there is no such place.
    fn go_on(&mut self, place: Option<usize>) -> Arrival {
        match place {
            Some(place) if place < self.present => self.there(place),
            _ if !self.is_last() => Arrival::Beyond,
            _ => {
                let was_there = self.at_present();
                self.show_present();
                match place {
                    Some(_) if !was_there => Arrival::There,
                    _ => Arrival::Present,
                }
            }
        }
    }

    /// Goes back to a place. The first one that is here is a place only where nothing lies before it.
    fn go_back(&mut self, place: usize) -> Arrival {
        if place == 0 && !self.is_first() {
            return Arrival::Beyond;
        }
        self.there(place)
    }
}
