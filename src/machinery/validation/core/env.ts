/** Environment variables and what they are read from (upstream: ValidateEnv, ValidateEnvFrom). */
import type { EnvFromSource, EnvVar, EnvVarSource } from '../../../api/core/v1/env.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../../api/core/v1/selectors.ts'
import { invalid, notSupported, required } from '../../../schema/field-error.ts'
import { configMapKeyErrors, dns1123SubdomainErrors, envVarNameErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'

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
    if (variable.name !== '') pushInvalid(out, `${at}.name`, variable.name, envVarNameErrors(variable.name))
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
  if (fileKeyRef && fileKeyRef.key !== '') {
    pushInvalid(out, `${path}.fileKeyRef.key`, fileKeyRef.key, envVarNameErrors(fileKeyRef.key))
  }
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
  if (key !== '') pushInvalid(out, `${path}.key`, key, configMapKeyErrors(key))
}

const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/

export function checkFieldRef(out: Errors, path: string, ref: ObjectFieldSelector, known: ReadonlySet<string>): void {
  if (!ref.apiVersion) {
    out.push(required(`${path}.apiVersion`))
    return
  }
  if (ref.fieldPath === '') return
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
  if (isVolume && !ref.containerName) out.push(required(`${path}.containerName`))
  if (ref.resource === '') return
  const isHugePages = /^(limits|requests)\.hugepages-/.test(ref.resource)
  if (!containerResourcePaths.has(ref.resource) && !isHugePages) {
    out.push(notSupported(`${path}.resource`, ref.resource, [...containerResourcePaths]))
    return
  }
  checkDivisor(out, `${path}.divisor`, ref.resource, ref.divisor ?? '0')
}

function checkDivisor(out: Errors, path: string, resource: string, divisor: string): void {
  if (parseQuantity(divisor).isZero) return
  const isCpu = resource.endsWith('.cpu')
  const known = isCpu
    ? ['1m', '1']
    : ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
  if (known.includes(divisor)) return
  const name = isCpu ? 'cpu' : resource.replace(/^[a-z]+\./, '')
  out.push(
    invalid(
      path,
      name,
      `only divisor's values ${isCpu ? '1m and 1' : known.join(', ').replace(/, 1Ei$/, ', 1Ei')} are supported with the ${name} resource`,
    ),
  )
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
