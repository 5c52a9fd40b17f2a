//! The clock that all workers of a host share. It moves only when a test moves it.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// 2024-01-01T00:00:00Z, where every host's clock starts.
const START: Duration = Duration::from_secs(1_704_067_200);

/// Wall and monotonic time.
pub(crate) struct Clock {
    now: Mutex<Times>,
}

#[derive(Clone, Copy)]
struct Times {
    wall: Duration,
    monotonic: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        // The monotonic clock starts above zero, as a machine's does that was not booted this instant.
        Self { now: Mutex::new(Times { wall: START, monotonic: Duration::from_secs(1_000) }) }
    }

    /// Time since 1970.
    pub(crate) fn wall(&self) -> Duration {
        self.now.lock().unwrap().wall
    }

    /// Time since an unknown start.
    pub(crate) fn monotonic(&self) -> Duration {
        self.now.lock().unwrap().monotonic
    }

    /// Jumps the wall clock; timers do not notice.
    pub(crate) fn set_wall(&self, time: SystemTime) {
        self.now.lock().unwrap().wall = time.duration_since(UNIX_EPOCH).expect("a time after 1970");
    }

    /// Lets time pass until the monotonic clock shows `until`.
    pub(crate) fn pass(&self, until: Duration) {
        let mut now = self.now.lock().unwrap();
        let passed = until.saturating_sub(now.monotonic);
        now.monotonic += passed;
        now.wall += passed;
    }
}
