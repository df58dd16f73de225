/**
 * Who may use the node's server: clients with a certificate of the cluster's authority, or a token that the API server
 * knows; what they may do, the API server says too (Kubernetes documentation, "Kubelet authentication/authorization").
 */
import type { TLSSocket } from 'node:tls'
import { TokenReview } from '../../api/authentication/v1/token-review.ts'
import { SubjectAccessReview } from '../../api/authorization/v1/subject-access-review.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'

interface User {
  readonly username: string
  readonly groups: readonly string[]
  readonly uid?: string
}

export interface NodeRequest {
  readonly method: string
  readonly path: string
  readonly bearerToken: string | undefined
  readonly socket: TLSSocket
}

/** Positive and negative answers are kept so long; at most so many. */
const cacheMs = 30_000
const maxCached = 1000

export class NodeAuthorization {
  readonly #client: Client
  readonly #clock: Clock
  readonly #nodeName: string
  readonly #decisions = new Map<string, { allowed: boolean; untilMs: number }>()

  constructor(client: Client, nodeName: string, clock: Clock) {
    this.#client = client
    this.#nodeName = nodeName
    this.#clock = clock
  }

  /** 200, or the status code of the refusal. */
  async check(request: NodeRequest): Promise<200 | 401 | 403> {
    const user = certificateUser(request.socket) ?? (await this.#tokenUser(request.bearerToken))
    if (!user) return 401
    const verb = verbOf(request.method)
    for (const subresource of subresourcesOf(request.path)) if (await this.#allowed(user, verb, subresource)) return 200
    return 403
  }

  async #tokenUser(token: string | undefined): Promise<User | undefined> {
    if (token === undefined) return undefined
    const review = await this.#client.of(TokenReview).create('', { metadata: {}, spec: { token } })
    const { authenticated, user } = review.status
    return authenticated && user?.username !== undefined
      ? { username: user.username, groups: user.groups ?? [], ...(user.uid === undefined ? {} : { uid: user.uid }) }
      : undefined
  }

  async #allowed(user: User, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([user, verb, subresource])
    const known = this.#decisions.get(key)
    if (known && known.untilMs > this.#clock.now()) return known.allowed
    const review = await this.#client.of(SubjectAccessReview).create('', {
      metadata: {},
      spec: {
        user: user.username,
        groups: [...user.groups],
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
      },
    })
    const { allowed } = review.status
    if (this.#decisions.size >= maxCached) this.#decisions.clear()
    this.#decisions.set(key, { allowed, untilMs: this.#clock.now() + cacheMs })
    return allowed
  }
}

function certificateUser(socket: TLSSocket): User | undefined {
  // The subject of an untrusted certificate is readable too.
  if (!socket.authorized) return undefined
  const { subject } = socket.getPeerCertificate()
  if (typeof subject?.CN !== 'string') return undefined
  return { username: subject.CN, groups: [...[subject.O ?? []].flat(), 'system:authenticated'] }
}

const verbOf = (method: string): string =>
  ({ POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' })[method] ?? 'get'

/** Any of these subresources of the node allows the path. */
function subresourcesOf(path: string): readonly string[] {
  if (path.startsWith('/stats')) return ['stats']
  if (path.startsWith('/metrics')) return ['metrics']
  if (path.startsWith('/logs')) return ['log']
  if (path.startsWith('/checkpoint')) return ['checkpoint']
  if (path === '/healthz' || path.startsWith('/healthz/')) return ['healthz', 'proxy']
  if (path === '/pods' || path === '/pods/' || path === '/runningpods/') return ['pods', 'proxy']
  if (path === '/configz') return ['configz', 'proxy']
  return ['proxy']
}
