import { expect, test } from "vitest";
import { rootSignature } from "../command/signatures.ts";
import { identityOf, tracebackIn } from "./identity.ts";

test("the error that a log ends with, and the frame nearest to it, without its numbers", () => {
  const python =
    'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    main()\n' +
    '  File "b.py", line 9, in main\n    g(12)\ntorch.OutOfMemoryError: 12 MB at 0x7fab\nlast words';
  expect(tracebackIn(python)).toBe('torch.OutOfMemoryError: # MB at # | File "b.py", line 9, in main');
  const node =
    "x\nTypeError: f is not a function\n    at step (file:///run.ts:10:3)\n    at main (a.ts:1:1)\n";
  expect(tracebackIn(node)).toBe("TypeError: f is not a function | at step (file:///run.ts:10:3)");
  expect(tracebackIn("terminate called after throwing an instance of 'int'")).toBe(
    "terminate called after throwing an instance of 'int' | ",
  );
  expect(tracebackIn("loss 3.2\nno Error in the middle of a line")).toBeNull();
});

test("under a launcher the cause is told, not the launcher's own traceback", () => {
  const launcher = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ";
  const failed = (line: string) =>
    identityOf({
      kind: "exited",
      rank: 0,
      place: "here",
      code: 1,
      signal: null,
      log: launcher,
      signature: rootSignature([{ rank: 0, text: `${line}\n${launcher}` }])!,
    });
  expect(failed("[rank1]: KeyError: 'text'")).not.toBe(failed("[rank1]: ValueError: no such file"));
  expect(failed("RuntimeError: DataLoader worker (pid 12) is killed")).toBe(
    failed("RuntimeError: DataLoader worker (pid 812) is killed"),
  );
});
