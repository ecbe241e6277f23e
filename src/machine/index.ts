/** @file The public surface of the machine: what this computer has, and what a step takes on it. */

export { estimateStep, type StepEstimate, type StepSpec } from "./step.ts";
export { type Machine, memoryBytes, thisMachine } from "./this-machine.ts";
