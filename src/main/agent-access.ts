/**
 * A machine that joined: its identities are certificates that the cluster signs. The kubelet's is had with a token, once;
 * with it the machine asks for the others, which name components that only read and live for a day, since nothing but
 * their end takes them back from a machine that is removed.
 */
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { Node } from '../api/core/v1/node.ts'
import { componentSubjects, nodeSubject } from '../apiserver/authentication/component-users.ts'
import { sleep, systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import type { JoinToken } from '../cli/join-token.ts'
import { ManagedCertificate } from '../client/certificates/managed-certificate.ts'
import { CertificateRefused } from '../client/certificates/request-certificate.ts'
import { Client } from '../client/client.ts'
import { HttpsTransport, isTlsFailure, UnreachableError } from '../client/https-transport.ts'
import { InformerFactory } from '../client/informer-factory.ts'
import { ApiError, isAlreadyExists } from '../machinery/api-error.ts'
import {
  type ClusterSettings,
  clusterSettingsName,
  clusterSettingsNamespace,
  readClusterSettings,
} from '../machinery/cluster-settings.ts'
import { machineKeyAnnotation } from '../machinery/node-annotations.ts'
import type { NodeAccess, NodeComponent } from './node-access.ts'
import { random } from './random.ts'

export interface AgentIdentity {
  readonly server: string
  readonly caPem: string
  readonly nodeName: string
  readonly nodeAddress: string
  /** Where keys and certificates lie. */
  readonly directory: string
  /** Throws where this machine cannot be a node of such a cluster; it is none before. */
  check(settings: ClusterSettings): void
  /** Needed until the machine has a certificate of its own. */
  readonly token?: JoinToken
}

export interface AgentAccess extends NodeAccess {
  stop(): void
}

const nodeSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
const clientUsages = ['digital signature', 'client auth']
const clientSigner = 'kubernetes.io/kube-apiserver-client'
const componentLifetimeSeconds = 24 * 3600

type Wanted = Omit<ConstructorParameters<typeof ManagedCertificate>[0], 'directory' | 'clock' | 'random' | 'log'>

export async function joinCluster(identity: AgentIdentity, signal: AbortSignal): Promise<AgentAccess> {
  const { server, caPem: ca, nodeName, nodeAddress, directory } = identity
  const managed: ManagedCertificate[] = []
  const manage = (wanted: Wanted) => {
    const certificate = new ManagedCertificate({
      directory,
      clock: systemClock,
      random,
      log: loggerOf('certificates'),
      ...wanted,
    })
    managed.push(certificate)
    return certificate
  }
  const transports: HttpsTransport[] = []
  const connect = (component: NodeComponent, certificate: ManagedCertificate) => {
    const { certificatePem, privateKeyPem } = certificate.current
    const options = { server, ca, certificate: certificatePem, key: privateKeyPem, userAgent: component }
    const transport = new HttpsTransport(options)
    certificate.onChange(pair => transport.useCertificate(pair.certificatePem, pair.privateKeyPem))
    transports.push(transport)
    return new Client(transport, component)
  }
  const clients = new Map<NodeComponent, Client>()

  let bootstrap: HttpsTransport | undefined
  const kubelet = manage({
    name: 'kubelet-client',
    wanted: { signerName: nodeSigner, subject: nodeSubject(nodeName), usages: clientUsages },
    client() {
      const own = clients.get('kubelet')
      if (own) return own
      bootstrap ??= bootstrapTransport(identity)
      return new Client(bootstrap, 'kubelet')
    },
  })
  const joins = !kubelet.isValid
  try {
    await kubelet.start(signal)
  } catch (error) {
    throw joinError(error, nodeName)
  } finally {
    bootstrap?.close()
  }
  const node = connect('kubelet', kubelet)
  clients.set('kubelet', node)
  const found = await untilAnswered(signal, () => node.of(ConfigMap).get(clusterSettingsNamespace, clusterSettingsName))
  const settings = readClusterSettings(found)
  identity.check(settings)
  await untilAnswered(signal, () => claimNode(node, nodeName, kubelet.keyHash, joins))
  await Promise.all(
    (['kube-proxy', 'dns', 'network'] as const).map(async component => {
      const certificate = manage({
        name: `${component}-client`,
        wanted: {
          signerName: clientSigner,
          subject: componentSubjects[component],
          usages: clientUsages,
          expirationSeconds: componentLifetimeSeconds,
        },
        client: () => node,
      })
      await certificate.start(signal)
      clients.set(component, connect(component, certificate))
    }),
  )
  const serving = manage({
    name: 'kubelet-serving',
    wanted: {
      signerName: 'kubernetes.io/kubelet-serving',
      subject: nodeSubject(nodeName),
      altNames: [nodeName, nodeAddress],
      usages: ['digital signature', 'server auth'],
    },
    client: () => node,
  })
  return {
    settings,
    clientCaPem: ca,
    clientFor: component => clients.get(component) as Client,
    informersFor: (client, log) => new InformerFactory(client, { clock: systemClock, random, log }),
    async serving(onChange) {
      await serving.start(signal)
      serving.onChange(onChange)
      return serving.current
    },
    annotations: () => ({ [machineKeyAnnotation]: kubelet.keyHash }),
    stop() {
      for (const certificate of managed) certificate.stop()
      for (const transport of transports) transport.close()
    },
  }
}

const askAgainMs = 1_000

/** A machine that starts while no server answers, as after a loss of power, waits for one. */
async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let hasTold = false; ; hasTold = true) {
    try {
      return await ask()
    } catch (error) {
      const mayPass =
        (error instanceof UnreachableError && !isTlsFailure(error)) || (error instanceof ApiError && error.code >= 500)
      if (!mayPass) throw error
      if (!hasTold) loggerOf('clipper').warn({ error: error.message }, 'no server answers: waiting for one')
    }
    await sleep(askAgainMs, signal)
  }
}

function bootstrapTransport({ server, caPem: ca, token }: AgentIdentity): HttpsTransport {
  if (!token)
    throw new CliError(
      'this machine has no valid certificate of the cluster',
      'give a token: clipper agent --server URL --token TOKEN',
    )
  return new HttpsTransport({ server, ca, token: `${token.token.id}.${token.token.secret}` })
}

function joinError(error: unknown, nodeName: string): unknown {
  if (error instanceof CertificateRefused)
    return new CliError(
      error.message,
      /taken by another machine/.test(error.message)
        ? `choose another --node-name, or remove the other machine first: kubectl delete node ${nodeName}`
        : undefined,
    )
  if (error instanceof ApiError && (error.code === 401 || error.code === 403))
    return new CliError(
      `the cluster does not let this machine ask for a certificate: ${error.message}`,
      'the token may have ended meanwhile: clipper token create',
    )
  return error
}

/** The first machine that makes the Node has the name: of two that joined at the same moment, one is refused here. */
async function claimNode(client: Client, name: string, keyHash: string, joins: boolean): Promise<void> {
  const nodes = client.of(Node)
  try {
    await nodes.create('', { metadata: { name, annotations: { [machineKeyAnnotation]: keyHash } } })
    return
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  const known = await nodes.get('', name)
  if (joins && known.metadata.annotations?.[machineKeyAnnotation] !== keyHash)
    throw new CliError(
      `the node name ${name} is taken by another machine`,
      `choose another --node-name, or remove the other machine first: kubectl delete node ${name}`,
    )
}
