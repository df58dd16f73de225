/** Writes POSIX ustar archives, as image layers and layouts need. Times are zero, so that equal content is equal bytes. */
export interface TarEntry {
  readonly name: string
  readonly mode: number
  /** Absent: a directory (unless `linkTo` is given). */
  readonly content?: Uint8Array
  /** A symbolic link's target. */
  readonly linkTo?: string
}

const blockBytes = 512

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes)
  const type = entry.linkTo !== undefined ? '2' : entry.content ? '0' : '5'
  if (Buffer.byteLength(entry.name) > 100) throw new Error(`tar: name too long: ${entry.name}`)
  block.write(entry.name, 0)
  block.write(octal(entry.mode, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(entry.content?.length ?? 0, 12), 124)
  block.write(octal(0, 12), 136)
  block.write('        ', 148)
  block.write(type, 156)
  if (entry.linkTo !== undefined) block.write(entry.linkTo, 157, 100)
  block.write('ustar\0', 257)
  block.write('00', 263)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

export function writeTar(entries: readonly TarEntry[]): Buffer {
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    parts.push(header(entry))
    if (!entry.content) continue
    parts.push(entry.content)
    const rest = entry.content.length % blockBytes
    if (rest > 0) parts.push(Buffer.alloc(blockBytes - rest))
  }
  parts.push(Buffer.alloc(2 * blockBytes))
  return Buffer.concat(parts)
}
