/**
 * The Go programs: the suite itself, ginkgo, a kubectl of the suite's version, and what the test images run. Their
 * modules are pinned in `go.mod`; Go's own build cache makes a change of the suite cheap.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, hashOf } from './cache.ts'
import { runCommand } from './command.ts'

const moduleDirectory = import.meta.dirname
const containerdDirectory = join(moduleDirectory, 'containerd')

/** As in the build of a release: no debug information, and the version that they report. */
function linkerFlags(version: string): string {
  const [major, minor] = version.slice(1).split('.')
  const values = [`gitVersion=${version}`, `gitMajor=${major}`, `gitMinor=${minor}`]
  return ['-s', '-w', ...values.map(value => `-X k8s.io/component-base/version.${value}`)].join(' ')
}

/** Package of a program → the name of its file. */
const programPackages: Readonly<Record<string, string>> = {
  'github.com/onsi/ginkgo/v2/ginkgo': 'ginkgo',
  'go.etcd.io/etcd/server/v3': 'etcd',
  'k8s.io/kubernetes/cmd/kubectl': 'kubectl',
  'k8s.io/kubernetes/test/images/agnhost': 'agnhost',
  'k8s.io/kubernetes/test/images/nonewprivs': 'nnp',
  'k8s.io/sample-apiserver': 'sample-apiserver',
}

export interface Programs {
  readonly directory: string
  /** The suite's version, as `v1.37.2`. */
  readonly version: string
  path(name: string): string
}

const read = (...path: string[]) => readFileSync(join(moduleDirectory, ...path), 'utf8')

export function suiteVersion(goMod = read('go.mod')): string {
  const version = /^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m.exec(goMod)?.[1]
  if (version === undefined) throw new Error('conformance/go.mod does not require k8s.io/kubernetes')
  return version
}

const goVersion = () => runCommand('go', ['env', 'GOVERSION'])

/** Without cgo, so that the programs run in any image, and the suite shares what is compiled for them. */
const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local' }

export async function buildPrograms(signal: AbortSignal): Promise<Programs> {
  const version = suiteVersion()
  const inputs = [await goVersion(), read('go.mod'), read('go.sum'), read('suite_test.go'), read('programs.ts')]
  const directory = await cached('programs', hashOf(...inputs), async target => {
    const options = { cwd: moduleDirectory, env: goEnvironment, signal }
    const build = ['-ldflags', linkerFlags(version)]
    await runCommand('go', ['test', '-c', ...build, '-o', join(target, 'e2e.test'), '.'], options)
    for (const [path, name] of Object.entries(programPackages))
      await runCommand('go', ['build', ...build, '-o', join(target, name), path], options)
  })
  return { directory, version, path: name => join(directory, name) }
}

/** containerd 2, for what the operating system's containerd cannot do (volumes from images). */
export async function buildContainerd(signal: AbortSignal): Promise<string> {
  const inputs = [await goVersion(), read('containerd', 'go.mod'), read('containerd', 'go.sum'), read('programs.ts')]
  return cached('containerd', hashOf(...inputs), async target => {
    const module = 'github.com/containerd/containerd/v2'
    const version = /containerd\/v2 (v\S+)/.exec(read('containerd', 'go.mod'))?.[1] ?? ''
    const flags = `-s -w -X ${module}/version.Version=${version}`
    const packages = ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(name => `${module}/cmd/${name}`)
    const options = { cwd: containerdDirectory, env: goEnvironment, signal }
    await runCommand('go', ['build', '-ldflags', flags, '-o', `${target}/`, ...packages], options)
  })
}

/** Where a module's files lie in Go's module cache. */
export async function moduleDirectoryOf(module: string, signal: AbortSignal): Promise<string> {
  const directory = await runCommand('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: moduleDirectory,
    env: goEnvironment,
    signal,
  })
  return directory.trim()
}
