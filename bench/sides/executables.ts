import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const clipperCommand = resolve(import.meta.dirname, '../../bin/clipper')

/** The path of a program in PATH. */
export function findInPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':').filter(folder => folder.startsWith('/'))
  return folders.map(folder => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first version in what the program prints of itself; '' where it has none. */
export async function versionOf(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(command, [...args]).catch(() => ({ stdout: '', stderr: '' }))
  return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout || stderr)?.[1] ?? ''
}
