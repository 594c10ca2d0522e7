use jiff::SignedDuration;
use kernel::{Error, Result};
use serde::Deserialize;

/// What a city decides about sign-in; every value has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Minutes without a request after which a citizen's or guest's session ends.
    pub citizen_idle_minutes: u32,
    /// The same for staff.
    pub staff_idle_minutes: u32,
    /// Hours after which every session ends, however busy.
    pub session_hours: u32,
    /// Hours for which a mailed link to open an account or to confirm an address is good.
    pub confirm_hours: u32,
    /// Minutes for which a mailed link to set a new password is good.
    pub reset_minutes: u32,
    /// Days for which a browser counts as known after a sign-in.
    pub device_days: u32,
    /// Days for which the code that a citizen reads out at the counter is good.
    pub counter_code_days: u32,
    /// Whether staff must have a second factor (`BSI IT-Grundschutz ORP.4.A10` asks for it).
    pub staff_second_factor: bool,
    /// Days after which staff who left are made anonymous. The default is the regular period of limitation of three years
    /// (§ 195 BGB): until then somebody may have to be asked what they did.
    pub staff_left_days: u32,
    pub argon2: Argon2Cost,
}

/// Cost of Argon2id (RFC 9106); the default is OWASP's first choice for interactive sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            citizen_idle_minutes: 30,
            staff_idle_minutes: 60,
            session_hours: 12,
            confirm_hours: 48,
            reset_minutes: 60,
            device_days: 180,
            counter_code_days: 14,
            staff_second_factor: true,
            staff_left_days: 3 * 365,
            argon2: Argon2Cost::default(),
        }
    }
}

impl Policy {
    /// Refuses values that would make sessions unusable or endless.
    pub fn check(&self) -> Result<()> {
        let in_range = [
            ("citizen_idle_minutes", self.citizen_idle_minutes, 5, 720),
            ("staff_idle_minutes", self.staff_idle_minutes, 5, 720),
            ("session_hours", self.session_hours, 1, 24),
            ("confirm_hours", self.confirm_hours, 1, 168),
            ("reset_minutes", self.reset_minutes, 10, 1440),
            ("device_days", self.device_days, 1, 730),
            ("counter_code_days", self.counter_code_days, 1, 60),
            ("staff_left_days", self.staff_left_days, 1, 3_650),
        ];
        for (name, value, least, most) in in_range {
            if !(least..=most).contains(&value) {
                return Err(Error::internal(format!(
                    "sign-in policy: {name} is {value}, allowed are {least} to {most}"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn absolute(&self) -> SignedDuration {
        SignedDuration::from_hours(self.session_hours.into())
    }
}
