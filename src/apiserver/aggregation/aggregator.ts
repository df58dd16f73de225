/**
 * API aggregation: groups that other servers in the cluster serve, named by APIServices. Looks after whether they can be
 * reached, asks them what they serve, and carries requests on to them.
 */

import { APIService } from '../../api/apiregistration/v1/api-service.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import type { KeyPair } from '../../base/pki/certificate.ts'
import { isConflict, isNotFound, serviceUnavailableError } from '../../machinery/api-error.ts'
import type { RemoteGroup, RemoteResource } from '../../machinery/discovery/remote-groups.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { BootstrapApi } from '../bootstrap/bootstrap-api.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import { isoSeconds } from '../registry/write-request.ts'
import { reverseProxy } from '../streaming/reverse-proxy.ts'
import { connectionError } from '../webhooks/connection-error.ts'
import { type Backend, backendOf, NoBackendError } from '../webhooks/service-backend.ts'
import { askRemote, identityHeaders, textOf, tlsOf } from './remote-server.ts'
import { RemoteWatch } from './remote-watch.ts'

const log = loggerOf('apiserver/aggregator')

const checkTimeoutMs = 5_000
const checkEveryMs = 30_000
const retryMs = 1_000
const settleMs = 20

const aggregatorUser: UserInfo = { username: 'system:kube-aggregator', groups: ['system:masters'] }

export interface AggregatorOptions {
  readonly reader: ObjectReader
  readonly api: BootstrapApi
  readonly clock: Clock
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** The front proxy's client certificate. */
  readonly client: KeyPair
  /** Told when what other servers serve has changed. */
  readonly onGroups: (groups: readonly RemoteGroup[]) => void
}

interface Remote {
  service: APIService
  isAvailable: boolean
  resources: readonly RemoteResource[]
  /** Where its OpenAPI document is, with its hash. */
  openApiUrl: string | undefined
}

interface Condition {
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

export class Aggregator {
  readonly #options: AggregatorOptions
  /** By the name of the APIService. */
  readonly #remotes = new Map<string, Remote>()
  readonly #stops: (() => void)[]
  readonly #timers = new Map<string, Timer>()
  readonly #running = new Map<string, Promise<void>>()
  #stopped = false
  #told = ''

  constructor(options: AggregatorOptions) {
    this.#options = options
    const { reader } = options
    const wakeOf = (namespace: string | undefined, name: string | undefined) => {
      for (const [key, { service }] of this.#remotes) {
        const { service: target } = service.spec
        if (target?.namespace === namespace && target?.name === name) this.#wake(key, settleMs)
      }
    }
    this.#stops = [
      reader.subscribe(APIService, ({ type, object }) => this.#changed(type === 'deleted', object)),
      reader.subscribe(Service, ({ object: { metadata } }) => wakeOf(metadata.namespace, metadata.name)),
      reader.subscribe(EndpointSlice, ({ object: { metadata } }) =>
        wakeOf(metadata.namespace, metadata.labels?.['kubernetes.io/service-name']),
      ),
    ]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const stop of this.#stops) stop()
    for (const timer of this.#timers.values()) timer.cancel()
    await Promise.all(this.#running.values())
  }

  /** Whether another server answers for a path. */
  isRemote(path: string): boolean {
    return this.#remotes.size > 0 && this.#find(path) !== undefined
  }

  /** Carries a request on. Throws ApiError 503. */
  async serve(context: RequestContext): Promise<ServerResponse> {
    const { request, user } = context
    const remote = this.#find(request.path)
    if (!remote?.isAvailable) throw serviceUnavailableError('service unavailable')
    const { service } = remote
    const backend = await this.#backend(service).catch((error: Error) => {
      throw serviceUnavailableError(error.message)
    })
    const tls = tlsOf(service, this.#options.client)
    if (!request.connection) return this.#inProcess(context, backend, tls)
    const raw = request.connection.request.url ?? request.path
    const host = backend.host.includes(':') ? `[${backend.host}]` : backend.host
    return reverseProxy(context, new URL(`https://${host}:${backend.port}${raw}`), '', tls, identityHeaders(user))
  }

  /** `apis/<group>/<version>` to the place of the document. */
  openApiPaths(): Record<string, { serverRelativeURL: string }> {
    const paths: Record<string, { serverRelativeURL: string }> = {}
    for (const { service, openApiUrl } of this.#remotes.values()) {
      const { group, version } = service.spec
      if (openApiUrl) paths[`apis/${group}/${version}`] = { serverRelativeURL: openApiUrl }
    }
    return paths
  }

  #find(path: string): Remote | undefined {
    const at = path.startsWith('/openapi/v3/') ? 3 : 1
    const parts = path.split('/')
    if (parts[at] !== 'apis' || parts.length < at + 3) return undefined
    return this.#remotes.get(`${parts[at + 2]}.${parts[at + 1]}`)
  }

