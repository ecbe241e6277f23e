/** @file The public surface of the laws: tables in; fits, forecasts, decisions with intervals out. */

export type { BestDecay } from "./curves/compare.ts";
export type { CurveLaw, CurveLawParameter, NormalPrior } from "./curves/curve-laws.ts";
export {
  type CurveQuestion,
  type CurveStudy,
  type NamedText,
  type ScheduleForecast,
  studyCurves,
} from "./curves/curve-study.ts";
export type { CurveFit, CurvePoints } from "./curves/fit-curves.ts";
export type {
  CurveErrors,
  CurveForecaster,
  CurveParameter,
  Expected,
  Fold,
  TellFits,
} from "./curves/forecast-curve.ts";
export type { Geometry, Units } from "./curves/geometry.ts";
export { parseSchedule, type RequestedSchedule, type ScheduleDefaults } from "./curves/parse-schedule.ts";
export { type CurveOptions, type LossCurve, readCurve } from "./curves/read-curve.ts";
export type { RateSchedule, SchedulePoint } from "./curves/schedule.ts";
export { type Allocation, allocate, type BudgetPoint, type Question } from "./decide/allocate.ts";
export type { DataLimit, RepeatedAnswer } from "./decide/allocate-data.ts";
export type { Choice, Serving } from "./decide/allocate-variants.ts";
export type { Multipliers } from "./decide/feature/base-law.ts";
export { type FeatureOptions, type FeatureReport, judgeFeature } from "./decide/feature/feature.ts";
export type {
  Crossover,
  FeatureBackTestRow,
  FeatureScale,
  FurtherRung,
  MinimumDetectable,
} from "./decide/feature/findings.ts";
export type { FeatureVerdict } from "./decide/feature/verdict.ts";
export { type FittedLaw, fittedLaw, forecastLaw } from "./decide/fitted.ts";
export { type NextReport, nextRung, type RungOffer, type RungPlan } from "./decide/next.ts";
export { type NextQuestion, readQuestion } from "./decide/next-question.ts";
export type { Fit } from "./fit/fit.ts";
export { type FitReport, type FitTableOptions, fitTable } from "./fit/fit-table.ts";
export type { Loss } from "./fit/loss.ts";
export type { FitData } from "./fit/objective.ts";
export type { Outlier } from "./fit/outliers.ts";
export type { DerivedValue, FittedParameter } from "./fit/parameters.ts";
export type { ProfileEnds } from "./fit/profile.ts";
export type { Resampling } from "./fit/resample.ts";
export {
  type BackTestCut,
  type BackTestReport,
  backTestTable,
  type IntervalScore,
} from "./forecast/back-test.ts";
export type { CutStudy, HeldOutForecast } from "./forecast/calibration.ts";
export type { CandidateLaw } from "./forecast/candidate-laws.ts";
export { type BandPoint, type CurveBand, forecastCurve, type RungCurve } from "./forecast/curve.ts";
export {
  type BackTestRow,
  type Forecast,
  forecast,
  type LawForecast,
  usefulForecast,
} from "./forecast/forecast.ts";
export type { LadderRung } from "./forecast/model.ts";
export type { PriorName } from "./forecast/priors.ts";
export { type Reforecast, reforecast, type SeenPoint } from "./forecast/reforecast.ts";
export { saveLaw } from "./forecast/save-law.ts";
export { type Study, study } from "./forecast/study.ts";
export type { Suitable } from "./forecast/suitable.ts";
export { designFrom, type GivenTarget } from "./forecast/target.ts";
export {
  type BudgetReport,
  fitIsoflops,
  type IsoflopOptions,
  type IsoflopParameter,
  type IsoflopReport,
} from "./isoflop/isoflop.ts";
export type { CurveColumn, TableQuantity } from "./table/column-names.ts";
export type { StepUnit } from "./table/columns.ts";
export { readTable, type TableOptions } from "./table/read-table.ts";
export { joinTables, type RunTable, type SetAside, type TableRun } from "./table/run-table.ts";
export { fitTaskLaw, type TaskFit, type TaskParameter } from "./tasks/fit.ts";
export { forecastTask, type TaskBackTestRow, type TaskForecast, type TaskRun } from "./tasks/forecast.ts";
export type { TaskPoint } from "./tasks/task-point.ts";
