"""One rank of a run in PyTorch: `task.json` in the attempt's folder says what to train; the end is a model.

`longrun run FILE --trainer torch` starts it by way of standby.py, which calls `main` in a process of its own.
"""

import contextlib
import json
import math
import os
import platform
import resource
import signal
import sys
import time

import torch
from torch import nn

from checkpoint import Checkpoints, load_parameters
from data import Batch, Corpus
from model import Decoder
from optimiser import gradient_norm, learning_rate_at, optimiser_of, update
from own_work import OwnWork
from ranks import Ranks
from replicas import Replicas, checksums_in
from spool import Fence, Fenced, Refused, Spool
from testimony import be_ready_to_testify


class Stop:
    """Whether somebody wants the run to stop after its step."""

    def __init__(self):
        self.is_wanted = False
        signal.signal(signal.SIGTERM, self.want)
        # Ctrl-C is the supervisor's to decide on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def want(self, *_) -> None:
        self.is_wanted = True


def main(folder: str, rank: int, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    os.umask(0o077)
    stop = Stop()
    be_ready_to_testify(folder, rank)
    spool = Spool(folder, rank)
    spool.beat("start", 0)
    try:
        with open(os.path.join(folder, "task.json")) as file:
            task = json.load(file)
        Run(folder, task, spool, stop).train()
    except Fenced:
        pass
    except Refused as refused:
        spool.send(refused.message)


class Run:
    def __init__(self, attempt_folder: str, task: dict, spool: Spool, stop: Stop):
        self.began_at = time.monotonic()
        self.task, self.spec, self.spool, self.stop = task, task["spec"], spool, stop
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.ranks = Ranks(attempt_folder, task["attempt"])
        self.is_first = self.ranks.rank == 0
        self.corpus = Corpus(task["corpusFolder"], checks=self.is_first)
        run_folder = os.path.join(task["folder"], "runs", task["name"])
        self.fence = Fence(run_folder, task["attempt"])
        self.checkpoints = Checkpoints(os.path.join(run_folder, "checkpoints"), task, self.ranks, self.fence)
        path, self.from_step, damaged = self.checkpoints.newest()
        self.decoder = Decoder(self.spec["shape"], self.spec["sequenceLength"])
        if path is None:
            load_parameters(self.decoder, task["initial"])
        self.decoder.to(self.ranks.device)
        settings = task["spec"]["torch"]
        self.model = self.ranks.spread(self.decoder, settings["parallel"], settings["compile"])
        self.optimiser = optimiser_of(self.decoder, self.spec)
        if path is not None:
            self.checkpoints.load(path, self.from_step, self.decoder, self.optimiser)
        self.save_seconds = 0.05  # Until one was timed; an assumption.
        self.own_work = OwnWork(self.decoder, settings["parallel"], self.ranks.device)
        num_replicas = self.ranks.size if settings["parallel"] == "ddp" else 1
        self.replicas = Replicas(self.decoder, self.optimiser, self.ranks.rank, num_replicas)
        self.started = {
            "kind": "started",
            "attempt": task["attempt"],
            "fromStep": self.from_step,
            "checkpoint": path,
            "exact": True,
            "damaged": damaged,
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
        }

    def send(self, event: dict) -> None:
        """What all ranks come to at once is told by the first, unless it has been replaced meanwhile."""
        if self.is_first:
            self.fence.is_recorded()
            self.spool.send(event)

    def train(self) -> None:
        if self.replicas.size > 2 and self.from_step < self.spec["numSteps"]:
            self.rehearse(self.from_step + 1)
        self.started["seconds"] = time.monotonic() - self.began_at
        self.send(self.started)
        self.fence.wait_until_recorded()
        self.saved_at = self.ended_at = time.monotonic()
        start_seconds = self.ended_at - self.began_at
        for step in range(self.from_step + 1, self.spec["numSteps"] + 1):
            if not self.step(step):
                self.ranks.close()
                return
        self.score(start_seconds)
        self.ranks.close()

    def step(self, step: int) -> bool:
        """Whether the run goes on."""
        spec = self.spec
        self.own_work.begin()
        batch = self.batch_of(step)
        rate = learning_rate_at(step, spec["numSteps"], spec["optimiser"]["learningRate"])
        ran_at = time.monotonic()
        # Gradients are averaged over the ranks: all together are those of the mean over the whole batch.
        loss = self.forward(batch).sum() * self.ranks.size / batch.targets.numel()
        loss.backward()
        norm = gradient_norm(self.decoder).item()
        due = self.is_first and ran_at - self.saved_at >= self.save_interval()
        total, stops, dues, done, *checksums = self.ranks.sum(
            [loss.item(), self.stop.is_wanted, due, self.checkpoints.is_done(), *self.replicas.tell_step()]
        )
        if not self.agree(step, checksums):
            return False
        mean = total / self.ranks.size
        if not math.isfinite(mean) or not math.isfinite(norm):
            self.diverged(step, "its loss or gradient", mean, norm)
            return False
        update(self.optimiser, norm, spec["optimiser"]["clip"], rate)
        if self.ranks.device.type == "cuda":
            torch.cuda.synchronize()
        self.tell(step, batch, mean, norm, rate, time.monotonic() - ran_at)
        if done == self.ranks.size:
            # It flushes files, which a busy disk makes take longer than any step.
            self.spool.beat("checkpoint", step)
            self.publish()
            self.spool.beat("step", step)
        is_last = stops > 0 or step == spec["numSteps"]
        if not is_last and (dues == 0 or self.checkpoints.saving is not None):
            return True
        if not self.save(step, waits=is_last):
            return False
        if stops > 0:
            self.send({"kind": "stopped", "step": step})
        return stops == 0

    def save_interval(self) -> float:
        """As asked; once it has failed, what loses least (Young 1974), and a twentieth of the time at most."""
        asked, failure_seconds = self.spec["checkpointSeconds"], self.task["failureSeconds"]
        if failure_seconds is None:
            return asked
        best = math.sqrt(2 * self.save_seconds * failure_seconds)
        return min(asked, max(best, 20 * self.save_seconds))

    def batch_of(self, step: int) -> Batch:
        spec, size = self.spec, self.spec["batchSequences"]
        number = batch_step_of(step, spec["numSteps"], self.task["skip"])
        sequences = range((number - 1) * size, number * size)
        return self.corpus.batch(spec["seed"], spec["sequenceLength"], sequences)

    def rehearse(self, step: int) -> None:
        """DDP packs gradients in the order of its first backward pass, from the second on, and three ranks or
        more add them up in an order that depends on it. After one pass for nothing every step has the bits
        that it would have had without a restart.
        """
        self.forward(self.batch_of(step)).sum().backward()
        self.optimiser.zero_grad()

    def forward(self, batch: Batch) -> torch.Tensor:
        """Nats of the targets in this rank's rows."""
        device = self.ranks.device
        rows = self.ranks.rows(self.spec["batchSequences"])
        is_bf16 = self.task["spec"]["torch"]["precision"] == "bf16"
        with torch.autocast(device.type, torch.bfloat16) if is_bf16 else contextlib.nullcontext():
            return self.model(batch.inputs[rows].to(device), batch.targets[rows].to(device))

    def tell(self, step: int, batch: Batch, loss: float, norm: float, rate: float, seconds: float) -> None:
        now = time.monotonic()
        other_seconds, self.ended_at = now - self.ended_at - seconds, now
        if self.is_first:
            self.spool.step(
                {
                    "step": step,
                    "tokens": step * self.spec["batchSequences"] * self.spec["sequenceLength"],
                    "loss": loss,
                    "gradientNorm": norm,
                    "learningRate": rate,
                    "stepSeconds": seconds,
                    "otherSeconds": other_seconds,
                    # Between steps; a save that goes on beside several of them is timed by its event.
                    "saveSeconds": 0.0,
                    "batch": batch.checksum(),
                }
            )
        self.spool.beat("step", step, loss, seconds, self.own_work.seconds())

    def save(self, step: int, waits: bool) -> bool:
        """False where replicas differ or a parameter is not finite: no loss has seen the last update yet."""
        self.spool.beat("checkpoint", step)
        finite = all(bool(local(value).isfinite().all()) for value in self.decoder.parameters())
        spoilt, *checksums = self.ranks.sum([not finite, *self.replicas.tell_save()])
        if not self.agree(step, checksums):
            return False
        if spoilt > 0:
            self.diverged(step, "a parameter", None, None)
            return False
        if self.checkpoints.saving is not None:
            self.publish()
        self.checkpoints.begin(step, self.decoder, self.optimiser, step == self.spec["numSteps"])
        if waits:
            self.publish()
        self.spool.beat("step", step)
        self.saved_at = time.monotonic()
        return True

    def publish(self) -> None:
        self.spool.sync_steps()
        event = self.checkpoints.publish()
        if event is not None:
            self.save_seconds = event["seconds"]
            self.send(event)

    def agree(self, step: int, told: list[float]) -> bool:
        """False where the replicas differ. Who differs from whom, the supervisor sees."""
        checksums = checksums_in(told)
        if len(set(checksums)) <= 1:
            return True
        self.send({"kind": "disagreed", "step": step, "checksums": checksums})
        return False

    def diverged(self, step: int, what: str, loss: float | None, norm: float | None) -> None:
        finite = lambda value: value if value is not None and math.isfinite(value) else None
        self.send(
            {"kind": "diverged", "step": step, "what": what, "loss": finite(loss), "gradientNorm": finite(norm)}
        )

    @torch.no_grad()
    def score(self, start_seconds: float) -> None:
        """Nats, tokens and bytes of the held-out text by source; the supervisor makes the summary of them."""
        spec = self.spec
        self.send({"kind": "evaluating"})
        began_at = time.monotonic()
        rows = self.ranks.rows(spec["batchSequences"])
        sums = {source.name: [0.0, 0.0, 0.0] for source in self.corpus.sources}
        for source, batch in self.corpus.held_out(spec["sequenceLength"], spec["batchSequences"], spec["heldOutTokens"]):
            self.spool.beat("evaluation", spec["numSteps"])
            targets = batch.targets[rows]
            counted = targets[targets >= 0]
            losses = self.forward(batch)
            found = [losses.double().sum().item(), len(counted), self.corpus.token_bytes[counted].sum().item()]
            sums[source] = [a + b for a, b in zip(sums[source], found)]
        held_out = {}
        for name, values in sums.items():
            nats, tokens, size = self.ranks.sum(values)
            if not math.isfinite(nats):
                self.diverged(spec["numSteps"], "its held-out loss", None, None)
                return
            held_out[name] = {"nats": nats, "tokens": tokens, "bytes": size}
        self.send(
            {
                "kind": "scored",
                "heldOut": held_out,
                "startSeconds": start_seconds,
                "evaluationSeconds": time.monotonic() - began_at,
                "peakBytes": self.ranks.sum([peak_bytes()])[0],
            }
        )


def batch_step_of(step: int, num_steps: int, skip: list[int]) -> int:
    """A step's own batch; for one that is skipped, one beyond the run's end, which nothing else has read."""
    return num_steps + 1 + skip.index(step) if step in skip else step


def local(value: torch.Tensor) -> torch.Tensor:
    """This rank's part of a parameter."""
    return value.to_local() if hasattr(value, "to_local") else value


def peak_bytes() -> int:
    """Largest size of this process, resident (Linux counts it in kilobytes) and on its GPU."""
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return resident + (torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0)
