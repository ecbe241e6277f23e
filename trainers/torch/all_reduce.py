"""Rank R of N sums a tensor with the others by gloo, and says how fast: `all_reduce.py FOLDER R N`."""

import os
import sys
import time

import torch
import torch.distributed as dist

from rendezvous import meet

NUMBERS = 1 << 22
TIMES = 5


def main(folder, rank, world_size):
    meet(folder, 0, rank, world_size, timeout_seconds=60)
    seconds = []
    for _ in range(TIMES):
        numbers = torch.arange(NUMBERS, dtype=torch.float32) % 1024 + rank
        began = time.monotonic()
        dist.all_reduce(numbers)
        seconds.append(time.monotonic() - began)
        expected = (torch.arange(NUMBERS, dtype=torch.float32) % 1024) * world_size + sum(range(world_size))
        if not torch.equal(numbers, expected):
            sys.exit(f"rank {rank}: {int((numbers != expected).sum())} sums of {NUMBERS} are wrong")
    megabytes = 4 * NUMBERS / min(seconds) / 1e6
    network = os.environ.get("LONGRUN_INTERFACE", "loopback")
    print(f"{world_size} processes over {network}, {megabytes:.0f} MB/s of float32, every sum right")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
