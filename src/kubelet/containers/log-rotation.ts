/** Keeps container logs within bounds: 10 MiB a file, five files, older ones compressed. */
import { createReadStream, createWriteStream, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Logger } from '../../base/log.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'

export interface LogLimits {
  readonly maxBytes: number
  /** The current one included. */
  readonly maxFiles: number
}

export const defaultLogLimits: LogLimits = { maxBytes: 10 << 20, maxFiles: 5 }

/** The rotated files of a log, the oldest first: `0.log.20261123-101500` and with `.gz`. */
export function rotatedLogs(path: string): string[] {
  const prefix = `${basename(path)}.`
  try {
    return readdirSync(dirname(path))
      .filter(name => name.startsWith(prefix) && /^\d{8}-\d{6}(?:-\d+)?(?:\.gz)?$/.test(name.slice(prefix.length)))
      .sort()
      .map(name => join(dirname(path), name))
  } catch {
    return []
  }
}

const stampOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')

/** Gives whether the log was rotated. */
export async function rotateLog(
  runtime: RuntimeClient,
  containerId: string,
  path: string,
  nowMs: number,
  limits: LogLimits = defaultLogLimits,
): Promise<boolean> {
  let size: number
  try {
    size = statSync(path).size
  } catch {
    return false
  }
  if (size < limits.maxBytes) return false
  const old = rotatedLogs(path)
  // All but the newest rotated file are no longer written or followed.
  for (const file of old) if (!file.endsWith('.gz')) await compress(file)
  for (const file of rotatedLogs(path).slice(0, Math.max(0, old.length - (limits.maxFiles - 2)))) rmSync(file)
  const rotated = `${path}.${stampOf(nowMs)}`
  renameSync(path, rotated)
  try {
    await runtime.reopenContainerLog(containerId)
  } catch (error) {
    // The runtime still writes to the renamed file: put it back.
    renameSync(rotated, path)
    throw error
  }
  return true
}

async function compress(file: string): Promise<void> {
  const temporary = `${file}.tmp`
  await pipeline(createReadStream(file), createGzip(), createWriteStream(temporary))
  renameSync(temporary, `${file}.gz`)
  rmSync(file)
}

export async function rotateLogs(
  runtime: RuntimeClient,
  running: readonly { readonly id: string; readonly logPath: string }[],
  nowMs: number,
  log: Logger,
  limits?: LogLimits,
): Promise<void> {
  for (const { id, logPath } of running)
    try {
      if (logPath !== '') await rotateLog(runtime, id, logPath, nowMs, limits)
    } catch (error) {
      log.warn({ containerId: id, error: (error as Error).message }, 'log not rotated')
    }
}
