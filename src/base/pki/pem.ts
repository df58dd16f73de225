/** PEM blocks (RFC 7468), read as leniently as Go's encoding/pem does. */

export interface PemBlock {
  readonly label: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

const block = /(?:^|\n)-----BEGIN ([^\n-]*)-----[ \t\r]*\n([\s\S]*?)\n?-----END \1-----[ \t\r]*(?=\n|$)/g
const header = /^([^:\n]+):[ \t]*(.*)$/

/** The blocks of a text in order; what stands between them, and what is no block, is skipped. */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (const [, label = '', body = ''] of text.matchAll(block)) {
    const lines = body.split('\n')
    const headers: Record<string, string> = {}
    let line = header.exec(lines[0] ?? '')
    while (line) {
      headers[line[1] ?? ''] = (line[2] ?? '').trim()
      lines.shift()
      line = header.exec(lines[0] ?? '')
    }
    const base64 = lines.join('').replace(/\s+/g, '')
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0) {
      blocks.push({ label, headers, bytes: Buffer.from(base64, 'base64') })
    }
  }
  return blocks
}

export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
