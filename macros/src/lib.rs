//! The procedural macros of asyncline.
