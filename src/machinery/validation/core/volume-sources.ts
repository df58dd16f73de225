/**
 * Where volumes come from (upstream: validateHostPathVolumeSource and its kin), each rule with the path that upstream
 * reports it under, which is not always the field's own. Pods and persistent volumes have most sources in common.
 */
import { forbidden, invalid, notSupported, required, tooLong } from '../../../schema/field-error.ts'
import { betweenMessage, dns1123LabelErrors, dns1123SubdomainErrors, idErrors } from '../../../schema/formats.ts'
import type { Errors } from '../checks.ts'
import { checkOneOf, pushInvalid } from '../checks.ts'
import { checkDescending, checkNoBackSteps } from './security-context.ts'

/** A source of any type; what its declaration says of the types of its fields holds. */
// biome-ignore lint/suspicious/noExplicitAny: some thirty types of source share these rules.
export type Source = any
export interface SourceOwner {
  /** Of the volume in its pod, or of the persistent volume. */
  readonly name: string
  readonly isPersistent: boolean
}
type Rule = (out: Errors, path: string, source: Source, owner: SourceOwner) => void

export function need(out: Errors, path: string, source: Source, ...names: readonly string[]): void {
  for (const name of names) if (!source[name]?.length) out.push(required(`${path}.${name}`))
}

export function checkUser(out: Errors, path: string, user: number | undefined): void {
  if (user !== undefined) pushInvalid(out, path, user, idErrors(user))
}

/** Upstream: ValidateCSIDriverName. */
export function checkDriver(out: Errors, path: string, driver: string): void {
  if (driver === '') {
    out.push(required(path))
    return
  }
  if (driver.length > 63) out.push(tooLong(path, 63))
  pushInvalid(out, path, driver, dns1123SubdomainErrors(driver.toLowerCase()))
}

const iscsiNames = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
] as const

function checkIscsiName(out: Errors, path: string, name: string, isPersistent: boolean): void {
  const known = iscsiNames.find(([prefix]) => name.startsWith(prefix))
  if (!known)
    out.push(invalid(path, name, `must be valid format${isPersistent ? '' : ' starting with iqn, eui, or naa'}`))
  else if (!known[1].test(name)) out.push(invalid(path, name, 'must be valid format'))
}

const tooLongTarget =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

const iscsi: Rule = (out, path, source, { name, isPersistent }) => {
  need(out, path, source, 'targetPortal')
  const isTooLong = source.initiatorName !== undefined && `${name}:${source.targetPortal}`.length > 64
  if (isTooLong && isPersistent) out.push(invalid(`${path}.targetportal`, source.targetPortal, tooLongTarget))
  if (!source.iqn) out.push(required(`${path}.iqn`))
  else checkIscsiName(out, `${path}.iqn`, source.iqn, isPersistent)
  if (source.lun < 0 || source.lun > 255) out.push(invalid(`${path}.lun`, source.lun, betweenMessage(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) out.push(required(`${path}.secretRef`))
  if (isPersistent && source.secretRef) need(out, `${path}.secretRef`, source.secretRef, 'name')
  if (source.initiatorName !== undefined)
    checkIscsiName(out, `${path}.initiatorname`, source.initiatorName, isPersistent)
  if (isTooLong && !isPersistent) out.push(invalid(path.replace(/\.iscsi$/, '.name'), name, tooLongTarget))
}

const fc: Rule = (out, path, { targetWWNs = [], wwids = [], lun }) => {
  const at = `${path}.targetWWNs`
  if (targetWWNs.length === 0 && wwids.length === 0)
    out.push(required(at, 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length === 0) return
  if (wwids.length > 0) out.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  if (lun === undefined) out.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) out.push(invalid(`${path}.lun`, lun, betweenMessage(0, 255)))
}

const partition = (out: Errors, path: string, value: number | undefined): void => {
  if (value !== undefined && (value < 0 || value > 255)) out.push(invalid(path, value, betweenMessage(1, 255)))
}

const registryRule = 'must be a host:port pair or multiple pairs separated by commas'

/** Go's net.SplitHostPort. */
function isHostPort(text: string): boolean {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):[^:[\]]*$/.exec(text)
  return match !== null
}

const quobyte: Rule = (out, path, source) => {
  if (!source.registry) out.push(required(`${path}.registry`, registryRule))
  else if ((source.tenant ?? '').length >= 65)
    out.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
  else
    for (const pair of source.registry.split(','))
      if (!isHostPort(pair)) out.push(invalid(`${path}.registry`, source.registry, registryRule))
  need(out, path, source, 'volume')
}

const managedDisks = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobDisks = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

const azureDisk: Rule = (out, path, source) => {
  need(out, path, source, 'diskName', 'diskURI')
  const { kind, diskURI, cachingMode } = source
  if (cachingMode !== undefined) checkOneOf(out, `${path}.cachingMode`, cachingMode, ['None', 'ReadOnly', 'ReadWrite'])
  if (kind !== undefined) checkOneOf(out, `${path}.kind`, kind, ['Dedicated', 'Managed', 'Shared'])
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/'))
    out.push(notSupported(`${path}.diskURI`, diskURI, [managedDisks]))
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    out.push(notSupported(`${path}.diskURI`, diskURI, [blobDisks]))
}

const flocker: Rule = (out, path, { datasetName = '', datasetUUID = '' }) => {
  if (datasetName === '' && datasetUUID === '')
    out.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName !== '' && datasetUUID !== '')
    out.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  if (datasetName.includes('/')) out.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"))
}

