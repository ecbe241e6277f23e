"""Starts the ranks of a run by fork, with all imports done: most of a restart is `import torch`.

    python standby.py TRAINER.py

TRAINER.py defines `main(folder, rank, environment)`. Orders are lines of JSON on standard input: {"folder", "rank", "log",
"environment"}. Answers are lines of JSON on standard output: {"rank", "pid"} at a start, {"pid", "code",
"signal"} at an end. When standard input closes this ends, and the ranks live on.
"""

import importlib.util
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path


def load(path):
    """The trainer as a module, with its folder importable; and what PyTorch leaves for later, seconds of it."""
    sys.path.insert(0, str(Path(path).resolve().parent))
    spec = importlib.util.spec_from_file_location("trainer", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["trainer"] = module
    spec.loader.exec_module(module)
    if "torch" in sys.modules:
        importlib.import_module("torch._dynamo")  # DDP, FSDP and optimisers do at their first use.
    return module


def be_rank(trainer, order):
    """In the child: a session of its own, output to its log. Never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        trainer.main(order["folder"], order["rank"], order["environment"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # No destructors: a process group whose peers are dead may never be destroyed.
        os._exit(code)


def ended():
    """The children that ended since, as answers."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        name = signal.Signals(-code).name if code < 0 else None
        yield {"pid": pid, "code": None if code < 0 else code, "signal": name}


def serve(trainer, orders, answers, woken):
    def answer(message):
        os.write(answers, (json.dumps(message) + "\n").encode())

    text = b""
    while True:
        readable, _, _ = select.select([orders, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
        for end in ended():
            answer(end)
        if orders not in readable:
            continue
        news = os.read(orders, 65536)
        if not news:
            return
        *lines, text = (text + news).split(b"\n")
        for order in map(json.loads, lines):
            pid = os.fork()
            if pid == 0:
                for file in (orders, answers, woken):
                    os.close(file)
                be_rank(trainer, order)
            answer({"rank": order["rank"], "pid": pid})


def main():
    # What an import prints must not be taken for an answer.
    orders, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    woken, wakes = os.pipe()
    for file in (woken, wakes):
        os.set_blocking(file, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    trainer = load(sys.argv[1])
    try:
        serve(trainer, orders, answers, woken)
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    main()
