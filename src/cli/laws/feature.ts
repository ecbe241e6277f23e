/** @file `longrun laws feature`: does a change still help at the target? */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { featureFigure } from "../../figures/feature-figure.ts";
import { flopsPerParameterTokenOf } from "../../law/training-flops.ts";
import { designAtCompute } from "../../laws/decide/feature/base-law.ts";
import { studyFeature } from "../../laws/decide/feature/feature.ts";
import { completedDesign } from "../../laws/forecast/target.ts";
import type { TableRun } from "../../laws/table/run-table.ts";
import { NUMBER } from "../../units/kinds.ts";
import { formatFlops } from "../../units/print.ts";
import { readAmount } from "../../units/read.ts";
import { finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printAside, printResult } from "../output.ts";
import { featureText } from "./feature-text.ts";
import { readRunTable, setAsideLines, type TableFlags, tableOptions, withTableFlags } from "./run-table.ts";
import { givenTarget, type TargetFlags, withTargetFlags } from "./target-flags.ts";

type FeatureFlags = TableFlags &
  FigureFlag &
  TargetFlags & {
    readonly featureColumn?: string;
    readonly worth?: number;
  };

export function defineFeature(command: Command): void {
  withTargetFlags(command)
    .argument("<base>", "runs without the change: CSV, TSV, JSON lines, or a campaign's folder")
    .argument("[feature]", "runs with it; left out where --feature-column tells them apart")
    .option("--feature-column <rule>", "column=base,feature: which rows of one table are which")
    .option(
      "--worth <factor>",
      "multiplier of compute from which on the change is worth having (1.01)",
      readAmount("--worth", NUMBER),
    );
  withFigureFlag(withTableFlags(command));
  finish(
    command,
    "longrun laws feature plain.csv qk-norm.csv --compute 1e21\nlongrun laws feature runs.csv " +
      "--feature-column router=Dense,S-Base --params 7B --tokens 140B --svg feature.svg",
  ).action(runFeature);
}

async function runFeature(
  basePath: string,
  featurePath: string | undefined,
  flags: FeatureFlags,
): Promise<void> {
  const { base, feature, warnings } = readBoth(basePath, featurePath, flags);
  const target = completedDesign(givenTarget(flags), flopsPerParameterTokenOf(base), (c) =>
    designAtCompute(base, c),
  );
  const study = studyFeature(base, feature, target, flags.worth === undefined ? {} : { worth: flags.worth });
  const report = { ...study.report, warnings: [...warnings, ...study.report.warnings] };
  printResult(flags, report, () => featureText(report));
  await writeFigure(flags, async () => {
    const scale = (part: (typeof report.scales)[number] | typeof report.atTarget, c: number) => ({
      flops: c,
      effectPercent: part.effectPercent,
      multiplier: part.computeMultiplier,
    });
    return featureFigure({
      title: `Does the change still help at ${formatFlops(target.c, 2)}?`,
      scales: report.scales.map((part) => scale(part, part.c)),
      line: study.band(),
      target: scale(report.atTarget, target.c),
    });
  });
}

type Both = {
  readonly base: readonly TableRun[];
  readonly feature: readonly TableRun[];
  /** What is to be kept in mind of either table. */
  readonly warnings: readonly string[];
};

function readBoth(basePath: string, featurePath: string | undefined, flags: FeatureFlags): Both {
  const warnings: string[] = [];
  const read = (path: string, role: string, where: readonly string[] = []) => {
    const options = tableOptions(flags);
    const table = readRunTable(path, {
      ...options,
      needs: ["c"],
      ...(where.length === 0 ? {} : { where: [...(options.where ?? []), ...where] }),
    });
    warnings.push(...table.warnings.map((warning) => `${role}: ${warning}`));
    for (const line of setAsideLines(table.setAside)) printAside(`${role}: ${line}`);
    return table.runs;
  };
  if ((featurePath === undefined) === (flags.featureColumn === undefined)) {
    throw new UserError(
      featurePath === undefined
        ? "one table, and no --feature-column"
        : "two tables, and --feature-column as well",
      "two tables, or one whose column says which runs have the change",
      "give the second table, or --feature-column column=base,feature",
    );
  }
  if (featurePath !== undefined)
    return { base: read(basePath, "base"), feature: read(featurePath, "feature"), warnings };
  const { column, values } = featureRule(flags.featureColumn!);
  return {
    base: read(basePath, "base", [`${column}=${values[0]}`]),
    feature: read(basePath, "feature", [`${column}=${values[1]}`]),
    warnings,
  };
}

function featureRule(rule: string): { readonly column: string; readonly values: readonly [string, string] } {
  const [, column, base, feature] = /^([^=]+)=([^,]+),([^,]+)$/.exec(rule) ?? [];
  if (column && base && feature) return { column, values: [base.trim(), feature.trim()] };
  throw new UserError(
    `--feature-column "${rule}"`,
    "column=value of the base,value of the feature",
    "for instance --feature-column router_type=Dense,S-Base",
  );
}
