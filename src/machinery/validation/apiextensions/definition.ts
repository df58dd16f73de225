/** Custom resource definitions (upstream: apis/apiextensions/validation). */
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  SelectableField,
} from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { duplicate, forbidden, invalid, required, tooMany } from '../../../schema/field-error.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { checkChoice, checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkClientConfig } from '../registration/webhooks.ts'
import { type Parts, splitSpec } from './common-parts.ts'
import { checkDefaults } from './defaults.ts'
import { checkSchemaRules } from './rule-checks.ts'
import { checkSchema, nodeAt } from './schema-checks.ts'
import { checkStructural, structuralError } from './structural.ts'

const maxSelectableFields = 8

export function checkDefinition(out: Errors, definition: CustomResourceDefinition): void {
  checkSpec(out, definition)
  checkStatusOf(out, definition)
  checkApproval(out, definition, undefined)
  checkPreserving(out, definition, undefined)
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
  checkStatusOf(out, definition)
  checkApproval(out, definition, old)
  checkPreserving(out, definition, old)
}

function checkStatusOf(out: Errors, { spec, status }: CustomResourceDefinition): void {
  checkNames(out, 'status.acceptedNames', status.acceptedNames)
  checkStoredVersions(out, status.storedVersions, spec.versions ?? [])
}

function checkPreserving(
  out: Errors,
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  if (!spec.preserveUnknownFields || old?.spec.preserveUnknownFields) return
  const why = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  out.push(invalid('spec.preserveUnknownFields', true, why))
}

export const checkDefinitionStatus = (out: Errors, { status }: CustomResourceDefinition): void =>
  checkNames(out, 'status.acceptedNames', status.acceptedNames)

/** One message for all that is wrong with a label. */
function checkLabel(out: Errors, path: string, value: string, { prefix = '', mayBeEmpty = true } = {}): void {
  const errors = dns1035LabelErrors(prefix === '' ? value : value.toLowerCase())
  if ((value !== '' || !mayBeEmpty) && errors.length > 0) out.push(invalid(path, value, prefix + errors.join(',')))
}

function checkSpec(out: Errors, { spec }: CustomResourceDefinition): void {
  checkGroup(out, spec.group)
  checkChoice(out, 'spec.scope', spec.scope, ['Cluster', 'Namespaced'])
  const { common, versions } = splitSpec(spec)
  if (!common.schema?.openAPIV3Schema) {
    versions.forEach((version, i) => {
      if (!version.schema?.openAPIV3Schema) out.push(required(`spec.versions[${i}].schema.openAPIV3Schema`))
    })
  }
  versions.forEach((version, i) => {
    const at = `spec.versions[${i}]`
    checkLabel(out, `${at}.name`, version.name, { mayBeEmpty: false })
    checkDeprecation(out, `${at}.deprecationWarning`, version)
    const hasStatus = (version.subresources ?? common.subresources)?.status !== undefined
    checkParts(out, `${at}.schema`, at, version, hasStatus, 'version.')
  })
  if (new Set(versions.map(version => version.name)).size < versions.length)
    out.push(invalid('spec.versions', versions, 'must contain unique version names'))
  if (versions.filter(version => version.storage).length !== 1)
    out.push(invalid('spec.versions', spec.versions, 'must have exactly one version marked as storage version'))
  if (versions[0]?.name) checkLabel(out, 'spec.version', versions[0].name)
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const)
    if (!spec.names[name]) out.push(required(`spec.names.${name}`))
  checkNames(out, 'spec.names', spec.names)
  const hasStatus = [common, ...versions].some(({ subresources }) => subresources?.status !== undefined)
  checkParts(out, 'spec.validation', 'spec', common, hasStatus, '')
  if (!spec.conversion) return
  const { strategy } = spec.conversion
  if (strategy !== 'None' && spec.preserveUnknownFields)
    out.push(invalid('spec.conversion.strategy', strategy, 'must be None if spec.preserveUnknownFields is true'))
  checkConversion(out, 'spec.conversion', spec.conversion)
}

function checkGroup(out: Errors, group: string): void {
  if (group === '') return void out.push(required('spec.group'))
  const errors = dns1123SubdomainErrors(group)
  if (errors.length > 0) out.push(invalid('spec.group', group, errors.join(',')))
  else if (!group.includes('.')) out.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
}

function checkNames(out: Errors, path: string, names: Partial<CustomResourceDefinitionNames> | undefined): void {
  if (!names) return
  const mixed = { prefix: 'may have mixed case, but should otherwise match: ' }
  checkLabel(out, `${path}.plural`, names.plural ?? '')
  checkLabel(out, `${path}.singular`, names.singular ?? '')
  checkLabel(out, `${path}.kind`, names.kind ?? '', mixed)
  checkLabel(out, `${path}.listKind`, names.listKind ?? '', mixed)
  names.shortNames?.forEach((name, i) => {
    checkLabel(out, `${path}.shortNames[${i}]`, name, { mayBeEmpty: false })
  })
  if (names.kind && names.kind === names.listKind)
    out.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  names.categories?.forEach((name, i) => {
    checkLabel(out, `${path}.categories[${i}]`, name, { mayBeEmpty: false })
  })
}

