/** Makes an OCI image of one layer as an archive that containerd imports (OCI image layout specification v1.0). */
import { createHash } from 'node:crypto'
import { type TarEntry, writeTar } from './tar.ts'

export interface ImageOptions {
  /** The whole reference, as `clipper.local/pause:1`. */
  readonly name: string
  readonly files: readonly TarEntry[]
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly env?: readonly string[]
  readonly user?: string
  readonly architecture?: 'amd64' | 'arm64'
}

export const hostArchitecture = (): 'amd64' | 'arm64' => (process.arch === 'arm64' ? 'arm64' : 'amd64')

export function writeOciImage(options: ImageOptions): Buffer {
  const { name, files, architecture = hostArchitecture() } = options
  const blobs: TarEntry[] = []
  const addBlob = (content: Uint8Array, mediaType: string) => {
    const digest = createHash('sha256').update(content).digest('hex')
    blobs.push({ name: `blobs/sha256/${digest}`, mode: 0o444, content })
    return { mediaType, digest: `sha256:${digest}`, size: content.length }
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const layer = addBlob(writeTar(files), 'application/vnd.oci.image.layer.v1.tar')
  const config = addBlob(
    json({
      architecture,
      os: 'linux',
      config: {
        ...(options.entrypoint ? { Entrypoint: options.entrypoint } : {}),
        ...(options.command ? { Cmd: options.command } : {}),
        ...(options.user === undefined ? {} : { User: options.user }),
        Env: options.env ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'clipper' }],
    }),
    'application/vnd.oci.image.config.v1+json',
  )
  const manifestType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = addBlob(json({ schemaVersion: 2, mediaType: manifestType, config, layers: [layer] }), manifestType)
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  }
  return writeTar([
    { name: 'oci-layout', mode: 0o444, content: json({ imageLayoutVersion: '1.0.0' }) },
    {
      name: 'index.json',
      mode: 0o444,
      content: json({
        schemaVersion: 2,
        manifests: [{ ...manifest, annotations, platform: { architecture, os: 'linux' } }],
      }),
    },
    { name: 'blobs', mode: 0o755 },
    { name: 'blobs/sha256', mode: 0o755 },
    ...blobs,
  ])
}
