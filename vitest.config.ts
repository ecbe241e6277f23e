import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/support/seeded.ts"],
    testTimeout: 120_000,
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: "build/test-results.json" }]],
  },
});
