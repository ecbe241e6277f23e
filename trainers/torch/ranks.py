"""The ranks of a run as one group: where each computes, how they agree, how the model is spread over them.

Control and checkpoints have process groups of their own: a checkpoint is written while training goes on, and
on the group of the gradients its messages would meet theirs.
"""

import os

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from rendezvous import meet
from spool import Refused


class Ranks:
    def __init__(self, attempt_folder: str, attempt: int):
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        local = int(os.environ["LOCAL_RANK"])
        has_gpu = torch.cuda.is_available()
        slots = int(os.environ["LONGRUN_SLOTS"])
        if has_gpu and slots > torch.cuda.device_count():
            raise Refused(
                f"{slots} ranks and spares, and {torch.cuda.device_count()} GPUs",
                "a GPU for each of them",
                "give fewer ranks (--ranks) or spares (--spares)",
            )
        self.device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
        if has_gpu:
            torch.cuda.set_device(self.device)
        backend = "cpu:gloo,cuda:nccl" if has_gpu else "gloo"
        meet(attempt_folder, attempt, self.rank, self.size, backend)
        self.control = dist.new_group(backend="gloo")
        self.saving = dist.new_group(backend="gloo")

    def sum(self, values: list[float]) -> list[float]:
        """Element by element, over all ranks: the same numbers on each of them."""
        total = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(total, group=self.control)
        return total.tolist()

    def gather(self, value) -> list:
        """What each rank has, on all of them."""
        values = [None] * self.size
        dist.all_gather_object(values, value, group=self.control)
        return values

    def from_first(self, value):
        """What rank 0 has, on all of them."""
        values = [value]
        dist.broadcast_object_list(values, src=0, group=self.control)
        return values[0]

    def rows(self, batch: int) -> slice:
        """This rank's part of a batch; of unequal parts the first ranks have the smaller."""
        return slice(self.rank * batch // self.size, (self.rank + 1) * batch // self.size)

    def spread(self, decoder: nn.Module, parallel: str, compiles: bool) -> nn.Module:
        """Replicas with averaged gradients (ddp), or one model of which each rank keeps a part (fsdp2)."""
        if compiles:
            for layer in decoder.layers:
                layer.compile()
        if parallel == "ddp":
            # Buffers are functions of the shape: nothing that rank 0 would have to hand on.
            return DistributedDataParallel(decoder, broadcast_buffers=False)
        mesh = init_device_mesh(self.device.type, (self.size,))
        for layer in decoder.layers:
            fully_shard(layer, mesh=mesh)
        return fully_shard(decoder, mesh=mesh)

    def close(self) -> None:
        dist.destroy_process_group()
