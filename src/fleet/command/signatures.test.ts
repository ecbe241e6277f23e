import { expect, test } from "vitest";
import { causeOfDeath, rootSignature, SIGNATURES } from "./signatures.ts";

/** Lines as the programs print them, and what they are. */
const LINES = [
  [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has",
    "the GPU's memory is full",
  ],
  ["[  512.3] Out of memory: Killed process 812 (python) total-vm:1000kB", "the machine's memory is full"],
  [
    "NVRM: Xid (PCI:0000:65:00): 79, pid='<unknown>', GPU has fallen off the bus.",
    "the GPU's driver reports a fault (Xid)",
  ],
  [
    "RuntimeError: CUDA error: uncorrectable ECC error encountered",
    "memory with an error that cannot be corrected (ECC)",
  ],
  ["RuntimeError: CUDA error: an illegal memory access was encountered", "a kernel on the GPU failed"],
  ["OSError: [Errno 122] Disk quota exceeded: 'out/step-10'", "the disk, or its quota, is full"],
  ["OSError: [Errno 116] Stale file handle", "a file system fails"],
  [
    "RuntimeError: The server socket has failed to listen ... errno: 98 - Address already in use",
    "a port is in use",
  ],
  ["RuntimeError: DataLoader worker (pid 812) is killed by signal: Killed.", "a data worker was killed"],
  ["RuntimeError: DataLoader worker killed", "a data worker was killed"],
  ["ValueError: loss is nan at step 120", "the loss or gradient is not a finite number"],
  [
    "slurmstepd: error: *** STEP 12.0 ON n1 CANCELLED AT 2026-11-30T22:47:45 DUE TO TIME LIMIT ***",
    "the scheduler ended it",
  ],
  [
    "torch.distributed.elastic.multiprocessing.api.SignalException: Process 12 got signal: 15",
    "it was asked to end (SIGTERM)",
  ],
  [
    "W1130 22:47:45.000 1 torch/distributed/elastic/agent/server/api.py:723] Received Signals.SIGTERM death signal",
    "it was asked to end (SIGTERM)",
  ],
  [
    "[rank3]:[E1130 22:47:45.123 ProcessGroupNCCL.cpp:616] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(",
    "a collective took too long (NCCL watchdog)",
  ],
  [
    "RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error",
    "the other ranks cannot be reached",
  ],
  [
    "RuntimeError: [../gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:2222",
    "another rank has gone",
  ],
  [
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:",
    "torchrun reports that a rank failed",
  ],
  [
    "W1130 22:47:46.1 1 torch/distributed/elastic/multiprocessing/api.py:900] Sending process 12 closing signal SIGTERM",
    "the ranks are being ended",
  ],
  ["Fatal Python error: Segmentation fault", "a fault in native code"],
  [
    "n1:812:900 [3] transport/net_ib.cc:1291 NCCL WARN NET/IB : Got completion with error 12, opcode 0",
    "the network between nodes fails",
  ],
  ["KeyError: 'text'", "an exception in Python"],
  ["[rank1]: json.decoder.JSONDecodeError: Expecting value: line 1 column 1", "an exception in Python"],
] as const;

test.each(LINES)("%s: %s", (line, what) => {
  expect(rootSignature([{ rank: 0, text: `before\n${line}\nafter` }])).toMatchObject({ what, line });
});

test("every signature has a line here", () => {
  const tested = new Set<string>(LINES.map(([, what]) => what));
  expect(SIGNATURES.map(({ what }) => what).filter((what) => !tested.has(what))).toEqual([]);
});

test.each([
  "step: 10  loss:  7.1021  grad_norm:  1.2  memory: 40.1GiB(50.6%)  tps: 7,134",
  " iteration 1/ 100 | lm loss: 2.6E+00 | loss scale: 1.0 | number of nan iterations:   0 |",
  "loss info: 3.1",
  "step    1/18865 | loss 10.982277 (+nanz)| norm 15.3437 (+nanz)| lr 8.57e-07 | 3056.36 ms",
  "Traceback (most recent call last):",
  "  raise ValueError: no, this is code",
])("%s is nothing to worry about", (line) => {
  expect(rootSignature([{ rank: 0, text: line }])).toBeNull();
});

test("of all ranks' logs the root is the earliest line that is a cause, not what came of it", () => {
  const logs = [
    {
      rank: 0,
      text: "[rank0]:[E1130 22:50:00.5 ProcessGroupNCCL.cpp:616] Watchdog caught collective operation timeout\nRuntimeError: NCCL error",
    },
    {
      rank: 1,
      text: "2026-11-30 22:47:45,120 - step 10\nRuntimeError: CUDA error: uncorrectable ECC error encountered",
    },
    { rank: 2, text: "2026-11-30 22:47:46,120 - saving\nOSError: [Errno 28] No space left on device" },
    { rank: 3, text: "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:" },
  ];
  const seen = rootSignature(logs);
  expect(seen).toMatchObject({
    rank: 1,
    role: "root",
    what: "memory with an error that cannot be corrected (ECC)",
  });
  expect(rootSignature(logs.toReversed())).toEqual(seen);
});

test("what a launcher prints for its ranks names the rank", () => {
  const text =
    "[rank2]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n" +
    "W1130 22:47:46.1 1 torch/distributed/elastic/multiprocessing/api.py:900] Sending process 12 closing signal SIGTERM\n" +
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\nRoot Cause (first observed failure):";
  expect(rootSignature([{ rank: 0, text }])).toMatchObject({ rank: 2, what: "the GPU's memory is full" });
});

test("where only the teardown is left, that is said", () => {
  const text = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:";
  expect(rootSignature([{ rank: 0, text }])).toMatchObject({ role: "teardown" });
});

test("what the others say of a rank that they lost is no cause of its death", () => {
  const lost = "RuntimeError: [../gloo/transport/tcp/pair.cc:545] Connection closed by peer [127.0.0.1]:2222";
  const logs = [
    { rank: 0, text: lost },
    { rank: 1, text: "step 3" },
  ];
  expect(causeOfDeath(logs, 1)).toBeNull();
  expect(causeOfDeath(logs, 0)).toMatchObject({ role: "cascade", rank: 0 });
  const launcher = [{ rank: 0, text: `[rank2]: ${lost}` }];
  expect(causeOfDeath(launcher, 0)).toMatchObject({ role: "cascade", rank: 2 });
  const full = { rank: 0, text: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB" };
  expect(causeOfDeath([full, logs[1]!], 1)).toMatchObject({ role: "root", rank: 0 });
});
