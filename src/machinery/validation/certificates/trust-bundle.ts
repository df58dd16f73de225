/** Trust bundles of the cluster (upstream: ValidateClusterTrustBundle). */
import { X509Certificate } from 'node:crypto'
import type { ClusterTrustBundle } from '../../../api/certificates/v1/cluster-trust-bundle.ts'
import { readPem } from '../../../base/pki/pem.ts'
import { invalid, tooLong } from '../../../schema/field-error.ts'
import { checkImmutable, type Errors } from '../checks.ts'
import { checkSignerName } from './names.ts'

const maxBundleBytes = 1024 * 1024
const path = 'spec.trustBundle'

function check(out: Errors, { spec }: ClusterTrustBundle): void {
  const signerName = spec.signerName ?? ''
  if (signerName !== '') checkSignerName(out, 'spec.signerName', signerName)
}

/** What is wrong with one block of the bundle. */
function entryError(label: string, hasHeaders: boolean, bytes: Buffer): string | undefined {
  if (label !== 'CERTIFICATE') return `has bad block type: ${label}`
  if (hasHeaders) return 'has PEM block headers'
  try {
    return new X509Certificate(bytes).ca ? undefined : 'does not have the CA bit set'
  } catch {
    return 'does not parse as X.509'
  }
}

function checkBundle(out: Errors, bundle: string): void {
  if (Buffer.byteLength(bundle) > maxBundleBytes) {
    out.push(tooLong(path, maxBundleBytes))
    return
  }
  const places = new Map<string, number[]>()
  const before = out.length
  for (const [i, { label, headers, bytes }] of readPem(bundle).entries()) {
    const error = entryError(label, Object.keys(headers).length > 0, bytes)
    if (error !== undefined) out.push(invalid(path, '<value omitted>', `entry ${i} ${error}`))
    else places.set(bytes.toString('base64'), [...(places.get(bytes.toString('base64')) ?? []), i])
  }
  if (out.length > before) return
  if (places.size === 0) out.push(invalid(path, '<value omitted>', 'at least one trust anchor must be provided'))
  for (const indices of places.values()) {
    if (indices.length > 1) {
      out.push(invalid(path, '<value omitted>', `duplicate trust anchor (indices [${indices.join(' ')}])`))
    }
  }
}

export function checkTrustBundle(out: Errors, bundle: ClusterTrustBundle): void {
  check(out, bundle)
  checkBundle(out, bundle.spec.trustBundle)
}

export function checkTrustBundleUpdate(out: Errors, bundle: ClusterTrustBundle, old: ClusterTrustBundle): void {
  check(out, bundle)
  if (bundle.spec.trustBundle !== old.spec.trustBundle) checkBundle(out, bundle.spec.trustBundle)
  checkImmutable(out, 'spec.signerName', bundle.spec.signerName ?? '', old.spec.signerName ?? '')
}
