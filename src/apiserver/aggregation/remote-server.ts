/** Requests to an extension API server: as the front proxy that it trusts, on behalf of a user. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { APIService } from '../../api/apiregistration/v1/api-service.ts'
import type { KeyPair } from '../../base/pki/certificate.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { Backend } from '../webhooks/service-backend.ts'
import { trustedBundle } from '../webhooks/trusted-bundle.ts'

/** How a server is reached: its certificate is checked against the name of its Service. */
export function tlsOf({ spec }: APIService, client: KeyPair): RequestOptions {
  const { service, caBundle, insecureSkipTLSVerify } = spec
  return {
    servername: `${service?.name}.${service?.namespace}.svc`,
    ...(caBundle ? trustedBundle(caBundle) : {}),
    rejectUnauthorized: !insecureSkipTLSVerify,
    cert: client.certificatePem,
    key: client.privateKeyPem,
  }
}

/** The user as extension API servers read it (documentation: "Configure the Aggregation Layer"). */
export function identityHeaders({ username, uid, groups, extra = {} }: UserInfo): Record<string, string | string[]> {
  const extras = Object.entries(extra).map(([key, values]) => [
    `x-remote-extra-${encodeURIComponent(key).replaceAll('*', '%2A')}`,
    [...values],
  ])
  return {
    'x-remote-user': username,
    'x-remote-group': [...groups],
    ...(uid ? { 'x-remote-uid': uid } : {}),
    ...Object.fromEntries(extras),
  }
}

export interface RemoteRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly user: UserInfo
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** The answer, whose body is still to be read. */
export function askRemote(backend: Backend, tls: RequestOptions, asked: RemoteRequest): Promise<IncomingMessage> {
  const { method, path, user, headers, body, signal } = asked
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        ...tls,
        host: backend.host,
        port: backend.port,
        method,
        path,
        signal,
        agent: false,
        headers: {
          accept: 'application/json',
          ...headers,
          ...identityHeaders(user),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      resolve,
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const maxAnswerBytes = 64 * 1024 * 1024

export async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new Error(`answer is longer than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
