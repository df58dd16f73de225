/** Rewrites the objects of a resource in its present storage version (KEP-4192). */
import {
  CustomResourceDefinition,
  type CustomResourceDefinition as Definition,
} from '../../api/apiextensions/v1/custom-resource-definition.ts'
import { StorageVersionMigration } from '../../api/storagemigration/v1/storage-version-migration.ts'
import type { Client } from '../../client/client.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { isConflict, isNotFound } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import { type Plan, updateStatus } from '../runtime/action.ts'
import { type ControllerContext, type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'

/** A resource may be announced this long after its migration. */
const announcementMs = 60_000
const retryMs = 5_000
const pageSize = 500

interface Stored {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
  }
}

/** Why a migration ended without success, for its condition. */
class MigrationFailure extends Error {}

export const storageVersionMigrator: ControllerDefinition = {
  name: 'storage-version-migrator-controller',
  workers: 1,
  build(context) {
    const migrations = context.informer(StorageVersionMigration)
    enqueueChanged(migrations, context)
    return {
      async plan(key) {
        const migration = objectOf(migrations, key)
        if (!migration || holds(migration, 'Succeeded') || holds(migration, 'Failed')) return undefined
        return planOf(context, migration)
      },
    }
  },
}

const holds = ({ status }: StorageVersionMigration, type: string): boolean =>
  status.conditions?.some(condition => condition.type === type && condition.status === 'True') === true

async function planOf({ client, clock, log }: ControllerContext, migration: StorageVersionMigration): Promise<Plan> {
  const nowMs = clock.now()
  const write = (next: StorageVersionMigration): Plan => ({ steps: [[updateStatus(StorageVersionMigration, next)]] })
  const kind = await kindOf(client, migration)
  if (!kind) {
    if (epochMsOf(migration.metadata.creationTimestamp) + announcementMs > nowMs) {
      return { steps: [], requeueAfterMs: retryMs }
    }
    return write(ended(migration, 'Failed', 'resource not found', nowMs))
  }
  if (!holds(migration, 'Running')) {
    const { metadata } = await client.of(kind).list('', { limit: 1 })
    const { resourceVersion = '' } = metadata
    return write(withCondition(migration, 'Running', 'StorageVersionMigrationInProgress', '', nowMs, resourceVersion))
  }
  try {
    await rewriteAll(client, kind)
    await settleDefinition(client, kind)
  } catch (error) {
    if (!(error instanceof MigrationFailure)) throw error
    log.warn({ migration: migration.metadata.name, error: error.message }, 'a storage migration failed')
    return write(ended(migration, 'Failed', 'migration encountered unhandled error', nowMs))
  }
  return write(ended(migration, 'Succeeded', '', nowMs))
}

async function kindOf(client: Client, { spec }: StorageVersionMigration): Promise<Kind | undefined> {
  const { group, resource } = spec.resource
  const { kinds } = await discoverKinds(client, 'list', 'patch')
  return kinds.find(({ gvk, resource: of }) => gvk.group === group && of?.plural === resource)
}

/** An empty patch makes the server write the object as it writes all objects now, where that differs from what is stored. */
async function rewriteAll(client: Client, kind: Kind): Promise<void> {
  const resource = client.of(kind)
  const { kind: name } = kind.gvk
  for (let next = ''; ; ) {
    const list = await resource.list('', { limit: pageSize, ...(next === '' ? {} : { continue: next }) })
    for (const { metadata } of list.items as Stored[]) {
      const { namespace = '', uid, resourceVersion } = metadata
      const patch = { apiVersion: kind.apiVersion, kind: name, metadata: { uid, resourceVersion } }
      try {
        await resource.patch(namespace, metadata.name, 'apply', patch)
      } catch (error) {
        // What was written or made anew since then is stored as it should be, and what is gone need not be.
        if (!isConflict(error) && !isNotFound(error)) throw new MigrationFailure((error as Error).message)
      }
    }
    next = list.metadata.continue ?? ''
    if (next === '') return
  }
}

/** All objects of a custom resource are now in its storage version: the definition may say so. */
async function settleDefinition(client: Client, { gvk, resource }: Kind): Promise<void> {
  const name = `${resource?.plural}.${gvk.group}`
  let definition: Definition
  try {
    definition = await client.of(CustomResourceDefinition).get('', name)
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  const stored = definition.spec.versions.find(({ storage }) => storage)?.name
  const { resourceVersion } = definition.metadata
  if (!stored || definition.status.storedVersions?.length === 1) return
  const patch = { metadata: { resourceVersion }, status: { storedVersions: [stored] } }
  await client.of(CustomResourceDefinition).patch('', name, 'merge', patch, 'status')
}

function ended(
  migration: StorageVersionMigration,
  type: 'Succeeded' | 'Failed',
  message: string,
  nowMs: number,
): StorageVersionMigration {
  const time = timeOf(nowMs)
  const conditions = (migration.status.conditions ?? []).map(condition =>
    condition.type === 'Running' ? { ...condition, status: 'False' as const, lastTransitionTime: time } : condition,
  )
  const stopped = { ...migration, status: { ...migration.status, conditions } }
  return withCondition(stopped, type, `StorageVersionMigration${type}`, message, nowMs)
}

function withCondition(
  migration: StorageVersionMigration,
  type: string,
  reason: string,
  message: string,
  nowMs: number,
  resourceVersion = migration.status.resourceVersion,
): StorageVersionMigration {
  const condition = { type, status: 'True' as const, lastTransitionTime: timeOf(nowMs), reason, message }
  const others = (migration.status.conditions ?? []).filter(other => other.type !== type)
  const version = resourceVersion ? { resourceVersion } : {}
  return { ...migration, status: { ...migration.status, ...version, conditions: [...others, condition] } }
}
