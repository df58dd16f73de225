/** How long a container that keeps ending waits for its next start. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { containerHash } from './container-hash.ts'
import type { PodRuntime } from './pod-runtime.ts'
import { type PodServices, podTitle } from './pod-services.ts'

const goSeconds = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

/** undefined: now; the next wait is longer then. */
export function crashWait(
  { backOff, clock }: PodServices,
  pod: Pod,
  runtime: PodRuntime,
  container: Container,
): { readonly remainingMs: number; readonly message: string } | undefined {
  // Of one that was killed just now, what counts is how its predecessor ended: as upstream, a container that lives
  // longer than its back-off before a probe gives up on it comes back at once.
  const last = runtime.containers.find(({ name, state }) => name === container.name && state === 'exited')
  if (!last) return undefined
  const key = `${pod.metadata.uid}_${container.name}_${containerHash(container)}`
  const remainingMs = backOff.remainingMs(key, last.finishedAtMs, clock.now())
  if (remainingMs === 0) {
    backOff.next(key, last.finishedAtMs, clock.now())
    return undefined
  }
  const delay = goSeconds(backOff.delayMs(key))
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${podTitle(pod)}`
  return { remainingMs, message }
}
