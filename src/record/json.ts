/** @file What survives a trip through JSON unchanged, and what would be changed silently. */

/** No fact of ours is nested deeper than a few levels; what is would only exhaust the stack of a reader. */
const MOST_LEVELS = 100;

/** Where and why a value is not JSON; null when it is. A property that is undefined counts as absent. */
export function jsonProblem(value: unknown, path = "", level = 0): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number")
    return Number.isFinite(value) ? null : `${path || "value"} is ${value}: use null`;
  if (level === MOST_LEVELS)
    return `${path.slice(0, 40)}... is nested deeper than the ${MOST_LEVELS} levels that are read`;
  if (Array.isArray(value)) return firstProblem(value.entries(), path, level + 1);
  const isPlain =
    typeof value === "object" &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!isPlain) return `${path || "value"} is ${Object.prototype.toString.call(value)}: not a JSON value`;
  return firstProblem(
    Object.entries(value).filter(([, item]) => item !== undefined),
    path,
    level + 1,
  );
}

function firstProblem(
  entries: Iterable<[string | number, unknown]>,
  path: string,
  level: number,
): string | null {
  for (const [key, item] of entries) {
    const problem = jsonProblem(item, `${path}/${key}`, level);
    if (problem !== null) return problem;
  }
  return null;
}
