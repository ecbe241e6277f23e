/** @file The process that measures the place it is on, and prints what it found. */

import { placeFigures } from "./place-figures.ts";

process.stdout.write(`${JSON.stringify(await placeFigures(process.argv[2]!))}\n`);