  #backend({ spec }: APIService): Promise<Backend> {
    const { namespace = '', name = '', port = 443 } = spec.service ?? {}
    return backendOf(this.#options.reader, { namespace, name, port }, this.#options.random)
  }

  async #inProcess(context: RequestContext, backend: Backend, tls: ReturnType<typeof tlsOf>): Promise<ServerResponse> {
    const { request, user, info } = context
    const query = request.query.size > 0 ? `?${request.query}` : ''
    const type = request.headers['content-type']
    const answer = await askRemote(backend, tls, {
      method: request.method,
      path: `${request.path}${query}`,
      user,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
      ...(request.body.is === 'object' ? { body: stringifyJson(request.body.value) } : {}),
      signal: request.signal,
    }).catch((error: Error) => {
      throw serviceUnavailableError(`error trying to reach service: ${connectionError(error)}`)
    })
    const status = answer.statusCode ?? 502
    if (info.verb === 'watch' && status === 200)
      return { status, headers: {}, body: { is: 'watch', source: new RemoteWatch(answer) } }
    const text = await textOf(answer)
    const isJson = String(answer.headers['content-type'] ?? '').includes('json')
    return { status, headers: {}, body: { is: 'object', object: isJson ? JSON.parse(text) : text } }
  }

  #changed(isGone: boolean, object: APIService): void {
    const { name } = object.metadata
    if (isGone || !object.spec.service) {
      if (this.#remotes.delete(name)) this.#tell()
      return
    }
    const known = this.#remotes.get(name)
    if (known) {
      const isSame = JSON.stringify(known.service.spec) === JSON.stringify(object.spec)
      known.service = object
      // Its own report of the status is no news.
      if (isSame) return
    } else this.#remotes.set(name, { service: object, isAvailable: false, resources: [], openApiUrl: undefined })
    this.#wake(name, settleMs)
  }

