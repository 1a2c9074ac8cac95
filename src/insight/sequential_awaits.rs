//! The finding about awaits that ran one after another and could have run together.

use super::Finding;
use crate::timeline::Timeline;

pub(super) fn find(_timeline: &Timeline) -> Vec<Finding> {
    Vec::new()
}
