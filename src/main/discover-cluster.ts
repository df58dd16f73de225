/**
 * How a machine that knows a token finds out whom it talks to (Kubernetes documentation, "kubeadm join", token-based
 * discovery with CA pinning): it believes what `cluster-info` says only where the token signed it, and the authority that
 * is named there only where its key has the hash that the token came with.
 */
import { X509Certificate } from 'node:crypto'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { readPem } from '../base/pki/pem.ts'
import { CliError } from '../cli/cli-error.ts'
import type { JoinToken } from '../cli/join-token.ts'
import { pathOf } from '../client/client.ts'
import { HttpsTransport, UnreachableError } from '../client/https-transport.ts'
import { parseKubeconfig } from '../client/kubeconfig.ts'
import { ApiError } from '../machinery/api-error.ts'
import { clusterInfo, clusterInfoSignaturePrefix, isSignatureOf } from '../machinery/bootstrap-token.ts'
import { publicKeyHash } from '../machinery/node-annotations.ts'

const timeoutMs = 10_000

async function readClusterInfo(server: string, ca?: string): Promise<Readonly<Record<string, string>>> {
  // Without `ca` anybody may answer: nothing of it is believed before the token has proved it.
  const trust = ca === undefined ? { insecureSkipTlsVerify: true } : { ca }
  const transport = new HttpsTransport({ server, requestTimeoutMs: timeoutMs, connectTimeoutMs: timeoutMs, ...trust })
  try {
    const path = pathOf(ConfigMap, clusterInfo.namespace, clusterInfo.name)
    return ((await transport.request({ method: 'GET', path })) as ConfigMap).data ?? {}
  } catch (error) {
    throw clearError(server, error)
  } finally {
    transport.close()
  }
}

function clearError(server: string, error: unknown): unknown {
  if (error instanceof UnreachableError) {
    const cause = error.cause as { code?: string } | undefined
    if (cause?.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return new CliError(
        `the server's certificate is not for the host of ${server}`,
        'give --server by an address that the cluster was started with, as its --node-address',
      )
    if (/CERT|SELF_SIGNED|UNABLE_TO/.test(cause?.code ?? ''))
      return new CliError(`the certificate of ${server} is not of the cluster's authority (${cause?.code})`)
    return new CliError(`cannot reach ${error.message}`, 'is the server running, and --server right?')
  }
  if (error instanceof ApiError && (error.code === 401 || error.code === 403 || error.code === 404))
    return new CliError(`${server} does not tell machines how to join: ${error.message}`)
  return error
}

/** The authority of the cluster, in PEM. Throws CliError where the server cannot prove that it is the token's cluster. */
export async function discoverCluster(server: string, { caHash, token }: JoinToken): Promise<string> {
  const data = await readClusterInfo(server)
  const { kubeconfig = '' } = data
  const signature = data[`${clusterInfoSignaturePrefix}${token.id}`]
  if (signature === undefined)
    throw new CliError(
      `the cluster does not know the token ${token.id}: it has expired, was deleted, or is another cluster's`,
      'make one on the server: clipper token create',
    )
  if (!isSignatureOf(signature, kubeconfig, token))
    throw new CliError(
      `what ${server} says of the cluster is not signed with the token ${token.id}`,
      'the token has a typing error, or this is not the server of the cluster',
    )
  const caData = parseKubeconfig(kubeconfig, clusterInfo.name).clusters[0]?.cluster['certificate-authority-data'] ?? ''
  const ca = Buffer.from(caData, 'base64').toString('utf8')
  const authorities = readPem(ca).map(({ bytes }) => new X509Certificate(bytes))
  if (!authorities.some(({ publicKey }) => publicKeyHash(publicKey) === caHash))
    throw new CliError(
      "the cluster's certificate authority is not the one that the token names",
      'this may be another cluster, or somebody between: compare the token with that of "clipper token create"',
    )
  // Now that the authority is known, the server has to show a certificate of it, and say the same again.
  const again = await readClusterInfo(server, ca)
  if (again.kubeconfig !== kubeconfig) throw new CliError(`${server} says two different things of the cluster`)
  return ca
}
