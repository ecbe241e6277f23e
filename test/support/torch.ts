/** @file The Python of the tests that train in PyTorch; without one they are skipped, and say so. */

import { describe } from "vitest";
import { pythonWithTorch } from "../../src/fleet/torch/torch-python.ts";

/** LONGRUN_PYTHON, or what `longrun run --trainer torch` would take; null where there is none. */
export const TORCH_PYTHON = await pythonWithTorch(process.env.LONGRUN_PYTHON).catch(() => null);

/** A group of tests that need PyTorch. Each gets its Python. */
export function describeTorch(name: string, tests: (python: string) => void): void {
  if (TORCH_PYTHON !== null) describe(name, () => tests(TORCH_PYTHON!));
  else {
    console.warn(
      `skipped, for want of PyTorch: "${name}". To run it: longrun fleet install-torch (about 6 GB), ` +
        "or name a Python that has it in LONGRUN_PYTHON",
    );
    describe.skip(name, () => tests("python3"));
  }
}
