//! Our own process beside the project's code, which runs as the same user: what that code can read of us, and what of
//! it is left running.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process, test_kill_process_group};

/// A process that was killed is gone within milliseconds.
const LONGEST_END: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);

/// From here on no process of the same user can read our environment, memory or open files by `/proc` or a debugger
/// (prctl(2), `PR_SET_DUMPABLE`; ptrace(2), "access mode checking"). Who may trace every process still can: root, or a
/// user who can become root. Children are not hidden: they begin anew at their `execve`. Elsewhere than on Linux there
/// is nothing of the kind, and nothing happens.
///
/// # Errors
/// The kernel refuses, which none is known to do.
pub fn hide() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// From here on, what our children leave running stays below us, in whatever session or group it is, instead of going to
/// the first process of the machine (prctl(2), `PR_SET_CHILD_SUBREAPER`): see [`end_descendants`]. Linux only.
pub fn adopt() {
    #[cfg(target_os = "linux")]
    {
        // Where it is refused, such processes are merely not found.
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
    }
}

/// Kills every process below us, and waits for their end; returns their names. To be called when no child of ours is
/// wanted any more. Without `/proc` nobody is found.
pub fn end_descendants() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let started = Instant::now();
    loop {
        let living = descendants(&processes(), getpid().as_raw_nonzero().get());
        if living.is_empty() || started.elapsed() > LONGEST_END {
            return names;
        }
        for process in living {
            if let Some(pid) = Pid::from_raw(process.pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
            names.insert(process.name);
        }
        // Those that were just being started are found the next time.
        std::thread::sleep(POLL);
    }
}

/// Whether anything in a process group runs. The dead do not: where nobody takes in orphans (a job's container, whose
/// first process is a `tail`), they stay in it for ever.
pub fn group_lives(group: Pid) -> bool {
    let all = processes();
    // Without `/proc` the dead cannot be told from the living.
    if all.is_empty() {
        return test_kill_process_group(group).is_ok();
    }
    let group = group.as_raw_nonzero().get();
    all.iter().any(|process| process.group == group && !process.is_dead)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    name: String,
    is_dead: bool,
}

fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = entries.filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with(|c: char| c.is_ascii_digit())
    });
    let stats = numbered.filter_map(|entry| std::fs::read(entry.path().join("stat")).ok());
    stats
        .filter_map(|stat| process(&String::from_utf8_lossy(&stat)))
        .collect()
}

/// Reads a process's line in `/proc` (proc(5)): number, name in brackets, state, parent, group. The name may hold brackets and
/// blanks.
fn process(stat: &str) -> Option<Process> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (pid, name) = head.split_once(" (")?;
    let mut fields = rest.split_whitespace();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        // The dead stay where nobody waits for them.
        is_dead: matches!(fields.next()?, "Z" | "X"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// The living below `root`. The dead have no children: those went to us.
fn descendants(all: &[Process], root: i32) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for process in all
            .iter()
            .filter(|process| process.parent == parent && !process.is_dead)
        {
            if process.pid != root && found.iter().all(|known| known.pid != process.pid) {
                parents.push(process.pid);
                found.push(process.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name_is() {
        let read = process("4242 (a) b (c) S 7 4240 4240 0 -1 4194560").unwrap();
        assert_eq!(
            (read.pid, read.parent, read.group, read.name.as_str(), read.is_dead),
            (4242, 7, 4240, "a) b (c", false)
        );
        assert!(process("4242 (cat) Z 1 4240 4240").unwrap().is_dead);
        assert_eq!(process(""), None);
    }

    #[test]
    fn the_living_below_a_process_are_found() {
        let one = |pid, parent, is_dead| Process {
            pid,
            parent,
            group: 0,
            name: String::new(),
            is_dead,
        };
        let all = [
            one(1, 0, false),
            one(10, 1, false),
            one(12, 11, false),
            one(11, 10, false),
            one(13, 10, true),
            one(20, 1, false),
        ];
        let found: Vec<i32> = descendants(&all, 10).iter().map(|process| process.pid).collect();
        assert_eq!(found, [11, 12]);
    }
}
