/** The layers of the test images: a Debian root with the tools that tests run, busybox, and single programs. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hostArchitecture } from '../src/kubelet/containerd/oci-image.ts'
import { pauseProgram } from '../src/kubelet/containerd/pause-program.ts'
import { buildBusybox } from './busybox.ts'
import { cached, hashOf } from './cache.ts'
import { runCommand } from './command.ts'
import { debianRelease, debianSources } from './debian.ts'
import { moduleDirectoryOf, type Programs } from './programs.ts'

export interface LayerContext {
  readonly programs: Programs
  readonly signal: AbortSignal
}

export interface Layer {
  /** An uncompressed tar archive. */
  readonly path: string
  /** Changes whenever the content may. */
  readonly inputsHash: string
}

/** Packages of the Debian root: what the commands of the tests come from. */
const debianPackages = [
  'bash',
  'ca-certificates',
  'curl',
  'dnsutils',
  'iperf',
  'iproute2',
  'iputils-ping',
  'net-tools',
  'netcat-openbsd',
  'nginx-light',
  'perl',
  'procps',
  'socat',
  'util-linux',
  'wget',
]

/** A root of essential packages and those above, from the mirrors that this machine's apt uses. */
export async function debianLayer({ signal }: LayerContext): Promise<Layer> {
  const inputsHash = hashOf(debianRelease, ...debianPackages, hostArchitecture())
  const directory = await cached('debian', inputsHash, async target => {
    const sources = join(target, 'sources.list')
    writeFileSync(sources, await debianSources('deb', signal))
    const unused = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*']
    await runCommand(
      'mmdebstrap',
      [
        '--mode=root',
        '--variant=essential',
        `--include=${debianPackages.join(',')}`,
        ...unused.map(path => `--dpkgopt=path-exclude=${path}`),
        debianRelease,
        join(target, 'layer.tar'),
        sources,
      ],
      { env: { SOURCE_DATE_EPOCH: '0' }, signal },
    )
  })
  return { path: join(directory, 'layer.tar'), inputsHash }
}

interface StagedFile {
  readonly path: string
  readonly mode?: number
  readonly content?: string | Uint8Array
  readonly copyOf?: string
  readonly linkTo?: string
}

async function stagedLayer(
  kind: string,
  inputs: readonly string[],
  files: readonly StagedFile[],
  signal: AbortSignal,
): Promise<Layer> {
  const listed = files.map(({ content, ...rest }) => JSON.stringify([rest, content && hashOf(content)]))
  const inputsHash = hashOf(...inputs, ...listed)
  const directory = await cached(kind, inputsHash, async target => {
    const root = join(target, 'root')
    mkdirSync(root, { mode: 0o755 })
    for (const file of files) stage(root, file)
    const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
    await runCommand('tar', [...reproducible, '-C', root, '-cf', join(target, 'layer.tar'), '.'], { signal })
    await runCommand('rm', ['-rf', root])
  })
  return { path: join(directory, 'layer.tar'), inputsHash }
}

function stage(root: string, { path, mode, content, copyOf, linkTo }: StagedFile): void {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  if (linkTo !== undefined) symlinkSync(linkTo, target)
  else if (copyOf !== undefined) copyFileSync(copyOf, target)
  else if (content !== undefined) writeFileSync(target, content)
  else mkdirSync(target, { recursive: true })
  // Of its own, because the umask takes bits from what mkdir and open are told.
  if (mode !== undefined) chmodSync(target, mode)
}

const users = (...more: readonly string[]) =>
  ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/:/bin/false', ...more, ''].join('\n')

