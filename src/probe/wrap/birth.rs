//! How a lane begins.

use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use super::context;
use super::lane::{Lane, NOBODY, Yield};
use super::probe::Probe;
use super::spare;
use crate::event::{EventKind, TaskKind, Text};
use crate::probe::record::template::{Name, Origin};

impl Lane {
    /// A lane for a task, if the thread has a spare one.
    fn reuse(probe: &Arc<Probe>, has_handle: bool) -> Option<Arc<Self>> {
        let mut spare = spare::take(probe)?;
        let lane = Arc::get_mut(&mut spare)?;
        lane.id = probe.recorder.next_lane();
        *lane.woken.get_mut() = false;
        *lane.waits.get_mut() = false;
        *lane.over.get_mut() = false;
        *lane.yielded.get_mut() = Yield::NONE;
        *lane.frames.get_mut() = 1;
        *lane.joiner.get_mut() = NOBODY;
        *lane.has_handle.get_mut() = has_handle;
        *lane.is_counted.get_mut() = false;
        *lane.has_started.get_mut() = true;
        lane.wakers.renew();
        Some(spare)
    }

    /// A new task, recorded as spawned here and now; none where no probe applies.
    #[track_caller]
    #[inline]
    pub(crate) fn spawned(name: Name, kind: TaskKind, has_handle: bool) -> Option<Arc<Self>> {
        let site = Location::caller();
        if context::has_probe() {
            Self::spawned_here(Origin { name, site, kind }, has_handle)
        } else {
            None
        }
    }

    #[inline(never)]
    fn spawned_here(origin: Origin, has_handle: bool) -> Option<Arc<Self>> {
        context::with_probe(|probe| {
            let reused = Self::reuse(probe, has_handle);
            let new = || Self::new(Arc::clone(probe), has_handle, None);
            reused.unwrap_or_else(new).is_spawned(origin)
        })
    }

    /// The same, with a name that may have been made while the program ran.
    #[track_caller]
    pub(crate) fn spawned_as(
        name: impl Into<Cow<'static, str>>,
        kind: TaskKind,
        has_handle: bool,
    ) -> Option<Arc<Self>> {
        let name = match name.into() {
            Cow::Borrowed(name) => return Self::spawned(Name::Given(name), kind, has_handle),
            Cow::Owned(name) => name,
        };
        let site = Location::caller();
        let lane = Self::new(context::probe()?, has_handle, None);
        let (hint, parent) = context::spawning(&lane.probe);
        lane.record(EventKind::Spawned {
            lane: lane.id,
            name: hint.map_or_else(|| name.into(), Text::Static),
            parent: parent.or(lane.probe.runtime),
            kind,
            site: Some(site.into()),
        });
        Some(lane)
    }

    /// A new task of this probe.
    pub(crate) fn spawned_at(origin: Origin, probe: Arc<Probe>, has_handle: bool) -> Arc<Self> {
        Self::new(probe, has_handle, None).is_spawned(origin)
    }

    /// Records that it is spawned here and now.
    fn is_spawned(self: Arc<Self>, mut origin: Origin) -> Arc<Self> {
        let lane = self;
        let (hint, parent) = context::spawning(&lane.probe);
        if let Some(hint) = hint {
            origin.name = Name::Given(hint);
        }
        let parent = parent.or(lane.probe.runtime);
        lane.probe.recorder.record_spawned(lane.id, parent, &origin);
        lane
    }
}
