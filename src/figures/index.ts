/** @file The public surface of the figures: plain data in, SVG out. */

export { type AllocateFigureData, allocateFigure, type SizePoint } from "./allocate-figure.ts";
export { type BackTestFigureData, backTestFigure, type ScoredIntervals } from "./back-test-figure.ts";
export { type CodesignFigureData, type CodesignPoint, codesignFigure } from "./codesign-figure.ts";
export {
  type CurveFigureData,
  type CurveFigureInterval,
  type CurveFigurePoint,
  curveFigure,
} from "./curve-figure.ts";
export {
  type CurveLawFigureData,
  curveLawFigure,
  type ExpectedCurve,
  type FittedCurve,
  type RatePoint,
} from "./curve-law-figure.ts";
export { type DataFigureSource, dataFigure } from "./data-figure.ts";
export { type FeatureFigureData, type FeatureFigureScale, featureFigure } from "./feature-figure.ts";
export { type ForecastFigureData, forecastFigure } from "./forecast-figure.ts";
export { type BestSize, type IsoflopFigureData, isoflopFigure } from "./isoflop-figure.ts";
export { type LadderPoint, type LawFigureData, type LawFigurePoint, lawFigure } from "./law-figure.ts";
export { type FittedPoint, type LawFitFigureData, lawFitFigure } from "./law-fit-figure.ts";
export { type ParetoFigureData, type ParetoPoint, paretoFigure } from "./pareto-figure.ts";
export { type LaunchDay, type PlanLaunchFigureData, planLaunchFigure } from "./plan-launch-figure.ts";
export { type PlanTimeFigureData, planTimeFigure } from "./plan-time-figure.ts";
export { type PredictedRow, predictedMeasuredFigure } from "./predicted-figure.ts";
export { type TaskFigureData, taskFigure } from "./task-figure.ts";
export { type TimeRow, timeFigure } from "./time-figure.ts";
export { type WaterfallFigureData, waterfallFigure } from "./waterfall-figure.ts";
