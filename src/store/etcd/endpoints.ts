/** What `--etcd-servers` and its certificates say, as upstream names and reads them. */
import type { ClientTls, GrpcTarget } from '../../base/grpc/grpc-channel.ts'

export class EndpointError extends Error {}

/** Throws EndpointError. */
export function targetsOf(servers: readonly string[], tls: ClientTls): GrpcTarget[] {
  if (servers.length === 0) throw new EndpointError('--etcd-servers must be specified')
  return servers.map(server => {
    const url = URL.canParse(server) ? new URL(server) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '' || !/^\/?$/.test(url.pathname)) {
      throw new EndpointError(`--etcd-servers: ${server} is no URL as https://10.0.0.1:2379`)
    }
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    return url.protocol === 'https:' ? { host, port, tls } : { host, port }
  })
}
