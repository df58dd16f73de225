/** The whole API server in this process, asked in place and over its own port. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerResponse } from '../../src/apiserver/chain/server-request.ts'
import type { RunningApi } from '../../src/main/api.ts'
import { loopbackPki, startOurServer } from '../side-by-side/our-server.ts'
import { namespace } from '../side-by-side/pair.ts'
import type { FuzzRequest } from './episodes.ts'
import { users } from './users.ts'

export interface FuzzAnswer {
  readonly status: number
  readonly contentType: string
  readonly bytes: Buffer
}

/** Frames of a watch that are read before it is closed. */
const readFrames = 5
/** Bytes of an answer that are kept, the rest being made and dropped. */
const keptBytes = 8 * 1024 * 1024

export class FuzzedServer {
  readonly #api: RunningApi
  readonly #agent: Agent
  readonly #port: number
  readonly #stop: () => Promise<void>

  private constructor(api: RunningApi, port: number, agent: Agent, stop: () => Promise<void>) {
    this.#api = api
    this.#port = port
    this.#agent = agent
    this.#stop = stop
  }

  static async start(): Promise<FuzzedServer> {
    const directory = mkdtempSync(join(tmpdir(), 'clipper-fuzz-'))
    mkdirSync(join(directory, 'pki'))
    const pki = loopbackPki(join(directory, 'pki'), 'fuzz')
    const { api, port, stop } = await startOurServer('fuzz', pki, directory, { CBORServingAndStorage: true })
    const { certificatePem: cert, privateKeyPem: key } = pki.kubeletClient
    const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: pki.caPem, cert, key, servername: 'localhost' })
    return new FuzzedServer(api, port, agent, async () => {
      agent.destroy()
      await stop()
      rmSync(directory, { recursive: true, force: true })
    })
  }

  stop(): Promise<void> {
    return this.#stop()
  }

  /** What must be there for the rest to be worth anything. Throws where it is not answered as it should be. */
  async make(path: string, object: unknown): Promise<void> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const body = Buffer.from(JSON.stringify(object))
    const { status, bytes } = await this.ask({ method: 'POST', path, headers, body, user: 0 })
    if (status !== 201) throw new Error(`${path} answers ${status}: ${bytes}`)
  }

  async prepare(): Promise<void> {
    await this.make('/api/v1/namespaces', { metadata: { name: namespace } })
    await this.make(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } })
    await this.make('/api/v1/nodes', { metadata: { name: 'c-1' } })
    await this.make('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'fuzz' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    })
  }

  /** As the HTTP layer asks, without the connection. */
  async ask({ method, path, headers, body, user }: FuzzRequest): Promise<FuzzAnswer> {
    const mark = path.indexOf('?')
    const aborter = new AbortController()
    const response = await this.#api.server.handle({
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
      headers,
      credentials: {},
      user: users[user]!,
      remoteAddress: '127.0.0.1',
      body:
        method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
          ? { is: 'none' }
          : { is: 'bytes', read: async () => body ?? Buffer.alloc(0) },
      signal: aborter.signal,
      wantsObjects: false,
    })
    const bytes = await read(response)
    aborter.abort()
    return { status: response.status, contentType: String(response.headers['content-type'] ?? ''), bytes }
  }

  askOverHttp({ method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    return new Promise((resolve, reject) => {
      const length = body || method !== 'GET' ? { 'content-length': String(body?.length ?? 0) } : {}
      const asked = httpsRequest(
        { host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers: { ...headers, ...length } },
        response => {
          const contentType = response.headers['content-type'] ?? ''
          const status = response.statusCode ?? 0
          const chunks: Buffer[] = []
          let length = 0
          const isWatch = !('content-length' in response.headers) && /watch/.test(path)
          const done = () => resolve({ status, contentType, bytes: isWatch ? Buffer.alloc(0) : Buffer.concat(chunks) })
          response.on('data', (chunk: Buffer) => {
            length += chunk.length
            if (length <= keptBytes) chunks.push(chunk)
          })
          response.on('end', done)
          response.on('error', done)
          response.on('close', done)
          if (isWatch) {
            done()
            asked.destroy()
          }
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }
}

async function read({ body }: ServerResponse): Promise<Buffer> {
  if (body.is === 'bytes') {
    const chunks: Uint8Array[] = []
    let length = 0
    for (const chunk of body.chunks) {
      length += chunk.length
      if (length <= keptBytes) chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
  if (body.is === 'hijacked') await body.finished
  if (body.is === 'watch') {
    for (let frame = 0; frame < readFrames; frame++) {
      const item = body.source.take()
      if (!item) break
      item.frame()
    }
    body.source.close()
  }
  return Buffer.alloc(0)
}
