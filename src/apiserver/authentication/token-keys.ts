/** The keys of service-account tokens: signing, verifying, and the documents by which others verify (OpenID Discovery 1.0). */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { compactVerify, exportJWK, SignJWT } from 'jose'

const algorithmOf = (key: KeyObject): 'RS256' | 'ES256' => {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  throw new Error('a service-account key must be RSA or ECDSA P-256')
}

/** Upstream's key ID: the SHA-256 of the public key, so that every server names one key alike. */
const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }) as Buffer)
    .digest('base64url')

interface VerificationKey {
  readonly id: string
  readonly key: KeyObject
  readonly algorithm: 'RS256' | 'ES256'
}

export interface TokenKeysOptions {
  readonly issuer: string
  readonly privateKeyPem: string
  /** Keys that tokens may be signed with besides the own one, as after a rotation. */
  readonly otherPublicKeyPems?: readonly string[]
}

export class TokenKeys {
  readonly issuer: string
  readonly #privateKey: KeyObject
  readonly #keys: readonly [VerificationKey, ...VerificationKey[]]

  constructor({ issuer, privateKeyPem, otherPublicKeyPems = [] }: TokenKeysOptions) {
    this.issuer = issuer
    this.#privateKey = createPrivateKey(privateKeyPem)
    const verification = (key: KeyObject) => ({ id: keyIdOf(key), key, algorithm: algorithmOf(key) })
    this.#keys = [
      verification(createPublicKey(privateKeyPem)),
      ...otherPublicKeyPems.map(pem => verification(createPublicKey(pem))),
    ]
  }

  sign(payload: Record<string, unknown>): Promise<string> {
    const [{ algorithm: alg, id: kid }] = this.#keys
    return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(this.#privateKey)
  }

  /** The payload of a token that one of the keys has signed; undefined for any other. Says nothing about its times. */
  async verify(token: string, keyId: string | undefined): Promise<Record<string, unknown> | undefined> {
    const named = this.#keys.filter(key => key.id === keyId)
    for (const { key, algorithm } of named.length > 0 ? named : this.#keys) {
      try {
        const { payload } = await compactVerify(token, key, { algorithms: [algorithm] })
        return JSON.parse(Buffer.from(payload).toString('utf8'))
      } catch {
        // Not signed by this key; perhaps by the next.
      }
    }
    return undefined
  }

  /** `/openid/v1/jwks` (RFC 7517), of content type `application/jwk-set+json`. */
  async jwks(): Promise<{ keys: object[] }> {
    const keys = this.#keys.map(async ({ id, key, algorithm }) => ({
      use: 'sig',
      kid: id,
      alg: algorithm,
      ...(await exportJWK(key)),
    }))
    return { keys: await Promise.all(keys) }
  }

  /** `/.well-known/openid-configuration`, of content type `application/json`. `jwksUri` is where clients find the keys. */
  discovery(jwksUri: string): object {
    return {
      issuer: this.issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(this.#keys.map(key => key.algorithm))],
    }
  }
}
