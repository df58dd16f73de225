/** The messages of a resize's events: what is asked for, as JSON, in the order of fields that clients know. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'

function sorted(amounts: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const names = Object.keys(amounts ?? {}).sort()
  return names.length === 0 ? undefined : Object.fromEntries(names.map(name => [name, amounts![name]!]))
}

const summary = ({ name, resources }: Container): object => ({
  name,
  resources: { limits: sorted(resources?.limits), requests: sorted(resources?.requests), claims: resources?.claims },
})

/** `error`: why it has not been done, '' for none. */
export function resizeMessage(prefix: string, pod: Pod, generation: number | undefined, error = ''): string {
  const { initContainers = [], containers } = pod.spec
  const details = {
    initContainers: initContainers.length === 0 ? undefined : initContainers.map(summary),
    containers: containers.map(summary),
    generation: generation || undefined,
    error: error === '' ? undefined : error,
  }
  return `${prefix}: ${JSON.stringify(details)}`
}
