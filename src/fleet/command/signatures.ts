/** @file What logs say when a run dies: known lines, what they mean, and which of them is the cause. */

/**
 * `root`: the cause itself. `cascade`: a rank that waits for one that has died, or its like. `teardown`: what
 * is printed while everything ends, whatever the cause.
 */
export type SignatureRole = "root" | "cascade" | "teardown";

/** A kind of line that logs are known for. */
export type LogSignature = {
  readonly pattern: RegExp;
  readonly what: string;
  readonly role: SignatureRole;
  readonly cause: string;
  readonly remedy: string;
};

/** First come, first served: a line has the first signature that it matches. */
export const SIGNATURES: readonly LogSignature[] = [
  {
    pattern:
      /CUDA out of memory|torch\.(cuda\.)?OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|HIP out of memory/,
    what: "the GPU's memory is full",
    role: "root",
    cause: "batch, sequence or activations too large; fragments after long runs",
    remedy:
      "lower the batch of a rank or checkpoint activations; PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True",
  },
  {
    pattern:
      /Out of memory: Killed process|oom-kill|oom_kill|Cannot allocate memory|MemoryError\b|std::bad_alloc/,
    what: "the machine's memory is full",
    role: "root",
    cause: "data workers, pinned memory or checkpoints being gathered on one rank",
    remedy: "fewer data workers; save sharded checkpoints; `dmesg` tells who was killed",
  },
  {
    pattern: /NVRM: Xid|\bXid (\(PCI|\d+)/,
    what: "the GPU's driver reports a fault (Xid)",
    role: "root",
    cause: "hardware, its link or its driver; 48, 63, 64, 94, 95 are memory, 79 is off the bus",
    remedy: "take the node out, and have the GPU reset and tested (`nvidia-smi -q`, dcgmi diag)",
  },
  {
    pattern: /uncorrectable (NVLink|ECC)|ECC error|double[- ]bit|CUDA error: uncorrectable/i,
    what: "memory with an error that cannot be corrected (ECC)",
    role: "root",
    cause: "failing memory of the GPU or of the machine",
    remedy: "take the node out; the newest checkpoint before is good",
  },
  {
    pattern:
      /CUDA error: (unspecified launch failure|an illegal memory access|misaligned address|device-side assert)/,
    what: "a kernel on the GPU failed",
    role: "root",
    cause: "an index out of bounds, a kernel's bug, or failing hardware; the line named may be a later one",
    remedy: "once more with CUDA_LAUNCH_BLOCKING=1; where it recurs only on one node, take that out",
  },
  {
    pattern: /\bNo space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/,
    what: "the disk, or its quota, is full",
    role: "root",
    cause: "checkpoints and logs",
    remedy: "delete old checkpoints, or write to another disk",
  },
  {
    pattern:
      /Input\/output error|Stale file handle|Read-only file system|Transport endpoint is not connected/,
    what: "a file system fails",
    role: "root",
    cause: "a disk, or a server of network storage",
    remedy: "look after the storage; the run goes on from its last checkpoint",
  },
  {
    pattern: /Address already in use|EADDRINUSE/,
    what: "a port is in use",
    role: "root",
    cause: "ranks of an attempt before that still live, or two jobs with the same --master_port",
    remedy:
      "end what holds the port (`ss -ltnp`), or leave the port to torchrun: --rdzv-endpoint=localhost:0",
  },
  {
    pattern: /DataLoader worker \(pid.*\) (is killed|exited unexpectedly)|DataLoader worker.*killed/,
    what: "a data worker was killed",
    role: "root",
    cause: "memory full, or /dev/shm too small",
    remedy: "fewer workers, or a larger /dev/shm",
  },
  {
    pattern: /\b(loss|grad(ient)?[ _]norm)( is|:|=|,)?\s*(nan|inf)\b|(nan|inf)s? (found )?in (loss|grad)/i,
    what: "the loss or gradient is not a finite number",
    role: "root",
    cause: "a learning rate too high, a bad batch, or a machine that computes wrongly",
    remedy: "replay from the checkpoint before: what recurs is the training, what does not is the machine",
  },
  {
    pattern: /slurmstepd: error:.*(CANCELLED|TIME LIMIT|PREEMPT)|DUE TO (TIME LIMIT|PREEMPTION|NODE FAILURE)/,
    what: "the scheduler ended it",
    role: "root",
    cause: "the time limit, or a job with more right to the nodes",
    remedy: "ask for more time, or let it go on from its checkpoint in the next allocation",
  },
  {
    pattern:
      /Received (Signals\.)?SIGTERM|SignalException: Process \d+ got signal: (15|2)|\bgot signal: SIGTERM/,
    what: "it was asked to end (SIGTERM)",
    role: "cascade",
    cause: "a scheduler, a person, or a launcher one of whose ranks has died",
    remedy: "where another rank died before, look at that one",
  },
  {
    pattern: /Segmentation fault|SIGSEGV|signal 11 \(/,
    what: "a fault in native code",
    role: "root",
    cause: "an extension or driver that does not fit, or failing memory",
    remedy: "the stack above tells where; check versions of CUDA, driver and extensions",
  },
  {
    pattern: /Watchdog caught collective operation timeout|collective operation timeout|Timeout at NCCL work/,
    what: "a collective took too long (NCCL watchdog)",
    role: "cascade",
    cause: "another rank hangs, died or went another way; seldom the network",
    remedy: "look for the rank that did not join: its log ends first",
  },
  {
    pattern: /NCCL WARN.*(IB|ibv_|transport retry|completion with error)|ncclSystemError|ibv_poll_cq/,
    what: "the network between nodes fails",
    role: "root",
    cause: "a link or switch that flaps",
    remedy: "check the links of the nodes named; NCCL_IB_TIMEOUT and NCCL_IB_RETRY_CNT bridge short gaps",
  },
  {
    pattern: /connectFullMesh failed|Gloo.*(connect|timed out)|ncclRemoteError|remote process exited/,
    what: "the other ranks cannot be reached",
    role: "cascade",
    cause: "one of them has died, or keys of an attempt before stand in the rendezvous",
    remedy: "look at the rank that died first; a rendezvous needs a new id for each attempt",
  },
  {
    pattern:
      /Connection (closed|reset) by peer|Broken pipe|recvValue failed|\[c10d\] .*(failed to connect|timed out)/i,
    what: "another rank has gone",
    role: "cascade",
    cause: "that rank's own failure",
    remedy: "look at the rank that died first",
  },
  {
    pattern: /ChildFailedError|Root Cause \(first observed failure\)|torch\.distributed\.elastic\..*exitcode/,
    what: "torchrun reports that a rank failed",
    role: "teardown",
    cause: "the rank that it names",
    remedy: "look above, at the log of that rank",
  },
  {
    pattern:
      /Sending process \d+ closing signal|destroy_process_group|terminate called|Fatal Python error: Aborted/,
    what: "the ranks are being ended",
    role: "teardown",
    cause: "a failure before",
    remedy: "look above",
  },
  {
    // An exception of the user's own, by its last line: what is known better has its row above.
    pattern: /^(?:\[[^\]]*\]:?\s*)?(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt)(?::|$)/,
    what: "an exception in Python",
    role: "root",
    cause: "the program or its input",
    remedy: "the lines above it say where",
  },
];

/** A line of a log that was recognised. */
export type SeenSignature = {
  readonly rank: number;
  readonly what: string;
  readonly role: SignatureRole;
  readonly line: string;
  readonly cause: string;
  readonly remedy: string;
};

/** The log of one rank, or of a launcher that prints for all of its ranks. */
export type RankLog = { readonly rank: number; readonly text: string };

const ROLES: readonly SignatureRole[] = ["root", "cascade", "teardown"];

/**
 * The line that the death of a run begins with: of the highest role that was seen, the earliest, by the times
 * in the lines where both have one, else by their places. Null where nothing is known.
 */
export function rootSignature(logs: readonly RankLog[]): SeenSignature | null {
  const found = logs.flatMap(({ rank, text }) => signaturesIn(rank, text));
  for (const role of ROLES) {
    const first = found.filter((each) => each.role === role).reduce<Placed | null>(earlier, null);
    if (first) {
      const { timed: _, place: __, ...seen } = first;
      return seen;
    }
  }
  return null;
}

/**
 * The same, of a run whose rank `dead` went first: that the others lost it then, and what they printed while
 * they ended, says nothing of why.
 */
export function causeOfDeath(logs: readonly RankLog[], dead: number): SeenSignature | null {
  const seen = rootSignature(logs);
  if (seen === null || seen.role === "root" || logs.length === 1 || seen.rank === dead) return seen;
  return rootSignature(logs.filter(({ rank }) => rank === dead));
}

type Placed = SeenSignature & { readonly timed: number | null; readonly place: number };

const earlier = (first: Placed | null, other: Placed): Placed => {
  if (first === null) return other;
  if (first.timed !== null && other.timed !== null && first.timed !== other.timed)
    return first.timed < other.timed ? first : other;
  return other.rank === first.rank && other.place < first.place ? other : first;
};

function signaturesIn(rank: number, text: string): readonly Placed[] {
  let timed: number | null = null;
  return text.split("\n").flatMap((line, place) => {
    timed = timeIn(line) ?? timed;
    const signature = line.length < 5000 ? SIGNATURES.find(({ pattern }) => pattern.test(line)) : undefined;
    if (signature === undefined) return [];
    const { pattern: _, ...known } = signature;
    const own = /^\[(?:rank|default)(\d+)\]/.exec(line)?.[1];
    return [{ ...known, rank: own ? Number(own) : rank, line: line.trim().slice(0, 500), timed, place }];
  });
}

/** glog's "E1130 22:47:45.123456", or "2026-11-30 22:47:45,123": seconds that can be compared. */
function timeIn(line: string): number | null {
  const iso = /(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?/.exec(line);
  const [, month, day, ...clock] = iso?.slice(1) ? [null, ...iso.slice(2)] : (GLOG.exec(line) ?? []);
  if (month === undefined) return null;
  const [hours, minutes, seconds, fraction = "0"] = clock as string[];
  const days = 31 * Number(month) + Number(day);
  return 86_400 * days + 3600 * Number(hours) + 60 * Number(minutes) + Number(`${seconds}.${fraction}`);
}

const GLOG = /\b[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?/;
