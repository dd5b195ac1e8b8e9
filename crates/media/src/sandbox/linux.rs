//! The two walls that only Linux has: Landlock for files, seccomp for system calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

use super::layers::{Enforcement, Rights};

/// What a dynamically linked program needs to start, on the usual layouts. What is not there is passed over.
const LIBRARIES: [&str; 9] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
];

/// Small things that libraries read when they start.
const SMALL_THINGS: [&str; 8] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/self",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu",
];

/// Calls that no decoder needs.
const REFUSED: [i64; 20] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_io_uring_setup,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_pidfd_open,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_open_by_handle_at,
];

/// Leaves only libraries, the program and the named paths readable; nothing is writable.
pub(super) fn restrict_files(rights: &Rights) -> Enforcement {
    match landlock_for(rights) {
        Ok(RulesetStatus::FullyEnforced) => Enforcement::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Enforcement::Partial,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Enforcement::None,
    }
}

fn landlock_for(rights: &Rights) -> Result<RulesetStatus, RulesetError> {
    // The newest set of rights that has been tried; older kernels enforce the part that they know.
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let run = read | AccessFs::Execute;
    let mut runnable = vec![rights.program.clone()];
    runnable.extend(LIBRARIES.iter().map(PathBuf::from));
    runnable.extend(library_folders(&rights.program));
    let small = SMALL_THINGS.iter().map(Path::new);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(&runnable, run))?
        .add_rules(path_beneath_rules(small, read))?
        .add_rules(path_beneath_rules(&rights.readable, read))?
        // Programs open it for writing without meaning it.
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// A program outside the system's folders brings its libraries along, next to it or as the loader is told.
fn library_folders(program: &Path) -> Vec<PathBuf> {
    let beside = program.canonicalize().ok().and_then(|p| Some(p.parent()?.parent()?.join("lib")));
    let told = std::env::var_os("LD_LIBRARY_PATH");
    let told = told.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
    // `/lib` beside `/bin` is already in the list.
    beside.into_iter().chain(told).collect()
}

/// Refuses sockets, new processes, and the calls with which a process reaches into others or the kernel.
pub(super) fn restrict_calls() -> bool {
    let Some(refused) = refused_calls() else { return false };
    // The C library falls back to `clone`, whose flags a filter can read, when `clone3` does not exist.
    let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    install(unknown, libc::ENOSYS) && install(refused, libc::EPERM)
}

fn install(calls: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> bool {
    let Ok(arch) = std::env::consts::ARCH.try_into() else { return false };
    let action = SeccompAction::Errno(errno.unsigned_abs());
    let program = SeccompFilter::new(calls, SeccompAction::Allow, action, arch)
        .and_then(TryInto::<BpfProgram>::try_into);
    program.is_ok_and(|program| apply_filter(&program).is_ok())
}

fn refused_calls() -> Option<BTreeMap<i64, Vec<SeccompRule>>> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|&call| (call, Vec::new())).collect();
    // `clone` without this flag makes a process, with it a thread of the same process.
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let makes_process =
        SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0).ok()?;
    calls.insert(libc::SYS_clone, vec![SeccompRule::new(vec![makes_process]).ok()?]);
    // The second set of numbers under which the same calls exist, where the kernel offers it.
    #[cfg(target_arch = "x86_64")]
    {
        const X32: i64 = 0x4000_0000;
        calls.insert(libc::SYS_fork, Vec::new());
        calls.insert(libc::SYS_vfork, Vec::new());
        let twins: Vec<_> = calls.iter().map(|(&call, rules)| (call | X32, rules.clone())).collect();
        calls.extend(twins);
    }
    Some(calls)
}
