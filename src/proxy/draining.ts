/**
 * Waits until connections made before the last change of the rules are over: a server that is told to end right after
 * would cut them off. The connection table knows them.
 */
import { type Clock, sleep } from '../base/clock.ts'
import type { CommandRunner } from './nftables.ts'

/** Longer-lived connections are the server's own business: it learns of its end by SIGTERM. */
const maxSettleMs = 500
const pollMs = 20
/** A packet that passed the old rules is in the connection table after it; and all that is waited for without one. */
const graceMs = 30
const blindMs = 150

/** States in which a request or an answer may still be under way. */
const openStates = new Set(['SYN_SENT', 'SYN_RECV', 'ESTABLISHED'])

/** The open TCP connections that rules led to the address, by client address and port. */
export function openFlows(listing: string): Set<string> {
  const flows = new Set<string>()
  for (const line of listing.split('\n')) {
    const match = /^tcp\s+6\s+\d+\s+(\S+)\s+(src=\S+ dst=\S+ sport=\S+ dport=\S+)/.exec(line)
    if (match?.[1] && match[2] && openStates.has(match[1])) flows.add(match[2])
  }
  return flows
}

/** Resolves when the connections to the addresses that are open now have ended, or after half a second. */
export async function settled(
  runner: CommandRunner,
  clock: Clock,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const wait = (delayMs: number) => sleep(delayMs, signal).catch(() => {})
  const until = clock.monotonic() + maxSettleMs
  await wait(graceMs)
  let left: Set<string> | undefined
  while (!signal.aborted && clock.monotonic() < until) {
    const now = new Set<string>()
    for (const address of addresses) {
      const flows = await flowsTo(runner, address)
      if (!flows) return wait(blindMs)
      for (const flow of flows) now.add(flow)
    }
    // Only those that were there at first: new ones come from elsewhere.
    left = left === undefined ? now : left.intersection(now)
    if (left.size === 0) return
    await wait(pollMs)
  }
}

const conntrackTimeoutMs = 2000

async function flowsTo(runner: CommandRunner, address: string): Promise<Set<string> | undefined> {
  try {
    const { code, stdout } = await runner.run('conntrack', ['-L', '-p', 'tcp', '--dst-nat', address], {
      timeoutMs: conntrackTimeoutMs,
    })
    return code === 0 ? openFlows(stdout) : undefined
  } catch {
    return undefined
  }
}
