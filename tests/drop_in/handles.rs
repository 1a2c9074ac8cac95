//! Handles, and what takes them.
