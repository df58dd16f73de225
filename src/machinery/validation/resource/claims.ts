/** Claims for devices, their templates, and classes of devices. */
import type { DeviceClaim, DeviceConstraint } from '../../../api/resource/v1/device-claim.ts'
import type { DeviceClass } from '../../../api/resource/v1/device-class.ts'
import type { DeviceConfiguration } from '../../../api/resource/v1/device-configuration.ts'
import type { DeviceRequest, ExactDeviceRequest } from '../../../api/resource/v1/device-request.ts'
import type { ResourceClaim } from '../../../api/resource/v1/resource-claim.ts'
import type { ResourceClaimTemplate } from '../../../api/resource/v1/resource-claim-template.ts'
import { invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, checkUnchanged, comparisons, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkTemplateMeta } from '../core/volumes.ts'
import { checkDeclaredDriver } from '../declared-names.ts'
import { checkFullyQualifiedName, checkItems, checkJsonObject, checkLabelName, checkSet } from './names.ts'
import { checkSelectors } from './selectors.ts'
import { checkTolerations } from './taints.ts'

export const maxRequests = 32
const maxAlternatives = 8
const maxConstraints = 32
export const maxConfigs = 32
const maxParameterBytes = 10 * 1024

/** The names of alternatives by the name of their request. */
export type RequestNames = ReadonlyMap<string, readonly string[]>

export const requestNamesOf = (claim: DeviceClaim | undefined): RequestNames =>
  new Map((claim?.requests ?? []).map(({ name, firstAvailable }) => [name, (firstAvailable ?? []).map(of => of.name)]))

function checkRequestRef(out: Errors, path: string, text: string, names: RequestNames): void {
  const [name = '', alternative, more] = text.split('/')
  const message =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
  if (more !== undefined) {
    out.push(invalid(path, text, message))
    return
  }
  checkLabelName(out, path, name)
  if (alternative !== undefined) checkLabelName(out, path, alternative)
  const alternatives = names.get(name)
  if (alternatives && (alternative === undefined || alternatives.includes(alternative))) return
  out.push(invalid(path, text, message))
}

export function checkRequestRefs(
  out: Errors,
  path: string,
  refs: readonly string[] | undefined,
  names: RequestNames,
): void {
  checkSet(
    out,
    path,
    refs,
    maxRequests,
    ref => ref,
    (at, ref) => checkRequestRef(out, at, ref, names),
  )
}

export const checkSingleRequestRef = checkRequestRef

function checkWanted(out: Errors, path: string, request: Omit<ExactDeviceRequest, 'adminAccess'>): void {
  const { deviceClassName, allocationMode, count = 0 } = request
  if (deviceClassName !== '') {
    pushInvalid(out, `${path}.deviceClassName`, deviceClassName, dns1123SubdomainErrors(deviceClassName))
  }
  checkSelectors(out, `${path}.selectors`, request.selectors)
  if (allocationMode === undefined) out.push(notSupported(`${path}.allocationMode`, '', ['All', 'ExactCount']))
  if (allocationMode === 'All' && Number(count) !== 0) {
    out.push(invalid(`${path}.count`, count, "must not be specified when allocationMode is 'All'"))
  }
  if (allocationMode === 'ExactCount' && count <= 0) {
    out.push(invalid(`${path}.count`, count, 'must be greater than zero'))
  }
  checkTolerations(out, `${path}.tolerations`, request.tolerations)
}

function checkRequest(out: Errors, path: string, { name, exactly, firstAvailable }: DeviceRequest): void {
  checkLabelName(out, `${path}.name`, name)
  const hasAlternatives = (firstAvailable?.length ?? 0) > 0
  const oneOf = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly && hasAlternatives) {
    out.push(invalid(path, null, `${oneOf}, but multiple fields are set`))
    const found: Errors = []
    checkAlternatives(found, `${path}.firstAvailable`, firstAvailable)
    out.push(...found.filter(({ field, message }) => declared.test(field) || repeated.test(message)))
  } else if (exactly) checkWanted(out, `${path}.exactly`, exactly)
  else if (hasAlternatives) checkAlternatives(out, `${path}.firstAvailable`, firstAvailable)
  else out.push(required(path, oneOf))
}

