/** @file Colour where it is seen: only on a terminal, and never against NO_COLOR. */

import { styleText } from "node:util";

export type Paint = (colour: "green" | "yellow" | "red", text: string) => string;

/** No colour at all: files, pipes, tests. */
export const plain: Paint = (_colour, text) => text;

/** Node's own rules: a terminal, and neither NO_COLOR nor NODE_DISABLE_COLORS; or FORCE_COLOR. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (colour, text) => styleText(colour, text, { stream });
}
