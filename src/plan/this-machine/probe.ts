/**
 * @file How fast this machine is at each operation of our engine, found in a second or two: the references' instructions timed on one thread
 * give the weights, their whole steps on all threads what the threads lose by sharing, waiting, and other work on the machine.
 */

import { cpus, totalmem } from "node:os";
import { native } from "../../engine/native.ts";
import { mean, quantile, standardDeviation } from "../../math/statistics.ts";
import { fitWeights } from "./fit.ts";
import { LoadedStep, type StepTime } from "./loaded-step.ts";
import { stepProgram } from "./program.ts";
import { REFERENCES } from "./references.ts";
import { workOf } from "./work.ts";

export type MachineRates = {
  readonly processor: string;
  readonly instructionSet: string;
  readonly lanes: number;
  readonly numThreads: number;
  readonly memoryBytes: number;
  /** Multiply-adds in registers, FLOP/s of all threads. */
  readonly peakFlops: number;
  /** Seconds of one thread for one of each quantity of `work.ts`, by family. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** Step on all threads = slowdown x busiest thread's undisturbed seconds + instructions x meetingSeconds. */
  readonly slowdown: number;
  readonly meetingSeconds: number;
  /** Standard deviation of log (measured / predicted) over the references' steps. */
  readonly logDeviation: number;
};

/** Floats in a vector register of each instruction set (native/instruction_sets.cpp). */
const LANES: Readonly<Record<string, number>> = { avx512: 16, avx2: 8, neon: 4, baseline: 4 };

const FEWEST_ROUNDS = 4;
const LEAST_SECONDS = 1.2;
const PEAK_SECONDS = 0.01;
/** Interference only ever makes an instruction slower: the quick tenth says more of it than the middle. */
const QUICK = 0.1;
/** Whole steps are longer, and seldom all undisturbed: their quicker quarter. */
const QUIET = 0.25;

type Loaded = {
  readonly arenaBytes: number;
  readonly alone: LoadedStep;
  readonly together: LoadedStep;
  readonly aloneTimes: StepTime[];
  readonly togetherSeconds: number[];
};

/** Measures. Takes a second or two. */
export async function probeMachine(numThreads: number): Promise<MachineRates> {
  const instructionSet = native.instructionSets()[0]!;
  const lanes = LANES[instructionSet] ?? 4;
  const loaded = REFERENCES.map(({ shape, batchShape }): Loaded => {
    const executable = stepProgram(shape, batchShape);
    const load = (threads: number) =>
      new LoadedStep(executable, shape, { numThreads: threads, instructionSet });
    const alone = load(1);
    const together = numThreads === 1 ? alone : load(numThreads);
    return { arenaBytes: 4 * executable.numFloats, alone, together, aloneTimes: [], togetherSeconds: [] };
  });
  const peaks = await measure(loaded, numThreads, instructionSet);
  const weights = weightsOf(loaded, lanes);
  const sharing = sharingOf(loaded, weights, { numThreads, lanes });
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    instructionSet,
    lanes,
    numThreads,
    memoryBytes: memoryBytes(),
    peakFlops: Math.max(...peaks),
    weights,
    ...sharing,
  };
}

/** All references in turn, round by round, so that a slow moment of the machine touches each alike. Returns peaks measured between rounds. */
async function measure(loaded: readonly Loaded[], numThreads: number, instructionSet: string) {
  const pool = native.createPool(numThreads);
  const peaks: number[] = [];
  const beganAt = performance.now();
  for (let round = 0; round < FEWEST_ROUNDS || performance.now() - beganAt < 1000 * LEAST_SECONDS; round++) {
    peaks.push(native.peak(instructionSet, pool, PEAK_SECONDS));
    for (const { alone, together, aloneTimes, togetherSeconds } of loaded) {
      const times = await runWarm(alone);
      const shared = together === alone ? times : await runWarm(together);
      aloneTimes.push(...times);
      togetherSeconds.push(...shared.map(({ seconds }) => seconds));
    }
  }
  return peaks;
}

/** The first run pays for waking the threads and for what others left in the caches, as only the start of a training does. */
async function runWarm(step: LoadedStep): Promise<readonly StepTime[]> {
  await step.run();
  return [await step.run(), await step.run()];
}

function weightsOf(loaded: readonly Loaded[], lanes: number): MachineRates["weights"] {
  const timed = loaded.flatMap(({ arenaBytes, aloneTimes }) =>
    aloneTimes[0]!.instructions.map(({ instruction }, i) => ({
      ...workOf(instruction, { numThreads: 1, lanes, arenaBytes }),
      seconds: quantile(
        aloneTimes.map(({ instructions }) => instructions[i]!.seconds),
        QUICK,
      ),
    })),
  );
  const families = Map.groupBy(timed, ({ family }) => family);
  return Object.fromEntries([...families].map(([family, rows]) => [family, fitWeights(rows)]));
}

/** What the references' whole steps say beyond their instructions. */
function sharingOf(
  loaded: readonly Loaded[],
  weights: MachineRates["weights"],
  { numThreads, lanes }: { readonly numThreads: number; readonly lanes: number },
): Pick<MachineRates, "slowdown" | "meetingSeconds" | "logDeviation"> {
  const steps = loaded.map(({ arenaBytes, aloneTimes, togetherSeconds }) => {
    const { instructions } = aloneTimes[0]!;
    const undisturbed = instructions.map(({ instruction }) =>
      instructionSeconds(weights, workOf(instruction, { numThreads, lanes, arenaBytes })),
    );
    const quantities = [undisturbed.reduce((sum, seconds) => sum + seconds, 0), instructions.length];
    return { quantities, seconds: quantile(togetherSeconds, QUIET) };
  });
  const [slowdown = 1, meetingSeconds = 0] = fitWeights(steps);
  const logs = steps.map(({ quantities: [busy = 0, count = 0], seconds }) =>
    Math.log(seconds / (slowdown * busy + meetingSeconds * count)),
  );
  return { slowdown, meetingSeconds, logDeviation: Math.hypot(mean(logs), standardDeviation(logs)) };
}

/** Seconds of one instruction, undisturbed. */
export function instructionSeconds(
  weights: MachineRates["weights"],
  { family, quantities }: ReturnType<typeof workOf>,
): number {
  const rates = weights[family] ?? [];
  return quantities.reduce((sum, quantity, i) => sum + quantity * rates[i]!, 0);
}

/** Physical memory, or the container's limit where that is lower. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}
