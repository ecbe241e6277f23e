/** @file What a campaign file says about its corpus: sources, passages, split, vocabulary. */

import * as z from "zod";
import { numberFrom } from "../units/limits.ts";

/** Token ids fit in 16 bits, which halves shards and caches against 32. */
export const MAXIMUM_VOCABULARY = 65536;
/** 256 bytes, the end-of-text token and one merge: fewer is not a byte-pair encoding. */
export const MINIMUM_VOCABULARY = 258;

export const LEAST_PASSAGE_BYTES = 200;

const sourceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "a source's name is letters, digits, dots, dashes: it names files");

const regularExpression = z.string().refine((pattern) => {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}, "not a regular expression");

const location = z
  .string()
  .min(1)
  .refine((path) => !path.includes("\0"), "a zero byte (\\0) stands in it, which no path has");

/** One source: an npm package as modules are found, or a file, folder or glob beside the campaign file. */
export const sourceSpec = z
  .strictObject({
    name: sourceName,
    /** npm package whose files are the text. */
    package: location.optional(),
    /** Glob inside the package. */
    files: location.optional(),
    /** File, folder or glob, relative to the campaign file's folder. */
    path: location.optional(),
    /** Share in training against the source's natural share of the tokens: 2 means twice as often. */
    weight: numberFrom(1e-6, 1e6, "the share of a source").default(1),
    /** Overrides the licence that a package states about itself. */
    licence: z.string().optional(),
    /** Key, or path of keys with dots between, of the text in each line of JSON or row of parquet. */
    textKey: z.string().min(1).default("text"),
    /** Share of these lines and rows that may have no text, and are passed over. */
    badLines: z.number().min(0).max(1).default(0.05),
  })
  .refine((source) => (source.package === undefined) !== (source.path === undefined), {
    message: "give either package or path, one of the two",
  })
  .refine((source) => source.files === undefined || source.package !== undefined, {
    message: "files goes with package; give path a glob instead",
  });
export type SourceSpec = z.infer<typeof sourceSpec>;

const corpusFields = z.strictObject({
  sources: z.array(sourceSpec).min(1),
  /** Documents are cut into passages of about this size: the unit of the split and of duplicate removal. */
  passageBytes: z.int().min(LEAST_PASSAGE_BYTES).max(1_000_000).default(16_000),
  holdOut: z
    .strictObject({
      /** Part of each source's passages that is never trained on. */
      fraction: z.number().min(0).max(0.5).default(0.05),
      /** Part of the held-out bytes that may stand in the training text too, at another offset. */
      mayRepeat: z.number().min(0).max(1).default(0.01),
      /** Documents of one source, by name, held out whole: the latest speeches, say. */
      pattern: z.strictObject({ source: sourceName, documents: regularExpression }).optional(),
    })
    .prefault({}),
  vocabularySize: z.int().min(MINIMUM_VOCABULARY).max(MAXIMUM_VOCABULARY),
  seed: z.int().min(0).max(0xffff_ffff),
  /** The most tokens that any run reads; all text is encoded where it is not said. */
  reads: z.strictObject({ trainTokens: z.number(), heldOutTokens: z.number() }).optional(),
});

/** What a corpus is made of: sources with weights, what is held out, vocabulary and seed. */
export const corpusSpec = corpusFields
  .refine((spec) => new Set(spec.sources.map((source) => source.name)).size === spec.sources.length, {
    message: "two sources have the same name",
    path: ["sources"],
  })
  .refine(
    ({ sources, holdOut }) =>
      holdOut.pattern === undefined || sources.some((source) => source.name === holdOut.pattern?.source),
    { message: "no source has this name", path: ["holdOut", "pattern", "source"] },
  );

/**
 * What runs read, up to the next power of two, so that the corpus of a campaign stays the same where its
 * budget changes a little.
 */
export function readsOf(trainTokens: number, heldOutTokens: number): CorpusSpec["reads"] {
  return { trainTokens: 2 ** Math.ceil(Math.log2(trainTokens)), heldOutTokens };
}

/** A specification that `corpusSpec` has checked. */
export type CorpusSpec = z.infer<typeof corpusSpec>;

/**
 * The corpus as a user's file states it: vocabulary and seed stand elsewhere in the file and are put in
 * later. The rules between fields are those of the whole specification, whatever the two numbers will be.
 */
export const corpusInFile = corpusFields
  .omit({ vocabularySize: true, seed: true, reads: true })
  .check(({ value, issues }) => {
    const whole = corpusSpec.safeParse({ ...value, vocabularySize: MINIMUM_VOCABULARY, seed: 0 });
    for (const { path, message } of whole.error?.issues ?? [])
      issues.push({ code: "custom", path, message, input: value });
  });
