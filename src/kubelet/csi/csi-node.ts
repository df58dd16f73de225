/** Tells the cluster which CSI drivers the node has: in its CSINode, and where its volumes can be reached in its labels. */
import { Node } from '../../api/core/v1/node.ts'
import { CSINode } from '../../api/storage/v1/csi-node.ts'
import type { Client } from '../../client/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/api-error.ts'
import type { NodeGetInfoResponse } from './messages.ts'

const maxTries = 5

export class CsiNodeWriter {
  readonly #client: Client
  readonly #nodeName: string
  readonly #nodeUid: () => string

  constructor(client: Client, nodeName: string, nodeUid: () => string) {
    this.#client = client
    this.#nodeName = nodeName
    this.#nodeUid = nodeUid
  }

  /** Every node has one, also without drivers. */
  async ensure(): Promise<void> {
    await this.#change(drivers => drivers)
  }

  async add(
    driver: string,
    { nodeId = '', maxVolumesPerNode, accessibleTopology }: NodeGetInfoResponse,
  ): Promise<void> {
    const segments = accessibleTopology?.segments ?? {}
    const count = Number(maxVolumesPerNode ?? 0)
    await this.#change(drivers => [
      ...drivers.filter(({ name }) => name !== driver),
      {
        name: driver,
        nodeID: nodeId,
        topologyKeys: Object.keys(segments).sort(),
        ...(count > 0 ? { allocatable: { count } } : {}),
      },
    ])
    if (Object.keys(segments).length > 0)
      await this.#client.of(Node).patch('', this.#nodeName, 'merge', { metadata: { labels: segments } })
  }

  async remove(driver: string): Promise<void> {
    await this.#change(drivers => drivers.filter(({ name }) => name !== driver))
  }

  async #change(change: (drivers: CSINode['spec']['drivers']) => CSINode['spec']['drivers']): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#write(change)
      } catch (error) {
        if (tries >= maxTries || !(isConflict(error) || isAlreadyExists(error))) throw error
      }
  }

  async #write(change: (drivers: CSINode['spec']['drivers']) => CSINode['spec']['drivers']): Promise<void> {
    const objects = this.#client.of(CSINode)
    const before = await objects.get('', this.#nodeName).catch(error => {
      if (isNotFound(error)) return undefined
      throw error
    })
    if (before) {
      const drivers = change(before.spec.drivers)
      if (JSON.stringify(drivers) !== JSON.stringify(before.spec.drivers))
        await objects.update({ ...before, spec: { ...before.spec, drivers } })
      return
    }
    const owner = { apiVersion: 'v1', kind: 'Node', name: this.#nodeName, uid: this.#nodeUid() }
    await objects.create('', {
      metadata: { name: this.#nodeName, ownerReferences: [owner] },
      spec: { drivers: change([]) },
    })
  }
}
