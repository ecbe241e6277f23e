import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { maskedCrc, readEventRecords } from "./event-file.ts";
import { LAYOUTS, type MetricRow } from "./layouts.ts";
import { LogReader, MOST_LINES_WITHOUT } from "./log-reader.ts";
import { metricNamed } from "./metric-names.ts";
import { metricSource, openMetricFile } from "./metric-source.ts";

/** Written by tensorboardX 2.6: train/loss, eval/loss and lr at the steps 1, 2 and 3. */
const EVENTS = join(import.meta.dirname, "..", "..", "..", "test", "fixtures", "tensorboard.tfevents");
const base = mkdtempSync(join(tmpdir(), "longrun-metrics-"));
afterAll(() => rmSync(base, { recursive: true }));

function rowsOf(text: string, reader = new LogReader()): readonly MetricRow[] {
  return [...text.split(/[\r\n]/).flatMap((line) => reader.read(line)), ...reader.end()];
}

/** Lines as the trainers print them, with what else they print around. */
const LOGS: Readonly<Record<string, readonly [text: string, rows: readonly MetricRow[]]>> = {
  torchtitan: [
    `[rank0]:[titan] 2026-02-11 00:53:32,274 - root - INFO - Peak FLOPS used for computing MFU: 2.982e+14
[rank0]:[titan] 2026-02-11 00:54:17,768 - root - INFO - \x1b[31mstep:  1  \x1b[32mloss: 12.2254  \x1b[38;2;180;60;0mgrad_norm:  2.1345  \x1b[38;2;54;234;195mmemory: 19.45GiB(30.39%)  \x1b[34mtps: 5,941  \x1b[36mtflops: 56.37  \x1b[35mmfu: 18.91%\x1b[39m
[rank0]:[titan] 2026-02-11 00:54:18,768 - root - INFO - validate step: 10  loss:  9.1000  memory: 19.45GiB(30.39%)  tps: 9,941
[rank0]:2024-12-13 17:29:23,398 - root - INFO - step: 10  loss:  nan  memory: 14.91GiB(18.82%)  wps: 48,655  mfu: 13.87%
[rank0]:2025-04-01 00:25:47,084 - root - INFO - step: 640/644 = 99.3789%  loss:  6.2116  memory: 87.04GiB(93.48%)  tps: 52,142  mfu: 3.09%`,
    [
      { step: 1, loss: 12.2254, gradientNorm: 2.1345, tokensPerSecond: 5941 },
      { step: 10, loss: Number.NaN, tokensPerSecond: 48655 },
      { step: 640, total: 644, loss: 6.2116, tokensPerSecond: 52142 },
    ],
  ],
  nanogpt: [
    `step 0: train loss 10.9897, val loss 10.9885
iter 0: loss 10.9888, time 24810.41ms, mfu -100.00%
iter 10: loss 9.5, time 130.50ms, mfu 38.20%
iter 20: loss 8.5, time 0.13s`,
    [
      { step: 0, loss: 10.9888, stepSeconds: 24.81041 },
      { step: 10, loss: 9.5, stepSeconds: 0.1305 },
      { step: 20, loss: 8.5, stepSeconds: 0.13 },
    ],
  ],
  nanochat: [
    `Step 00000 | Validation bpb: 3.3013
step 00000/21400 (0.00%) | loss: 11.090355 | grad norm: 0.3124 | lrm: 1.00 | dt: 30412.28ms | tok/sec: 17,239 | mfu: 1.62 | total time: 0.00m
step 00001/21400 (0.00%) | loss: 11.011 | lrm: 1.00 | dt: 490.10ms | tok/sec: 1,069,757 | bf16_mfu: 48.2 | epoch: 1 | total time: 0.00m | eta: 170.1m`,
    [
      {
        step: 0,
        total: 21400,
        loss: 11.090355,
        gradientNorm: 0.3124,
        stepSeconds: 30.41228,
        tokensPerSecond: 17239,
      },
      { step: 1, total: 21400, loss: 11.011, stepSeconds: 490.1 / 1000, tokensPerSecond: 1069757 },
    ],
  ],
  megatron: [
    `training ...
 iteration        1/    1000 | consumed samples:         1024 | elapsed time per iteration (ms): 201212.4 | learning rate: 0.000E+00 | global batch size:  1024 | loss scale: 4294967296.0 | number of skipped iterations:   1 | number of nan iterations:   0 |
time (ms) | forward-compute: 51842.73 | forward-recv: 5954.23 | backward-compute: 136988.70
 [2025-09-05 16:08:14] iteration        2/    1000 | consumed samples:          128 | elapsed time per iteration (ms): 79489.9 | throughput per GPU (TFLOP/s/GPU): 18.0 | learning rate: 2.999998E-05 | global batch size:   128 | lm loss: 2.605958E+00 | z_loss: 1.091659E+01 | mtp_1 loss: 2.828435E+00 | loss scale: 1.0 | grad norm: 0.258 | number of skipped iterations:   0 | number of nan iterations:   0 |
samples/sec: 51.234 | iteration        3/    1000 | elapsed time per iteration (s): 2.5 | learning rate: 1.234E-04 | lm_loss: NAN | number of skipped iterations:   0 |`,
    [
      { step: 1, total: 1000, learningRate: 0, stepSeconds: 201.2124 },
      {
        step: 2,
        total: 1000,
        loss: 2.605958,
        gradientNorm: 0.258,
        learningRate: 2.999998e-5,
        stepSeconds: 79489.9 / 1000,
      },
      { step: 3, total: 1000, loss: Number.NaN, learningRate: 1.234e-4, stepSeconds: 2.5 },
    ],
  ],
  "llm.c": [
    `val loss 11.008154
step    1/18865 | loss 10.982277 (+nanz)| norm 15.3437 (+nanz)| lr 8.57e-07 | 3056.36 ms | 45.1% bf16 MFU | 171564 tok/s
step    2/18865 | loss 10.9 (-1.20z)| norm -inf (+0.10z)| lr 1.71e-06 | 3000.00 ms | 171564 tok/s`,
    [
      {
        step: 1,
        total: 18865,
        loss: 10.982277,
        gradientNorm: 15.3437,
        learningRate: 8.57e-7,
        stepSeconds: 3.05636,
        tokensPerSecond: 171564,
      },
      {
        step: 2,
        total: 18865,
        loss: 10.9,
        gradientNorm: Number.NEGATIVE_INFINITY,
        learningRate: 1.71e-6,
        stepSeconds: 3,
        tokensPerSecond: 171564,
      },
    ],
  ],
  huggingface: [
    `  0%|          | 0/60 [00:00<?, ?it/s]\r 17%|#6        | 9/60 [00:05<00:30,  1.65it/s]\r                                        \r{'loss': 2.1035, 'grad_norm': 1.3203, 'learning_rate': 4.9e-05, 'epoch': 0.02}
\r 17%|#6        | 10/60 [00:06<00:30,  1.65it/s]
{'eval_loss': 2.0, 'eval_runtime': 3.1, 'epoch': 0.02}
{'loss': '1.9', 'grad_norm': 'nan', 'learning_rate': '3e-05', 'epoch': '0.04'}
 33%|###3      | 20/60 [00:12<00:24,  1.65it/s]
{'train_runtime': 36.2, 'train_samples_per_second': 10.1, 'train_loss': 2.0, 'epoch': 0.1}`,
    [
      { step: 10, total: 60, loss: 2.1035, gradientNorm: 1.3203, learningRate: 4.9e-5 },
      { step: 20, total: 60, loss: 1.9, gradientNorm: Number.NaN, learningRate: 3e-5 },
    ],
  ],
  olmo: [
    `2024-05-02 10:00:01 host:0 olmo.train:1102 INFO [step=1/739328,epoch=0]
    optim/total_grad_norm=13.1
    train/CrossEntropyLoss=11.32
    train/Perplexity=82,000
    throughput/device/tokens_per_second=1,234
2024-05-02 10:00:04 host:0 olmo.train:1102 INFO System metrics
    System/Peak GPU Memory (MB)=39,017
[2026-01-01 00:00:00] INFO [olmo_core.train:1306, rank=0] [step=2/739328,epoch=1,eta=1 hour, 2 minutes]
    optim/LR (group 0)=4.0E-05
    optim/total grad norm=nan
    train/CE loss=11.2
    throughput/device/TPS=9,876
[eval_step=3/16]`,
    [
      { step: 1, total: 739328, loss: 11.32, gradientNorm: 13.1, tokensPerSecond: 1234 },
      {
        step: 2,
        total: 739328,
        loss: 11.2,
        gradientNorm: Number.NaN,
        learningRate: 4e-5,
        tokensPerSecond: 9876,
      },
    ],
  ],
};

