//! The finding about coroutines that were called and never awaited.

use super::Finding;
use crate::timeline::Timeline;

pub(super) fn find(_timeline: &Timeline) -> Vec<Finding> {
    Vec::new()
}
