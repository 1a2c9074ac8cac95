//! Spans and events of the crate [`tracing`](https://docs.rs/tracing), in the lanes in which they happen.
//!
//! A span is shown as an await is: from when it is first entered in a lane until it is closed, within the await that
//! stands round it, with its name and its fields as text: `span request{user=7}`. So it is seen what a lane was at while
//! it waited. A span that is entered in several lanes is there in each of them. Its polls are the lane's, and have no row
//! of their own. An event is a [mark](crate::mark!): its message, and its other fields behind it; before that of an error
//! or a warning stands what it is. What happens in no lane is left out, but for events, which are noted where a probe
//! applies.
//!
//! ```
//! use asyncline::Executor;
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let subscriber = tracing_subscriber::registry().with(asyncline::tracing::layer());
//! # let _default =
//! tracing::subscriber::set_default(subscriber);
//!
//! let (executor, mut events) = Executor::builder().record()?;
//! executor.block_on(async {
//!     tracing::info!(number = 1, "hello");
//! });
//! let timeline: asyncline::Timeline = events.drain().iter().collect();
//! let marks = timeline.lanes().flat_map(|lane| &lane.marks);
//! assert_eq!(marks.map(|mark| mark.text.raw()).collect::<Vec<_>>(), ["hello number=1"]);
//! # std::io::Result::Ok(())
//! ```
//!
//! Where nothing is recorded, a span costs a look at the thread. Fields that are recorded after a span was made are not
//! shown.

use std::fmt;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id};
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::event::Text;
use crate::probe::record::bounded::{Bounded, LINE};
use crate::probe::wrap::spans;

/// The layer; see [the module](self).
pub fn layer() -> Layer {
    Layer(())
}

/// A layer that shows spans and events in lanes. Made by [`layer`].
#[derive(Clone, Copy, Debug)]
pub struct Layer(());

/// What a span's frames are called.
struct Named(Text);

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !spans::are_seen() {
            return;
        }
        let mut fields = Fields::new();
        attributes.record(&mut fields);
        let name = attributes.metadata().name();
        let text = match fields.text() {
            text if text.is_empty() => format!("span {name}"),
            text => format!("span {name}{{{text}}}"),
        };
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Named(text.into()));
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| spans::are_in_lane()) else {
            return;
        };
        let mut extensions = span.extensions_mut();
        let known = extensions.get_mut::<spans::Entered>();
        if known.is_some_and(|known| known.is_here()) {
            return;
        }
        let named = extensions.get_mut::<Named>();
        let text = match named {
            Some(named) => named.0.clone(),
            None => format!("span {}", span.name()).into(),
        };
        if let Some(entered) = extensions.get_mut::<spans::Entered>() {
            entered.enter(text);
        } else {
            let mut entered = spans::Entered::default();
            entered.enter(text);
            extensions.insert(entered);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(entered) = span.extensions_mut().remove::<spans::Entered>()
        {
            entered.leave();
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !spans::are_seen() {
            return;
        }
        let mut fields = Fields::new();
        event.record(&mut fields);
        let what = match *event.metadata().level() {
            Level::ERROR => "error: ",
            Level::WARN => "warning: ",
            _ => "",
        };
        crate::mark!("{what}{}", fields.text());
    }
}

/// The fields of a span or an event, as text.
struct Fields {
    message: Bounded,
    others: Bounded,
}

impl Fields {
    fn new() -> Self {
        Self {
            message: Bounded::new(LINE),
            others: Bounded::new(LINE),
        }
    }

    /// Returns the message, followed by the other fields.
    fn text(&self) -> String {
        let (message, others) = (self.message.as_str(), self.others.as_str());
        let gap = if message.is_empty() || others.is_empty() {
            ""
        } else {
            " "
        };
        format!("{message}{gap}{others}")
    }

    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if field.name() == "message" {
            self.message.put(value);
        } else {
            let gap = if self.others.as_str().is_empty() {
                ""
            } else {
                " "
            };
            self.others
                .put(format_args!("{gap}{}={value}", field.name()));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{value}"));
    }
}