/** busybox under the names of its applets, in a root as its own image has it. */
export async function busyboxLayer({ signal }: LayerContext): Promise<Layer> {
  const busybox = await buildBusybox(signal)
  const applets = (await runCommand(busybox, ['--list'], { signal })).trim().split('\n')
  return stagedLayer(
    'busybox',
    [],
    [
      { path: 'bin/busybox', mode: 0o755, copyOf: busybox },
      ...applets.filter(applet => applet !== 'busybox').map(applet => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
      { path: 'usr/bin/env', linkTo: '../../bin/env' },
      { path: 'etc/passwd', mode: 0o644, content: users() },
      { path: 'etc/group', mode: 0o644, content: 'root:x:0:\nnobody:x:65534:\n' },
      { path: 'tmp', mode: 0o1777 },
      { path: 'root', mode: 0o700 },
      { path: 'home', mode: 0o755 },
      { path: 'var/www', mode: 0o755 },
      { path: 'usr/sbin', mode: 0o755 },
    ],
    signal,
  )
}

/** agnhost over the Debian root: its second name, its certificate, and the user and group that its image defines. */
export async function agnhostLayer({ programs, signal }: LayerContext): Promise<Layer> {
  const porter = join(await moduleDirectoryOf('k8s.io/kubernetes', signal), 'test/images/agnhost/porter')
  return stagedLayer(
    'agnhost',
    [],
    [
      { path: 'agnhost', mode: 0o755, copyOf: programs.path('agnhost') },
      { path: 'agnhost-2', linkTo: 'agnhost' },
      { path: 'localhost.crt', mode: 0o644, copyOf: join(porter, 'localhost.crt') },
      { path: 'localhost.key', mode: 0o644, copyOf: join(porter, 'localhost.key') },
      { path: 'uploads', mode: 0o755 },
      {
        path: 'etc/passwd',
        mode: 0o644,
        content: users('user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh'),
      },
      {
        path: 'etc/group',
        mode: 0o644,
        content: [
          'root:x:0:root',
          'nogroup:x:65534:',
          'user-defined-in-image:x:1000:',
          'group-defined-in-image:x:50000:user-defined-in-image',
          '',
        ].join('\n'),
      },
    ],
    signal,
  )
}

/** The pages of the two images that show which of them answers. */
export async function pagesLayer(image: 'kitten' | 'nautilus', { signal }: LayerContext): Promise<Layer> {
  const html = join(await moduleDirectoryOf('k8s.io/kubernetes', signal), `test/images/${image}/html`)
  return stagedLayer(
    image,
    [],
    [
      { path: `${image}.jpg`, mode: 0o644, copyOf: join(html, `${image}.jpg`) },
      { path: 'data.json', mode: 0o644, copyOf: join(html, 'data.json') },
      // Upstream's image stands on Alpine, and a test that mounts the image reads that there.
      { path: 'etc/os-release', mode: 0o644, content: 'NAME="Alpine Linux"\nID=alpine\n' },
    ],
    signal,
  )
}

/** nginx as its own image has it: root page, no daemon, logs to the container's output. */
export function nginxLayer({ signal }: LayerContext): Promise<Layer> {
  const configuration = [
    'worker_processes 1;',
    'error_log /dev/stderr;',
    'pid /run/nginx.pid;',
    'events {}',
    'http {',
    '  include mime.types;',
    '  access_log /dev/stdout;',
    '  server { listen 80; location / { root /usr/share/nginx/html; index index.html; } }',
    '}',
    '',
  ].join('\n')
  const page = '<!DOCTYPE html>\n<html><head><title>Welcome to nginx!</title></head></html>\n'
  return stagedLayer(
    'nginx',
    [],
    [
      { path: 'etc/nginx/nginx.conf', mode: 0o644, content: configuration },
      { path: 'usr/share/nginx/html/index.html', mode: 0o644, content: page },
    ],
    signal,
  )
}

/** Programs that need nothing else. */
export function programLayer(
  program: string,
  path: string,
  { programs, signal }: LayerContext,
  mode = 0o755,
): Promise<Layer> {
  return stagedLayer(program, [], [{ path, mode, copyOf: programs.path(program) }], signal)
}

export function pauseLayer({ signal }: LayerContext): Promise<Layer> {
  return stagedLayer('pause', [], [{ path: 'pause', mode: 0o755, content: pauseProgram(hostArchitecture()) }], signal)
}
