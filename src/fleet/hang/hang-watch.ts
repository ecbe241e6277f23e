/** @file Notices where the ranks of an attempt stand still, and which of them the others wait for. */

import type { Section } from "../../train/section.ts";
import type { Attempt } from "../backend.ts";
import type { Sighting } from "../decide/sighting.ts";
import { interrogate } from "./interrogate.ts";
import { oddRank, type RankTestimony } from "./odd-rank.ts";
import { hangIn, type SilenceSeen } from "./silence.ts";

/** From here on a silent process is looked at from outside, too. */
const LEAST_SUSPICIOUS_SECONDS = 5;
/** Looking at a process reads all of /proc, and asking the ranks wakes each of them. */
const LOOK_AGAIN_MS = 1000;
/** Share of the silence allowed after which the ranks are asked: their answers are there when it is over. */
const ASK_SHARE = 0.7;
/**
 * Silences that are waited for where all ranks have come equally far: no rank keeps the others waiting then,
 * but a network or a machine that stalls (1.8 s at a load of 12 on two cores, where 1.76 s were allowed).
 */
const NUM_EQUAL_SILENCES = 5;
const MOST_EQUAL_SECONDS = 60;
const MOST_FRAMES = 6;

type Rank = {
  section: Section;
  beatAt: number;
  /** The processor time it had spent when its silence began to be long. */
  suspected: { readonly at: number; readonly cpuSeconds: number; lookedAt: number } | null;
};

type Silent = Extract<Sighting, { readonly kind: "silent" }>;

export class HangWatch {
  readonly #folder: string;
  readonly #attempt: Attempt;
  readonly #seen: SilenceSeen;
  readonly #ranks: readonly Rank[];
  #askedAt = Number.NEGATIVE_INFINITY;
  #told: { readonly askedAt: number; readonly ranks: readonly RankTestimony[] } | null = null;

  /** @param seen learnt from this run's attempts, this one included */
  constructor(folder: string, attempt: Attempt, seen: SilenceSeen) {
    this.#folder = folder;
    this.#attempt = attempt;
    this.#seen = seen;
    const beatAt = performance.now();
    this.#ranks = attempt.places.map(() => ({ section: "start", beatAt, suspected: null }));
  }

  heard(rank: number, section: Section): void {
    Object.assign(this.#ranks[rank]!, { section, beatAt: performance.now(), suspected: null });
  }

  /** Nobody looked meanwhile. */
  forgive(ms: number): void {
    for (const rank of this.#ranks) rank.beatAt += ms;
  }

  /** What the silence of this rank has come to, whoever is to blame; null while it may go on. */
  sightingOf(number: number): Silent | null {
    const rank = this.#ranks[number]!;
    const now = performance.now();
    const seconds = (now - rank.beatAt) / 1000;
    const limitSeconds = this.#seen.limitSeconds(rank.section);
    if (seconds <= Math.min(limitSeconds / 2, LEAST_SUSPICIOUS_SECONDS)) return null;
    if (seconds > ASK_SHARE * limitSeconds) this.#ask(now);
    if (rank.suspected && seconds <= limitSeconds && now - rank.suspected.lookedAt < LOOK_AGAIN_MS)
      return null;
    if (this.#hangOf(number, seconds) === null) return null;
    this.#ask(now);
    return this.#told && this.#told.askedAt > rank.beatAt
      ? this.#sighting(number, seconds, limitSeconds, this.#told.ranks)
      : null;
  }

  /** Where one rank stands still, all do: the one that the others wait for decides whether it is a hang. */
  #sighting(
    silent: number,
    seconds: number,
    limitSeconds: number,
    told: readonly RankTestimony[],
  ): Silent | null {
    const odd = oddRank(told);
    const rank = odd?.rank ?? silent;
    const isEqual = told.length > 1 && !odd?.isWaitedFor;
    const patience = Math.min(NUM_EQUAL_SILENCES * limitSeconds, limitSeconds + MOST_EQUAL_SECONDS);
    if (isEqual && seconds <= patience) return null;
    if (this.#ranks[rank]!.suspected === null) return null;
    const what = this.#hangOf(rank, seconds);
    if (what === null) return null;
    const stack = told[rank]!.stack;
    return {
      kind: "silent",
      rank,
      place: this.#attempt.places[rank]!,
      section: this.#ranks[rank]!.section,
      what,
      seconds,
      testimony: [
        ...(odd ? [odd.why] : []),
        ...(stack ? [`its stack: ${stack.slice(0, MOST_FRAMES).join(" < ")}`] : []),
      ],
    };
  }

  #ask(now: number): void {
    if (now - this.#askedAt < LOOK_AGAIN_MS) return;
    this.#askedAt = now;
    interrogate(this.#folder, this.#attempt).then(
      (ranks) => {
        this.#told = { askedAt: now, ranks };
      },
      // A full disk, or a dump that cannot be read: it stays with what is seen from outside.
      () => {
        this.#told = { askedAt: now, ranks: this.#ranks.map(unanswered) };
      },
    );
  }

  /** What so long a silence is taken for; null: it may go on. */
  #hangOf(number: number, seconds: number): string | null {
    const rank = this.#ranks[number]!;
    const now = performance.now();
    const probe = this.#attempt.probe(number);
    rank.suspected ??= { at: now, cpuSeconds: probe?.cpuSeconds ?? 0, lookedAt: now };
    rank.suspected.lookedAt = now;
    const { at, cpuSeconds } = rank.suspected;
    const cpuShare = probe && (1000 * (probe.cpuSeconds - cpuSeconds)) / (now - at);
    const limitSeconds = this.#seen.limitSeconds(rank.section);
    return hangIn({ section: rank.section, seconds, limitSeconds, cpuShare, state: probe?.state ?? null });
  }
}

const unanswered = (_: unknown, rank: number): RankTestimony => ({
  rank,
  state: null,
  flight: null,
  stack: null,
});
