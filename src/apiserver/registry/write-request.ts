/** A write as the verbs see it, and its checks that hold for every verb. */

import { ApiError, badRequestError, invalidError } from '../../machinery/api-error.ts'
import { type FieldError, invalid, notSupported } from '../../schema/field-error.ts'
import type { Kind } from '../../schema/kind.ts'
import type { AdmissionAttributes, AdmissionOperation } from '../admission/admission.ts'
import type { RequestContext } from '../chain/request-context.ts'
import { header } from '../chain/server-request.ts'
import type { Resource } from './resource.ts'
import type { ObjectJson } from './stored-object.ts'
import type { WriteContext } from './strategy.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface WriteRequest {
  readonly context: RequestContext
  readonly resource: Resource
  readonly namespace: string
  readonly name: string
  readonly subresource: string
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  readonly nowMs: number
}

/** Time as metadata shows it: whole seconds. */
export function isoSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds !== shownSeconds) {
    shown = `${new Date(ms).toISOString().slice(0, 19)}Z`
    shownSeconds = seconds
  }
  return shown
}

/** The text of the second that was shown last. */
let shown = ''
let shownSeconds = Number.NaN

export function writeRequestOf(
  context: RequestContext,
  resource: Resource,
  nowMs: number,
  optionsKind: string,
): WriteRequest {
  const { info, request } = context
  const { query } = request
  const errors: FieldError[] = []
  const dryRuns = query.getAll('dryRun')
  if (dryRuns.some(value => value !== 'All')) errors.push(notSupported('dryRun', dryRuns, ['All']))
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    errors.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  }
  const givenManager = query.get('fieldManager') ?? ''
  if (givenManager.length > 128) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: 'Too long: may not be more than 128 bytes',
    })
  }
  const odd = /[^\x20-\x7e\u00a0-\uffff]/.exec(givenManager)
  if (odd) {
    const code = odd[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    const position = Buffer.byteLength(givenManager.slice(0, odd.index))
    errors.push(invalid('fieldManager', givenManager, `invalid character U+${code} (at position ${position})`))
  }
  if (errors.length > 0) throw invalidError('meta.k8s.io', optionsKind, '', errors)
  return {
    context,
    resource,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    dryRun: dryRuns.length > 0,
    fieldManager: givenManager !== '' ? givenManager : managerOfAgent(header(request.headers, 'user-agent')),
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    nowMs,
  }
}

/** The name in managedFields of a client that gives none: its User-Agent up to the first slash. */
function managerOfAgent(agent: string): string {
  const prefix = (agent.split('/')[0] ?? '').slice(0, 128)
  return [...prefix].filter(char => char >= ' ' && char !== '\x7f').join('')
}

export const writeContextOf = (write: WriteRequest): WriteContext => ({
  nowIso: isoSeconds(write.nowMs),
  nowMs: write.nowMs,
  user: write.context.user,
  dryRun: write.dryRun,
  warn: message => write.context.warn(message),
})

/** What decoding dropped: warned of or refused, as the client wishes. */
export function reportStrictErrors(
  write: Pick<WriteRequest, 'fieldValidation' | 'context'>,
  unknownFields: readonly string[],
  duplicateFields: readonly string[],
  kind?: Kind,
): void {
  if (write.fieldValidation === 'Ignore') return
  const strict = strictErrorOf(unknownFields, duplicateFields)
  if (strict === undefined) return
  if (write.fieldValidation === 'Strict') {
    const version = kind && JSON.stringify(kind.gvk.version)
    const head = kind ? `${kind.gvk.kind} in version ${version} cannot be handled as a ${kind.gvk.kind}: ` : ''
    throw badRequestError(`${head}${strict}`)
  }
  for (const message of strictMessages(unknownFields, duplicateFields)) write.context.warn(message)
}

/** The same for keys that a YAML body has twice. */
export function reportYamlDuplicates(
  { fieldValidation, context }: Pick<WriteRequest, 'fieldValidation' | 'context'>,
  duplicates: readonly string[],
  head: string,
): void {
  if (fieldValidation === 'Ignore' || duplicates.length === 0) return
  if (fieldValidation === 'Strict') throw badRequestError(`${head}${yamlFault(duplicates)}`)
  for (const duplicate of duplicates) context.warn(duplicate)
}

