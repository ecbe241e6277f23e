/**
 * @file Writes the errors that `longrun plan validate` must not fall behind. Run it after a change of the
 * step model that is meant, and say why in docs/log.md.
 */

import { writeFileSync } from "node:fs";
import { publishedTable } from "../src/plan/validate/read-runs.ts";
import { rowsGiven, toReference } from "../src/plan/validate/reference-errors.ts";
import { validate } from "../src/plan/validate/validate.ts";

const read = publishedTable();
const reference = toReference(validate(read, []), rowsGiven(read));
const path = new URL("../src/plan/validate/reference-errors.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(reference, null, 2)}\n`);
console.log(`${reference.length} families written`);
