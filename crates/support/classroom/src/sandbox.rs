//! A sandbox for an answer: the files that it may read, write and run. Linux only.
//!
//! The kernel enforces it (Landlock), for the program and for all that it starts, and needs no administrator for it.
//! What is not granted is denied: other submissions, the solutions, the home folder. It protects against accidents and
//! mischief, not against an attacker: a program can still read what it was given, and use a core until its time ends.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::{io, panic, thread};

/// The grants: files, or folders with all that is in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sandbox {
    pub(crate) read: Vec<PathBuf>,
    /// Folders whose names may be listed, without what is in the files.
    pub(crate) list: Vec<PathBuf>,
    /// To read, and to run programs from.
    pub(crate) run: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
    /// Whether TCP may be used.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has a sandbox"))]
    pub(crate) network: bool,
}

impl Sandbox {
    /// Starts `command` inside.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // The kernel restricts one thread and its children for good. So this child gets a thread of its own as parent.
        let inside = || self.enter().and_then(|()| command.spawn());
        thread::scope(|scope| scope.spawn(inside).join()).unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    #[cfg(target_os = "linux")]
    fn enter(&self) -> io::Result<()> {
        use landlock::{
            ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
            RulesetError, RulesetStatus, Scope, path_beneath_rules,
        };

        let (list, all) = (AccessFs::ReadDir.into(), AccessFs::from_all(ABI::V5));
        let read = list | AccessFs::ReadFile;
        let grants = [
            (&self.list, list),
            (&self.read, read),
            (&self.run, read | AccessFs::Execute),
            (&self.write, all & !AccessFs::Execute),
        ];
        let restrict = || -> Result<_, RulesetError> {
            let mut ruleset = Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .handle_access(AccessFs::from_all(ABI::V1))?
                // Deny as well what only a newer kernel can deny.
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(all)?
                .scope(Scope::from_all(ABI::V6))?;
            if !self.network {
                ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V4))?;
            }
            // A missing path needs no grant: it is skipped.
            let rules = grants.into_iter().flat_map(|(paths, access)| path_beneath_rules(paths, access));
            ruleset.create()?.add_rules(rules)?.restrict_self()
        };
        match restrict().map_err(io::Error::other)?.ruleset {
            RulesetStatus::NotEnforced => Err(io::ErrorKind::Unsupported.into()),
            _ => Ok(()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self, reason = "as on Linux")]
    fn enter(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
