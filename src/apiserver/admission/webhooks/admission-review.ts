/** What is asked of an admission webhook, and what it may answer (API reference: admission.k8s.io/v1 AdmissionReview). Pure. */
import { readJson } from '../../../schema/json-decode.ts'
import { encodeObject } from '../../../schema/json-encode.ts'
import type { Kind } from '../../../schema/kind.ts'
import type { VersionedWrite } from '../equivalent.ts'

const reviewVersions = ['v1', 'v1beta1'] as const
export type ReviewVersion = (typeof reviewVersions)[number]

/** The first version that the webhook and this server both know. */
export const reviewVersionOf = (accepted: readonly string[]): ReviewVersion | undefined =>
  accepted.find((version): version is ReviewVersion => (reviewVersions as readonly string[]).includes(version))

const jsonOf = (kind: Kind, object: Record<string, unknown> | undefined): string =>
  object === undefined
    ? 'null'
    : Buffer.from(encodeObject(kind, { ...object, apiVersion: kind.apiVersion, kind: kind.gvk.kind })).toString()

export function reviewOf(write: VersionedWrite, uid: string, version: ReviewVersion): string {
  const { attributes, kind } = write
  const { user, subresource, namespace, name, operation, options, dryRun } = attributes
  const resource = { group: write.group, version: write.version, resource: write.resource }
  const requested = { group: attributes.group, version: attributes.version, resource: attributes.resource }
  const { username, uid: userUid, groups, extra } = user
  const facts = {
    uid,
    kind: kind.gvk,
    resource,
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: attributes.kind.gvk,
    requestResource: requested,
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: {
      username,
      ...(userUid ? { uid: userUid } : {}),
      groups,
      ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
    },
    dryRun,
    options: Object.keys(options).length === 0 ? null : options,
  }
  const head = JSON.stringify(facts).slice(0, -1)
  const objects = `"object":${jsonOf(kind, attributes.object)},"oldObject":${jsonOf(kind, attributes.oldObject)}`
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/${version}","request":${head},${objects}}}`
}

export interface Verdict {
  readonly allowed: boolean
  readonly status: Readonly<Record<string, unknown>> | undefined
  readonly patch: readonly unknown[]
  readonly warnings: readonly string[]
  readonly auditAnnotations: Readonly<Record<string, string>>
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws Error in upstream's words where the answer is none. */
export function verdictOf(answer: unknown, uid: string, version: ReviewVersion, mutating: boolean): Verdict {
  const review = isObject(answer) ? answer : {}
  const { response } = review
  if (!isObject(response)) throw new Error('webhook response was absent')
  const wanted = `admission.k8s.io/${version}`
  if (version === 'v1') {
    if (response.uid !== uid) {
      const found = JSON.stringify(response.uid ?? '')
      throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${found}`)
    }
    if (review.apiVersion !== wanted || review.kind !== 'AdmissionReview') {
      const found = `${review.apiVersion ?? ''}, Kind=${review.kind ?? ''}`
      throw new Error(`expected webhook response of ${wanted}, Kind=AdmissionReview, got ${found}`)
    }
    checkPatch(response, mutating)
  }
  const { allowed, status, warnings, auditAnnotations } = response
  return {
    allowed: allowed === true,
    status: isObject(status) ? status : undefined,
    patch: mutating ? patchOf(response) : [],
    warnings: Array.isArray(warnings) ? warnings.filter(one => typeof one === 'string') : [],
    auditAnnotations: isObject(auditAnnotations) ? (auditAnnotations as Record<string, string>) : {},
  }
}

function checkPatch({ patch, patchType }: Json, mutating: boolean): void {
  const hasPatch = typeof patch === 'string' && patch !== ''
  const hasType = patchType !== undefined && patchType !== null
  if (!mutating) {
    if (hasPatch) throw new Error('validating webhook may not return response.patch')
    if (hasType) throw new Error('validating webhook may not return response.patchType')
    return
  }
  if (hasPatch && !hasType) throw new Error('webhook returned response.patch but not response.patchType')
  if (!hasPatch && hasType) throw new Error('webhook returned response.patchType but not response.patch')
  if (hasType && patchType !== 'JSONPatch') throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`)
}

function patchOf({ patch }: Json): unknown[] {
  if (typeof patch !== 'string' || patch === '') return []
  try {
    const operations: unknown = readJson(Buffer.from(patch, 'base64'))
    if (Array.isArray(operations)) return operations
  } catch {
    // Told below.
  }
  throw new Error('received undecodable patch in webhook response')
}