  #wake(name: string, delayMs: number): void {
    if (this.#stopped) return
    this.#timers.get(name)?.cancel()
    this.#timers.set(
      name,
      this.#options.clock.after(delayMs, () => {
        this.#timers.delete(name)
        const before = this.#running.get(name) ?? Promise.resolve()
        const run = before
          .then(() => this.#check(name))
          .catch(error => {
            log.warn({ service: name, error: String(error) }, 'an APIService could not be checked; trying again')
            this.#wake(name, retryMs)
          })
          .finally(() => {
            if (this.#running.get(name) === run) this.#running.delete(name)
          })
        this.#running.set(name, run)
      }),
    )
  }

  async #check(name: string): Promise<void> {
    const remote = this.#remotes.get(name)
    if (!remote || this.#stopped) return
    const condition = await this.#judge(remote)
    remote.isAvailable = condition.status === 'True'
    this.#tell()
    await this.#report(name, condition)
    if (!this.#timers.has(name)) this.#wake(name, remote.isAvailable ? checkEveryMs : retryMs)
  }

  async #judge(remote: Remote): Promise<Condition> {
    const { service } = remote
    const { namespace = '', name = '', port = 443 } = service.spec.service ?? {}
    const where = `service/${name} in ${JSON.stringify(namespace)}`
    const found =
      this.#options.reader.get(Service, namespace, name) ??
      (await this.#options.reader.getFresh(Service, namespace, name))
    if (!found) return { status: 'False', reason: 'ServiceNotFound', message: `${where} is not present` }
    if (found.spec.type !== 'ExternalName' && !found.spec.ports?.some(one => one.port === port))
      return { status: 'False', reason: 'ServicePortError', message: `${where} is not listening on port ${port}` }
    const { group, version } = service.spec
    const path = `/apis/${group}/${version}`
    try {
      const list = (await this.#get(remote, path)) as { resources?: RemoteResource[] }
      remote.resources = list.resources ?? []
      remote.openApiUrl = await this.#openApiUrl(remote, path.slice(1)).catch(() => undefined)
      return { status: 'True', reason: 'Passed', message: 'all checks passed' }
    } catch (error) {
      if (error instanceof NoBackendError)
        return {
          status: 'False',
          reason: 'MissingEndpoints',
          message: `endpoints for ${where} have no addresses with port name ${JSON.stringify(found.spec.ports?.find(one => one.port === port)?.name ?? '')}`,
        }
      const url = `https://${name}.${namespace}.svc:${port}${path}`
      const why =
        error instanceof BadStatusError
          ? `bad status from ${url}: ${error.statusCode}`
          : `failing or missing response from ${url}: Get "${url}": ${connectionError(error)}`
      return { status: 'False', reason: 'FailedDiscoveryCheck', message: why }
    }
  }

  async #openApiUrl(remote: Remote, document: string): Promise<string | undefined> {
    const index = (await this.#get(remote, '/openapi/v3')) as { paths?: Record<string, { serverRelativeURL?: string }> }
    return index.paths?.[document]?.serverRelativeURL
  }

  async #get({ service }: Remote, path: string): Promise<unknown> {
    const backend = await this.#backend(service)
    const signal = AbortSignal.timeout(checkTimeoutMs)
    const tls = tlsOf(service, this.#options.client)
    const answer = await askRemote(backend, tls, { method: 'GET', path, user: aggregatorUser, signal })
    const text = await textOf(answer)
    if (answer.statusCode !== 200) throw new BadStatusError(answer.statusCode ?? 0)
    return JSON.parse(text)
  }

  async #report(name: string, { status, reason, message }: Condition): Promise<void> {
    const { api, clock } = this.#options
    const current = await api.get(APIService, '', name)
    if (!current?.spec.service) return
    const known = current.status.conditions?.find(({ type }) => type === 'Available')
    if (known?.status === status && known.reason === reason && known.message === message) return
    const nowIso = isoSeconds(clock.now())
    const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? nowIso) : nowIso
    const condition = { type: 'Available', status, lastTransitionTime, reason, message }
    const others = (current.status.conditions ?? []).filter(({ type }) => type !== 'Available')
    await api
      .update(APIService, { ...current, status: { conditions: [...others, condition] } } as object, 'status')
      .catch(error => {
        if (!isConflict(error) && !isNotFound(error)) throw error
      })
  }

  #tell(): void {
    const groups = this.#groups()
    const text = JSON.stringify(groups)
    if (text === this.#told) return
    this.#told = text
    this.#options.onGroups(groups)
  }

  #groups(): RemoteGroup[] {
    const groups = new Map<string, RemoteGroup>()
    const byPriority = [...this.#remotes.values()].sort(
      (a, b) => b.service.spec.versionPriority - a.service.spec.versionPriority,
    )
    for (const { service, isAvailable, resources } of byPriority) {
      const { group = '', version = '' } = service.spec
      const known = groups.get(group) ?? { name: group, versions: [] }
      groups.set(group, { ...known, versions: [...known.versions, { version, isCurrent: isAvailable, resources }] })
    }
    return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

class BadStatusError extends Error {
  readonly statusCode: number
  constructor(statusCode: number) {
    super(`status ${statusCode}`)
    this.statusCode = statusCode
  }
}
