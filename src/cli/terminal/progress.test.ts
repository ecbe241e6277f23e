import { describe, expect, test } from "vitest";
import { Progress, trainingDetails } from "./progress.ts";
import { displayWidth } from "./table.ts";

const ESCAPE = "\u001b";

/** A clock and a screen under the test's hand. */
function stage(isTerminal: boolean, columns = 100) {
  const clock = { ms: 0 };
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), isTerminal, columns: () => columns };
  const progress = new Progress(output, () => clock.ms);
  return { clock, written, progress };
}

/** What a terminal shows after the escape codes that Progress uses: cursor up, and clear to the end. */
function screen(written: readonly string[]): string[] {
  let lines = [""];
  for (const part of written.join("").split(new RegExp(`(${ESCAPE}\\[\\d+[AJ])`))) {
    const up = new RegExp(`^${ESCAPE}\\[(\\d+)A$`).exec(part);
    if (up !== null) lines = [...lines.slice(0, lines.length - 1 - Number(up[1])), ""];
    else if (part !== `${ESCAPE}[0J`) {
      const [first, ...rest] = part.split("\n");
      lines[lines.length - 1] += first!;
      lines.push(...rest);
    }
  }
  return lines.slice(0, -1);
}

const state = (done: number, details: readonly string[] = []) => ({ done, total: 600, details });

describe("Progress on a terminal", () => {
  test("rewrites one line for each running step, with bar, speed, loss and time left", () => {
    const { clock, written, progress } = stage(true);
    const first = progress.start("rung-1");
    const second = progress.start("rung-22");
    for (let step = 0; step <= 300; step += 30) {
      clock.ms += 1000;
      first.update(state(step, trainingDetails({ tokensPerSecond: 45_012, loss: 4.2131 })));
      clock.ms += 200;
      second.update(state(step / 2));
    }
    expect(screen(written)).toEqual([
      `rung-1  ${"█".repeat(12)}${"░".repeat(12)}  50 %  45.0 k tokens/s  loss 4.213  14 s left`,
      `rung-22 ${"█".repeat(6)}${"░".repeat(18)}  25 %  40 s left`,
    ]);
  });

  test("leaves a summary behind when a step ends, and keeps the others moving below it", () => {
    const { clock, written, progress } = stage(true);
    const first = progress.start("rung-1");
    const second = progress.start("rung-2");
    first.update(state(0));
    clock.ms = 125_000;
    second.update(state(10));
    first.finish("loss 3.141");
    progress.note("laws fitted");
    expect(screen(written).slice(0, 2)).toEqual(["rung-1: loss 3.141 in 2 min 05 s", "laws fitted"]);
    expect(screen(written)[2]).toMatch(/^rung-2 .* 1 %/);
    expect(screen(written)).toHaveLength(3);
  });

  test("draws no more than ten times a second", () => {
    const { clock, written, progress } = stage(true);
    const task = progress.start("target");
    for (let step = 0; step < 1000; step++) {
      clock.ms += 1;
      task.update(state(step % 600));
    }
    expect(written.join("").match(/target/g)!.length).toBeLessThanOrEqual(11);
  });

  test("never fills a narrow terminal's last column, where a line would wrap", () => {
    const { clock, written, progress } = stage(true, 40);
    const task = progress.start("a run with a name that is rather long");
    clock.ms = 1000;
    task.update(state(300, ["45.0 k tokens/s", "loss 4.2"]));
    for (const line of screen(written)) expect(displayWidth(line)).toBeLessThan(40);
  });
});

describe("Progress without a terminal", () => {
  test("prints a plain line at once and then every five seconds, without escape codes", () => {
    const { clock, written, progress } = stage(false);
    const task = progress.start("target");
    for (let second = 0; second <= 12; second++) {
      clock.ms = second * 1000;
      task.update(state(second * 10, ["loss 4.2"]));
    }
    task.finish("loss 4.0");
    expect(written).toEqual([
      "target: 0 %, loss 4.2\n",
      "target: 8 %, loss 4.2, 55 s left\n",
      "target: 16 %, loss 4.2, 50 s left\n",
      "target: loss 4.0 in 12.0 s\n",
    ]);
  });

  test("counts the speed of a resumed step from where it was resumed", () => {
    const { clock, written, progress } = stage(false);
    const task = progress.start("target");
    task.update(state(500));
    clock.ms = 5000;
    task.update(state(550));
    expect(written.at(-1)).toBe("target: 91 %, 5 s left\n");
  });
});
