/** @file The public surface of the model: the decoder as a graph, sizes from one dial, initial values. */

export { type BatchShape, type Decoder, decoder } from "./decoder.ts";
export { type Family, shapeOfWidth, vocabularyFor } from "./dial.ts";
export { initialValues } from "./initialise.ts";
export {
  allParameters,
  type DecoderShape,
  type FeedForward,
  matrixParameters,
  type Parameter,
  parametersOf,
  type Role,
} from "./shape.ts";
