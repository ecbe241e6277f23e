/** @file The names of what is predicted and measured: one spelling, so that a prediction always meets its measurement. */

export const QUANTITIES = {
  loss: "held-out loss",
  curve: "loss curve inside its band",
  stepTime: "step time",
  wallTime: "wall time",
  memory: "peak memory",
} as const;

export const lossOfSource = (source: string) => `${QUANTITIES.loss}, ${source}`;
