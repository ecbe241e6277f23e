"""Where the ranks of an attempt meet: a store of its own, on a port that the system picks, loopback only."""

import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import torch.distributed as dist

LOOPBACK = "127.0.0.1"


def meet(folder, attempt, rank, world_size, backend="gloo", timeout_seconds=600):
    """Initialises the default process group.

    Rank 0 listens and leaves its port in the attempt's folder. A store that outlived an attempt would hold the
    addresses of its dead ranks, and who is started again would call them (torch 2.15 under torchrun: "Gloo
    connectFullMesh failed ... Connection refused", until the restarts are used up).
    """
    # By the machine's name they would listen where they can be reached from elsewhere.
    loopback = next(name for _, name in socket.if_nameindex() if name in ("lo", "lo0"))
    os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = loopback
    # Flight recorder: the last collectives of each rank, which name the odd one in a hang.
    os.environ.setdefault("TORCH_FR_BUFFER_SIZE", "100")
    timeout = timedelta(seconds=timeout_seconds)
    store = listen(folder, timeout) if rank == 0 else connect(folder, timeout)
    dist.init_process_group(
        backend,
        store=dist.PrefixStore(f"attempt-{attempt}", store),
        rank=rank,
        world_size=world_size,
        timeout=timeout,
    )


def listen(folder, timeout):
    file = socket.socket()
    file.bind((LOOPBACK, 0))
    file.listen(1024)
    port = file.getsockname()[1]
    store = dist.TCPStore(
        LOOPBACK,
        port,
        is_master=True,
        timeout=timeout,
        wait_for_workers=False,
        master_listen_fd=file.detach(),
    )
    beside = Path(folder, "store.new")
    beside.write_text(str(port))
    beside.rename(Path(folder, "store"))
    return store


def connect(folder, timeout):
    path = Path(folder, "store")
    until = time.monotonic() + timeout.total_seconds()
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"rank 0 did not come to {path}")
        time.sleep(0.01)
    return dist.TCPStore(LOOPBACK, int(path.read_text()), is_master=False, timeout=timeout)
