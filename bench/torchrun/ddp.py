"""What torchrun restarts in `bench/fleet-torch.ts`: a small DDP model without checkpoints, its step in a file.

Under a prefix with the number of the restart: otherwise its ranks would call those that died, and no restart
would come up (torch 2.15).
"""

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

attempt = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
store, rank, size = next(dist.rendezvous("env://"))
dist.init_process_group("gloo", store=dist.PrefixStore(f"attempt-{attempt}", store), rank=rank, world_size=size)
torch.set_num_threads(1)
model = DistributedDataParallel(torch.nn.Sequential(*(torch.nn.Linear(128, 128) for _ in range(8))))
optimiser = torch.optim.AdamW(model.parameters())
told = Path(sys.argv[1], f"rank-{rank}")
beat = lambda: None
if "FT_RANK_MONITOR_IPC_SOCKET" in os.environ:
    from nvidia_resiliency_ext.fault_tolerance import RankMonitorClient

    monitor = RankMonitorClient()
    monitor.init_workload_monitoring()
    beat = monitor.send_heartbeat
for step in range(1, 1_000_000):
    x = torch.randn(512, 128)
    loss = (model(x) - x).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    beat()
    told.write_text(f"{attempt} {step} {os.getpid()}")
