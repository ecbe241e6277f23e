/** @file The public surface of the report: a campaign's account as Markdown with figures. */

export type * from "./data.ts";
export { type Recommendation, recommendationsOf } from "./recommendations.ts";
export { type Figure, type Report, renderMarkdown, renderReport } from "./report.ts";
