/** @file The public surface of the machine: what this computer has, and what it is to a run. */

export { type Machine, memoryBytes, thisMachine } from "./this-machine.ts";
