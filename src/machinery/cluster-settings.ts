/** What the machines of a cluster agree on: kept in a ConfigMap of kube-system that nodes may read. */
import type { ConfigMap } from '../api/core/v1/config-map.ts'

export type PodNetworkMode = 'vxlan' | 'routes'

export interface ClusterSettings {
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly clusterDomain: string
  readonly clusterDns: string
  readonly podNetwork: PodNetworkMode
  /** Tells this cluster's packets from those of others on the same machines: 24 bits. */
  readonly vxlanId: number
  readonly vxlanPort: number
}

export const clusterSettingsNamespace = 'kube-system'
export const clusterSettingsName = 'clipper-settings'

export const clusterSettingsData = (settings: ClusterSettings): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]))

/** Throws Error where something is missing: the servers are then of another version. */
export function readClusterSettings({ data = {} }: Pick<ConfigMap, 'data'>): ClusterSettings {
  const text = (key: keyof ClusterSettings): string => {
    const value = data[key]
    if (value === undefined) throw new Error(`the ConfigMap ${clusterSettingsName} has no ${key}`)
    return value
  }
  const number = (key: keyof ClusterSettings): number => {
    const value = Number(text(key))
    if (!Number.isInteger(value)) throw new Error(`${key} in the ConfigMap ${clusterSettingsName} is no number`)
    return value
  }
  return {
    clusterCidr: text('clusterCidr'),
    serviceCidr: text('serviceCidr'),
    clusterDomain: text('clusterDomain'),
    clusterDns: text('clusterDns'),
    podNetwork: text('podNetwork') === 'routes' ? 'routes' : 'vxlan',
    vxlanId: number('vxlanId'),
    vxlanPort: number('vxlanPort'),
  }
}
