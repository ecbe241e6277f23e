/** @file The public surface of the engine: operations on tensors, gradients, programs on our kernels. */

export {
  compile,
  type Executable,
  flopsOf,
  type Graphs,
  type Instruction,
  type Program,
  type Region,
} from "./compile.ts";
export { differentiate } from "./differentiate.ts";
export { evaluate } from "./evaluate.ts";
export { type AttentionAttributes, attention } from "./operations/attention.ts";
export { add, broadcast, fill, mean, sumOfSquares } from "./operations/elementwise.ts";
export { embed } from "./operations/embed.ts";
export { gelu } from "./operations/gelu.ts";
export { type HeadAttributes, type HeadNormAttributes, headNorm } from "./operations/head-norm.ts";
export { headLoss } from "./operations/loss.ts";
export { matmul } from "./operations/matmul.ts";
export { rmsNorm } from "./operations/norm.ts";
export { type AdamwAttributes, adamw } from "./operations/optimiser.ts";
export { type RotaryAttributes, rotary } from "./operations/rotary.ts";
export { swiglu } from "./operations/swiglu.ts";
export { OPERATIONS } from "./operations/table.ts";
export { type ProfileEntry, Session, type SessionOptions } from "./session.ts";
export {
  type Cost,
  type DataType,
  type Leaf,
  leaf,
  type Node,
  type NodeOutput,
  type OperandShapes,
  type OperandValues,
  type Operation,
  type Shape,
  type Tensor,
} from "./tensor.ts";
