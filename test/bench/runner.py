"""Runs commands one after the other or several at once, and tells what each took, by wait4(2), which Node does not have.

It reads one JSON object per line and answers each with one. It is small on purpose: the kernel counts the memory of a
program from that of the process that started it, so no program can show less than this one has (about 10 MB).
It knows nothing of what it runs; a command that takes longer than two minutes is killed.
"""

import json
import os
import signal
import sys
import time

LONGEST = 120
PIPE_HOLDS = 65536


def quiet(patience):
    """Waits until nothing else wants a processor, three looks in a row; false when that did not come about."""
    end = time.monotonic() + patience
    looks = 0
    while True:
        with open("/proc/loadavg") as file:
            running = int(file.read().split()[3].split("/")[0])
        looks = looks + 1 if running <= 1 else 0
        if looks == 3:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.002)


def standard_input(path):
    """Gives a pipe that holds the file, or that cat(1) fills, as a mail system would."""
    if path is None:
        return os.open("/dev/null", os.O_RDONLY), None
    reading, writing = os.pipe()
    feeder = None
    if os.path.getsize(path) <= PIPE_HOLDS:
        with open(path, "rb") as file:
            os.write(writing, file.read())
    else:
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1)]
        feeder = os.posix_spawn("/bin/cat", ["cat", path], {}, file_actions=actions)
    os.close(writing)
    return reading, feeder


def start(command, reading):
    # Python ignores SIGPIPE and would hand that down.
    return os.posix_spawn(
        command["argv"][0],
        command["argv"],
        command["env"],
        file_actions=[
            (os.POSIX_SPAWN_DUP2, reading, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, command["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ],
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
    )


def one(command):
    calm = quiet(command["patience"])
    reading, feeder = standard_input(command["stdin"])
    begun = time.perf_counter_ns()
    pid = start(command, reading)
    os.close(reading)
    watch = signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(LONGEST)
    _, status, usage = os.wait4(pid, 0)
    ended = time.perf_counter_ns()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, watch)
    if feeder is not None:
        os.waitpid(feeder, 0)
    return {
        "wall": (ended - begun) / 1e6,
        "cpu": (usage.ru_utime + usage.ru_stime) * 1e3,
        "rss": usage.ru_maxrss / 1024,
        "exit": os.waitstatus_to_exitcode(status),
        "calm": calm,
    }


def many(command):
    """Keeps so many at once at work until all have been run; `walls` are those of the single ones."""
    calm = quiet(command["patience"])
    running = {}
    walls = []
    cpu = rss = failed = 0
    left = command["count"]
    begun = time.perf_counter_ns()
    while left or running:
        while left and len(running) < command["atOnce"]:
            reading, _ = standard_input(command["stdin"])
            running[start(command, reading)] = time.perf_counter_ns()
            os.close(reading)
            left -= 1
        pid, status, usage = os.wait4(-1, 0)
        walls.append((time.perf_counter_ns() - running.pop(pid)) / 1e6)
        cpu += (usage.ru_utime + usage.ru_stime) * 1e3
        rss = max(rss, usage.ru_maxrss / 1024)
        failed += status != 0
    wall = (time.perf_counter_ns() - begun) / 1e6
    return {"wall": wall, "cpu": cpu, "rss": rss, "failed": failed, "walls": walls, "calm": calm}


os.chdir("/")
for line in sys.stdin:
    wish = json.loads(line)
    print(json.dumps(many(wish) if "count" in wish else one(wish)), flush=True)
