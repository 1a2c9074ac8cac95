//! The ruler: which time is where.
