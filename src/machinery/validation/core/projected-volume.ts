/** Projected volumes (upstream: validateProjectedVolumeSource, validateProjectionSources). */
import type { KeyToPath, Volume } from '../../../api/core/v1/volume.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkSignerName, isOfKubernetes, trustBundleNameErrors } from '../certificates/names.ts'
import { checkLabelSelector, type Errors, pushInvalid } from '../checks.ts'
import { checkResourceFieldRef, checkVolumeFieldRef } from './env.ts'
import { checkDescending } from './security-context.ts'
import { checkUser } from './volume-sources.ts'

type Projected = NonNullable<Volume['projected']>
type Projection = NonNullable<Projected['sources']>[number]
type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]

export function checkMode(out: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    out.push(invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'))
}

/** Upstream: ValidateLocalNonReservedPath. */
function checkProjectedPath(out: Errors, path: string, target: string): void {
  checkDescending(out, path, target)
  if (target.startsWith('..') && !target.startsWith('../')) out.push(invalid(path, target, "must not start with '..'"))
}

export function checkItems(out: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  items?.forEach((item, i) => {
    checkItem(out, `${path}[${i}]`, item)
  })
}

function checkItem(out: Errors, path: string, item: KeyToPath): void {
  if (item.key === '') out.push(required(`${path}.key`))
  if (item.path === '') out.push(required(`${path}.path`))
  checkProjectedPath(out, `${path}.path`, item.path)
  checkMode(out, `${path}.mode`, item.mode)
  checkUser(out, `${path}.user`, item.user)
}

/** Upstream reports it under the path of the volume, not of the file. */
export function checkDownwardFile(out: Errors, path: string, file: DownwardFile): void {
  if (file.path === '') out.push(required(`${path}.path`))
  checkProjectedPath(out, `${path}.path`, file.path)
  if (file.fieldRef) {
    checkVolumeFieldRef(out, `${path}.fieldRef`, file.fieldRef)
    if (file.resourceFieldRef)
      out.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (file.resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, file.resourceFieldRef, true)
  else out.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(out, `${path}.mode`, file.mode)
  checkUser(out, `${path}.user`, file.user)
}

/** Takes the paths that the sources of one volume write to; says each that is taken twice. */
type Claim = (target: string, shown?: string) => void

export function checkProjected(out: Errors, path: string, projected: Projected): void {
  checkMode(out, `${path}.defaultMode`, projected.defaultMode)
  checkUser(out, `${path}.defaultUser`, projected.defaultUser)
  const taken = new Set<string>()
  const claim: Claim = (target, shown = target) => {
    if (taken.has(target)) out.push(invalid(path, shown, 'conflicting duplicate paths'))
    taken.add(target)
  }
  projected.sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`
    checkProjection(out, at, source, claim, path)
    if (Object.values(source).filter(value => value !== undefined).length > 1)
      out.push(forbidden(at, 'may not specify more than 1 volume type per source'))
  })
}

function checkProjection(out: Errors, path: string, source: Projection, claim: Claim, volumePath: string): void {
  for (const name of ['secret', 'configMap'] as const) {
    const projection = source[name]
    if (!projection) continue
    if (projection.name === '') out.push(required(`${path}.${name}.name`))
    projection.items?.forEach((item, i) => {
      checkItem(out, `${path}.${name}.items[${i}]`, item)
      if (item.path !== '') claim(item.path, projection.name)
    })
  }
  for (const file of source.downwardAPI?.items ?? []) {
    checkDownwardFile(out, `${path}.downwardAPI`, file)
    if (file.path !== '') claim(file.path)
  }
  if (source.serviceAccountToken) checkToken(out, path, source.serviceAccountToken, volumePath)
  if (source.clusterTrustBundle) {
    checkTrustBundle(out, `${path}.clusterTrustBundle`, source.clusterTrustBundle)
    claim(source.clusterTrustBundle.path)
  }
  if (source.podCertificate) checkPodCertificate(out, `${path}.podCertificate`, source.podCertificate, claim)
}

function checkToken(
  out: Errors,
  path: string,
  token: NonNullable<Projection['serviceAccountToken']>,
  volumePath: string,
): void {
  const { expirationSeconds = 3600, path: target } = token
  const at = `${path}.serviceAccountToken.expirationSeconds`
  if (expirationSeconds < 600)
    out.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
  if (expirationSeconds > 2 ** 32)
    out.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
  // Upstream leaves out which source it is.
  if (target === '') out.push(required(`${volumePath}.path`))
  else checkProjectedPath(out, `${volumePath}.path`, target)
  checkUser(out, `${path}.serviceAccountToken.user`, token.user)
}

function checkTrustBundle(out: Errors, path: string, bundle: NonNullable<Projection['clusterTrustBundle']>): void {
  const { name, signerName, labelSelector } = bundle
  if (name !== undefined && signerName !== undefined)
    out.push(invalid(path, bundle, 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') out.push(required(`${path}.name`, 'must be a valid object name'))
    const end = name.lastIndexOf(':')
    // All before the last colon is the signer that the bundle's name says it belongs to.
    const signer = end < 0 ? '' : name.slice(0, end).replaceAll(':', '/')
    pushInvalid(
      out,
      `${path}.name`,
      name,
      trustBundleNameErrors(signer, name).map(message => `not a valid clustertrustbundlename: ${message}`),
    )
    if (labelSelector)
      out.push(invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'))
  } else if (signerName !== undefined) {
    if (signerName === '') out.push(required(`${path}.signerName`, 'must be a valid signer name'))
    checkSignerName(out, `${path}.signerName`, signerName ?? '')
    checkLabelSelector(out, `${path}.labelSelector`, labelSelector)
  } else out.push(required(path, 'either name or signerName must be specified'))
  if (bundle.path === '') out.push(required(`${path}.path`))
  checkUser(out, `${path}.user`, bundle.user)
  checkProjectedPath(out, `${path}.path`, bundle.path)
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const daySeconds = 86_400

function checkPodCertificate(
  out: Errors,
  path: string,
  certificate: NonNullable<Projection['podCertificate']>,
  claim: Claim,
): void {
  const { signerName, keyType, maxExpirationSeconds, userAnnotations } = certificate
  checkSignerName(out, `${path}.signerName`, signerName ?? '')
  for (const key of Object.keys(userAnnotations ?? {})) {
    const at = `${path}.userAnnotations`
    const domainKey = key.toLowerCase()
    const messages = labelKeyErrors(domainKey)
    if (domainKey === '') out.push(required(at))
    else if (messages.length > 0) pushInvalid(out, at, domainKey, messages)
    else if (!key.includes('/'))
      out.push(invalid(at, domainKey, 'must be a domain-prefixed key (such as "acme.io/foo")'))
  }
  checkUser(out, `${path}.user`, certificate.user)
  if (!keyTypes.includes(keyType)) out.push(notSupported(`${path}.keyType`, keyType ?? '', keyTypes))
  if (maxExpirationSeconds !== undefined) {
    const at = `${path}.maxExpirationSeconds`
    if (maxExpirationSeconds < 3600)
      out.push(invalid(at, maxExpirationSeconds, 'if provided, maxExpirationSeconds must be >= 3600'))
    const most = isOfKubernetes(signerName ?? '') ? daySeconds : 91 * daySeconds
    if (maxExpirationSeconds > most)
      out.push(invalid(at, maxExpirationSeconds, `if provided, maxExpirationSeconds must be <= ${most}`))
  }
  const names = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(name => certificate[name])
  for (const name of names) {
    const target = certificate[name] as string
    checkProjectedPath(out, `${path}.${name}`, target)
    claim(target)
  }
  if (names.length === 0)
    out.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'))
}
