"""Checkpoints: torch's distributed format (DCP) in the folders of docs/checkpoints.md, written on the side.

`step-00000120/` appears under its name when all ranks have written their part, and its hashes stand in
`state.json`. Any number of ranks reads what any other number wrote.
"""

import hashlib
import json
import os
import re
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from data import sha256_of, view_of
from ranks import Ranks
from spool import Fence, Refused, compact

NUM_KEPT = 2
"""The newest, and one to fall back on."""

MODEL_FILE = "model.safetensors"


class Saving(NamedTuple):
    step: int
    folder: str
    files: Future
    """Of this rank: name, bytes and sha256 of each, once they are written."""
    seconds: float
    """In which training stood still for it."""


class Checkpoints:
    def __init__(self, folder: str, task: dict, ranks: Ranks, fence: Fence):
        self.folder, self.task, self.ranks, self.fence = folder, task, ranks, fence
        self.saving: Saving | None = None
        self.thread = ThreadPoolExecutor(1)
        if ranks.rank == 0:
            os.makedirs(folder, mode=0o700, exist_ok=True)

    def newest(self) -> tuple[str | None, int, list[dict]]:
        """Path and step of the newest whole checkpoint, and the damaged ones that were passed over."""
        return self.ranks.from_first(self.look_for_newest() if self.ranks.rank == 0 else None)

    def look_for_newest(self) -> tuple[str | None, int, list[dict]]:
        if self.task["fromStep"] is not None:
            self.fence.is_recorded()
            self.discard_after(self.task["fromStep"])
        damaged = []
        for step, path in reversed(listed(self.folder)):
            reason, state = inspected(path)
            if reason is None:
                refuse_foreign(path, state, self.task)
                return path, step, damaged
            damaged.append({"path": path, "reason": reason})
        return None, 0, damaged

    def load(self, path: str, step: int, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        reader = dcp.FileSystemReader(path)
        dcp.load(state_of(model, optimiser), storage_reader=reader, process_group=self.ranks.saving)
        for state in optimiser.state.values():
            state["step"].fill_(step)

    def begin(self, step: int, model: nn.Module, optimiser: torch.optim.Optimizer, is_last: bool) -> None:
        """Training may go on at once: what is written is DCP's copy."""
        began_at = time.monotonic()
        folder = os.path.join(self.folder, f".step-{step:08}.{self.task['attempt']}.tmp")
        if self.ranks.rank == 0:
            self.fence.is_recorded()
            remove_unfinished(self.folder)
        self.ranks.gather(None)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        writer = dcp.FileSystemWriter(folder, sync_files=True)
        written = dcp.async_save(
            state_of(model, optimiser), storage_writer=writer, process_group=self.ranks.saving
        )
        whole = whole_parameters(model) if is_last else None

        def finish() -> list[dict]:
            written.result()
            own = [name for name in os.listdir(folder) if name.startswith(f"__{self.ranks.rank}_")]
            if self.ranks.rank == 0:
                own.append(".metadata")
                if whole is not None:
                    write_safetensors(os.path.join(folder, MODEL_FILE), whole)
                    own.append(MODEL_FILE)
            return [about(folder, name) for name in sorted(own)]

        files = self.thread.submit(finish)
        self.saving = Saving(step, folder, files, time.monotonic() - began_at)

    def is_done(self) -> bool:
        """On this rank. It is done when all ranks say so: they publish together."""
        return self.saving is not None and self.saving.files.done()

    def publish(self) -> dict | None:
        """Waits for all ranks, then gives the checkpoint its name. The event, on rank 0."""
        began_at = time.monotonic()
        saving, self.saving = self.saving, None
        files = self.ranks.gather(outcome_of(saving.files))
        problem = next((part for part in files if isinstance(part, str)), None)
        if problem is not None:
            raise Refused(
                f"the checkpoint of step {saving.step} could not be written: {problem}",
                "room and rights for it on the disk",
                "make room, then give the same command again: it goes on from the checkpoint before",
            )
        if self.ranks.rank != 0:
            return None
        path = os.path.join(self.folder, f"step-{saving.step:08}")
        state = {name: self.task[name] for name in ("specHash", "corpusHash")}
        checked = {"v": 1, "step": saving.step, "state": state, "files": sum(files, [])}
        text = compact({**checked, "sha256": hashlib.sha256(compact(checked).encode()).hexdigest()})
        write_synced(os.path.join(saving.folder, "state.json"), text.encode())
        self.fence.is_recorded()
        self.discard_after(saving.step - 1)
        os.rename(saving.folder, path)
        sync_folder(self.folder)
        self.prune()
        size = sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path))
        seconds = saving.seconds + time.monotonic() - began_at
        return {"kind": "checkpoint", "step": saving.step, "path": path, "bytes": size, "seconds": seconds}

    def discard_after(self, step: int) -> None:
        """Those of a branch that the run has left."""
        for later, path in listed(self.folder):
            if later > step:
                remove(path)

    def prune(self) -> None:
        room = self.task["checkpointBytes"]
        for age, (_, path) in enumerate(reversed(listed(self.folder))):
            room -= sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path))
            if age >= NUM_KEPT or (age > 0 and room < 0):
                remove(path)


