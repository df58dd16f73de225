/** Calls webhooks over HTTPS: by URL, or by a Service under its name in the cluster. */

import { Agent, request } from 'node:https'
import { posix } from 'node:path'
import type { WebhookClientConfig } from '../../api/admissionregistration/v1/webhook-client-config.ts'
import { readJson } from '../../schema/json-decode.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import { connectionError } from './connection-error.ts'
import { backendOf } from './service-backend.ts'
import { trustedBundle } from './trusted-bundle.ts'

const maxAnswerBytes = 3 * 1024 * 1024
const maxSocketsPerHost = 100

export interface WebhookClientOptions {
  readonly reader: ObjectReader
  /** Numbers in [0, 1). */
  readonly random: () => number
}

interface Target {
  /** As errors name it. */
  readonly url: URL
  readonly host: string
  readonly port: number
  readonly serverName: string
}

export class WebhookClient {
  readonly #options: WebhookClientOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: maxSocketsPerHost, timeout: 60_000 })

  constructor(options: WebhookClientOptions) {
    this.#options = options
  }

  close(): void {
    this.#agent.destroy()
  }

  /** The answer's JSON. Throws Error in the words of upstream's client, as `Post "https://…": context deadline exceeded`. */
  async post(config: WebhookClientConfig, body: string, timeoutSeconds: number): Promise<unknown> {
    const url = urlOf(config)
    url.searchParams.set('timeout', `${timeoutSeconds}s`)
    const signal = AbortSignal.timeout(timeoutSeconds * 1000)
    try {
      const target = await this.#target(config, url)
      return answerOf(await this.#send(target, config.caBundle, body, signal))
    } catch (error) {
      if (error instanceof AnswerError) throw new Error(error.message)
      const why = signal.aborted ? 'context deadline exceeded' : connectionError(error)
      throw new Error(`Post ${JSON.stringify(shown(config, url))}: ${why}`)
    }
  }

  async #target({ service }: WebhookClientConfig, url: URL): Promise<Target> {
    if (!service) {
      return {
        url,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port || 443),
        serverName: url.hostname,
      }
    }
    const { namespace, name, port = 443 } = service
    const backend = await backendOf(this.#options.reader, { namespace, name, port }, this.#options.random)
    return { url, ...backend, serverName: url.hostname }
  }

  #send(target: Target, caBundle: string | undefined, body: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const bytes = Buffer.from(body)
      const sent = request(
        {
          agent: this.#agent,
          method: 'POST',
          host: target.host,
          port: target.port,
          path: `${target.url.pathname}${target.url.search}`,
          ...(/^[\d.]+$|:/.test(target.serverName) ? {} : { servername: target.serverName }),
          ...(caBundle ? trustedBundle(caBundle) : {}),
          headers: {
            host: target.url.host,
            accept: 'application/json, */*',
            'content-type': 'application/json',
            'content-length': bytes.length,
            'user-agent': 'kube-apiserver-admission',
          },
          signal,
        },
        response => {
          const chunks: Buffer[] = []
          let size = 0
          response.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > maxAnswerBytes)
              response.destroy(new Error(`response body is longer than ${maxAnswerBytes} bytes`))
            else chunks.push(chunk)
          })
          response.on('error', reject)
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(bytes)
    })
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** The webhook was reached, and answered with nothing of use. */
class AnswerError extends Error {}

/** The port is named also where it is the usual one, if a Service is called. */
function shown({ service }: WebhookClientConfig, url: URL): string {
  return service ? `https://${url.hostname}:${url.port || 443}${url.pathname}${url.search}` : url.href
}

function urlOf({ url, service }: WebhookClientConfig): URL {
  if (url !== undefined) return cleaned(new URL(url))
  const { namespace = '', name = '', port = 443, path = '' } = service ?? {}
  const made = new URL(
    `https://${name}.${namespace}.svc:${port}${path.startsWith('/') || path === '' ? path : `/${path}`}`,
  )
  return cleaned(made)
}

/** As client-go joins paths: no empty or dotted segments, no slash at the end. Some servers redirect others, which ends a call. */
function cleaned(url: URL): URL {
  const path = posix.join('/', url.pathname)
  url.pathname = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return url
}

function answerOf({ status, text }: Answer): unknown {
  if (status < 200 || status > 299) {
    throw new AnswerError(
      messageIn(text) ?? `the server responded with the status code ${status} but did not return more information`,
    )
  }
  try {
    return readJson(text)
  } catch (error) {
    throw new AnswerError(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

/** Of a Status. */
function messageIn(text: string): string | undefined {
  try {
    const { kind, message } = JSON.parse(text) as { kind?: unknown; message?: unknown }
    return kind === 'Status' && typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