const isYamlLine = (duplicate: string): boolean => /^line \d+: key /.test(duplicate)

const yamlFault = (lines: readonly string[]): string => `yaml: unmarshal errors:\n  ${lines.join('\n  ')}`

/** YAML's parser finds duplicates before anything is decoded. */
const strictMessages = (unknownFields: readonly string[], duplicateFields: readonly string[]): string[] => [
  ...duplicateFields.filter(isYamlLine),
  ...unknownFields.map(path => `unknown field ${JSON.stringify(path)}`),
  ...duplicateFields.filter(path => !isYamlLine(path)).map(path => `duplicate field ${JSON.stringify(path)}`),
]

export function strictErrorOf(
  unknownFields: readonly string[],
  duplicateFields: readonly string[],
): string | undefined {
  const isYaml = duplicateFields.some(isYamlLine)
  const messages = isYaml
    ? [yamlFault(duplicateFields), ...strictMessages(unknownFields, [])]
    : strictMessages(unknownFields, duplicateFields)
  return messages.length === 0 ? undefined : `strict decoding error: ${messages.join(', ')}`
}

/** The object's name and namespace must be those of the URL. Fills in the namespace. */
export function checkNames(write: WriteRequest, object: ObjectJson, nameRequired: boolean): void {
  const { name } = write
  const { metadata } = object
  if (nameRequired && (metadata.name ?? '') !== name) {
    if ((metadata.name ?? '') === '') {
      throw badRequestError(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
    }
    throw badRequestError(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
  checkNamespace(write, object)
}

/** Fills in the namespace. */
export function checkNamespace({ resource, namespace }: WriteRequest, { metadata }: ObjectJson): void {
  if (!resource.namespaced) {
    delete metadata.namespace
    return
  }
  if ((metadata.namespace ?? '') === '') metadata.namespace = namespace
  else if (metadata.namespace !== namespace) {
    throw badRequestError('the namespace of the provided object does not match the namespace sent on the request')
  }
}

export interface AdmissionWrite {
  readonly operation: AdmissionOperation
  readonly object: ObjectJson | undefined
  readonly oldObject: ObjectJson | undefined
  readonly kind?: Kind
  readonly options?: Record<string, unknown>
  readonly name?: string
}

export function attributesOf(write: WriteRequest, admission: AdmissionWrite): AdmissionAttributes {
  const { resource, context } = write
  return {
    operation: admission.operation,
    kind: admission.kind ?? resource.kind,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource: write.subresource,
    namespace: write.namespace,
    name: admission.name ?? (write.name !== '' ? write.name : (admission.object?.metadata?.name ?? '')),
    object: admission.object,
    oldObject: admission.oldObject,
    options: admission.options ?? optionsOf(write, admission.operation),
    reinvocation: { isAgain: false, wanted: false, memory: new Map() },
    user: context.user,
    verb: context.info.verb,
    dryRun: write.dryRun,
    warn: message => context.warn(message),
    annotate: (key, value) => context.audit.annotations.set(key, value),
  }
}

const optionKinds: Readonly<Partial<Record<AdmissionOperation, string>>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
}

/** The options of the request as an object, as webhooks get them. */
function optionsOf(write: WriteRequest, operation: AdmissionOperation): Record<string, unknown> {
  const kind = optionKinds[operation]
  if (kind === undefined) return {}
  const manager = write.context.request.query.get('fieldManager')
  const validation = write.context.request.query.get('fieldValidation')
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(write.dryRun ? { dryRun: ['All'] } : {}),
    ...(manager ? { fieldManager: manager } : {}),
    ...(validation ? { fieldValidation: validation } : {}),
  }
}

/** `metadata.name` and `metadata.namespace` as the API conventions demand them in URLs. */
export const isApiError = (error: unknown, reason: string): boolean =>
  error instanceof ApiError && error.reason === reason
