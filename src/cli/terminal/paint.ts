/** @file Colour where it is seen: only on a terminal, and never against NO_COLOR. */

import { styleText } from "node:util";

export type Paint = (colour: "green" | "yellow" | "red", text: string) => string;

/** No colour at all: files, pipes, tests. */
export const plain: Paint = (_colour, text) => text;

/** Node's own rules: the stream must be a terminal; NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR are heard. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (colour, text) => styleText(colour, text, { stream });
}
