/** Webhooks, admission policies, definitions of custom resources and API services. */
import type { ObjectJson } from '../stored-object.ts'
import { at, keepMetadata, statusStrategy, strategyOf } from './base.ts'

/** These are replaced only by those who know what they replace. */
const conditional = { unconditionalUpdate: false }

export const policyStrategy = strategyOf({ ...conditional, hasStatus: true, counted: true })
export const policyWithoutStatus = strategyOf({ ...conditional, counted: true })
export const webhooksStrategy = strategyOf({
  ...conditional,
  counted: true,
  countedToo: object => object.webhooks,
})

/** Labels and owners are not the business of who reports the status. */
export const apiServiceStrategy = strategyOf({
  ...conditional,
  hasStatus: true,
  subresources: {
    status: {
      ...statusStrategy,
      prepareForUpdate(object, old, context) {
        statusStrategy.prepareForUpdate(object, old, context)
        keepMetadata(object, old, 'labels', 'annotations', 'finalizers', 'ownerReferences')
      },
    },
  },
})

interface Version {
  readonly name: string
  readonly storage: boolean
}

/** The version in which objects are stored from now on is among those in which there may be some. */
function rememberStoredVersion(object: ObjectJson): void {
  const versions = (at(object, 'spec', 'versions') ?? []) as readonly Version[]
  const stored = versions.find(version => version.storage)?.name
  const status = (object.status ?? {}) as { storedVersions?: readonly string[] }
  const known = status.storedVersions ?? []
  if (stored === undefined || known.includes(stored)) return
  object.status = { ...status, storedVersions: [...known, stored] }
}

export const definitionStrategy = strategyOf({
  ...conditional,
  hasStatus: true,
  counted: true,
  prepareForCreate(object) {
    object.status = {}
    rememberStoredVersion(object)
  },
  prepareForUpdate: rememberStoredVersion,
})
