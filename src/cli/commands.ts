/** @file Every command: its name, what it is for and its module, loaded once the command is named. */

import type { Command } from "commander";
import { explainMistakes } from "./output.ts";

/** A command; `load` gives it its arguments, options and action, `commands` what hangs under it. */
export type CommandEntry = {
  readonly name: string;
  readonly description: string;
  readonly load?: () => Promise<(command: Command) => void>;
  readonly commands?: readonly CommandEntry[];
};

const LAWS: readonly CommandEntry[] = [
  {
    name: "fit",
    description:
      "Fit a law to finished runs: parameters with intervals, what is not identified, runs to look at.",
    load: async () => (await import("./laws/fit.ts")).defineFit,
  },
  {
    name: "forecast",
    description:
      "Forecast the loss of a larger run with a calibrated 90 % interval, each law's own forecast " +
      "beside; or refuse and say why.",
    load: async () => (await import("./laws/forecast.ts")).defineForecast,
  },
  {
    name: "backtest",
    description:
      "Forecast a table's larger runs from its smaller ones, cut by cut: error, coverage and width of " +
      "the intervals against reach.",
    load: async () => (await import("./laws/backtest.ts")).defineBacktest,
  },
  {
    name: "allocate",
    description:
      "Say which size and how many tokens make the most of a budget, and what another choice costs.",
    load: async () => (await import("./laws/allocate.ts")).defineAllocate,
  },
  {
    name: "next",
    description: "Say which further rung would narrow the answer to a question most, within a budget.",
    load: async () => (await import("./laws/next.ts")).defineNext,
  },
  {
    name: "feature",
    description:
      "Say whether a change still helps at the target: what it is worth in compute and tokens, with " +
      "intervals.",
    load: async () => (await import("./laws/feature.ts")).defineFeature,
  },
  {
    name: "curve",
    description:
      "Fit a learning-curve law to loss curves under different learning-rate schedules and forecast the " +
      "curve of another; or say where a campaign's run is in its band.",
    load: async () => (await import("./laws/curve.ts")).defineCurve,
  },
];

const PLAN: readonly CommandEntry[] = [
  {
    name: "explain",
    description: "Say where a step's time and memory go, and what more of each resource would buy.",
    load: async () => (await import("./plan/explain.ts")).defineExplain,
  },
  {
    name: "codesign",
    description:
      "Choose width, depth, heads, feed-forward and experts together with the layout, for the least " +
      "loss that a law forecasts.",
    load: async () => (await import("./plan/codesign.ts")).defineCodesign,
  },
  {
    name: "time",
    description:
      "Say how long a whole run takes with its failures: goodput, checkpoints, spares, energy and " +
      "cost. Amounts may be 90 % intervals, lo..hi.",
    load: async () => (await import("./plan/time.ts")).defineTime,
  },
  {
    name: "launch",
    description:
      "Decide whether to launch a run now or to wait: end and cost against the launch day, and which " +
      "issue to fix first.",
    load: async () => (await import("./plan/launch.ts")).defineLaunchPlan,
  },
  {
    name: "estimate",
    description:
      "Fill in the rules of thumb: weights, gradients, optimiser, activations, the gradient " +
      "all-reduce and the bandwidth to hide it.",
    load: async () => (await import("./plan/estimate.ts")).defineEstimate,
  },
  {
    name: "size",
    description:
      "Say which model size and how many tokens a budget of compute, time or money is best spent on, " +
      "and whether compute or data binds.",
    load: async () => (await import("./plan/size.ts")).defineSize,
  },
  {
    name: "validate",
    description: "Judge the predictions by published runs, leaving out whole families while calibrating.",
    load: async () => (await import("./plan/validate.ts")).defineValidate,
  },
  {
    name: "calibrate",
    description:
      "Adjust the constants of the step model to your own runs by least squares with a prior; show " +
      "what changed.",
    load: async () => (await import("./plan/calibrate.ts")).defineCalibrate,
  },
];

const RECORD: readonly CommandEntry[] = [
  {
    name: "hash",
    description:
      "Print the hash of the last event: publish it, and nobody can change an event up to there unseen.",
    load: async () => (await import("./record.ts")).defineHash,
  },
  {
    name: "verify",
    description: "Check every event and the whole chain; exit code 2 and the place where it is broken.",
    load: async () => (await import("./record.ts")).defineVerify,
  },
  {
    name: "show",
    description: "Print the events.",
    load: async () => (await import("./record.ts")).defineShow,
  },
  {
    name: "audit",
    description:
      "Prove that runs were trained on the data of undisturbed ones, each step once; exit code 2 and the " +
      "first step that disagrees.",
    load: async () => (await import("./record-audit.ts")).defineAudit,
  },
];