const flexVolume: Rule = (out, path, source) => {
  need(out, path, source, 'driver')
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${key.split('/')[0]?.toLowerCase()}`
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io'))
      out.push(invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'))
  }
}

const storageos: Rule = (out, path, source, { isPersistent }) => {
  need(out, path, source, 'volumeName')
  if (source.volumeName)
    pushInvalid(out, `${path}.volumeName`, source.volumeName, dns1123LabelErrors(source.volumeName))
  if (source.volumeNamespace)
    pushInvalid(out, `${path}.volumeNamespace`, source.volumeNamespace, dns1123LabelErrors(source.volumeNamespace))
  checkSecretRef(out, path, source, isPersistent)
}

function checkSecretRef(out: Errors, path: string, { secretRef }: Source, isPersistent: boolean): void {
  if (secretRef) need(out, `${path}.secretRef`, secretRef, 'name', ...(isPersistent ? ['namespace'] : []))
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

const csi: Rule = (out, path, source, { isPersistent }) => {
  checkDriver(out, `${path}.driver`, source.driver)
  if (isPersistent) {
    need(out, path, source, 'volumeHandle')
    for (const secret of csiSecrets) checkSecretReference(out, `${path}.${secret}`, source[secret])
    return
  }
  const name = source.nodePublishSecretRef?.name
  if (name === undefined) return
  if (name === '') out.push(required(`${path}.nodePublishSecretRef.name`))
  else pushInvalid(out, `${path}.name`, name, dns1123SubdomainErrors(name))
}

function checkSecretReference(out: Errors, path: string, reference: Source): void {
  if (!reference) return
  if (!reference.name) out.push(required(`${path}.name`))
  else pushInvalid(out, `${path}.name`, reference.name, dns1123SubdomainErrors(reference.name))
  if (!reference.namespace) out.push(required(`${path}.namespace`))
  else pushInvalid(out, `${path}.namespace`, reference.namespace, dns1123LabelErrors(reference.namespace))
}

const needing =
  (...names: readonly string[]): Rule =>
  (out, path, source) =>
    need(out, path, source, ...names)

const rules: Readonly<Record<string, Rule>> = {
  hostPath: (out, path, source) => {
    if (!source.path) out.push(required(`${path}.path`))
    else checkNoBackSteps(out, `${path}.path`, source.path)
  },
  gitRepo: (out, path, source) => {
    need(out, path, source, 'repository')
    checkDescending(out, `${path}.directory`, source.directory ?? '')
  },
  gcePersistentDisk: (out, path, source) => {
    const at = path.replace(/\.gcePersistentDisk$/, '.persistentDisk')
    need(out, at, source, 'pdName')
    partition(out, `${at}.partition`, source.partition)
  },
  awsElasticBlockStore: (out, path, source) => {
    need(out, path, source, 'volumeID')
    partition(out, `${path}.partition`, source.partition)
  },
  nfs: (out, path, source) => {
    need(out, path, source, 'server', 'path')
    if (!source.path.startsWith('/')) out.push(invalid(`${path}.path`, source.path, 'must be an absolute path'))
  },
  iscsi,
  glusterfs: (out, path, source, { isPersistent }) => {
    need(out, path, source, 'endpoints', 'path')
    const namespace = source.endpointsNamespace
    if (!isPersistent || namespace === undefined) return
    const at = `${path}.endpointsNamespace`
    if (namespace === '')
      out.push(invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'))
    else pushInvalid(out, at, namespace, dns1123LabelErrors(namespace))
  },
  flocker,
  persistentVolumeClaim: needing('claimName'),
  rbd: needing('monitors', 'image'),
  cinder: (out, path, source, { isPersistent }) => {
    need(out, path, source, 'volumeID')
    checkSecretRef(out, path, source, isPersistent)
  },
  cephfs: needing('monitors'),
  quobyte,
  fc,
  flexVolume,
  azureFile: (out, path, source, { isPersistent }) => {
    need(out, path, source, 'secretName', 'shareName')
    if (isPersistent && source.secretNamespace === '') out.push(required(`${path}.secretNamespace`))
  },
  vsphereVolume: needing('volumePath'),
  photonPersistentDisk: needing('pdID'),
  portworxVolume: needing('volumeID'),
  azureDisk,
  storageos,
  scaleIO: needing('gateway', 'system', 'volumeName'),
  local: (out, path, source) => {
    if (!source.path) out.push(required(`${path}.path`))
    else checkNoBackSteps(out, `${path}.path`, source.path)
  },
  csi,
}

/** Upstream misspells one and capitalises another when a second source is given. */
const secondNames: Readonly<Record<string, string>> = { downwardAPI: 'downwarAPI', cephfs: 'cephFS' }

/**
 * The first source of those that are set, in `order`, is judged; every other one is one too many. Of persistent volumes,
 * upstream looks at a flexVolume whatever comes before.
 */
export function checkSources(
  out: Errors,
  path: string,
  holder: Source,
  order: readonly string[],
  owner: SourceOwner,
  more: Readonly<Record<string, Rule>>,
): void {
  let first = true
  for (const name of order) {
    const source = holder[name]
    if (source === undefined) continue
    if (first || (owner.isPersistent && name === 'flexVolume'))
      (more[name] ?? rules[name])?.(out, `${path}.${name}`, source, owner)
    else out.push(forbidden(`${path}.${secondNames[name] ?? name}`, 'may not specify more than 1 volume type'))
    first = false
  }
  if (first) out.push(required(path, 'must specify a volume type'))
}
