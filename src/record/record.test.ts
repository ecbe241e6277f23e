/** @file The record: what was appended is read back, and every torn tail and every edit is found. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { type EventDraft, NO_PREVIOUS, type RecordEvent } from "./events.ts";
import { sha256 } from "./files.ts";
import type { Draft } from "./fixture.ts";
import {
  openRecord,
  readPerhapsCutShort,
  readRecord,
  recordPath,
  sequenceOfHead,
  verifyRecord,
} from "./record.ts";
import { tracesBeyond } from "./traces.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-record-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const started = (run: string): EventDraft<"run-started"> => ({
  run,
  kind: "run-started",
  data: { attempt: 1, fromStep: 0, exact: true, numThreads: 2, spec: null },
});
const predicted = (run: string | null, quantity: string, unit = "bit/byte"): EventDraft<"prediction"> => ({
  run,
  kind: "prediction",
  data: { quantity, unit, median: 1.5, lo: 1.4, hi: 1.6, basis: "a law" },
});
const measured = (run: string | null, quantity: string, unit = "bit/byte"): EventDraft<"measurement"> => ({
  run,
  kind: "measurement",
  data: { quantity, unit, value: 1.55, source: "evaluation" },
});
const note = (reason: string): EventDraft<"interrupted"> => ({
  run: null,
  kind: "interrupted",
  data: { reason },
});

function appendNotes(count: number): void {
  using record = openRecord(folder);
  for (let i = 0; i < count; i++) record.append(note(`number ${i}`));
}

/** A line without its own hash, over which that is taken. */
const unhashed = (line: string) => line.replace(/,"hash":"[0-9a-f]{64}"}$/, "}");

/** Changes one line of the file and leaves the rest as it is. */
function editLine(index: number, edit: (line: string) => string): void {
  const lines = readFileSync(recordPath(folder), "utf8").split("\n");
  writeFileSync(recordPath(folder), lines.map((line, i) => (i === index ? edit(line) : line)).join("\n"));
}