const FLEET: readonly CommandEntry[] = [
  {
    name: "check",
    description:
      "Try the places before a start: a matrix product, an all-reduce, the disk and its room, the clock.",
    load: async () => (await import("./fleet/check.ts")).defineFleetCheck,
  },
  {
    name: "replay",
    description:
      "Say what would have been decided over the incidents of a past record or over a trace of faults, by " +
      "the policy that holds or by another.",
    load: async () => (await import("./fleet/replay.ts")).defineReplay,
  },
  {
    name: "places",
    description: "List the places that have failed runs, and until when new runs leave them out; pardon one.",
    load: async () => (await import("./fleet/places.ts")).definePlaces,
  },
  {
    name: "install-torch",
    description: "Install PyTorch into a folder of longrun's own, about 6 GB, for runs in PyTorch.",
    load: async () => (await import("./fleet/install-torch.ts")).defineInstallTorch,
  },
];

/** All of them, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "launch",
    description:
      "Run a campaign: plan, ladder, forecast, gate, target, verdict. The same command resumes it.",
    load: async () => (await import("./launch.ts")).defineLaunch,
  },
  {
    name: "status",
    description:
      "Show where a campaign stands: its runs, gate, predictions and incidents. Works while it runs.",
    load: async () => (await import("./status.ts")).defineStatus,
  },
  {
    name: "report",
    description: "Write report.md and its figures from a campaign's record, also while it runs.",
    load: async () => (await import("./report.ts")).defineReport,
  },
  {
    name: "run",
    description: "Train one model from a file. Stopped or killed, the same command goes on.",
    load: async () => (await import("./run.ts")).defineRun,
  },
  {
    name: "stop",
    description: "End what runs in a folder after its step, with a checkpoint; or at once.",
    load: async () => (await import("./stop.ts")).defineStop,
  },
  {
    name: "drain",
    description: "End what runs in a folder at its next checkpoint.",
    load: async () => (await import("./stop.ts")).defineDrain,
  },
  {
    name: "goodput",
    description:
      "Say where the time of runs went, second by second: productive, checkpoints, detection, restarts, " +
      "steps done again; against what was to be expected.",
    load: async () => (await import("./goodput.ts")).defineGoodput,
  },
  {
    name: "flight",
    description:
      "Say which rank the others wait for, and in which collective, from dumps of PyTorch's flight recorder.",
    load: async () => (await import("./flight.ts")).defineFlight,
  },
  {
    name: "chaos",
    description:
      "Kill, hang, corrupt and fill a run from outside, and say whether it ends with the bits of one " +
      "left alone.",
    load: async () => (await import("./chaos.ts")).defineChaos,
  },
  {
    name: "incidents",
    description:
      "List what went wrong; one of them on a page: evidence, what was decided and why, what it cost, " +
      "what to do.",
    load: async () => (await import("./incidents.ts")).defineIncidents,
  },
  {
    name: "sample",
    description: "Print text from a trained model.",
    load: async () => (await import("./sample.ts")).defineSample,
  },
  {
    name: "export",
    description: "Write a trained model in the format of another tool: GGUF, for llama.cpp.",
    load: async () => (await import("./export.ts")).defineExport,
  },
  {
    name: "eval",
    description:
      "Score models on small downstream tasks made from held-out text: every rung and checkpoint of a " +
      "campaign, or one model.",
    load: async () => (await import("./eval.ts")).defineEval,
  },
  {
    name: "laws",
    description: "Fit scaling laws to any table of runs, forecast with intervals that hold, and decide.",
    commands: LAWS,
  },
  {
    name: "plan",
    description:
      "Say which layout of a model is fastest on a cluster, whether it fits, how fast it is and how " +
      "long the run takes.",
    load: async () => (await import("./plan/plan.ts")).definePlan,
    commands: PLAN,
  },
  {
    name: "record",
    description: "The record of a campaign: its head hash, its chain, its events.",
    commands: RECORD,
  },
  {
    name: "fleet",
    description: "The places where runs are trained: are they fit, and what is decided about failures.",
    commands: FLEET,
  },
  {
    name: "doctor",
    description: "Check the machine: Node, compiler, kernels, cores, memory, disk, the default texts.",
    load: async () => (await import("./doctor.ts")).defineDoctor,
  },
];

/** Adds commands by their names; the one that is called is completed before its arguments are read. */
export function addCommands(parent: Command, entries: readonly CommandEntry[]): void {
  for (const { name, description } of entries)
    parent.command(name).description(description).helpCommand(false);
  parent.hook("preSubcommand", async (_, called) => {
    const { load, commands = [] } = entries.find(({ name }) => name === called.name())!;
    (await load?.())?.(called);
    if (commands.length > 0) addCommands(called, commands);
    explainMistakes(called);
  });
}
