/** @file The public surface of the planner: layouts, step time and memory, size, failures, launch. */

export { type Codesign, type CodesignRequest, codesign, type FinderFor } from "./codesign/codesign.ts";
export { type FinderOptions, type LayoutFinder, layoutFinder, type Pool } from "./codesign/layout-finder.ts";
export type { PlannedModel, PricedModel } from "./codesign/planned-model.ts";
export type { LawAlone, Price } from "./codesign/scenarios.ts";
export type { Routing } from "./codesign/shapes.ts";
export type { ConstantName, Constants } from "./constants.ts";
export { readConstants } from "./constants-file.ts";
export type { Product } from "./cost/matrix-product.ts";
export { type RoughEstimate, roughEstimate } from "./estimate/estimate.ts";
export type { EstimateFacts, EstimateLine } from "./estimate/lines.ts";
export { type Explanation, explainStep, type StageMemory } from "./explain/explain.ts";
export type { StepOperation } from "./explain/operations.ts";
export type { Balance, BestOn, Resource, Sensitivity } from "./explain/sensitivity.ts";
export type { WaterfallStep } from "./explain/waterfall.ts";
export type { Accelerator, Precision, Width } from "./hardware/accelerator.ts";
export { accelerator } from "./hardware/catalogue.ts";
export { type Cluster, parseCluster } from "./hardware/cluster.ts";
export { readHardware } from "./hardware/user-defined.ts";
export { type DayOutlook, decideLaunch, type FixValue, type LaunchAnswer } from "./launch/decide.ts";
export {
  type Arrival,
  type Issue,
  type LaunchFacts,
  type LaunchFile,
  readLaunchFacts,
} from "./launch/facts.ts";
export {
  type Job,
  type Layout,
  type PipelineSchedule,
  type Recompute,
  type Setup,
  type Sharding,
  SOFTWARE_2021,
  SOFTWARE_2023,
  SOFTWARE_2024,
  type Software,
} from "./layout/layout.ts";
export { layoutText, parseLayout } from "./layout/parse.ts";
export { type Choices, commonChoices } from "./search/choices.ts";
export {
  type LayoutPlan,
  type LayoutRequest,
  type LayoutRow,
  planLayouts,
  type WholeRun,
  type YourLayout,
} from "./search/plan-layouts.ts";
export type { RefusedSize } from "./search/refused-sizes.ts";
export {
  type ChoiceWinner,
  type PlannedLayout,
  type SearchOptions,
  type SearchResult,
  searchLayouts,
} from "./search/search.ts";
export type { SimilarRun } from "./search/similar-run.ts";
export type { Problem } from "./search/validity.ts";
export { modelOfConfig } from "./shape/hugging-face.ts";
export type {
  Attention,
  DescribedModel,
  Experts,
  GroupedAttention,
  LatentAttention,
  ModelShape,
} from "./shape/model-shape.ts";
export { countParameters, type ParameterCount } from "./shape/parameters.ts";
export { preset } from "./shape/presets.ts";
export { type BudgetInputs, readBudget, type TrainingBudget } from "./size/budget.ts";
export { type DataAnswer, type SizeAnswer, type SizeQuestion, type Sizing, sizeFor } from "./size/size.ts";
export { predictStep } from "./step/predict.ts";
export type { MemoryBreakdown, StepParts, StepPrediction } from "./step/prediction.ts";
export type { Breakdown, CauseForecast, PartOfTime } from "./time/breakdown.ts";
export type { Ages } from "./time/burn-in.ts";
export { type CauseName, type FailureRecord, readFailureRecord } from "./time/causes.ts";
export { forecastRun, type RunForecast } from "./time/forecast.ts";
export {
  type Assumable,
  completeInputs,
  type RunFacts,
  type RunInputs,
  type Work,
} from "./time/run-inputs.ts";
export type { Spares } from "./time/spares.ts";
export { type CalibratedConstants, type ChangedConstant, calibrateConstants } from "./validate/calibrate.ts";
export type { MemoryKind, PublishedRun, PublishedRuns, SkippedRow } from "./validate/published-run.ts";
export { publishedTable } from "./validate/read-runs.ts";
export type { ErrorSummary, Ranking } from "./validate/scores.ts";
export {
  type FamilyReport,
  type MemoryReport,
  type UnusedRows,
  type ValidationOptions,
  type ValidationReport,
  validate,
} from "./validate/validate.ts";
