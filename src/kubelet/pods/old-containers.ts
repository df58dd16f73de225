/** Removes what a pod has left behind in the runtime and nobody will look at again. */
import type { PodRuntime } from './pod-runtime.ts'
import type { PodServices } from './pod-services.ts'

/** Of each container, the newest and the one before it stay; init containers that are done stay as they are. */
export async function removeOld({ runtime }: PodServices, seen: PodRuntime): Promise<void> {
  const counts = new Map<string, number>()
  for (const record of seen.containers) {
    const count = (counts.get(record.name) ?? 0) + 1
    counts.set(record.name, count)
    if (count > 2 && record.state !== 'running') await runtime.removeContainer(record.id)
  }
  const current = seen.sandboxes[0]?.id
  for (const { id, ready } of seen.sandboxes.slice(1))
    if (!ready && id !== current && !seen.containers.some(({ sandboxId }) => sandboxId === id))
      await runtime.removePodSandbox(id)
}
