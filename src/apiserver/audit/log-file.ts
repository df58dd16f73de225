/** Audit events as JSON lines in a file that is turned over when it is full. */
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { loggerOf } from '../../base/log.ts'

const log = loggerOf('apiserver/audit')

export interface LogFileOptions {
  /** `-` writes to standard output. */
  readonly path: string
  /** A file that has grown to it becomes `<path>.1`, that one `<path>.2`, and so on. */
  readonly maxBytes?: number
  readonly maxFiles?: number
}

/** Lines are gathered and written by turn of the event loop; more than this waits never. */
const maxBufferedBytes = 8 * 1024 * 1024

export class LogFile {
  readonly #options: Required<LogFileOptions>
  #file: number
  #size: number
  #lines: string[] = []
  #bufferedBytes = 0
  #scheduled = false
  #dropped = 0

  constructor({ path, maxBytes = 100 * 1024 * 1024, maxFiles = 10 }: LogFileOptions) {
    this.#options = { path, maxBytes, maxFiles }
    this.#file = path === '-' ? 1 : openSync(path, 'a', 0o600)
    this.#size = path === '-' ? 0 : fstatSync(this.#file).size
  }

  /** Lines that were given up because the file could not take them. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#bufferedBytes + line.length > maxBufferedBytes) {
      this.#dropped++
      return
    }
    this.#lines.push(line)
    this.#bufferedBytes += line.length + 1
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.flush())
  }

  flush(): void {
    this.#scheduled = false
    if (this.#lines.length === 0) return
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`)
    const count = this.#lines.length
    this.#lines = []
    this.#bufferedBytes = 0
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) this.#turnOver()
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
      this.#size += bytes.length
    } catch (error) {
      this.#dropped += count
      log.error({ error: String(error), dropped: this.#dropped }, 'audit events could not be written')
    }
  }

  close(): void {
    this.flush()
    if (this.#options.path !== '-') closeSync(this.#file)
  }

  #turnOver(): void {
    const { path, maxFiles } = this.#options
    if (path === '-') return
    closeSync(this.#file)
    rmSync(`${path}.${maxFiles}`, { force: true })
    for (let n = maxFiles - 1; n >= 0; n--) {
      try {
        renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    this.#file = openSync(path, 'a', 0o600)
    this.#size = 0
  }
}