describe("a log", () => {
  test.each(Object.entries(LOGS))("of %s is told by its first lines, and read", (name, [text, rows]) => {
    const reader = new LogReader();
    expect(rowsOf(text, reader)).toEqual(rows);
    expect(reader.layout).toBe(name);
    expect(reader.problemAtEnd).toBeNull();
  });

  test("has an example for each layout", () => {
    expect(Object.keys(LOGS).sort()).toEqual(LAYOUTS.map(({ name }) => name).sort());
  });

  test("of one layout holds no line of another", () => {
    for (const [name, [text]] of Object.entries(LOGS))
      for (const layout of LAYOUTS.filter((other) => other.name !== name))
        for (const line of text.split(/[\r\n]/))
          expect(layout.line.test(line), `${name}: ${line}`).toBe(false);
  });

  test("of BLOOM's chronicles gives its losses, also before and at a spike", () => {
    // iteration, total, consumed samples, seconds, learning rate, loss, gradient norm
    const bloom = [
      "42780,115311,71455664,105.16,4.475E-05,2.117073E+00,0.150",
      "94768,115311,177927088,215.82,7.610E-06,1.943883E+00,0.128",
      "6502,159576,216960,31.0741,5.997E-05,3.876781E+00,3246.595",
    ];
    const lines = bloom.map((row) => {
      const [iteration, total, samples, seconds, lr, loss, norm] = row.split(",");
      return (
        ` iteration ${iteration!.padStart(8)}/${total!.padStart(8)} | consumed samples: ${samples!.padStart(12)} | ` +
        `consumed tokens: 146341199872 | elapsed time per iteration (s): ${seconds} | learning rate: ${lr} | ` +
        `global batch size:  2048 | lm loss: ${loss} | grad norm: ${norm} | num zeros: 0.0 | ` +
        "number of skipped iterations:   0 | number of nan iterations:   0 | TFLOPs: 149.10 |"
      );
    });
    const rows = rowsOf(lines.join("\n"));
    expect(rows.map(({ step, loss, gradientNorm }) => [step, loss, gradientNorm])).toEqual([
      [42780, 2.117073, 0.15],
      [94768, 1.943883, 0.128],
      [6502, 3.876781, 3246.595],
    ]);
    expect(rows[0]).toMatchObject({ total: 115311, learningRate: 4.475e-5, stepSeconds: 105.16 });
  });

  test("without a bar counts the lines of Hugging Face in logging steps", () => {
    const line = (loss: number) => `{'loss': ${loss}, 'learning_rate': 1e-05, 'epoch': 0.1}\n`;
    const rows = rowsOf(line(3) + line(2) + line(1), new LogReader(null, 25));
    expect(rows.map(({ step, loss }) => [step, loss])).toEqual([
      [25, 3],
      [50, 2],
      [75, 1],
    ]);
  });

  test("of two layouts is read as neither", () => {
    const reader = new LogReader();
    const text = "iter 1: loss 3.0, time 120ms\nstep: 1  loss: 3.0  memory: 1GiB\niter 2: loss 3.0, time 1ms";
    expect(rowsOf(text, reader)).toEqual([]);
    expect(reader.problem).toMatchObject({ kind: "several", layouts: ["nanogpt", "torchtitan"] });
  });

  test("whose one line has two layouts is read as neither", () => {
    const reader = new LogReader();
    expect(reader.read("iter 1: loss 3.0, step: 1  loss: 3.0")).toEqual([]);
    expect(reader.problem).toMatchObject({ kind: "several", layouts: ["torchtitan", "nanogpt"] });
  });

  test("without any step says so after so many lines, or at its end", () => {
    const reader = new LogReader();
    for (let i = 1; i < MOST_LINES_WITHOUT; i++) reader.read(`epoch ${i} goes well`);
    expect(reader.problem).toBeNull();
    expect(reader.problemAtEnd).toEqual({ kind: "none", numLines: MOST_LINES_WITHOUT - 1 });
    reader.read("one more");
    expect(reader.problem).toEqual({ kind: "none", numLines: MOST_LINES_WITHOUT });
  });
});

