/** @file How this machine is reached from another one: its address and interface on the way there. */

import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { UserError } from "../../errors.ts";
import { ADDRESS_VARIABLE, INTERFACE_VARIABLE } from "../process/attempt-folder.ts";

/** Nothing is sent: the system only says by which way it would be. */
const ANY_PORT = 9;

/**
 * What ranks have in their environment to meet those of other machines. Throws a UserError where there is no
 * way to these.
 * @param here this machine, as its supervisor calls it
 * @param peer one of the others: an address, or a name
 */
export async function routeVariables(here: string, peer: string): Promise<Readonly<Record<string, string>>> {
  const address = await addressTowards(here, peer);
  const [name] =
    Object.entries(networkInterfaces()).find(([, own]) => own!.some((each) => each.address === address)) ??
    [];
  if (name === undefined)
    throw new UserError(
      `${address}, by which ${here} would reach ${peer}, is an address of none of its interfaces`,
      "an interface for it",
      "see `ip address` on that node",
    );
  return { [ADDRESS_VARIABLE]: address, [INTERFACE_VARIABLE]: name };
}

async function addressTowards(here: string, peer: string): Promise<string> {
  try {
    const { address, family } = await lookup(peer);
    await using socket = createSocket(family === 6 ? "udp6" : "udp4");
    socket.connect(ANY_PORT, address);
    await once(socket, "connect");
    return socket.address().address;
  } catch (error) {
    throw new UserError(
      `${here} finds no way to the node ${peer} (${(error as NodeJS.ErrnoException).code})`,
      "nodes that know each other's names and addresses",
      "have the name resolved on all nodes (/etc/hosts, DNS), or give the node's NodeAddr in slurm.conf",
      { cause: error },
    );
  }
}
