//! The orders of lanes. [`ORDERS`] is the one table of them: the key, the notice and the header read it.

use crate::timeline::rows::Order;

/// An order of lanes, and how the screen names it.
#[derive(Debug)]
pub struct LaneOrder {
    /// The order.
    pub order: Order,
    /// A few words for the screen's corner; empty for the usual order.
    pub label: &'static str,
    /// The notice when it is chosen.
    pub sentence: &'static str,
    /// `true` if it changes only when lanes start or end. Other orders may change with every event.
    pub is_by_start: bool,
    /// `true` if the first lanes are shown when it is chosen, instead of the selected one.
    pub shows_first: bool,
}

/// Every order, as the key goes through them.
pub const ORDERS: &[LaneOrder] = &[
    LaneOrder {
        order: Order::Tree,
        label: "",
        sentence: "The lanes stand under those that spawned them.",
        is_by_start: true,
        shows_first: false,
    },
    LaneOrder {
        order: Order::Start,
        label: "by start",
        sentence: "The lanes stand in the order in which they began.",
        is_by_start: true,
        shows_first: false,
    },
    LaneOrder {
        order: Order::Newest,
        label: "newest",
        sentence: "The lanes that began last come first.",
        is_by_start: true,
        shows_first: true,
    },
    LaneOrder {
        order: Order::Running,
        label: "by running",
        sentence: "The lanes that ran longest come first.",
        is_by_start: false,
        shows_first: true,
    },
    LaneOrder {
        order: Order::Waiting,
        label: "by waiting",
        sentence: "The lanes that waited longest come first.",
        is_by_start: false,
        shows_first: true,
    },
    LaneOrder {
        order: Order::LongestPoll,
        label: "by longest poll",
        sentence: "The lanes with the longest polls come first.",
        is_by_start: false,
        shows_first: true,
    },
];

impl Default for &LaneOrder {
    fn default() -> Self {
        &ORDERS[0]
    }
}

impl LaneOrder {
    /// Returns the order after this one, and after the last one the first.
    pub fn next(&self) -> &'static Self {
        let place = ORDERS.iter().position(|other| other.order == self.order);
        &ORDERS[place.map_or(0, |place| place + 1) % ORDERS.len()]
    }
}
