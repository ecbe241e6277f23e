"""How a rank tells how it goes: events, which last; a beat, which does not; the numbers of each step.

The files lie in the attempt's folder, and docs/fleet.md describes them. Any trainer can speak so.
"""

import json
import math
import os
import time

BEAT_BYTES = 256
"""Beats have one size, so that a shorter one leaves nothing of a longer one."""

NOT_TOLD = {"step": None, "loss": None, "stepSeconds": None, "ownSeconds": None}

RECORDED_POLL_SECONDS = 0.005


class Refused(Exception):
    """It cannot go on, and a person can put it right."""

    def __init__(self, found: str, expected: str, remedy: str):
        super().__init__(f"found: {found}\nexpected: {expected}\nremedy: {remedy}")
        self.message = {"kind": "refused", "found": found, "expected": expected, "remedy": remedy}


class Fenced(Exception):
    """A later attempt has taken over: this one may change nothing any more."""


class Spool:
    def __init__(self, attempt_folder: str, rank: int):
        path = os.path.join(attempt_folder, f"rank-{rank}")
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.events = os.open(f"{path}.events.jsonl", append, 0o600)
        self.steps = os.open(f"{path}.steps.jsonl", append, 0o600) if rank == 0 else None
        self.beats = os.open(f"{path}.beat", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.count = 0
        self.longest: dict[str, float] = {}
        self.last: tuple[str, float] | None = None
        self.told = NOT_TOLD

    def send(self, event: dict) -> None:
        write_line(self.events, event)

    def step(self, numbers: dict) -> None:
        """One row of the run's series; the supervisor moves it there."""
        write_line(self.steps, numbers)

    def sync_steps(self) -> None:
        """A checkpoint without the steps before it would leave a hole in the run's curve."""
        if self.steps is not None:
            os.fsync(self.steps)

    def beat(
        self,
        section: str,
        step: int,
        loss: float | None = None,
        seconds: float | None = None,
        own_seconds: float | None = None,
    ) -> None:
        now = time.monotonic()
        if self.last is not None:
            before, at = self.last
            silent = math.ceil(1000 * (now - at)) / 1000
            self.longest[before] = max(silent, self.longest.get(before, 0))
        self.last = (section, now)
        if seconds is not None:
            own = None if own_seconds is None else round(own_seconds, 6)
            self.told = {"step": step, "loss": loss, "stepSeconds": seconds, "ownSeconds": own}
        # A save that begins at once would overwrite them before anybody has looked.
        numbers = self.told if self.told["step"] == step else NOT_TOLD
        beat = {"count": self.count, "section": section, **numbers, "step": step, "longest": self.longest}
        self.count += 1
        text = compact(beat).ljust(BEAT_BYTES)
        assert len(text) == BEAT_BYTES, "a beat fits into its file"
        os.pwrite(self.beats, text.encode(), 0)


class Fence:
    """Which attempt of a run may write."""

    def __init__(self, run_folder: str, attempt: int):
        self.path = os.path.join(run_folder, "fence.json")
        self.attempt = attempt

    def is_recorded(self) -> bool:
        """Whether this attempt's start stands in the record. Raises Fenced where it is no more ours."""
        with open(self.path) as file:
            fence = json.load(file)
        if fence["attempt"] != self.attempt:
            raise Fenced(f"attempt {fence['attempt']} has taken over")
        return fence["isRecorded"]

    def wait_until_recorded(self) -> None:
        while not self.is_recorded():
            time.sleep(RECORDED_POLL_SECONDS)


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write_line(file: int, value: dict) -> None:
    line = f"{compact(value)}\n".encode()
    while line:
        line = line[os.write(file, line) :]
