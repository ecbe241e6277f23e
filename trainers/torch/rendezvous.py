"""Where the ranks of an attempt meet: a store of its own, on a port that the system picks.

On one machine all of it is on loopback. Ranks on several machines are told by which address and interface the
others reach theirs, and listen there alone.
"""

import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import torch.distributed as dist

LOOPBACK = "127.0.0.1"


def meet(folder, attempt, rank, world_size, backend="gloo", timeout_seconds=600):
    """Initialises the default process group.

    Rank 0 listens and leaves its address and port in the attempt's folder. A store that outlived an attempt would hold the
    addresses of its dead ranks, and who is started again would call them (torch 2.15 under torchrun: "Gloo
    connectFullMesh failed ... Connection refused", until the restarts are used up).
    """
    choose_interface()
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


def choose_interface():
    names = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
    between_machines = os.environ.get("LONGRUN_INTERFACE")
    if between_machines is not None:
        for name in names:
            os.environ.setdefault(name, between_machines)  # A faster one may be the user's choice.
        return
    # By the machine's name they would listen where they can be reached from elsewhere.
    loopback = next(name for _, name in socket.if_nameindex() if name in ("lo", "lo0"))
    os.environ.update(dict.fromkeys(names, loopback))


def listen(folder, timeout):
    address = os.environ.get("LONGRUN_ADDRESS", LOOPBACK)
    file = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    file.bind((address, 0))
    file.listen(1024)
    port = file.getsockname()[1]
    store = dist.TCPStore(
        address,
        port,
        is_master=True,
        timeout=timeout,
        wait_for_workers=False,
        master_listen_fd=file.detach(),
    )
    beside = Path(folder, "store.new")
    beside.write_text(f"{address} {port}")
    beside.rename(Path(folder, "store"))
    return store


def connect(folder, timeout):
    path = Path(folder, "store")
    until = time.monotonic() + timeout.total_seconds()
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"rank 0 did not come to {path}")
        time.sleep(0.01)
    address, port = path.read_text().split()
    return dist.TCPStore(address, int(port), is_master=False, timeout=timeout)
