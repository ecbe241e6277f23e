import { expect, test } from "vitest";
import { editDistance, nearest, perhaps } from "./edit-distance.ts";

test("counts insertions, deletions and replacements", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "loss")).toBe(4);
  expect(editDistance("loss", "loss")).toBe(0);
});

test("guesses only what is near", () => {
  expect(nearest("weigth", ["seed", "weight"])).toBeNull();
  expect(nearest("wieghted", ["seed", "weighted"])).toBe("weighted");
  expect(nearest("los", ["loss", "n"])).toBeNull();
  expect(nearest("lose", ["loss", "n"])).toBe("loss");
});

test("guesses short names by one edit, and by how they begin", () => {
  const chips = ["b200", "b300", "h100", "tpu-v4", "tpu-v5e"];
  expect(perhaps("h10", chips)).toBe("perhaps h100");
  expect(perhaps("b100", chips)).toBe("perhaps b200 or b300");
  expect(perhaps("tpu", chips)).toBe("perhaps tpu-v4 or tpu-v5e");
  expect(perhaps("llama3-40b", ["llama2-70b", "llama3-8b", "llama3-405b"])).toBe("perhaps llama3-405b");
  expect(perhaps("cpu", chips)).toBeNull();
  expect(perhaps("x", chips)).toBeNull();
  expect(perhaps("dualpie", ["1f1b", "dualpipe"])).toBe("perhaps dualpipe");
});
