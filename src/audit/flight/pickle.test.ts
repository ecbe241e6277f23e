import { expect, test } from "vitest";
import { readPickle } from "./pickle.ts";

const read = (base64: string) => readPickle(Buffer.from(base64, "base64"), "dump_0");

/** What CPython 3.11 makes of one value, in protocols 2 and 4. */
const PICKLES = {
  2: "gAJ9cQAoWAEAAABhcQFdcQIoSwFK/////00sAUpwEQEASgAAAICKBgAAAAAAAYoIAAAAAAAAAMBlWAEAAABicQNOiImHcQRYAQAAAGNxBUc/+AAAAAAAAFgBAAAAZHEGWAUAAADDqeKCrHEHWAEAAABlcQh9cQlYAQAAAGZxClgBAAAAeHELWAEAAAB5cQyGcQ1zWAEAAABncQ5dcQ8oaAtoC2VYAQAAAGhxEEsBhXERWAEAAABpcRIoSwFLAksDSwR0cRNYAQAAAGpxFF1xFVgBAAAAa3EWfXEXWAEAAABscRgpdS4=",
  4: "gASVngAAAAAAAAB9lCiMAWGUXZQoSwFK/////00sAUpwEQEASgAAAICKBgAAAAAAAYoIAAAAAAAAAMBljAFilE6IiYeUjAFjlEc/+AAAAAAAAIwBZJSMBcOp4oKslIwBZZR9lIwBZpSMAXiUjAF5lIaUc4wBZ5RdlChoC2gLZYwBaJRLAYWUjAFplChLAUsCSwNLBHSUjAFqlF2UjAFrlH2UjAFslCl1Lg==",
};

test.each(Object.entries(PICKLES))("data of protocol %s is what Python had", (_, base64) => {
  expect(read(base64)).toEqual({
    a: [1, -1, 300, 70_000, -(2 ** 31), 2 ** 40, -(2 ** 62)],
    b: [null, true, false],
    c: 1.5,
    d: "é€",
    e: { f: ["x", "y"] },
    g: ["x", "x"],
    h: [1],
    i: [1, 2, 3, 4],
    j: [],
    k: {},
    l: [],
  });
});

test.each([
  ["os.system, protocol 2", "gAJjcG9zaXgKc3lzdGVtCnEALg==", /with code: it names posix\.system/],
  ["os.system, protocol 4", "gASVFAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg==", /it names posix\.system/],
  [
    "a date",
    "gAJdcQBjZGF0ZXRpbWUKZGF0ZQpxAWNfY29kZWNzCmVuY29kZQpxAlgFAAAAB8OkAQFxA1gGAAAAbGF0aW4xcQSGcQVScQaFcQdScQhhLg==",
    /it names datetime\.date/,
  ],
  ["a set", "gASVCQAAAAAAAACPlChLAUsCkC4=", /damaged pickle: opcode 143/],
])("what is more than data is refused, by name: %s", (_, base64, found) => {
  expect(() => read(base64)).toThrow(found);
});

test("one that is cut anywhere is refused", () => {
  const whole = Buffer.from(PICKLES[2], "base64");
  for (let length = 0; length < whole.length; length++)
    expect(() => readPickle(whole.subarray(0, length), "dump_0"), `${length} bytes`).toThrow(
      /damaged pickle/,
    );
});

test("a key that is a prototype's name is a field as any other", () => {
  const key = "__proto__";
  const bytes = Buffer.from([
    0x80,
    2,
    0x7d,
    0x58,
    key.length,
    0,
    0,
    0,
    ...Buffer.from(key),
    0x5d,
    0x73,
    0x2e,
  ]);
  expect(Object.entries(readPickle(bytes, "dump_0") as object)).toEqual([[key, []]]);
});
