/** @file The public surface of the report: a campaign's account as Markdown with figures. */

export type {
  AcceptedHold,
  Backtest,
  Bet,
  BudgetFacts,
  CampaignFacts,
  CampaignStatus,
  Cause,
  Environment,
  FeatureFacts,
  FeatureRung,
  FittedLawParameter,
  ForecastFacts,
  GateFact,
  IncidentFact,
  LawFacts,
  Lock,
  OpenIssue,
  RecordFacts,
  ReportData,
  RungRun,
  ScoredRow,
  TargetFacts,
  TextSample,
} from "./data.ts";
export { type Recommendation, recommendationsOf } from "./recommendations.ts";
export { type Figure, type Report, renderMarkdown, renderReport } from "./report.ts";
