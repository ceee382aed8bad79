//! What `--version` says: enough to build the same binary again. The build script finds it out.

/// For `-V`: version and commit.
pub(crate) const SHORT: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("TOLLGATE_COMMIT"), ")");

/// For `--version`: the build as well.
pub(crate) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit   ",
    env!("TOLLGATE_COMMIT"),
    "\ntarget   ",
    env!("TOLLGATE_TARGET"),
    "\nprofile  ",
    env!("TOLLGATE_PROFILE"),
    "\nrustc    ",
    env!("TOLLGATE_COMPILER"),
);
