/** @file The public surface of campaigns: a file planned, launched, judged and accounted for. */

export { accountOf } from "./account/account.ts";
export { type CurveState, curveState } from "./account/curve-state.ts";
export { ladderTable } from "./account/ladder-table.ts";
export { type RunState, runStates } from "./account/run-states.ts";
export { writeReport } from "./account/write-report.ts";
export { type Budget, parseBudget } from "./budget.ts";
export type { CampaignEvent } from "./context.ts";
export type { CurveInBand, JudgedPoint } from "./curve-band.ts";
export { type LaunchOptions, type LaunchResult, launch } from "./launch.ts";
export { type Plan, planCampaign } from "./planning/plan.ts";
export {
  type Campaign,
  type CampaignIssue,
  campaignSchema,
  type LoadedCampaign,
  loadCampaign,
} from "./spec.ts";
export {
  type Acceptance,
  type Check,
  decideGate,
  type GateDecision,
  type GateFacts,
} from "./stages/gate-rule.ts";
