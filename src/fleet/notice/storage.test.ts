import { expect, test } from "vitest";
import { CheckpointPace, DiskRoom } from "./storage.ts";

test("a disk with room for less than three checkpoints is told, and again only after there was more", () => {
  const room = new DiskRoom();
  const told = [10, 3, 2.9, 2.5, 3.5, 2.9, 4, 2].map((free) => room.take(free * 1e9, 1e9)?.freeBytes ?? null);
  expect(told).toEqual([null, null, 2.9e9, null, null, null, null, 2e9]);
});

test("a save that takes far longer than those before is told, whatever their number and size", () => {
  const pace = new CheckpointPace();
  const saves = [20, 21, 19, 20, 61, 20, 59, 200].map((seconds, i) => pace.saved(i, 600 * i, seconds));
  expect(saves.map((seen) => seen?.seconds ?? null)).toEqual([null, null, null, null, 61, null, null, 200]);
  expect(saves[4]).toEqual({ kind: "checkpoints", step: 4, seconds: 61, expectedSeconds: 20, what: "slow" });
  const quick = new CheckpointPace();
  expect([0.05, 0.05, 0.05, 0.05, 9].map((seconds, i) => quick.saved(i, i, seconds))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("saves that stop coming are told once; a restart is no pause", () => {
  const pace = new CheckpointPace();
  for (let i = 0; i < 6; i++) pace.saved(10 * i, 600 * i, null);
  expect(pace.look(3000 + 1700)).toBeNull();
  expect(pace.look(3000 + 1900)).toEqual({
    kind: "checkpoints",
    step: 50,
    seconds: 1900,
    expectedSeconds: 600,
    what: "missing",
  });
  expect(pace.look(3000 + 9000)).toBeNull();
  pace.started();
  expect(pace.look(1e6)).toBeNull();
});
