/** Webhooks, admission policies, definitions of custom resources and API services. */
import type { CustomResourceDefinitionSpec } from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import { schemaWarnings } from '../../../machinery/custom/schema-warnings.ts'
import type { ObjectJson } from '../stored-object.ts'
import { at, isolatedStatusStrategy, keepMetadata, statusStrategy, strategyOf } from './base.ts'

/** These are replaced only by those who know what they replace. */
const conditional = { unconditionalUpdate: false }

export const policyStrategy = strategyOf({
  ...conditional,
  hasStatus: true,
  counted: true,
  subresources: { status: isolatedStatusStrategy },
})
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

type Spec = CustomResourceDefinitionSpec

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

/** Holds a definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/** Upstream has no place for a webhook of which nothing is said. */
function dropEmptyWebhook(object: ObjectJson): void {
  const { conversion, ...spec } = object.spec as Spec
  const { webhook } = conversion ?? {}
  if (!conversion || !webhook || webhook.clientConfig || webhook.conversionReviewVersions?.length) return
  const { webhook: _, ...rest } = conversion
  object.spec = { ...spec, conversion: rest }
}

export const definitionStrategy = strategyOf({
  ...conditional,
  readAs: dropEmptyWebhook,
  hasStatus: true,
  counted: true,
  prepareForCreate(object) {
    object.status = {}
    rememberStoredVersion(object)
  },
  prepareForUpdate(object) {
    dropEmptyWebhook(object)
    rememberStoredVersion(object)
  },
  warnings: (object, old) => schemaWarnings(object.spec as Spec, old?.spec as Spec | undefined),
  keepsTerminating: object => !object.metadata.deletionTimestamp,
  beginTermination(object, { nowIso }) {
    const { metadata } = object
    metadata.finalizers = [...(metadata.finalizers ?? []).filter(one => one !== cleanupFinalizer), cleanupFinalizer]
    const status = object.status as { conditions?: { type: string }[] } | undefined
    const condition = {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: nowIso,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    object.status = {
      ...status,
      conditions: [...(status?.conditions ?? []).filter(({ type }) => type !== 'Terminating'), condition],
    }
  },
})
