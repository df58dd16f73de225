/** Environment variables and what they are read from (upstream: ValidateEnv, ValidateEnvFrom). */
import type { EnvFromSource, EnvVar, EnvVarSource } from '../../../api/core/v1/env.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../../api/core/v1/selectors.ts'
import { invalid, notSupported, required } from '../../../schema/field-error.ts'
import {
  configMapKeyErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  envVarNameErrors,
} from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkNoBackSteps } from './security-context.ts'

const envFieldPaths: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])
const containerResourcePaths: ReadonlySet<string> = new Set([
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
])
const volumeFieldPaths: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
])

export function checkEnv(out: Errors, path: string, variables: readonly EnvVar[] | undefined): void {
  variables?.forEach((variable, i) => {
    const at = `${path}[${i}]`
    if (variable.name === '') out.push(required(`${at}.name`))
    else pushInvalid(out, `${at}.name`, variable.name, envVarNameErrors(variable.name))
    if (variable.valueFrom) checkSource(out, `${at}.valueFrom`, variable.valueFrom, variable.value ?? '')
  })
}

function checkSource(out: Errors, path: string, source: EnvVarSource, value: string): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length
  if (fieldRef) checkFieldRef(out, `${path}.fieldRef`, fieldRef, envFieldPaths)
  if (resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, resourceFieldRef, false)
  if (configMapKeyRef) checkKey(out, `${path}.configMapKeyRef`, configMapKeyRef)
  if (secretKeyRef) checkKey(out, `${path}.secretKeyRef`, secretKeyRef)
  if (fileKeyRef) checkFileKey(out, `${path}.fileKeyRef`, fileKeyRef)
  if (count === 0) {
    const known = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    out.push(invalid(path, '', `must specify one of: ${known}`))
  } else if (value !== '') {
    out.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  } else if (count > 1) {
    out.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}

function checkKey(out: Errors, path: string, { name, key }: { name: string; key: string }): void {
  pushInvalid(out, `${path}.name`, name, dns1123SubdomainErrors(name))
  if (key === '') out.push(required(`${path}.key`))
  else pushInvalid(out, `${path}.key`, key, configMapKeyErrors(key))
}

function checkFileKey(out: Errors, path: string, ref: NonNullable<EnvVarSource['fileKeyRef']>): void {
  if (ref.key === '') out.push(required(`${path}.key`))
  else pushInvalid(out, `${path}.key`, ref.key, envVarNameErrors(ref.key))
  if (ref.volumeName === '') out.push(required(`${path}.volumeName`))
  else pushInvalid(out, `${path}.volumeName`, ref.volumeName, dns1123LabelErrors(ref.volumeName))
  if (ref.path === '') out.push(required(`${path}.path`))
  else checkNoBackSteps(out, `${path}.path`, ref.path)
}

const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/

export function checkFieldRef(out: Errors, path: string, ref: ObjectFieldSelector, known: ReadonlySet<string>): void {
  if (!ref.apiVersion) {
    out.push(required(`${path}.apiVersion`))
    return
  }
  if (ref.fieldPath === '') {
    out.push(required(`${path}.fieldPath`))
    return
  }
  const match = subscript.exec(ref.fieldPath)
  if (match) {
    const key = match[1] === 'metadata.annotations' ? match[2]!.toLowerCase() : match[2]!
    pushInvalid(out, path, match[2], labelKeyErrors(key))
    return
  }
  if (ref.apiVersion === 'v1' && known.has(ref.fieldPath)) return
  if (ref.apiVersion !== 'v1' || !isReadableField(ref.fieldPath)) {
    const fault =
      ref.apiVersion === 'v1'
        ? `field label not supported: ${ref.fieldPath}`
        : `unsupported pod version: ${ref.apiVersion}`
    out.push(invalid(`${path}.fieldPath`, ref.fieldPath, `error converting fieldPath: ${fault}`))
    return
  }
  out.push(notSupported(`${path}.fieldPath`, ref.fieldPath, [...known]))
}

/** Paths of pods that some use of field references knows. */
const readable: ReadonlySet<string> = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
  'status.nominatedNodeName',
])
const isReadableField = (path: string): boolean => readable.has(path)

export const checkVolumeFieldRef = (out: Errors, path: string, ref: ObjectFieldSelector): void =>
  checkFieldRef(out, path, ref, volumeFieldPaths)

export function checkResourceFieldRef(out: Errors, path: string, ref: ResourceFieldSelector, isVolume: boolean): void {
  const isHugePages = /^(limits|requests)\.hugepages-/.test(ref.resource)
  if (isVolume && !ref.containerName) out.push(required(`${path}.containerName`))
  else if (ref.resource === '') out.push(required(`${path}.resource`))
  else if (!containerResourcePaths.has(ref.resource) && !isHugePages)
    out.push(notSupported(`${path}.resource`, ref.resource, [...containerResourcePaths].sort()))
  checkDivisor(out, `${path}.divisor`, ref.resource, ref.divisor ?? '0')
}

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

function checkDivisor(out: Errors, path: string, resource: string, divisor: string): void {
  if (parseQuantity(divisor).isZero) return
  const [, name] = /^(?:limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-).*$/.exec(resource) ?? []
  if (name === undefined) return
  const known = name === 'cpu' ? ['1m', '1'] : byteDivisors
  if (known.includes(divisor)) return
  const shown = name === 'ephemeral-storage' ? 'local ephemeral storage' : name.replace('-', '')
  const values = name === 'cpu' ? '1m and 1' : byteDivisors.join(', ')
  out.push(invalid(path, resource, `only divisor's values ${values} are supported with the ${shown} resource`))
}

export function checkEnvFrom(out: Errors, path: string, sources: readonly EnvFromSource[] | undefined): void {
  sources?.forEach((source, i) => {
    const at = `${path}[${i}]`
    if (source.prefix) pushInvalid(out, `${at}.prefix`, source.prefix, envVarNameErrors(source.prefix))
    if (source.configMapRef) checkReference(out, `${at}.configMapRef`, source.configMapRef.name)
    if (source.secretRef) checkReference(out, `${at}.secretRef`, source.secretRef.name)
    if (!source.configMapRef && !source.secretRef) {
      out.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (source.configMapRef && source.secretRef) {
      out.push(invalid(path, '', 'may not have more than one field specified at a time'))
    }
  })
}

function checkReference(out: Errors, path: string, name: string): void {
  if (name === '') out.push(required(`${path}.name`))
  else pushInvalid(out, `${path}.name`, name, dns1123SubdomainErrors(name))
}
