/** @file Shapes tried so far, each evaluated once, and the best among them by any rule. */

import type { PlannedLayout } from "../search/search.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { candidateOf, type Setting, type ShapeCandidate } from "./candidate.ts";
import type { LayoutFinder } from "./layout-finder.ts";
import { modelShapeOf, productParameters, type ShapeChoice } from "./shapes.ts";

/** Least loss first; of equals the smaller. */
export const byLoss = (a: ShapeCandidate, b: ShapeCandidate) => a.loss - b.loss || a.active - b.active;

/** A record of what was tried. */
export class TriedShapes {
  readonly #setting: Setting;
  readonly #finder: LayoutFinder;
  readonly #tried = new Map<
    string,
    { readonly choice: ShapeChoice; readonly candidate: ShapeCandidate | null }
  >();

  constructor(setting: Setting, finder: LayoutFinder) {
    this.#setting = setting;
    this.#finder = finder;
  }

  /** Evaluates a shape with the layouts that did well before; null: none of them fits. */
  quick(choice: ShapeChoice): ShapeCandidate | null {
    const known = this.#tried.get(keyOf(choice));
    return known ? known.candidate : this.#keep(choice, this.#finder.quick(this.#shape(choice)));
  }

  /** Evaluates a shape with every layout; what the quick way found before stays where it is as fast. */
  search(choice: ShapeChoice): ShapeCandidate | null {
    const before = this.#tried.get(keyOf(choice))?.candidate;
    const found = this.#finder.search(this.#shape(choice));
    const isBetter = !before || (found && found.prediction.stepSeconds < before.prediction.stepSeconds);
    return isBetter ? this.#keep(choice, found) : before;
  }

  /** The best that a rule allows. */
  best(isAllowed: (choice: ShapeChoice) => boolean): ShapeCandidate | null {
    return this.fitting().find(({ choice }) => isAllowed(choice)) ?? null;
  }

  /** All that fit, least loss first. */
  fitting(): readonly ShapeCandidate[] {
    return [...this.#tried.values()].flatMap(({ candidate }) => candidate ?? []).sort(byLoss);
  }

  /** Parameters a token meets of those that fit in no layout. */
  unfit(): readonly number[] {
    return [...this.#tried.values()]
      .filter(({ candidate }) => candidate === null)
      .map(({ choice }) => productParameters(this.#shape(choice)).active);
  }

  #shape(choice: ShapeChoice): ModelShape {
    return modelShapeOf(choice, this.#setting.vocabularySize);
  }

  #keep(choice: ShapeChoice, found: PlannedLayout | null): ShapeCandidate | null {
    const candidate = found && candidateOf(this.#setting, choice, found);
    this.#tried.set(keyOf(choice), { choice, candidate });
    return candidate;
  }
}

function keyOf({ hidden, numLayers, headDim, feedForwardWidth, routing }: ShapeChoice): string {
  return [hidden, numLayers, headDim, feedForwardWidth, routing?.count, routing?.topK].join();
}
