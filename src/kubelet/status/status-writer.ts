/** Brings pod statuses to the API server: the latest of each pod, one write at a time per pod, nothing that is known. */
import { isDeepStrictEqual } from 'node:util'
import { Pod, type PodStatus } from '../../api/core/v1/pod.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { isConflict, isNotFound } from '../../machinery/api-error.ts'
import { restartAllCondition } from '../pods/restart-all.ts'
import { resizeConditionTypes } from '../resize/resize-conditions.ts'
import { ownConditions as lastingConditions } from './conditions.ts'

interface Entry {
  readonly namespace: string
  readonly name: string
  wanted: PodStatus
  written: PodStatus | undefined
  /** The version of the object after the last write, and the status that the server then held. */
  writtenVersion: string
  answered: PodStatus | undefined
  writing: Promise<void> | undefined
}

const retryMs = 2_000

const ownConditions: readonly string[] = [...lastingConditions, restartAllCondition, ...resizeConditionTypes]

/** Fields that the kubelet owns: absent ones are taken away. */
const ownFields = [
  'phase',
  'message',
  'reason',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'qosClass',
  'observedGeneration',
  'resources',
  'allocatedResources',
] as const

/** Lists of addresses and maps of amounts would else be merged with what is there. */
function asWhole(field: (typeof ownFields)[number], value: unknown): unknown {
  if (field === 'podIPs' || field === 'hostIPs') return [...(value as unknown[]), { $patch: 'replace' }]
  if (field === 'resources' || field === 'allocatedResources') return { ...(value as object), $patch: 'replace' }
  return value
}

/** A strategic merge patch; the conditions of others stay. */
export function statusPatch(uid: string, before: PodStatus, wanted: PodStatus): unknown {
  const status: Record<string, unknown> = {}
  for (const field of ownFields) {
    const value = wanted[field]
    if (isDeepStrictEqual(value, before[field])) continue
    status[field] = value === undefined ? null : asWhole(field, value)
  }
  const conditions = (wanted.conditions ?? []).flatMap(condition => {
    const old = before.conditions?.find(({ type }) => type === condition.type)
    if (isDeepStrictEqual(condition, old)) return []
    // A reason or message that is gone has to be taken away by name.
    const gone = (['reason', 'message'] as const).filter(key => old?.[key] !== undefined)
    return [{ ...Object.fromEntries(gone.map(key => [key, null])), ...condition }]
  })
  // Only those of a resize ever go.
  const over = resizeConditionTypes.filter(
    type => before.conditions?.some(old => old.type === type) && !wanted.conditions?.some(now => now.type === type),
  )
  const changes = [...conditions, ...over.map(type => ({ type, $patch: 'delete' }))]
  if (changes.length > 0) status.conditions = changes
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid }, status }
}

export class StatusWriter {
  readonly #client: Client
  readonly #clock: Clock
  readonly #log: Logger
  /** As many as pods on the node. */
  readonly #entries = new Map<string, Entry>()
  #stopped = false

  constructor(client: Client, clock: Clock, log: Logger) {
    this.#client = client
    this.#clock = clock
    this.#log = log
  }

  /** Resolves when this status, or a later one, is on the server, or the pod is gone. */
  write(pod: Pod, status: PodStatus): Promise<void> {
    const { uid, namespace, name } = pod.metadata
    const entry: Entry = this.#entries.get(uid) ?? {
      namespace,
      name,
      wanted: status,
      written: undefined,
      writtenVersion: '',
      answered: undefined,
      writing: undefined,
    }
    this.#entries.set(uid, entry)
    entry.wanted = status
    // Somebody else has written since: what they changed is put right, once for each of their writes.
    if (
      entry.answered &&
      isAtLeast(pod.metadata.resourceVersion, entry.writtenVersion) &&
      !sameOwn(pod.status, entry.answered)
    ) {
      entry.answered = pod.status
      entry.written = undefined
    }
    entry.writing ??= this.#flush(uid, entry, pod.status).finally(() => {
      entry.writing = undefined
    })
    return entry.writing
  }

  forget(uid: string): void {
    this.#entries.delete(uid)
  }

  stop(): void {
    this.#stopped = true
  }

  async #flush(uid: string, entry: Entry, apiStatus: PodStatus): Promise<void> {
    // What the informer shows may be older than what was written here.
    let before = entry.written ?? apiStatus
    while (!this.#stopped && this.#entries.get(uid) === entry) {
      const { wanted } = entry
      const patch = statusPatch(uid, before, wanted)
      if (patch === undefined) {
        if (wanted === entry.wanted) return
        continue
      }
      try {
        const answer = await this.#client.of(Pod).patch(entry.namespace, entry.name, 'strategic', patch, 'status')
        entry.written = keepOwn(wanted)
        entry.writtenVersion = answer.metadata.resourceVersion
        entry.answered = answer.status
        before = entry.written
        if (wanted === entry.wanted) return
      } catch (error) {
        // Gone, or another pod of the same name by now.
        if (isNotFound(error) || isConflict(error)) return
        this.#log.warn(
          { pod: `${entry.namespace}/${entry.name}`, error: (error as Error).message },
          'status not written',
        )
        await new Promise<void>(resolve => void this.#clock.after(retryMs, resolve))
      }
    }
  }
}

/** Resource versions of one resource grow (KEP-5504); what is no number is not compared. */
const isAtLeast = (version: string | undefined, other: string): boolean =>
  /^\d+$/.test(version ?? '') && /^\d+$/.test(other) && BigInt(version!) >= BigInt(other)

function sameOwn(a: PodStatus, b: PodStatus): boolean {
  const conditions = (status: PodStatus) =>
    ownConditions.map(type => status.conditions?.find(condition => condition.type === type))
  return (
    ownFields.every(field => isDeepStrictEqual(a[field], b[field])) && isDeepStrictEqual(conditions(a), conditions(b))
  )
}

const keepOwn = (status: PodStatus): PodStatus => ({
  ...status,
  conditions: (status.conditions ?? []).filter(({ type }) => ownConditions.includes(type)),
})
