/** @file Which of several deaths was the first cause. Pure. */

import type { ProcessExit } from "../backend.ts";

/** A death and the end of what was printed before it. */
export type LoggedExit = ProcessExit & { readonly log: string };

/** What gloo, NCCL and the store print where another rank has gone. */
const LOST_PEER =
  /Connection (closed|reset) by peer|connectFullMesh|Broken pipe|ncclRemoteError|Watchdog caught collective|recvValue failed/;

/** Whether it died of another rank's death, as far as it says. */
export const isAftermath = ({ signal, log }: LoggedExit): boolean =>
  (signal === null || signal === "SIGABRT") && LOST_PEER.test(log);

/** The first one that did not die of another's death; where all did, the first of all. Of at least one. */
export const rootExit = (deaths: readonly LoggedExit[]): LoggedExit =>
  deaths.find((death) => !isAftermath(death)) ?? deaths[0]!;
