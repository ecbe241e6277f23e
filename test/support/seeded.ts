/**
 * @file Property tests draw from one fixed seed, so that a clean clone always gives the same verdict.
 * `npm run test:seeds` repeats them from new seeds; LONGRUN_SEED is the one to repeat where such a run found
 * something.
 */

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.LONGRUN_SEED ?? 20261130) });
