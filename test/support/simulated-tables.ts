/**
 * @file Tables of the shape of the published ones, made from laws written out here: what the README claims of
 * other people's tables can so be tested on any machine. Sizes, budgets and noise are about those of the
 * papers; the numbers of the laws are published.
 */

import { Random } from "../../src/math/random.ts";

/** Besiroglu et al. 2024 (arXiv 2404.10102), their refit of Hoffmann et al.'s runs. */
export const CHINCHILLA = { A: 482.01, B: 2085.43, E: 1.8172, alpha: 0.3478, beta: 0.3658 };

const chinchilla = (n: number, d: number) =>
  CHINCHILLA.E + CHINCHILLA.A * n ** -CHINCHILLA.alpha + CHINCHILLA.B * d ** -CHINCHILLA.beta;

const csv = (header: string, rows: readonly (readonly number[])[]) =>
  `${[header, ...rows.map((row) => row.join(","))].join("\n")}\n`;

/** 240 runs at nine budgets, 6e18 to 3e21 FLOPs (Hoffmann et al. 2022, figure 4); a twentieth strays. */
export function hoffmannLike(seed: number): string {
  const random = new Random(seed, "hoffmann");
  const budgets = [6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21];
  const rows = Array.from({ length: 240 }, (_, i) => {
    const c = budgets[i % budgets.length]!;
    const n = Math.sqrt(c / 120) * Math.exp(2.5 * (random.uniform() - 0.5) * 2);
    const noise = (random.uniform() < 0.05 ? 0.03 : 0.004) * random.normal();
    return [n, c / (6 * n), chinchilla(n, c / (6 * n)) * Math.exp(noise)];
  });
  return csv("n,d,loss", rows);
}

/** Clark et al. 2022 (arXiv 2202.01169), eq. 2: log10 L = a log10 N + b log10 E + c log10 N log10 E + d. */
export const ROUTED = { a: -0.082, b: -0.091, c: 0.0076, d: 1.104 };

/** Five sizes by eight numbers of experts, 130 billion tokens each. */
export function clarkLike(seed: number, noise: number): string {
  const random = new Random(seed, "clark");
  const rows = [1.5e7, 2.5e7, 5.5e7, 1.3e8, 3.7e8, 1.3e9].flatMap((n) =>
    [1, 2, 4, 8, 16, 32, 64, 512].map((experts) => {
      const [logN, logE] = [Math.log10(n), Math.log10(experts)];
      const logLoss = ROUTED.a * logN + ROUTED.b * logE + ROUTED.c * logN * logE + ROUTED.d;
      return [n, 1.3e11, experts, 10 ** logLoss * Math.exp(noise * random.normal())];
    }),
  );
  return csv("n,d,experts,loss", rows);
}

/** Muennighoff et al. 2023 (arXiv 2305.16264), equation 6: repeats decay as 1 - exp(-R / R*). */
export function muennighoffLike(seed: number, epochs: readonly number[]): string {
  const random = new Random(seed, "muennighoff");
  const worth = (passes: number, decay: number) => 1 + decay * (1 - Math.exp(-(passes - 1) / decay));
  const rows = [7e6, 4.4e7, 1.5e8, 4.2e8, 1.1e9, 2.8e9].flatMap((n) =>
    [5, 20, 60].flatMap((ratio) =>
      epochs.map((passes) => {
        const unique = (ratio * n) / passes;
        const loss = chinchilla(n, unique * worth(passes, 15.39)) * Math.exp(0.003 * random.normal());
        return [n, ratio * n, unique, loss];
      }),
    ),
  );
  return csv("n,d,unique_tokens,loss", rows);
}

/** Seven sizes at nine budgets: isoFLOP curves as in Hoffmann et al.'s approach 2 and Porian et al. 2024. */
export function isoflopLike(seed: number, noise: number): string {
  const random = new Random(seed, "isoflop");
  const rows = Array.from({ length: 9 }, (_, i) => 1e18 * 10 ** (i / 3)).flatMap((c) =>
    [-3, -2, -1, 0, 1, 2, 3].map((step) => {
      const n = Math.sqrt(c / 120) * 1.6 ** step;
      return [n, c, chinchilla(n, c / (6 * n)) * Math.exp(noise * random.normal())];
    }),
  );
  return csv("n,c,loss", rows);
}
