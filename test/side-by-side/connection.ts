/** One server of the comparison: sends a request over HTTPS with the administrator's certificate and reads the whole answer. */

import { Agent, request as httpsRequest } from 'node:https'
import { parseYamlDocument } from '../../src/schema/yaml.ts'

export interface Endpoint {
  readonly port: number
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
}

export interface WireRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  /** The texts of the Warning headers, in order. */
  readonly warnings: readonly string[]
  readonly retryAfter: string
  readonly text: string
  /** The parsed body, where it is JSON or YAML. */
  readonly json: unknown
}

/** An answer that takes longer is a fault of the server. */
const answerTimeoutMs = 60_000

export class Connection {
  readonly #endpoint: Endpoint
  readonly #agent: Agent

  constructor(endpoint: Endpoint, maxSockets: number) {
    this.#endpoint = endpoint
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets,
      ca: endpoint.caPem,
      cert: endpoint.certificatePem,
      key: endpoint.keyPem,
      servername: 'localhost',
    })
  }

  send({ method, path, headers, body }: WireRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.#endpoint.port,
        agent: this.#agent,
        method,
        path,
        timeout: answerTimeoutMs,
        headers: {
          accept: 'application/json',
          'user-agent': 'side-by-side/1.0',
          // Given here because node:http sends the body of a DELETE without any length.
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      }
      const request = httpsRequest(options, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const contentType = response.headers['content-type'] ?? ''
          resolve({
            status: response.statusCode ?? 0,
            contentType,
            warnings: warningsOf(response.rawHeaders),
            retryAfter: response.headers['retry-after'] ?? '',
            text,
            json: parsed(contentType, text),
          })
        })
      })
      request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)))
      request.on('error', reject)
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** A watch is a list of its events. */
function parsed(contentType: string, text: string): unknown {
  if (contentType.startsWith('application/yaml')) return parseYamlDocument(text)
  if (!contentType.startsWith('application/json')) return undefined
  const lines = text.split('\n').filter(line => line !== '')
  if (lines.length > 1 && lines.every(line => line.startsWith('{"'))) return lines.map(line => JSON.parse(line))
  return text === '' ? undefined : JSON.parse(text)
}

function warningsOf(rawHeaders: readonly string[]): string[] {
  const warnings: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'warning') warnings.push(rawHeaders[i + 1] as string)
  }
  return warnings
}
