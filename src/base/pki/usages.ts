/** Usages of keys by the names of the certificates API (RFC 5280, 4.2.1.3 and 4.2.1.12). */

export interface CertificateUsages {
  /** Places in the key usage's bit string. */
  readonly keyUsageBits: readonly number[]
  readonly extendedKeyUsages: readonly string[]
}

const bits: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
}

const extended: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
}

/** Throws RangeError for a name that is none. */
export function usagesOf(names: readonly string[]): CertificateUsages {
  const keyUsageBits = new Set<number>()
  const extendedKeyUsages = new Set<string>()
  for (const name of names) {
    const bit = bits[name]
    const oid = extended[name]
    if (bit !== undefined) keyUsageBits.add(bit)
    else if (oid !== undefined) extendedKeyUsages.add(oid)
    else throw new RangeError(`unrecognized usage values: [${JSON.stringify(name)}]`)
  }
  return { keyUsageBits: [...keyUsageBits], extendedKeyUsages: [...extendedKeyUsages].sort() }
}
