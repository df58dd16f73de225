/** ConfigMaps, Secrets and ServiceAccounts. */
import type { ConfigMap } from '../../../api/core/v1/config-map.ts'
import type { Secret } from '../../../api/core/v1/secret.ts'
import { forbidden, invalid, required, tooLong } from '../../../schema/field-error.ts'
import { configMapKeyErrors } from '../../../schema/formats.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'

/** Of all values together, in bytes. */
const maxDataBytes = 1024 * 1024

const base64Bytes = (text: string): number => Buffer.byteLength(text, 'base64')

export function checkConfigMap(out: Errors, map: ConfigMap): void {
  let bytes = 0
  for (const [key, value] of Object.entries(map.data ?? {})) {
    pushInvalid(out, `data[${key}]`, key, configMapKeyErrors(key))
    if (map.binaryData && Object.hasOwn(map.binaryData, key)) {
      out.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    pushInvalid(out, `binaryData[${key}]`, key, configMapKeyErrors(key))
    bytes += base64Bytes(value)
  }
  if (bytes > maxDataBytes) out.push(tooLong('', maxDataBytes))
}

const frozenMessage = 'field is immutable when `immutable` is set'

export function checkConfigMapUpdate(out: Errors, map: ConfigMap, old: ConfigMap): void {
  checkFrozen(out, map, old)
  if (old.immutable && !isSame(map.binaryData ?? {}, old.binaryData ?? {})) {
    out.push(forbidden('binaryData', frozenMessage))
  }
  checkConfigMap(out, map)
}

type Freezable = { readonly immutable?: boolean; readonly data?: object }

/** KEP-1412. */
function checkFrozen(out: Errors, object: Freezable, old: Freezable): void {
  if (!old.immutable) return
  if (!object.immutable) out.push(forbidden('immutable', frozenMessage))
  if (!isSame(object.data ?? {}, old.data ?? {})) out.push(forbidden('data', frozenMessage))
}

const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

export function checkSecret(out: Errors, secret: Secret): void {
  const data = secret.data ?? {}
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    pushInvalid(out, `data[${key}]`, key, configMapKeyErrors(key))
    bytes += base64Bytes(value)
  }
  if (bytes > maxDataBytes) out.push(tooLong('data', maxDataBytes))
  const type = secret.type ?? ''
  for (const key of (Object.hasOwn(requiredKeys, type) && requiredKeys[type]) || []) {
    const path = `data[${key}]`
    if (data[key] === undefined) out.push(required(path))
    else if (key.startsWith('.docker') && !isJson(data[key])) {
      out.push(invalid(path, '<secret contents redacted>', 'invalid character in JSON'))
    } else if (key === 'ssh-privatekey' && data[key] === '') out.push(required(path))
  }
  if (type === 'kubernetes.io/service-account-token') {
    const name = 'kubernetes.io/service-account.name'
    if (!secret.metadata.annotations?.[name]) out.push(required(`metadata.annotations[${name}]`))
  }
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    out.push(required('data[username]'), required('data[password]'))
  }
}

function isJson(base64: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    return typeof value === 'object'
  } catch {
    return false
  }
}

export function checkSecretUpdate(out: Errors, secret: Secret, old: Secret): void {
  checkImmutable(out, 'type', secret.type, old.type)
  checkFrozen(out, secret, old)
  checkSecret(out, secret)
}
