import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { accelerator } from "../hardware/catalogue.ts";
import { productSeconds, ratesOf } from "./matrix-product.ts";

/**
 * Measured on H100 by the XLA project, TFLOP/s of bf16 products of batch b, m, n, k: openxla/xla,
 * xla/service/gpu/model/ matmul_interpolator_data.h, a sample over all sizes. No constant is fitted to them:
 * tile and gap are the values set before calibration.
 */
const MEASURED = [
  [1, 2048, 2048, 4096, 738],
  [1, 2048, 1024, 4096, 653],
  [1, 1024, 1024, 4096, 470],
  [1, 4096, 256, 4096, 376],
  [1, 4096, 256, 256, 82],
  [4, 1024, 512, 256, 134],
  [1, 1024, 4096, 2048, 634],
  [4, 2048, 2048, 4096, 779],
  [1, 4096, 4096, 1024, 677],
  [4, 4096, 4096, 1024, 725],
  [2, 2048, 2048, 512, 447],
  [4, 2048, 2048, 256, 395],
  [1, 512, 512, 1024, 71],
  [1, 256, 2048, 2048, 216],
  [1, 2048, 512, 4096, 451],
  [2, 512, 2048, 4096, 644],
  [4, 1024, 1024, 256, 215],
  [1, 1024, 1024, 256, 82],
  [1, 512, 4096, 4096, 644],
  [4, 256, 4096, 512, 335],
  [1, 4096, 2048, 1024, 593],
  [2, 1024, 256, 2048, 210],
] as const;

test("products of all sizes on H100 take the time that they were measured to take", () => {
  const unloaded = {
    ...CONSTANTS,
    sustained: 1,
    throttle: 0,
    tileSeconds: 2e-6,
    waveWeight: 0.6,
    kernelSeconds: 3e-6,
  };
  const rates = ratesOf(accelerator("h100"), "bf16", unloaded);
  const errors = MEASURED.map(([count, m, n, k, teraFlops]) => {
    const seconds = productSeconds(rates, rates.product, m, n, k, count, 2);
    return Math.abs((2 * count * m * n * k) / seconds / (teraFlops * 1e12) - 1);
  });
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.1);
  expect(Math.max(...errors)).toBeLessThan(0.3);
});

test("a product is bound by its bytes where it has few FLOPs", () => {
  const rates = ratesOf(accelerator("h100"), "bf16", CONSTANTS);
  const seconds = productSeconds(rates, rates.product, 1, 65536, 8192, 1, 2);
  expect(seconds).toBeCloseTo((2 * 8192 * 65537 + 2 * 65536) / rates.memory + CONSTANTS.kernelSeconds, 9);
});

test("8-bit products run at the 8-bit peak where the device has one, else at the 16-bit one", () => {
  const h100 = ratesOf(accelerator("h100"), "fp8", CONSTANTS);
  expect(h100.product / h100.bf16).toBeCloseTo((1979 * 0.709) / (989.5 * 0.803), 6);
  const a100 = ratesOf(accelerator("a100"), "fp8", CONSTANTS);
  expect(a100.product).toBe(a100.bf16);
  expect(a100.castBytes).toBe(0);
});
