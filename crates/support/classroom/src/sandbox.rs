//! A sandbox for an answer: the files that it may read, write and run, and the network. Linux only.
//!
//! There are two. Bubblewrap, where it is installed and the system lets it work, gives the program namespaces of its
//! own: it sees the granted files and no others, its own processes, and a network of this one machine. Otherwise the
//! kernel denies what is not granted, files and TCP with Landlock, all other sockets with seccomp; neither needs an
//! administrator. What is not granted is out of reach: other submissions, the solutions, the home folder. It protects
//! against accidents and mischief, not against an attacker: a program can still use a core until its time ends.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{io, panic, thread};

use serde::{Deserialize, Serialize};

/// The programs that do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Kind {
    Bubblewrap,
    Landlock,
    /// The answers may do whatever you may.
    None,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Landlock => "Landlock and seccomp",
            Self::None => "none",
        })
    }
}

/// The grants: files, or folders with all that is in them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sandbox {
    pub(crate) read: Vec<PathBuf>,
    /// Folders whose names may be listed, without what is in the files.
    pub(crate) list: Vec<PathBuf>,
    /// To read, and to run programs from.
    pub(crate) run: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
    /// Whether it sees its processes in `/proc`. A program can read its own memory there, and what the grader keeps in
    /// it.
    pub(crate) proc: bool,
    /// Whether TCP may be used.
    pub(crate) network: bool,
}

impl Sandbox {
    /// The best kind that works here.
    pub(crate) fn best() -> Kind {
        [Kind::Bubblewrap, Kind::Landlock].into_iter().find(|kind| kind.works()).unwrap_or(Kind::None)
    }

    /// The words before a command that put it into this sandbox.
    pub(crate) fn prefix(&self, kind: Kind) -> Vec<OsString> {
        if kind != Kind::Bubblewrap {
            return Vec::new();
        }
        // All namespaces: users, processes, the network, …. `--dev` has the files that every program may use.
        let mut words: Vec<OsString> =
            ["bwrap", "--unshare-all", "--die-with-parent", "--dev", "/dev"].map(Into::into).into();
        let grants = [("--ro-bind-try", &self.read), ("--ro-bind-try", &self.run), ("--bind-try", &self.write)];
        for (option, paths) in grants {
            // What lies in a granted folder is there already.
            let in_another = |path: &PathBuf| self.read.iter().any(|other| path != other && path.starts_with(other));
            for path in paths.iter().filter(|path| !path.starts_with("/dev") && !in_another(path)) {
                words.extend([option.into(), path.into(), path.into()]);
            }
        }
        words.extend(["--proc", "/proc"].map(Into::into).into_iter().filter(|_| self.proc));
        words.push("--".into());
        words
    }

    /// Starts `command`, which begins with the prefix.
    pub(crate) fn spawn(&self, kind: Kind, command: &mut Command) -> io::Result<Child> {
        if kind != Kind::Landlock {
            return command.spawn();
        }
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
            _ => self.deny_sockets().map_err(io::Error::other),
        }
    }

    /// Landlock knows TCP only. This denies all other sockets, UDP among them, and the other way to make one.
    #[cfg(target_os = "linux")]
    fn deny_sockets(&self) -> Result<(), seccompiler::Error> {
        use nix::libc;
        use seccompiler::{
            BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
            SeccompFilter, SeccompRule, TargetArch, apply_filter,
        };

        let Ok(processor) = TargetArch::try_from(std::env::consts::ARCH) else {
            return Ok(());
        };
        let condition =
            |argument, is, value: i32| SeccompCondition::new(argument, Dword, is, u64::from(value.unsigned_abs()));
        let sockets = if self.network {
            let neither = [libc::AF_INET, libc::AF_INET6].map(|family| condition(0, SeccompCmpOp::Ne, family));
            let mut rules = vec![SeccompRule::new(neither.into_iter().collect::<Result<_, _>>()?)?];
            for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET] {
                rules.push(SeccompRule::new(vec![condition(1, SeccompCmpOp::MaskedEq(0xf), kind)?])?);
            }
            rules
        } else {
            Vec::new()
        };
        let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
        let rules = [(libc::SYS_socket, sockets), (libc::SYS_io_uring_setup, Vec::new())].into();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, processor)?;
        let program = BpfProgram::try_from(filter).map_err(|error: BackendError| error)?;
        apply_filter(&program)
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self, reason = "as on Linux")]
    fn enter(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Kind {
    /// Whether a program can be started in it.
    pub(crate) fn works(self) -> bool {
        let sandbox = Sandbox {
            run: ["/usr", "/bin", "/lib", "/lib64"].map(PathBuf::from).into(),
            write: vec!["/dev/null".into()],
            ..Sandbox::default()
        };
        let mut words = sandbox.prefix(self);
        words.push("true".into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        sandbox.spawn(self, &mut command).and_then(|mut child| child.wait()).is_ok_and(|status| status.success())
    }
}
