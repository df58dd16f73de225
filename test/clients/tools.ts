/** Builds and installs the clients that the tests run, into a folder that is kept: each made anew when its versions change. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run, succeed } from '../e2e/test-cluster.ts'

const here = import.meta.dirname
const kept = join(homedir(), '.cache', 'clipper', 'clients')
const buildTimeoutMs = 20 * 60_000

/** Whether a program can be started here. */
export const hasProgram = async (command: string, ...args: string[]): Promise<boolean> =>
  (await run(command, args)).code === 0

/** The folder that `make` filled from the files of `folder`, once for their contents. */
async function made(folder: string, name: string, make: (target: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256').update(name)
  for (const file of readdirSync(join(here, folder)).sort())
    if (/\.(go|mod|sum|txt|json|npmrc)$|^\.npmrc$/.test(file))
      hash.update(file).update(readFileSync(join(here, folder, file)))
  const target = join(kept, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(target)) return target
  const unfinished = `${target}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    await make(unfinished)
    renameSync(unfinished, target)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return target
}

async function build(command: string, args: readonly string[]): Promise<void> {
  await succeed(command, args, { timeoutMs: buildTimeoutMs })
}

/** The program of `go/`, against today's client-go, or against that of another module file. */
export async function clientGo(moduleFile = 'go.mod'): Promise<string> {
  const target = await made('go', `client-go-${moduleFile}`, async folder =>
    build('go', ['build', '-C', join(here, 'go'), `-modfile=${moduleFile}`, '-o', join(folder, 'client'), '.']),
  )
  return join(target, 'client')
}

/** The program of `etcd/`, on etcd's own client. */
export async function etcdClient(): Promise<string> {
  const target = await made('etcd', 'etcd-client', async folder =>
    build('go', ['build', '-C', join(here, 'etcd'), '-o', join(folder, 'client'), '.']),
  )
  return join(target, 'client')
}

/** kubectl one minor version older than the API. */
export async function olderKubectl(): Promise<string> {
  const target = await made('kubectl', 'kubectl', async folder => {
    const version = /k8s\.io\/kubectl v0\.(\d+)\.(\d+)/.exec(readFileSync(join(here, 'kubectl', 'go.mod'), 'utf8'))
    const [, minor, patch] = version ?? []
    const set = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`
    const flags = [set('gitVersion', `v1.${minor}.${patch}`), set('gitMajor', '1'), set('gitMinor', String(minor))]
    const built = join(folder, 'kubectl')
    await build('go', ['build', '-C', join(here, 'kubectl'), '-ldflags', flags.join(' '), '-o', built, '.'])
  })
  return join(target, 'kubectl')
}

export async function helm(): Promise<string> {
  const target = await made('helm', 'helm', async folder =>
    build('go', ['build', '-C', join(here, 'helm'), '-o', join(folder, 'helm'), 'helm.sh/helm/v3/cmd/helm']),
  )
  return join(target, 'helm')
}

/** The Python of an environment with the client. */
export async function python(): Promise<string> {
  const target = await made('python', 'python', async folder => {
    await build('python3', ['-m', 'venv', folder])
    await build(join(folder, 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      '-q',
      '-r',
      join(here, 'python', 'requirements.txt'),
    ])
  })
  return join(target, 'bin', 'python')
}

/** A folder with the program and its node_modules. */
export async function javascript(): Promise<string> {
  const target = await made('javascript', 'javascript', async folder => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      cpSync(join(here, 'javascript', file), join(folder, file))
    await build('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--loglevel=error'])
  })
  cpSync(join(here, 'javascript', 'client.mjs'), join(target, 'client.mjs'))
  return join(target, 'client.mjs')
}