describe("append and read", () => {
  test("each line ends with its own hash and holds that of the one before; the head is that of the last", () => {
    appendNotes(3);
    const lines = readFileSync(recordPath(folder), "utf8").trimEnd().split("\n");
    const { events, head, warnings } = readRecord(folder);
    const hashes = lines.map((line) => sha256(unhashed(line)));
    expect(events.map(({ hash }) => hash)).toEqual(hashes);
    expect(events.map(({ previous }) => previous)).toEqual([NO_PREVIOUS, hashes[0], hashes[1]]);
    expect(head).toBe(hashes[2]);
    expect(events.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    expect(warnings).toEqual([]);
    expect(verifyRecord(folder)).toEqual({ ok: true, numEvents: 3, head });
  });

  test("a writer that opens again goes on where the last one stopped", () => {
    appendNotes(2);
    using record = openRecord(folder);
    expect(record.events).toEqual(readRecord(folder).events);
    const event = record.append(note("more"));
    expect(event).toMatchObject({ sequence: 2, launch: 2 });
    expect(readRecord(folder)).toEqual({ events: record.events, head: record.head, warnings: [] });
  });

  test("any JSON comes back as it went in", () => {
    using record = openRecord(folder);
    const property = fc.property(fc.jsonValue(), (plan) => {
      const data = { specHash: sha256("spec"), plan: JSON.parse(JSON.stringify(plan)) as unknown };
      record.append({ run: null, kind: "campaign-planned", data });
      const last = readRecord(folder).events.at(-1);
      expect(last?.data).toEqual(data);
    });
    fc.assert(property, { numRuns: 30 });
    expect(verifyRecord(folder).ok).toBe(true);
  });

  test("refuses what JSON would change, and leaves the file as it was", () => {
    using record = openRecord(folder);
    const plan = (plan: unknown) =>
      record.append({ run: null, kind: "campaign-planned", data: { specHash: NO_PREVIOUS, plan } });
    expect(() => plan({ loss: [1, Number.NaN] })).toThrow(/\/loss\/1 is NaN: use null/);
    expect(() => plan(new Float32Array(2))).toThrow(/\[object Float32Array\]: not a JSON value/);
    expect(() => record.append({ run: "../up", kind: "interrupted", data: { reason: "x" } })).toThrow(
      /letters, digits/,
    );
    const upsideDown = predicted("target", "loss");
    expect(() => record.append({ ...upsideDown, data: { ...upsideDown.data, lo: 1.55 } })).toThrow(
      /lo <= median <= hi/,
    );
    expect(readFileSync(recordPath(folder), "utf8")).toBe("");
  });

  test("one writer at a time, any number of readers", () => {
    using record = openRecord(folder);
    record.append(note("one"));
    expect(() => openRecord(folder)).toThrow(UserError);
    expect(readRecord(folder).events).toHaveLength(1);
  });

  test("says so where there is no record", () => {
    expect(() => readRecord(join(folder, "nowhere"))).toThrow(/there is no .*record\.jsonl/);
  });

  test("finds the event that a published head belongs to", () => {
    appendNotes(2);
    const published = readRecord(folder).head;
    appendNotes(3);
    const record = readRecord(folder);
    expect(sequenceOfHead(record, published)).toBe(1);
    expect(sequenceOfHead(record, record.head)).toBe(4);
    expect(sequenceOfHead(record, sha256("something else"))).toBeNull();
    expect(sequenceOfHead(record, NO_PREVIOUS)).toBeNull();
  });
});

describe("predict before you measure", () => {
  test("a prediction for a run that has started is refused, for another run it is not", () => {
    using record = openRecord(folder);
    record.append(predicted("target", "loss"));
    record.append(started("rung-1"));
    record.append(predicted("target", "loss"));
    record.append(started("target"));
    expect(() => record.append(predicted("target", "loss"))).toThrow(/after event 3 \(run-started/);
    expect(record.events).toHaveLength(4);
  });

  test("the rule holds across processes: it is read from the file", () => {
    {
      using record = openRecord(folder);
      record.append(started("target"));
    }
    using record = openRecord(folder);
    expect(() => record.append(predicted("target", "loss"))).toThrow(UserError);
  });

  test("a quantity that has been measured cannot be predicted any more", () => {
    using record = openRecord(folder);
    record.append(measured("target", "loss"));
    expect(() => record.append(predicted("target", "loss"))).toThrow(/after event 0 \(measurement/);
    record.append(predicted("target", "time", "s"));
  });

  test("the campaign as a whole is predicted before its first stage", () => {
    using record = openRecord(folder);
    record.append(predicted(null, "time", "s"));
    record.append({ run: null, kind: "stage-started", data: { stage: "prepare", inputsHash: NO_PREVIOUS } });
    expect(() => record.append(predicted(null, "time", "s"))).toThrow(/for the campaign after event 1/);
  });

  test("one unit per quantity of a run", () => {
    using record = openRecord(folder);
    record.append(predicted("target", "loss", "nat/token"));
    expect(() => record.append(measured("target", "loss", "bit/byte"))).toThrow(
      /has the unit nat\/token in event 0, not bit\/byte/,
    );
    record.append(measured("rung-1", "loss", "bit/byte"));
  });
});

describe("damage", () => {
  test("a tail torn anywhere loses the torn line and nothing else", () => {
    appendNotes(4);
    const whole = readFileSync(recordPath(folder));
    const lastLineAt = whole.lastIndexOf(10, whole.length - 2) + 1;
    const property = fc.property(fc.integer({ min: lastLineAt + 1, max: whole.length - 1 }), (size) => {
      writeFileSync(recordPath(folder), whole);
      truncateSync(recordPath(folder), size);
      const torn = readRecord(folder);
      expect(torn.events).toHaveLength(3);
      expect(verifyRecord(folder)).toMatchObject({ ok: false, sequence: 3, numEvents: 3 });
      expect(torn.warnings).toEqual([
        `the record's last line was never finished (${size - lastLineAt} bytes after event 2): dropped`,
      ]);
      expect(readFileSync(recordPath(folder)).length).toBe(size);
      {
        using record = openRecord(folder);
        expect(record.warnings).toEqual(torn.warnings);
        expect(readFileSync(recordPath(folder)).length).toBe(lastLineAt);
        expect(verifyRecord(folder)).toMatchObject({ ok: true, numEvents: 3 });
        expect(record.append(note("after")).sequence).toBe(3);
      }
      expect(verifyRecord(folder)).toMatchObject({ ok: true, numEvents: 4 });
    });
    fc.assert(property, { numRuns: 15 });
  });

  test("an edited event is named with both hashes; opening and reading refuse", () => {
    appendNotes(5);
    const { hash } = readRecord(folder).events[2]!;
    editLine(2, (line) => line.replace("number 2", "number 7"));
    const edited = readFileSync(recordPath(folder), "utf8").split("\n")[2]!;
    expect(verifyRecord(folder)).toMatchObject({
      ok: false,
      sequence: 2,
      found: expect.stringMatching(`^event 2 now has the hash ${sha256(unhashed(edited))}: a field of it`),
      expected: `the hash ${hash}, which the event carries`,
    });
    const before = readFileSync(recordPath(folder));
    expect(() => openRecord(folder)).toThrow(/has been changed since it was written: at sequence 2, event 2/);
    expect(() => readRecord(folder)).toThrow(UserError);
    expect(readFileSync(recordPath(folder))).toEqual(before);
    // The refusal gave the lock back: a mended record can be opened.
    editLine(2, (line) => line.replace("number 7", "number 2"));
    using record = openRecord(folder);
    expect(record.events).toHaveLength(5);
  });

  test("whichever field of whichever event is edited, it is that event which is named", () => {
    const drafts: readonly Draft[] = [
      started("a"),
      predicted("target", "loss"),
      measured("rung", "loss"),
      note("end"),
    ];
    {
      using record = openRecord(folder);
      for (const draft of drafts) record.append(draft as EventDraft);
    }
    const lines = readFileSync(recordPath(folder), "utf8").trimEnd().split("\n");
    let numEdits = 0;
    for (const [at, line] of lines.entries())
      for (const [field] of line.matchAll(/"\w+":(?!\{)("[^"]*"|[^,}]*)/g)) {
        const edited = line.replace(
          field,
          field.replace(/[^":]("?)$/, (end) => (end[0] === "1" ? "2" : "1") + end.slice(1)),
        );
        writeFileSync(recordPath(folder), `${lines.with(at, edited).join("\n")}\n`);
        expect(verifyRecord(folder), edited).toMatchObject({ ok: false, sequence: at, numEvents: at });
        numEdits++;
      }
    expect(numEdits).toBeGreaterThan(50);
    const renumbered = lines.with(2, lines[2]!.replace('"sequence":2', '"sequence":1'));
    writeFileSync(recordPath(folder), `${renumbered.join("\n")}\n`);
    expect(verifyRecord(folder)).toMatchObject({
      found: expect.stringContaining("its sequence was changed"),
    });
  });

  test("line ends of another system are said to be that", () => {
    appendNotes(3);
    writeFileSync(recordPath(folder), readFileSync(recordPath(folder), "utf8").replaceAll("\n", "\r\n"));
    const { found } = verifyRecord(folder) as { found: string };
    expect(found).toMatch(/^the line ends with CR LF/);
  });

  test("an event written anew with its right hash is missed by the one after it", () => {
    appendNotes(4);
    const [{ hash }, next] = readRecord(folder).events.slice(1) as [RecordEvent, RecordEvent];
    editLine(1, (line) => {
      const text = unhashed(line.replace("number 1", "number 9"));
      return `${text.slice(0, -1)},"hash":"${sha256(text)}"}`;
    });
    expect(verifyRecord(folder)).toMatchObject({
      ok: false,
      sequence: 1,
      found: expect.stringContaining("event 1 was written anew"),
      expected: `the hash ${hash}, which event ${next.sequence} kept of the one before it`,
    });
  });

  test("a deleted event is missed by its number", () => {
    appendNotes(4);
    const lines = readFileSync(recordPath(folder), "utf8").split("\n");
    writeFileSync(recordPath(folder), lines.toSpliced(1, 1).join("\n"));
    expect(verifyRecord(folder)).toMatchObject({
      ok: false,
      sequence: 1,
      found: "the event has number 2",
      expected: "number 1",
    });
  });

  test("an event nested thousands of levels deep is no event, and exhausts no stack", () => {
    appendNotes(2);
    editLine(1, (line) =>
      line
        .replace(/"data":\{.*?\}/, `"data":{"issues":${"[".repeat(8000)}${"]".repeat(8000)}}`)
        .replace('"interrupted"', '"issues-stated"'),
    );
    expect(verifyRecord(folder)).toMatchObject({
      ok: false,
      sequence: 1,
      found: expect.stringContaining("nested deeper than the 100 levels"),
    });
  });

  test("a record of another version is not broken: it is refused with both versions", () => {
    appendNotes(3);
    for (const index of [0, 1, 2]) editLine(index, (line) => line.replace('"v":3', '"v":2'));
    const refusal =
      "found: a record of version 2\nexpected: version 3\nremedy: go on with the longrun that began";
    expect(() => readRecord(folder)).toThrow(refusal);
    expect(() => verifyRecord(folder)).toThrow(refusal);
  });

  test("an event of an unknown kind is no event", () => {
    appendNotes(2);
    editLine(1, (line) => line.replace('"interrupted"', '"gossip"'));
    const result = verifyRecord(folder);
    expect(result).toMatchObject({ ok: false, sequence: 1 });
    expect(result.ok ? "" : result.found).toContain("gossip");
  });

  test("a cut that only an attempt's series shows is refused by every reader, and named by verify", () => {
    for (const attempt of [1, 2]) {
      using record = openRecord(folder);
      record.append({ ...started("target"), data: { ...started("target").data, attempt } });
      mkdirSync(join(folder, "series", "target", String(attempt)), { recursive: true });
    }
    expect(readRecord(folder).events).toHaveLength(2);
    const whole = readFileSync(recordPath(folder), "utf8");
    writeFileSync(recordPath(folder), whole.slice(0, whole.indexOf("\n") + 1));
    for (const open of [readRecord, openRecord])
      expect(() => open(folder)).toThrow(
        /found: .*series\/target\/2, of which none of the 1 events speaks\n.*\nremedy: the record was cut short/,
      );
    expect(verifyRecord(folder)).toMatchObject({ ok: true, numEvents: 1 });
    expect(tracesBeyond(folder, readPerhapsCutShort(folder).events)).toEqual(["series/target/2"]);
  });

  test("any flipped bit is found, at the flipped event, the last one too", () => {
    appendNotes(5);
    const whole = readFileSync(recordPath(folder));
    const position = fc.integer({ min: 0, max: whole.length - 2 });
    const property = fc.property(position, fc.integer({ min: 0, max: 7 }), (at, bit) => {
      fc.pre(whole[at] !== 10);
      const flipped = Buffer.from(whole);
      flipped[at] = flipped[at]! ^ (1 << bit);
      writeFileSync(recordPath(folder), flipped);
      const sequence = whole.subarray(0, at).filter((byte) => byte === 10).length;
      expect(verifyRecord(folder)).toMatchObject({ ok: false, sequence });
    });
    fc.assert(property, { numRuns: 60 });
  });
});
