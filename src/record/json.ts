/** @file What survives a trip through JSON unchanged, and what would be changed silently. */

/** Where and why a value is not JSON; null when it is. A property that is undefined counts as absent. */
export function jsonProblem(value: unknown, path = ""): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number")
    return Number.isFinite(value) ? null : `${path || "value"} is ${value}: use null`;
  if (Array.isArray(value)) return firstProblem(value.entries(), path);
  const isPlain =
    typeof value === "object" &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!isPlain) return `${path || "value"} is ${Object.prototype.toString.call(value)}: not a JSON value`;
  return firstProblem(
    Object.entries(value).filter(([, item]) => item !== undefined),
    path,
  );
}

function firstProblem(entries: Iterable<[string | number, unknown]>, path: string): string | null {
  for (const [key, item] of entries) {
    const problem = jsonProblem(item, `${path}/${key}`);
    if (problem !== null) return problem;
  }
  return null;
}
