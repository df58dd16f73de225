/** Images that are made or imported on this machine. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { HelperSpawner } from '../base/spawner.ts'
import { CliError } from '../cli/cli-error.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { startContainerd } from '../kubelet/containerd/instance.ts'
import { writeOciImage } from '../kubelet/containerd/oci-image.ts'
import { cniConfigDirectory } from './node.ts'

/** Imports an OCI or docker archive; gives the names of its images. */
export async function loadImage(config: ClusterConfig, archive: string): Promise<readonly string[]> {
  if (!existsSync(archive))
    throw new CliError(
      `there is no file ${archive}`,
      'give the path of a .tar file, as of "docker save" or "skopeo copy … oci-archive:FILE"',
    )
  const spawner = new HelperSpawner()
  const log = loggerOf('image')
  log.level = 'warn'
  try {
    const containerd = await startContainerd({
      spawner,
      clock: systemClock,
      log,
      dataDirectory: config.dataDirectory,
      cniConfDirectory: cniConfigDirectory(config),
    })
    try {
      return await containerd.importImage(archive)
    } catch (error) {
      throw new CliError(
        (error as Error).message.trim(),
        'it takes an uncompressed tar file, as of "docker save NAME:TAG" or "skopeo copy … oci-archive:FILE:NAME:TAG"',
      )
    } finally {
      containerd.detach()
    }
  } finally {
    spawner.close()
  }
}

const exampleImage = 'clipper.local/hello:1'
const applets = [
  'sh',
  'cat',
  'echo',
  'env',
  'hostname',
  'httpd',
  'ls',
  'mkdir',
  'nslookup',
  'ps',
  'sleep',
  'wget',
  'vi',
  'tar',
  'id',
]

/** The image of examples/hello.yaml: the host's static busybox under the names of its commands. */
export async function loadExampleImage(config: ClusterConfig): Promise<void> {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(path => existsSync(path))
  if (!busybox)
    throw new CliError(
      'the example image is made from busybox, which was not found',
      'run: apt-get install busybox-static',
    )
  const directory = mkdtempSync(join(tmpdir(), 'clipper-image-'))
  try {
    const archive = join(directory, 'hello.tar')
    writeFileSync(
      archive,
      writeOciImage({
        name: exampleImage,
        command: ['sh'],
        files: [
          { name: 'bin', mode: 0o755 },
          { name: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) },
          ...applets.map(applet => ({ name: `bin/${applet}`, mode: 0o777, linkTo: 'busybox' })),
          { name: 'root', mode: 0o700 },
          { name: 'tmp', mode: 0o1777 },
        ],
      }),
    )
    await loadImage(config, archive)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
