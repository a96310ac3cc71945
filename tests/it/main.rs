//! One test binary: the library from outside, as a server uses it.

mod store;
