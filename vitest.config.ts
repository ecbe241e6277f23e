import { defineConfig } from "vitest/config";

/** `npm test` leaves these to `npm run test:package` and `test:llama`: they install packages. */
const PACKAGE_TEST = "test/package.test.ts";
const LLAMA_TEST = "test/llama-cpp.test.ts";
/** And these to `npm run test:faults`: whole runs that are killed, moved, held and taken up again, in minutes. */
const FAULTY = ["account", "any-command", "certify", "chaos", "faults", "fleet", "nodes", "places", "stops"];
const FAULT_TESTS = FAULTY.map((name) => `test/${name}.test.ts`);
/** And these to `npm run test:torch`: they take minutes, too. */
const TORCH_TESTS = "test/torch*.test.ts";
/** And these to `npm run test:slurm`: they take a Slurm. */
const SLURM_TESTS = "test/slurm*.test.ts";

export default defineConfig({
  test: {
    setupFiles: ["test/support/seeded.ts", "test/support/state-folder.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: "build/test-results.json" }]],
    projects: [
      {
        extends: true,
        test: {
          name: "longrun",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [PACKAGE_TEST, LLAMA_TEST, TORCH_TESTS, SLURM_TESTS, ...FAULT_TESTS],
        },
      },
      { extends: true, test: { name: "llama", include: [LLAMA_TEST] } },
      { extends: true, test: { name: "faults", include: FAULT_TESTS } },
      { extends: true, test: { name: "torch", include: [TORCH_TESTS] } },
      { extends: true, test: { name: "slurm", include: [SLURM_TESTS] } },
      {
        extends: true,
        test: { name: "package", include: [PACKAGE_TEST], testTimeout: 600_000, hookTimeout: 600_000 },
      },
    ],
  },
});
