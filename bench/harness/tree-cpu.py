"""Runs a command and reports the CPU time of everything it started, orphans included.

Usage: tree-cpu.py <report.json> <timeout seconds> <command> [argument ...]

A child whose parent ends is handed to the nearest subreaper. This process is one, waits for all
of them, and so finds their times in RUSAGE_CHILDREN, where a plain `time` or wait misses them.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def descendants():
    """Returns the living processes below this one."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def kill_all(*_):
    for pid in descendants():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main():
    report, timeout, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("Cannot become a subreaper")
    signal.signal(signal.SIGALRM, kill_all)
    signal.setitimer(signal.ITIMER_REAL, timeout)

    started = time.monotonic()
    main_pid = os.posix_spawnp(command[0], command, os.environ)
    main_status, wall = None, None
    orphans = 0
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            break
        if pid == main_pid:
            main_status, wall = status, time.monotonic() - started
            # What survives its parent gets five seconds to end by itself.
            remaining = max(0.01, min(5.0, timeout - wall))
            signal.setitimer(signal.ITIMER_REAL, remaining)
        else:
            orphans += 1
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(report, "w") as out:
        json.dump(
            {
                "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
                "wallMs": wall * 1000,
                "exitCode": os.waitstatus_to_exitcode(main_status),
                "orphans": orphans,
            },
            out,
        )


main()
