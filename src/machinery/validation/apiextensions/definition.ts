/** Custom resource definitions (upstream: apis/apiextensions/validation). */
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooMany } from '../../../schema/field-error.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkClientConfig } from '../registration/webhooks.ts'
import { checkSchemaRules } from './rule-checks.ts'
import { checkSchema, nodeAt } from './schema-checks.ts'
import { checkStructural } from './structural.ts'

const maxSelectableFields = 8

export function checkDefinition(out: Errors, definition: CustomResourceDefinition): void {
  const { spec, metadata } = definition
  if (metadata.name !== `${spec.names.plural}.${spec.group}`)
    out.push(invalid('metadata.name', metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'))
  checkSpec(out, definition)
  checkApproval(out, definition, undefined)
  if (spec.preserveUnknownFields) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    out.push(invalid('spec.preserveUnknownFields', true, why))
  }
}

export function checkDefinitionUpdate(
  out: Errors,
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): void {
  checkSpec(out, definition)
  const { spec } = definition
  const isEstablished = old.status.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')
  if (isEstablished) {
    checkImmutable(out, 'spec.scope', spec.scope, old.spec.scope)
    checkImmutable(out, 'spec.names.kind', spec.names.kind, old.spec.names.kind)
  }
  checkImmutable(out, 'spec.group', spec.group, old.spec.group)
  checkImmutable(out, 'spec.names.plural', spec.names.plural, old.spec.names.plural)
  checkApproval(out, definition, old)
}

export const checkDefinitionStatus = (out: Errors, { status }: CustomResourceDefinition): void =>
  checkNames(out, 'status.acceptedNames', status.acceptedNames)

/** One message for all that is wrong with a label. */
function checkLabel(out: Errors, path: string, value: string, prefix = ''): void {
  const errors = dns1035LabelErrors(prefix === '' ? value : value.toLowerCase())
  if (value !== '' && errors.length > 0) out.push(invalid(path, value, prefix + errors.join(',')))
}

function checkSpec(out: Errors, { spec, status }: CustomResourceDefinition): void {
  const groupErrors = spec.group === '' ? [] : dns1123SubdomainErrors(spec.group)
  if (groupErrors.length > 0) out.push(invalid('spec.group', spec.group, groupErrors.join(',')))
  else if (spec.group !== '' && !spec.group.includes('.'))
    out.push(invalid('spec.group', spec.group, 'should be a domain with at least one dot'))
  const scopes = ['Cluster', 'Namespaced']
  if (spec.scope !== '' && !scopes.includes(spec.scope)) out.push(notSupported('spec.scope', spec.scope, scopes))
  const versions = spec.versions ?? []
  versions.forEach((version, i) => {
    if (!version.schema?.openAPIV3Schema) out.push(required(`spec.versions[${i}].schema.openAPIV3Schema`))
  })
  versions.forEach((version, i) => {
    checkVersion(out, `spec.versions[${i}]`, version)
  })
  if (new Set(versions.map(version => version.name)).size < versions.length)
    out.push(invalid('spec.versions', versions, 'must contain unique version names'))
  if (versions.filter(version => version.storage).length !== 1)
    out.push(invalid('spec.versions', versions, 'must have exactly one version marked as storage version'))
  if (!spec.names.singular) out.push(required('spec.names.singular'))
  if (!spec.names.listKind) out.push(required('spec.names.listKind'))
  checkNames(out, 'spec.names', spec.names)
  if (spec.conversion) checkConversion(out, 'spec.conversion', spec.conversion)
  checkNames(out, 'status.acceptedNames', status.acceptedNames)
  checkStoredVersions(out, status.storedVersions ?? [], versions)
}

function checkNames(out: Errors, path: string, names: Partial<CustomResourceDefinitionNames> | undefined): void {
  if (!names) return
  const mixed = 'may have mixed case, but should otherwise match: '
  checkLabel(out, `${path}.plural`, names.plural ?? '')
  checkLabel(out, `${path}.singular`, names.singular ?? '')
  checkLabel(out, `${path}.kind`, names.kind ?? '', mixed)
  checkLabel(out, `${path}.listKind`, names.listKind ?? '', mixed)
  for (const field of ['shortNames', 'categories'] as const) {
    names[field]?.forEach((name, i) => {
      const errors = dns1035LabelErrors(name)
      if (errors.length > 0) out.push(invalid(`${path}.${field}[${i}]`, name, errors.join(',')))
    })
  }
  if (names.kind && names.kind === names.listKind)
    out.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
}

function checkStoredVersions(
  out: Errors,
  stored: readonly string[],
  versions: readonly CustomResourceDefinitionVersion[],
): void {
  const path = 'status.storedVersions'
  if (stored.length === 0) return void out.push(invalid(path, stored, 'must have at least one stored version'))
  for (const { name, storage } of versions) {
    if (storage && !stored.includes(name)) out.push(invalid(path, stored, `must have the storage version ${name}`))
  }
  stored.forEach((name, i) => {
    if (versions.some(version => version.name === name)) return
    const why = `${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    out.push(invalid(`${path}[${i}]`, name, `missing from spec.versions; ${why}`))
  })
}

function checkVersion(out: Errors, path: string, version: CustomResourceDefinitionVersion): void {
  const nameErrors = dns1035LabelErrors(version.name)
  if (version.name !== '' && nameErrors.length > 0)
    out.push(invalid(`${path}.name`, version.name, nameErrors.join(',')))
  checkDeprecation(out, `${path}.deprecationWarning`, version)
  const schema = version.schema?.openAPIV3Schema
  if (schema) {
    const at = `${path}.schema.openAPIV3Schema`
    if (version.subresources?.status) checkRootWithStatus(out, at, schema)
    if (schema.nullable) out.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'))
    const before = out.length
    checkStructural(out, at, schema)
    checkSchema(out, at, schema)
    // Rules compile against a schema that is sound.
    if (out.length === before) checkSchemaRules(out, at, schema)
  }
  if (version.subresources?.scale) checkScale(out, `${path}.subresources`, version.subresources.scale)
  version.additionalPrinterColumns?.forEach((column, i) => {
    checkColumn(out, `${path}.additionalPrinterColumns[${i}]`, column)
  })
  if (version.selectableFields?.length) checkSelectableFields(out, `${path}.selectableFields`, version, schema)
}

function checkDeprecation(out: Errors, path: string, version: CustomResourceDefinitionVersion): void {
  const { deprecated, deprecationWarning: warning } = version
  if (warning === undefined) return
  if (!deprecated) return void out.push(invalid(path, warning, 'can only be set for deprecated versions'))
  if (Buffer.byteLength(warning) > 256) out.push(invalid(path, warning, 'must be <= 256 characters long'))
  if (warning === '') out.push(invalid(path, warning, 'must not be an empty string'))
  const unprintable = warning.search(/[^\P{C}]/u)
  if (unprintable >= 0) {
    const why = `must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`
    out.push(invalid(path, warning, why))
  }
}

const allowedAtRoot = [
  'description',
  'type',
  'properties',
  'required',
  'title',
  'format',
  'example',
  'externalDocs',
  'default',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
  'x-kubernetes-map-type',
]

function checkRootWithStatus(out: Errors, path: string, schema: JSONSchemaProps): void {
  const suffix = 'if the status subresource is enabled'
  if (schema.type && schema.type !== 'object') {
    out.push(
      invalid(`${path}.type`, schema.type, `only "object" is allowed as the type at the root of the schema ${suffix}`),
    )
  }
  const wrong = Object.keys(schema).find(name => !allowedAtRoot.includes(name))
  if (wrong !== undefined)
    out.push(
      invalid(path, schema, `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema ${suffix}`),
    )
}

function checkScale(out: Errors, path: string, scale: CustomResourceSubresourceScale): void {
  const paths = [
    ['specReplicasPath', scale.specReplicasPath, ['.spec.'], 'should be a json path under .spec'],
    ['statusReplicasPath', scale.statusReplicasPath, ['.status.'], 'should be a json path under .status'],
    [
      'labelSelectorPath',
      scale.labelSelectorPath,
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
    ],
  ] as const
  for (const [name, value, prefixes, why] of paths) {
    const at = `${path}.scale.${name}`
    if (!value) continue
    if (!value.startsWith('.')) out.push(invalid(at, value, 'must be a simple json path starting with .'))
    else if (!prefixes.some(prefix => value.startsWith(prefix))) out.push(invalid(at, value, why))
  }
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function checkColumn(out: Errors, path: string, column: CustomResourceColumnDefinition): void {
  const oneOfTypes = `must be one of ${columnTypes.join(',')}`
  if (column.type === '') out.push(required(`${path}.type`, oneOfTypes))
  else if (!columnTypes.includes(column.type)) out.push(invalid(`${path}.type`, column.type, oneOfTypes))
  if (column.format && !columnFormats.includes(column.format))
    out.push(invalid(`${path}.format`, column.format, `must be one of ${columnFormats.join(',')}`))
  if (column.jsonPath === '') out.push(required(`${path}.JSONPath`))
  else if (!column.jsonPath.startsWith('.'))
    out.push(invalid(`${path}.JSONPath`, column.jsonPath, 'must be a simple json path starting with .'))
}

function checkSelectableFields(
  out: Errors,
  path: string,
  { selectableFields = [] }: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps | undefined,
): void {
  if (!schema) {
    const why = 'may only be set when `version.schema.openAPIV3Schema` is not included'
    return void out.push(invalid(path, '', why))
  }
  const known = new Set<string>()
  for (const [i, { jsonPath }] of selectableFields.entries()) {
    const at = `${path}[${i}].jsonPath`
    if (jsonPath === '') continue
    const node = nodeAt(schema, jsonPath)
    if (!node) {
      out.push(invalid(at, jsonPath, 'is an invalid path: does not refer to a valid field'))
      continue
    }
    if (/^\.metadata(\.|$)/.test(jsonPath)) out.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
    if (!['string', 'boolean', 'integer'].includes(node.type ?? '')) {
      const why = 'must point to a field of type string, boolean or integer.'
      out.push(invalid(at, jsonPath, `${why} Enum string fields and strings with formats are allowed.`))
    }
    if (known.has(jsonPath)) out.push(duplicate(at, jsonPath))
    known.add(jsonPath)
  }
  if (known.size > maxSelectableFields) out.push(tooMany(path, known.size, maxSelectableFields))
}

/** The paths are those of upstream's older form of this part. */
function checkConversion(out: Errors, path: string, { strategy, webhook }: CustomResourceConversion): void {
  const strategies = ['None', 'Webhook']
  if (strategy !== '' && !strategies.includes(strategy))
    out.push(notSupported(`${path}.strategy`, strategy, strategies))
  const configPath = `${path}.webhookClientConfig`
  const versionsPath = `${path}.conversionReviewVersions`
  const versions = webhook?.conversionReviewVersions ?? []
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook'
    if (webhook?.clientConfig) out.push(forbidden(configPath, why))
    if (versions.length > 0) out.push(forbidden(versionsPath, why))
    return
  }
  if (!webhook?.clientConfig) out.push(required(configPath, 'required when strategy is set to Webhook'))
  else checkClientConfig(out, configPath, webhook.clientConfig)
  if (versions.length === 0) return void out.push(required(versionsPath))
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) out.push(invalid(`${versionsPath}[${i}]`, version, 'duplicate version'))
    else pushInvalid(out, `${versionsPath}[${i}]`, version, dns1035LabelErrors(version))
  })
  if (!versions.some(version => version === 'v1' || version === 'v1beta1'))
    out.push(invalid(versionsPath, versions, 'must include at least one of v1, v1beta1'))
}

const approvalAnnotation = 'api-approved.kubernetes.io'

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid'

function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const text = metadata.annotations?.[approvalAnnotation] ?? ''
  if (text === '') return 'missing'
  if (text.startsWith('unapproved')) return 'bypassed'
  return URL.canParse(text) && new URL(text).host !== '' ? 'approved' : 'invalid'
}

/** KEP-1111: groups of the community need an approval. */
function checkApproval(
  out: Errors,
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(definition.spec.group)) return
  const state = approvalOf(definition)
  if (old && isSame(approvalOf(old), state)) return
  const path = `metadata.annotations[${approvalAnnotation}]`
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111'
  const intro = `protected groups must have approval annotation "${approvalAnnotation}"`
  if (state === 'missing') out.push(required(path, `${intro}, ${see}`))
  if (state === 'invalid') {
    const text = definition.metadata.annotations?.[approvalAnnotation]
    out.push(invalid(path, text, `${intro} with either a URL or a reason starting with "unapproved", ${see}`))
  }
}