function checkStoredVersions(
  out: Errors,
  stored: readonly string[] | undefined,
  versions: readonly CustomResourceDefinitionVersion[],
): void {
  const path = 'status.storedVersions'
  if (!stored?.length) return void out.push(invalid(path, stored, 'must have at least one stored version'))
  for (const { name, storage } of versions) {
    if (storage && !stored.includes(name)) out.push(invalid(path, stored, `must have the storage version ${name}`))
  }
  stored.forEach((name, i) => {
    if (versions.some(version => version.name === name)) return
    const why = `${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    out.push(invalid(`${path}[${i}]`, name, `missing from spec.versions; ${why}`))
  })
}

/** `what` is how upstream calls the owner of the schema that selectable fields need. */
function checkParts(
  out: Errors,
  schemaPath: string,
  path: string,
  parts: Parts,
  hasStatus: boolean,
  what: 'version.' | '',
): void {
  const schema = parts.schema?.openAPIV3Schema
  if (schema) checkSchemaOf(out, `${schemaPath}.openAPIV3Schema`, schema, hasStatus)
  if (parts.subresources?.scale) checkScale(out, `${path}.subresources`, parts.subresources.scale)
  parts.additionalPrinterColumns?.forEach((column, i) => {
    checkColumn(out, `${path}.additionalPrinterColumns[${i}]`, column)
  })
  const { selectableFields } = parts
  if (!selectableFields?.length) return
  const at = `${path}.selectableFields`
  if (schema) checkSelectableFields(out, at, selectableFields, schema)
  else if (what === '') out.push(invalid(at, '', 'may only be set when validations.schema is included'))
  else out.push(invalid(at, '', 'may only be set when `version.schema.openAPIV3Schema` is not included'))
}

function checkSchemaOf(out: Errors, path: string, schema: JSONSchemaProps, hasStatus: boolean): void {
  const before = out.length
  if (hasStatus) checkRootWithStatus(out, path, schema)
  if (schema.nullable) out.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'))
  const notStructural = structuralError(schema)
  const structuralFrom = out.length
  if (notStructural === undefined) {
    checkStructural(out, path, schema)
    if (out.length === structuralFrom) checkDefaults(out, path, schema)
  }
  const isSound = notStructural === undefined && out.length === structuralFrom
  const checksFrom = out.length
  checkSchema(out, path, schema)
  // Rules compile against a schema that is sound.
  if (isSound && out.length === checksFrom) checkSchemaRules(out, path, schema)
  // What the checks of the schema have said already in other words.
  if (out.length === before && notStructural !== undefined) out.push(invalid(path, '', notStructural))
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

/** As upstream's message names them. */
const allowedAtRoot =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations'
const goNames: Readonly<Record<string, string>> = {
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
}
const rootFields: ReadonlySet<string> = new Set(allowedAtRoot.split(' '))
const nameInGo = (field: string): string => goNames[field] ?? field.charAt(0).toUpperCase() + field.slice(1)

/** Upstream looks at the fields in its order and stops at the first that is wrong; these come before the type. */
const beforeType = ['id', '$schema', '$ref'] as const

function checkRootWithStatus(out: Errors, path: string, schema: JSONSchemaProps): void {
  const suffix = 'if the status subresource is enabled'
  const isEarly = beforeType.some(name => schema[name])
  if (!isEarly && schema.type && schema.type !== 'object') {
    const why = `only "object" is allowed as the type at the root of the schema ${suffix}`
    return void out.push(invalid(`${path}.type`, schema.type, why))
  }
  const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== ''
  const wrong = Object.entries(schema).some(
    ([name, value]) => !rootFields.has(nameInGo(name)) && (isSet(value) || name === '$ref'),
  )
  if (wrong)
    out.push(invalid(path, schema, `only [${allowedAtRoot}] fields are allowed at the root of the schema ${suffix}`))
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
    if (!value) {
      if (name !== 'labelSelectorPath') out.push(required(at))
    } else if (!value.startsWith('.')) out.push(invalid(at, value, 'must be a simple json path starting with .'))
    else if (!prefixes.some(prefix => value.startsWith(prefix))) out.push(invalid(at, value, why))
  }
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function checkColumn(out: Errors, path: string, column: CustomResourceColumnDefinition): void {
  if (column.name === '') out.push(required(`${path}.name`))
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
  selectableFields: readonly SelectableField[],
  schema: JSONSchemaProps,
): void {
  const known = new Set<string>()
  for (const [i, { jsonPath }] of selectableFields.entries()) {
    const at = `${path}[${i}].jsonPath`
    if (jsonPath === '') {
      out.push(required(at))
      continue
    }
    if (!/^[.[]/.test(jsonPath)) {
      const start = /^[^.[\]']*/.exec(jsonPath)?.[0] ?? ''
      out.push(invalid(at, jsonPath, `is an invalid path: expected [ or . but got: ${start}`))
      continue
    }
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
  checkChoice(out, `${path}.strategy`, strategy, ['None', 'Webhook'])
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
