/** How the parts of a node reach the API server and who they are there: in one process with it, or over the network. */

import { componentUser, nodeUser } from '../apiserver/authentication/component-users.ts'
import type { Logger } from '../base/log.ts'
import type { KeyPair } from '../base/pki/certificate.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import type { ClusterSettings } from '../machinery/cluster-settings.ts'
import { clusterSettingsOf } from './cluster-objects.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ServerPki } from './server-pki.ts'

export type NodeComponent = 'kubelet' | 'kube-proxy' | 'dns' | 'network'

export interface NodeAccess {
  readonly settings: ClusterSettings
  /** Each with an identity of its own. */
  clientFor(component: NodeComponent): Client
  informersFor(client: Client, log: Logger): InformerFactory
  /** The authority of those who may ask the node's server. */
  readonly clientCaPem: string
  /** The certificate of the node's server, and each that follows it. The node is registered by then. */
  serving(onChange: (pair: KeyPair) => void): Promise<KeyPair>
  /** What the kubelet says of the machine on its Node. */
  annotations(): Readonly<Record<string, string>>
}

export function inProcessAccess(config: ClusterConfig, controlPlane: ControlPlane, pki: ServerPki): NodeAccess {
  const users = {
    kubelet: nodeUser(config.nodeName),
    'kube-proxy': componentUser('kube-proxy'),
    dns: componentUser('dns'),
    network: componentUser('network'),
  }
  return {
    settings: clusterSettingsOf(config, pki.caPem),
    clientFor: component => controlPlane.clientFor(users[component], component),
    informersFor: controlPlane.informersFor,
    clientCaPem: pki.caPem,
    async serving(onChange) {
      const current = () => pki.nodeServing(config.nodeName, [config.nodeAddress, '127.0.0.1'])
      pki.onLook(() => onChange(current()))
      return current()
    },
    annotations: () => ({}),
  }
}
