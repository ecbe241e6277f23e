import { expect, test } from "vitest";
import { findAccelerator } from "./catalogue.ts";

test.each(["constructor", "toString", "__proto__"])("%s is no accelerator", (name) => {
  expect(findAccelerator(name)).toBeNull();
});
