/** @file --svg: a file for the figure, drawn only where one was asked for. */

import type { Command } from "commander";
import { outputOption, writeOutputFile } from "./output-file.ts";

export type FigureFlag = {
  readonly svg?: string;
};

/** Adds --svg. */
export function withFigureFlag(command: Command): Command {
  return command.addOption(outputOption("--svg <file>", "draw the figure into this file"));
}

/** Writes the figure where one was asked for. */
export async function writeFigure({ svg }: FigureFlag, draw: () => Promise<string>): Promise<void> {
  if (svg !== undefined) writeOutputFile(svg, await draw());
}
