/** @file The columns of a run's series: what our trainers tell of a step, and what a command's log does. */

/** Of our trainers. */
export const SERIES_COLUMNS = [
  { name: "step", unit: "steps" },
  { name: "tokens", unit: "tokens" },
  { name: "loss", unit: "nats per token" },
  { name: "gradientNorm", unit: "1" },
  { name: "learningRate", unit: "1" },
  { name: "stepSeconds", unit: "s" },
  { name: "otherSeconds", unit: "s" },
  /** Of the seconds before the step, those in which training stood still for a save. */
  { name: "saveSeconds", unit: "s" },
  /** Of the tokens trained on (docs/batch-order.md): `record audit` holds it against the corpus. */
  { name: "batch", unit: "CRC-32" },
] as const;

const [step, , loss, gradientNorm, learningRate, stepSeconds] = SERIES_COLUMNS;

/** Of a command, by what its log says. */
export const METRIC_COLUMNS = [
  step,
  loss,
  gradientNorm,
  learningRate,
  stepSeconds,
  { name: "tokensPerSecond", unit: "tokens/s" },
] as const;