describe("--metrics", () => {
  test("takes a pattern with named groups", () => {
    const source = metricSource(String.raw`s=(?<step>\d+) l=(?<loss>\S+) g=(?<gradientNorm>\S+)`);
    if (source.kind !== "log") throw new Error("a pattern is of the log");
    expect(rowsOf("s=7 l=2.5 g=nan", new LogReader(source.layout))).toEqual([
      { step: 7, loss: 2.5, gradientNorm: Number.NaN },
    ]);
  });

  test.each([
    ["torchtitn", /did you mean torchtitan/],
    ["(?<step>\\d+)", /no group \(\?<loss>/],
    ["(?<step>\\d+) (?<loss>\\S+) (?<lr>\\S+)", /the group lr/],
    ["(?<step>\\d+) (?<loss>[)", /Invalid regular expression/],
  ])("%s is refused", (text, message) => {
    expect(() => metricSource(text)).toThrow(message);
  });

  test("reads JSON lines by the names that people use, from where an attempt begins", () => {
    const path = join(base, "log.jsonl");
    writeFileSync(path, '{"step": 1, "loss": 9}\n');
    using file = openMetricFile({ kind: "jsonl", path }, 0);
    appendFileSync(
      path,
      '{"step": 2, "train/loss": 3.5, "val/loss": 4, "train/grad_norm": NaN, "lr": 1e-3}\n',
    );
    appendFileSync(
      path,
      'a line of no JSON\n{"_step": 3, "train": {"loss": 3.25}, "tokens_per_second": 10}\n{"st',
    );
    expect(file.read()).toEqual([
      { step: 2, loss: 3.5, gradientNorm: Number.NaN, learningRate: 1e-3 },
      { step: 3, loss: 3.25, tokensPerSecond: 10 },
    ]);
    appendFileSync(path, 'ep": 4, "loss": 3}');
    expect(file.read()).toEqual([]);
    expect(file.end()).toEqual([{ step: 4, loss: 3 }]);
  });

  test("knows keys by what they mean", () => {
    const names = [
      "train/global_step",
      "iteration",
      "Loss/train",
      "lm loss",
      "val_loss",
      "loss_metrics/global_max_loss",
    ];
    expect(names.map(metricNamed)).toEqual(["step", "step", "loss", "loss", null, null]);
    expect(["grad_norm", "learning_rate", "tps", "loss_scale"].map(metricNamed)).toEqual([
      "gradientNorm",
      "learningRate",
      "tokensPerSecond",
      null,
    ]);
  });

  test("reads TensorBoard's files, which their own writer wrote", () => {
    const whole = readFileSync(EVENTS);
    const path = join(base, "events.out.tfevents.1");
    writeFileSync(path, whole.subarray(0, 100));
    using file = openMetricFile({ kind: "tensorboard", path: base }, 0);
    const first = file.read();
    appendFileSync(path, whole.subarray(100));
    expect([...first, ...file.read(), ...file.end()]).toEqual([
      { step: 1, loss: 3.5, learningRate: Math.fround(1e-3) },
      { step: 2, loss: 3.25, learningRate: Math.fround(9e-4) },
      { step: 3, loss: 3, learningRate: Math.fround(8e-4) },
    ]);
  });

  test("stops at a record that is not what its checksum says", () => {
    const whole = readFileSync(EVENTS);
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 10]! ^= 1;
    expect(readEventRecords(whole)).toMatchObject({ numBytes: whole.length, damagedAt: null });
    const { scalars, damagedAt } = readEventRecords(damaged);
    expect(damagedAt).toBeGreaterThan(0);
    expect(scalars.length).toBe(readEventRecords(whole).scalars.length - 1);
  });

  test("knows the checksum by its published value", () => {
    // RFC 3720, B.4: 32 bytes of zero have the CRC-32C 8a9136aa.
    const crc = 0x8a9136aa;
    expect(maskedCrc(new Uint8Array(32))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });

  test("goes on with the next file where a writer's last one is damaged", () => {
    const folder = mkdtempSync(join(base, "damaged-"));
    const whole = readFileSync(EVENTS);
    const damaged = Buffer.from(whole);
    damaged[60]! ^= 1;
    writeFileSync(join(folder, "events.out.tfevents.1"), damaged);
    using file = openMetricFile({ kind: "tensorboard", path: folder }, 0);
    expect([...file.read(), ...file.read(), ...file.end()]).toEqual([]);
    writeFileSync(join(folder, "events.out.tfevents.2"), whole);
    utimesSync(join(folder, "events.out.tfevents.1"), 1, 1);
    expect([...file.read(), ...file.end()]).toHaveLength(3);
  });

  test("reads any bytes in a whole record, and any line, without a word", () => {
    const framed = (event: Uint8Array) => {
      const record = Buffer.alloc(event.length + 16);
      record.writeBigUInt64LE(BigInt(event.length), 0);
      record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
      record.set(event, 12);
      record.writeUInt32LE(maskedCrc(event), event.length + 12);
      return record;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (event) => {
        const { numBytes, damagedAt } = readEventRecords(framed(event));
        expect([numBytes, damagedAt]).toEqual([event.length + 16, null]);
      }),
      { seed: 1, numRuns: 500 },
    );
    const words = [
      "step",
      ": ",
      "1",
      "/",
      "loss",
      " | ",
      "nan",
      "[step=",
      "]",
      "iter ",
      "{'loss': ",
      "'epoch': ",
      "\x1b[0m",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (parts) => {
        const reader = new LogReader();
        for (const row of [...reader.read(parts.join("")), ...reader.end()])
          expect(Number.isSafeInteger(row.step)).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
