/** @file The corpus as a user's file states it: vocabulary and seed stand elsewhere in the file and are put in later. */

import { corpusFields, corpusSpec, MINIMUM_VOCABULARY } from "../corpus/spec.ts";

const fields = corpusFields.omit({ vocabularySize: true, seed: true });

/** The rules between fields are those of the whole specification, whatever the two numbers will be. */
export const corpusInFile = fields.check(({ value, issues }) => {
  const whole = corpusSpec.safeParse({ ...value, vocabularySize: MINIMUM_VOCABULARY, seed: 0 });
  for (const { path, message } of whole.error?.issues ?? [])
    issues.push({ code: "custom", path, message, input: value });
});
