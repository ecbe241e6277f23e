import { setTimeout } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { untilInterrupted } from "./interrupt.ts";

test("signals that come together are one Ctrl-C; a later one ends the program", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const notes: string[] = [];
  const ended = await untilInterrupted(
    (text) => notes.push(text),
    async (signal) => {
      process.emit("SIGINT", "SIGINT");
      process.emit("SIGINT", "SIGINT");
      expect(signal.aborted).toBe(true);
      expect(exit).not.toHaveBeenCalled();
      await setTimeout(400);
      expect(() => process.emit("SIGINT", "SIGINT")).toThrow("exit 130");
      return "done";
    },
  );
  expect(ended).toEqual({ kind: "done", result: "done" });
  expect(notes).toEqual([
    "stopping after this step; the same command goes on (Ctrl-C once more ends it at once)",
  ]);
  exit.mockRestore();
});
