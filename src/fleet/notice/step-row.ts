/** @file The numbers of one step, as far as a trainer tells them. */

/** One step's. Null: not told. */
export type StepRow = {
  readonly step: number;
  readonly loss: number | null;
  readonly gradientNorm: number | null;
  readonly stepSeconds: number | null;
};

/** The same as a series has it, with the checksum of its batch. */
export type SeriesRow = StepRow & { readonly batch: number | null };
