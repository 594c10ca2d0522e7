use kernel::{Error, Level, Permission, Principal, Result};

/// Who may use a route. Which objects they may see there is decided per object, and answered with "not found".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Everybody, signed in or not.
    Public,
    /// The same, on both sides of the house: what every session needs.
    EverySide,
    /// A citizen with a session.
    Citizen,
    /// A citizen or a guest with a claim code.
    Applicant,
    /// Staff who hold this permission somewhere.
    Staff(Permission),
    /// All staff.
    AnyStaff,
    /// A specialist system (Fachverfahren) with the token of its machine account. No session of a person counts here.
    Machine,
}

impl Access {
    pub fn is_staff(self) -> bool {
        matches!(self, Access::Staff(_) | Access::AnyStaff)
    }
}

/// Lets the principal through or says which sign-in is missing.
pub fn allowed(access: Access, principal: &Principal) -> Result<()> {
    match (access, principal) {
        (Access::Public | Access::EverySide, _)
        | (Access::Citizen | Access::Applicant, Principal::Citizen { .. })
        | (Access::Applicant, Principal::Guest { .. })
        | (Access::AnyStaff, Principal::Staff { .. })
        | (Access::Machine, Principal::Machine { .. }) => Ok(()),
        (Access::Citizen | Access::Applicant, _) => Err(Error::SignIn(Level::Basis)),
        (Access::Staff(permission), Principal::Staff { grants, .. }) => {
            if grants.anywhere(permission) {
                Ok(())
            } else {
                Err(Error::Forbidden)
            }
        }
        (Access::Staff(_) | Access::AnyStaff | Access::Machine, _) => Err(Error::StaffSignIn),
    }
}
