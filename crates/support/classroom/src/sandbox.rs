//! A sandbox for a student's program: what it may read, write and run. Linux only.
//!
//! The kernel's Landlock holds it, for the program and all that it starts, without any rights of an administrator.
//! Whatever is not granted is denied: the other submissions, the solutions, the home folder. It is made for accidents
//! and for mischief, not for an attacker: a program can still read what it was given, and use up a core until its time
//! is over.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is granted.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    /// Files and folders to read.
    pub read: Vec<PathBuf>,
    /// Folders whose names may be listed, and no more.
    pub list: Vec<PathBuf>,
    /// Files and folders to read and to run programs from.
    pub run: Vec<PathBuf>,
    /// Files and folders to write to.
    pub write: Vec<PathBuf>,
    /// Whether TCP may be used.
    pub network: bool,
}

impl Sandbox {
    /// `program` inside this sandbox. `classroom` is this crate's own program: it puts itself inside, then becomes the
    /// other.
    #[must_use]
    pub fn command(&self, classroom: &Path, program: &Path) -> Command {
        let mut command = Command::new(classroom);
        // What stands in the environment is nobody's business either; a linker must be found.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).arg("within");
        for (flag, paths) in
            [("--read", &self.read), ("--list", &self.list), ("--run", &self.run), ("--write", &self.write)]
        {
            for path in paths {
                command.arg(flag).arg(path);
            }
        }
        if self.network {
            command.arg("--network");
        }
        command.arg("--").arg(program);
        command
    }

    /// Puts this process inside. There is no way back.
    ///
    /// # Errors
    ///
    /// When the system has no Landlock, or a path is missing.
    #[cfg(target_os = "linux")]
    pub fn enter(&self) -> std::io::Result<()> {
        use std::io::Error;

        use landlock::{
            ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
            RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
        };

        /// The largest file that it may write, in bytes.
        const FILE: u64 = 1024 * 1024 * 1024;
        // Thousands of inputs are followed by thousands of files; a core dump helps nobody.
        rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)?;
        rlimit::setrlimit(rlimit::Resource::FSIZE, FILE, FILE)?;

        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let run = read | AccessFs::Execute;
        let list = BitFlags::from(AccessFs::ReadDir);
        let write = AccessFs::from_all(ABI::V5) & !AccessFs::Execute;

        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))
            .map_err(Error::other)?
            // What a newer kernel can deny as well.
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V5))
            .and_then(|ruleset| ruleset.scope(Scope::from_all(ABI::V6)))
            .map_err(Error::other)?;
        if !self.network {
            ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V4)).map_err(Error::other)?;
        }
        let mut created = ruleset.create().map_err(Error::other)?;
        for (access, paths) in [(read, &self.read), (list, &self.list), (run, &self.run), (write, &self.write)] {
            for path in paths {
                let file = PathFd::new(path).map_err(Error::other)?;
                // A file has no names to list.
                let access = if path.is_dir() { access } else { access & AccessFs::from_file(ABI::V5) };
                created = created.add_rule(PathBeneath::new(file, access)).map_err(Error::other)?;
            }
        }
        let status = created.restrict_self().map_err(Error::other)?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err(Error::other("this kernel does not hold the sandbox"));
        }
        Ok(())
    }
}