/** What upstream's declarative validation judges of alternatives also where there should be none. */
const declared = /\.(?:deviceClassName|allocationMode|tolerations\[\d+\]\.(?:key|operator))$/
const repeated = /^(?:Duplicate value|Too many)/

function checkAlternatives(out: Errors, path: string, alternatives: DeviceRequest['firstAvailable']): void {
  checkSet(
    out,
    path,
    alternatives,
    maxAlternatives,
    of => of.name,
    (at, alternative) => {
      checkLabelName(out, `${at}.name`, alternative.name)
      checkWanted(out, at, alternative)
    },
  )
}

function checkConstraint(out: Errors, path: string, constraint: DeviceConstraint, names: RequestNames): void {
  const { requests, matchAttribute, distinctAttribute } = constraint
  checkRequestRefs(out, `${path}.requests`, requests, names)
  if (matchAttribute !== undefined) checkFullyQualifiedName(out, `${path}.matchAttribute`, matchAttribute)
  else if (distinctAttribute !== undefined) {
    checkFullyQualifiedName(out, `${path}.distinctAttribute`, distinctAttribute)
  } else {
    // The end of the message is upstream's too.
    out.push(
      required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'),
    )
  }
}

export function checkConfiguration(out: Errors, path: string, { opaque }: DeviceConfiguration): void {
  if (!opaque) {
    out.push(required(`${path}.opaque`))
    return
  }
  if (opaque.driver === '') out.push(required(`${path}.opaque.driver`))
  checkDeclaredDriver(out, `${path}.opaque.driver`, opaque.driver)
  checkJsonObject(out, `${path}.opaque.parameters`, opaque.parameters, maxParameterBytes)
}

function checkDevices(out: Errors, path: string, claim: DeviceClaim): void {
  const names = requestNamesOf(claim)
  checkSet(
    out,
    `${path}.requests`,
    claim.requests,
    maxRequests,
    ({ name }) => name,
    (at, request) => checkRequest(out, at, request),
  )
  checkItems(out, `${path}.constraints`, claim.constraints, maxConstraints, (at, constraint) =>
    checkConstraint(out, at, constraint, names),
  )
  checkItems(out, `${path}.config`, claim.config, maxConfigs, (at, config) => {
    checkRequestRefs(out, `${at}.requests`, config.requests, names)
    checkConfiguration(out, at, config)
  })
}

export function checkResourceClaim(out: Errors, { spec }: ResourceClaim): void {
  checkDevices(out, 'spec.devices', spec.devices)
}

export function checkResourceClaimUpdate(out: Errors, claim: ResourceClaim, old: ResourceClaim): void {
  checkUnchanged(out, 'spec', claim.spec, old.spec)
}

export function checkClaimTemplate(out: Errors, { spec }: ResourceClaimTemplate): void {
  checkTemplateMeta(out, 'spec.metadata', spec.metadata)
  checkDevices(out, 'spec.spec.devices', spec.spec.devices)
}

export function checkClaimTemplateUpdate(out: Errors, template: ResourceClaimTemplate, old: ResourceClaimTemplate) {
  checkClaimTemplate(out, template)
  out.push(comparisons)
  checkImmutable(out, 'spec', template.spec, old.spec)
}

/** A resource with a domain that is not Kubernetes' own, and that quotas can name. */
function extendedResourceNameErrors(name: string): string[] {
  const errors: string[] = []
  if (!name.includes('/')) errors.push("a name must be a domain-prefixed path, such as 'example.com/my-prop'")
  if (name.includes('kubernetes.io/')) errors.push('must not have "kubernetes.io/" domain')
  if (name.startsWith('requests.')) errors.push('must not have "requests." prefix')
  return [...errors, ...labelKeyErrors(`requests.${name}`)]
}

/** Expressions and configurations that are as before were good when they were stored. */
export function checkDeviceClass(out: Errors, { spec }: DeviceClass, old?: DeviceClass): void {
  if (!old || !isSame(spec.selectors, old.spec.selectors)) checkSelectors(out, 'spec.selectors', spec.selectors)
  if (!old || !isSame(spec.config, old.spec.config)) {
    checkItems(out, 'spec.config', spec.config, maxConfigs, (at, config) => checkConfiguration(out, at, config))
  }
  const { extendedResourceName: name } = spec
  if (name !== undefined) pushInvalid(out, 'spec.extendedResourceName', name, extendedResourceNameErrors(name))
}
