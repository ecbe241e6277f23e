/** @file Shapes tried so far, each evaluated once, and the best among them by any rule. */

import type { PlannedLayout } from "../search/search.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { type Candidate, candidateOf, type Question } from "./candidate.ts";
import type { LayoutFinder } from "./layout-finder.ts";
import { type Choice, productParameters, shapeOf } from "./shapes.ts";

/** Least loss first; of equals the smaller. */
export const byLoss = (a: Candidate, b: Candidate) => a.loss - b.loss || a.active - b.active;

/** A record of what was tried. */
export class TriedShapes {
  readonly #question: Question;
  readonly #finder: LayoutFinder;
  readonly #tried = new Map<string, { readonly choice: Choice; readonly candidate: Candidate | null }>();

  constructor(question: Question, finder: LayoutFinder) {
    this.#question = question;
    this.#finder = finder;
  }

  /** Evaluates a shape with the layouts that did well before; null: none of them fits. */
  quick(choice: Choice): Candidate | null {
    const known = this.#tried.get(keyOf(choice));
    return known ? known.candidate : this.#keep(choice, this.#finder.quick(this.#shape(choice)));
  }

  /** Evaluates a shape with every layout; what the quick way found before stays where it is as fast. */
  search(choice: Choice): Candidate | null {
    const before = this.#tried.get(keyOf(choice))?.candidate;
    const found = this.#finder.search(this.#shape(choice));
    const isBetter = !before || (found && found.prediction.stepSeconds < before.prediction.stepSeconds);
    return isBetter ? this.#keep(choice, found) : before;
  }

  /** The best that a rule allows. */
  best(isAllowed: (choice: Choice) => boolean): Candidate | null {
    return this.fitting().find(({ choice }) => isAllowed(choice)) ?? null;
  }

  /** All that fit, least loss first. */
  fitting(): readonly Candidate[] {
    return [...this.#tried.values()].flatMap(({ candidate }) => candidate ?? []).sort(byLoss);
  }

  /** Parameters a token meets of those that fit in no layout. */
  unfit(): readonly number[] {
    return [...this.#tried.values()]
      .filter(({ candidate }) => candidate === null)
      .map(({ choice }) => productParameters(this.#shape(choice)).active);
  }

  #shape(choice: Choice): ModelShape {
    return shapeOf(choice, this.#question.vocabularySize);
  }

  #keep(choice: Choice, found: PlannedLayout | null): Candidate | null {
    const candidate = found && candidateOf(this.#question, choice, found);
    this.#tried.set(keyOf(choice), { choice, candidate });
    return candidate;
  }
}

function keyOf({ hidden, numLayers, headDim, feedForwardWidth, routing }: Choice): string {
  return [hidden, numLayers, headDim, feedForwardWidth, routing?.count, routing?.topK].join();
}
