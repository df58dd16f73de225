/** Projected volumes (upstream: validateProjectionSources). */
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../../api/core/v1/volume.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { checkSignerName, isOfKubernetes, trustBundleNameErrors } from '../certificates/names.ts'
import { checkAnnotations, checkLabelSelector, type Errors, pushInvalid } from '../checks.ts'
import { checkDownwardFile, checkMode, checkProjectedPath } from './volume-files.ts'

type Projected = NonNullable<Volume['projected']>

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const hourSeconds = 3600
const leastTokenSeconds = 600

/** Checks a path in the volume and that no other source has it. */
type ClaimPath = (at: string, target: string) => void

export function checkProjected(out: Errors, path: string, projected: Projected): void {
  checkMode(out, `${path}.defaultMode`, projected.defaultMode)
  const paths = new Set<string>()
  const claimPath: ClaimPath = (at, target) => {
    if (target === '') return
    if (paths.has(target)) out.push(invalid(path, target, 'conflicting duplicate paths'))
    paths.add(target)
    checkProjectedPath(out, at, target)
  }
  projected.sources?.forEach((source, i) => {
    checkSource(out, `${path}.sources[${i}]`, source, claimPath)
    source.downwardAPI?.items?.forEach((file, j) => {
      checkDownwardFile(out, `${path}.sources[${i}].downwardAPI.items[${j}]`, file)
      if (file.path !== '' && paths.has(file.path)) out.push(invalid(path, file.path, 'conflicting duplicate paths'))
      paths.add(file.path)
    })
  })
}

function checkSource(out: Errors, at: string, source: VolumeProjection, claimPath: ClaimPath): void {
  for (const name of Object.keys(source).slice(1))
    out.push(forbidden(`${at}.${name}`, 'may not specify more than 1 volume type per source'))
  for (const name of ['secret', 'configMap'] as const) {
    const projection = source[name]
    if (!projection) continue
    if (projection.name === '') out.push(required(`${at}.${name}.name`))
    projection.items?.forEach((item, j) => {
      claimPath(`${at}.${name}.items[${j}].path`, item.path)
      checkMode(out, `${at}.${name}.items[${j}].mode`, item.mode)
    })
  }
  const { serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (serviceAccountToken) checkToken(out, `${at}.serviceAccountToken`, serviceAccountToken, claimPath)
  if (clusterTrustBundle) checkTrustBundle(out, `${at}.clusterTrustBundle`, clusterTrustBundle, claimPath)
  if (podCertificate) checkCertificate(out, `${at}.podCertificate`, podCertificate, claimPath)
}

function checkToken(out: Errors, at: string, token: ServiceAccountTokenProjection, claimPath: ClaimPath): void {
  const { expirationSeconds = hourSeconds, path } = token
  const wrong = (why: string) => out.push(invalid(`${at}.expirationSeconds`, expirationSeconds, why))
  if (expirationSeconds < leastTokenSeconds) wrong('may not specify a duration less than 10 minutes')
  else if (expirationSeconds > 2 ** 32) wrong('may not specify a duration larger than 2^32 seconds')
  claimPath(`${at}.path`, path)
}

/** The signer that a bundle's name says it belongs to: all before the last colon. */
function signerOf(name: string): string {
  const end = name.lastIndexOf(':')
  return end < 0 ? '' : name.slice(0, end).replaceAll(':', '/')
}

function checkTrustBundle(out: Errors, at: string, bundle: ClusterTrustBundleProjection, claimPath: ClaimPath): void {
  const { name, signerName, labelSelector, path } = bundle
  if (name !== undefined && signerName !== undefined)
    out.push(invalid(at, bundle, 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') out.push(required(`${at}.name`, 'must be a valid object name'))
    const errors = trustBundleNameErrors(signerOf(name), name)
    pushInvalid(
      out,
      `${at}.name`,
      name,
      errors.map(error => `not a valid clustertrustbundlename: ${error}`),
    )
    if (labelSelector)
      out.push(invalid(`${at}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'))
  } else if (signerName !== undefined) {
    if (signerName === '') out.push(required(`${at}.signerName`, 'must be a valid signer name'))
    checkSignerName(out, `${at}.signerName`, signerName)
    checkLabelSelector(out, `${at}.labelSelector`, labelSelector)
  } else out.push(required(at, 'either name or signerName must be specified'))
  claimPath(`${at}.path`, path)
}

function checkCertificate(out: Errors, at: string, projection: PodCertificateProjection, claimPath: ClaimPath): void {
  const { signerName, keyType, maxExpirationSeconds: seconds, userAnnotations } = projection
  checkSignerName(out, `${at}.signerName`, signerName)
  checkAnnotations(out, `${at}.userAnnotations`, userAnnotations)
  if (!keyTypes.includes(keyType)) out.push(notSupported(`${at}.keyType`, keyType, keyTypes))
  const most = (isOfKubernetes(signerName) ? 1 : 91) * 24 * hourSeconds
  const wrong = (why: string) => out.push(invalid(`${at}.maxExpirationSeconds`, seconds, why))
  if (seconds !== undefined && seconds < hourSeconds)
    wrong(`if provided, maxExpirationSeconds must be >= ${hourSeconds}`)
  if (seconds !== undefined && seconds > most) wrong(`if provided, maxExpirationSeconds must be <= ${most}`)
  const paths = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
  for (const name of paths) claimPath(`${at}.${name}`, projection[name] ?? '')
  if (paths.every(name => !projection[name]))
    out.push(required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'))
}
