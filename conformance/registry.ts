/**
 * A read-only registry over an OCI layout (OCI distribution specification v1.1: pull), for tests whose image must be
 * pulled although it is there. The nodes' containerd asks it instead of the real registry by a `hosts.toml`.
 */
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface Registry {
  /** As `http://127.0.0.1:5000`. */
  readonly url: string
  close(): void
}

interface Manifest {
  readonly mediaType: string
  readonly digest: string
  readonly annotations: Readonly<Record<string, string>>
}

const maxConnections = 64

/** `host`: the address that it listens on. */
export async function serveRegistry(layout: string, host = '127.0.0.1'): Promise<Registry> {
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: Manifest[] }
  const server = createServer((request, response) => {
    answer(layout, manifests, request, response).catch(() => response.destroy())
  })
  server.maxConnections = maxConnections
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, host, listening)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  layout: string,
  manifests: readonly Manifest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://registry').pathname
  if (path === '/v2/') return void response.writeHead(200).end('{}')
  const found = blobOf(manifests, path)
  const file = found && join(layout, 'blobs', 'sha256', found.digest.slice('sha256:'.length))
  if (!found || !file || !existsSync(file) || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404, { 'Content-Type': 'application/json' })
    return void response.end(JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN', message: `no ${path}` }] }))
  }
  response.writeHead(200, {
    'Content-Type': found.mediaType,
    'Content-Length': statSync(file).size,
    'Docker-Content-Digest': found.digest,
  })
  if (request.method === 'HEAD') return void response.end()
  await pipeline(createReadStream(file), response)
}

/** What a path under `/v2/` names: a manifest by tag or digest, or a blob by digest. */
export function blobOf(
  manifests: readonly Manifest[],
  path: string,
): { readonly digest: string; readonly mediaType: string } | undefined {
  const match = /^\/v2\/(.+)\/(manifests|blobs)\/(sha256:[0-9a-f]{64}|[\w.-]{1,128})$/.exec(path)
  if (!match) return undefined
  const [, repository, kind, reference = ''] = match
  if (kind === 'blobs')
    return reference.startsWith('sha256:') ? { digest: reference, mediaType: 'application/octet-stream' } : undefined
  return manifests.find(({ digest, annotations }) => {
    const name = annotations['io.containerd.image.name'] ?? ''
    const own = name.slice(name.indexOf('/') + 1)
    return reference.startsWith('sha256:')
      ? digest === reference && own.startsWith(`${repository}:`)
      : own === `${repository}:${reference}`
  })
}

/** Lets the containerd of a node pull what `host` has from the registry at the URL. */
export function mirrorRegistry(registriesDirectory: string, host: string, url: string): void {
  const directory = join(registriesDirectory, host)
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'hosts.toml'),
    `server = "https://${host}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`,
  )
}
