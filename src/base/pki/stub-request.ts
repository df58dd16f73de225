/** A request for a certificate (PKCS #10, RFC 2986) that names nobody: it shows a key and that its owner has it. */
import { createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { bitString, der, integer, objectIdentifier, sequence, tagged } from './der.ts'

const generate = promisify(generateKeyPair)

interface KeyFacts {
  generate(): Promise<{ privateKey: KeyObject }>
  readonly signature: string
  readonly digest: string | undefined
}

const rsa = (modulusLength: number): KeyFacts => ({
  generate: () => generate('rsa', { modulusLength }),
  signature: '1.2.840.113549.1.1.11',
  digest: 'sha256',
})
const ecdsa = (namedCurve: string, signature: string, digest: string): KeyFacts => ({
  generate: () => generate('ec', { namedCurve }),
  signature,
  digest,
})

/** By the names that PodCertificateProjection gives them. */
const keyTypes: Readonly<Record<string, KeyFacts | undefined>> = {
  RSA3072: rsa(3072),
  RSA4096: rsa(4096),
  ECDSAP256: ecdsa('P-256', '1.2.840.10045.4.3.2', 'sha256'),
  ECDSAP384: ecdsa('P-384', '1.2.840.10045.4.3.3', 'sha384'),
  ECDSAP521: ecdsa('P-521', '1.2.840.10045.4.3.4', 'sha512'),
  ED25519: { generate: () => generate('ed25519'), signature: '1.3.101.112', digest: undefined },
}

const asn1Null = der(0x05)

export interface StubRequest {
  /** PKCS #8 in PEM. */
  readonly privateKeyPem: string
  /** The request in DER. */
  readonly request: Buffer
}

/** Makes a key and its request. Throws RangeError for a type of key that is none of the API's. */
export async function makeStubRequest(keyType: string): Promise<StubRequest> {
  const facts = keyTypes[keyType]
  if (!facts) throw new RangeError(`unknown key type ${JSON.stringify(keyType)}`)
  const { privateKey } = await facts.generate()
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const info = sequence(integer(Buffer.from([0])), sequence(), publicKey, tagged(0))
  const isRsa = keyType.startsWith('RSA')
  const algorithm = sequence(objectIdentifier(facts.signature), ...(isRsa ? [asn1Null] : []))
  const signature = sign(facts.digest, info, privateKey)
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    request: sequence(info, algorithm, bitString(signature)),
  }
}