def state_of(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Parameters and moments by the names that longrun's engine has for them, not copied."""
    state = {}
    for name, parameter in model.named_parameters():
        state[name] = parameter.detach()
        state[f"{name}.first"] = optimiser.state[parameter]["exp_avg"]
        state[f"{name}.second"] = optimiser.state[parameter]["exp_avg_sq"]
    return state


def whole_parameters(model: nn.Module) -> dict[str, Tensor]:
    return {
        name: (value.full_tensor() if isinstance(value, DTensor) else value).detach().float().cpu().clone()
        for name, value in model.named_parameters()
    }


def load_parameters(model: nn.Module, path: str) -> None:
    """Fills a model that is not spread yet from a file of safetensors in float32."""
    with open(path, "rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_size))
        for name, value in model.named_parameters():
            start, end = header[name]["data_offsets"]
            file.seek(8 + header_size + start)
            stored = torch.frombuffer(bytearray(file.read(end - start)), dtype=torch.float32)
            value.data.copy_(stored.view(value.shape))


def write_safetensors(path: str, tensors: dict[str, Tensor]) -> None:
    """The header's size, a JSON header, then the numbers, tensors by name."""
    header, offset = {}, 0
    for name in sorted(tensors):
        size = 4 * tensors[name].numel()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = compact(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in sorted(tensors):
            file.write(view_of(tensors[name].contiguous()))
        file.flush()
        os.fsync(file.fileno())


def listed(folder: str) -> list[tuple[int, str]]:
    """The checkpoints of a run, oldest first; whether they are whole, nobody has looked."""
    found = (re.fullmatch(r"step-(\d{8,})", name) for name in os.listdir(folder))
    return sorted((int(match[1]), os.path.join(folder, match[0])) for match in found if match)


def inspected(path: str) -> tuple[str | None, dict | None]:
    """What is wrong with a checkpoint, every byte of it read; or None, and its state."""
    try:
        with open(os.path.join(path, "state.json")) as file:
            stored = json.load(file)
        expected = stored.pop("sha256")
        if hashlib.sha256(compact(stored).encode()).hexdigest() != expected:
            return "state.json does not have its checksum", None
        for file in stored["files"]:
            name = os.path.join(path, file["name"])
            if not os.path.exists(name):
                return f"{file['name']} is missing", None
            if about(path, file["name"]) != file:
                return f"{file['name']} does not have its checksum", None
        return None, stored["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return "state.json cannot be read", None


def refuse_foreign(path: str, state: dict, task: dict) -> None:
    if all(state.get(name) == task[name] for name in ("specHash", "corpusHash")):
        return
    raise Refused(
        f"the checkpoint {path} belongs to another run specification or corpus",
        f"one made by this run (specification {task['specHash'][:8]}, corpus {task['corpusHash'][:8]})",
        "give the run another folder, or put back the file it was started with",
    )


def outcome_of(files: Future) -> list[dict] | str:
    try:
        return files.result()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def about(folder: str, name: str) -> dict:
    path = os.path.join(folder, name)
    return {"name": name, "bytes": os.path.getsize(path), "sha256": sha256_of(path)}


def remove(path: str) -> None:
    """First out of sight, then away: a kill in between leaves no half of a checkpoint under its name."""
    hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.old.tmp")
    os.rename(path, hidden)
    shutil.rmtree(hidden)


def remove_unfinished(folder: str) -> None:
    for name in os.listdir(folder):
        if re.fullmatch(r"\.step-.*\.tmp", name):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def write_synced(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
