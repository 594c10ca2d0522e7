//! Durable background jobs and schedules, enqueued in the caller's transaction
