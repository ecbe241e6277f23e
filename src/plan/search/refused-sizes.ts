/** @file Sizes that divide the devices but not heads, layers, sequence, experts or batch. */

import { type Setup, SINGLE } from "../layout/layout.ts";
import { divisors } from "../layout/parse.ts";
import type { Choices } from "./choices.ts";
import { largestSizes } from "./enumerate.ts";
import { contextProblem, expertProblem, type Problem, pipelineProblem, tensorProblem } from "./validity.ts";

/** One size and the rule that it breaks. */
export type RefusedSize = Problem & {
  readonly size: string;
};

/** The smallest refused sizes of each axis, within what the search looks at. */
export function refusedSizes(setup: Setup, choices: Choices, most = 2): readonly RefusedSize[] {
  const { model, cluster, job } = setup;
  const sizes = divisors(cluster.numDevices);
  const largest = largestSizes(setup, choices);
  const first = (name: string, limit: number, problemOf: (size: number) => Problem | null) =>
    sizes
      .filter((size) => size <= limit)
      .flatMap((size) => {
        const problem = problemOf(size);
        return problem ? [{ size: `${name}=${size}`, ...problem }] : [];
      })
      .slice(0, most);
  return [
    ...first("tp", largest.tensor, (tensor) => tensorProblem(model, tensor)),
    ...first("pp", model.numLayers, (pipeline) =>
      pipelineProblem(model.numLayers, { ...SINGLE, pipeline }, job),
    ),
    ...first("cp", largest.context, (context) => contextProblem(job.sequence, { ...SINGLE, context })),
    ...(model.experts
      ? first("ep", model.experts.count, (expert) =>
          expertProblem(model, { ...SINGLE, expert, data: cluster.numDevices }),
        )
      : []),
  ];
}
