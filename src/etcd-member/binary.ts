/** Which etcd is there, and whether its version can be relied on. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Spawner } from '../base/spawner.ts'

export class EtcdBinaryError extends Error {}

/** Earlier versions answer requests for progress wrongly: https://github.com/etcd-io/etcd/issues/17507 */
export const oldestVersion = '3.5.13'

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The absolute path of a program that `PATH` leads to. */
export const onPath = (name: string, path = process.env.PATH ?? ''): string | undefined =>
  path
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(isExecutable)

/** The version that `etcd --version` or `etcdutl version` tells; undefined where it tells none. */
export const parseVersion = (output: string): string | undefined =>
  /^etcd(?: V|utl v)ersion: (\d+\.\d+\.\d+\S*)/m.exec(output)?.[1]

export function isNewEnough(version: string): boolean {
  const [numbers, least] = [version, oldestVersion].map(text => text.split(/[.-]/, 3).map(Number)) as [
    number[],
    number[],
  ]
  const at = least.findIndex((part, i) => numbers[i] !== part)
  return at < 0 || (numbers[at] ?? 0) > (least[at] ?? 0)
}

/** The etcd that is to run. Throws EtcdBinaryError, which says what to do. */
export async function findEtcd(spawner: Spawner, wanted?: string): Promise<{ path: string; version: string }> {
  const path = wanted === undefined || wanted === '' ? onPath('etcd') : wanted
  if (path === undefined) {
    throw new EtcdBinaryError(
      `there is no etcd on PATH: install etcd ${oldestVersion} or later, or name it with --etcd-binary`,
    )
  }
  const output = await spawner.run(path, ['--version']).catch(error => {
    throw new EtcdBinaryError(`--etcd-binary: ${path} cannot be run: ${(error as Error).message}`)
  })
  const version = parseVersion(output.stdout)
  if (version === undefined)
    throw new EtcdBinaryError(`--etcd-binary: ${path} is no etcd: it does not tell its version`)
  if (!isNewEnough(version)) {
    throw new EtcdBinaryError(
      `etcd ${version} (${path}) is too old: ${oldestVersion} is the first whose watches tell their progress rightly; name a later one with --etcd-binary`,
    )
  }
  return { path, version }
}
