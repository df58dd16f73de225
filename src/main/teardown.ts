/** Ends what outlives the cluster's process: etcd, containers, containerd, the pod network, rules and control groups. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { HelperSpawner } from '../base/spawner.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { stopMember } from '../etcd-member/member.ts'
import { startContainerd } from '../kubelet/containerd/instance.ts'
import { unlinkDriverDirectory } from '../kubelet/csi/driver-directory.ts'
import { removeAllPods } from '../kubelet/remove-all-pods.ts'
import { tearDownNodeNetwork } from '../network/node-network.ts'
import { tearDownPodNetwork } from '../network/pod-network.ts'
import { NftablesTable } from '../proxy/nftables.ts'
import { etcdDirectory } from './etcd-member.ts'
import { cgroupDriver, cniConfigDirectory, kernelNames } from './node.ts'

const graceSeconds = 10

export async function teardown(config: ClusterConfig): Promise<void> {
  const spawner = new HelperSpawner()
  const names = kernelNames(config)
  const log = loggerOf('teardown')
  log.level = 'warn'
  try {
    if (config.etcdMember) await stopMember(etcdDirectory(config))
    if (existsSync(join(config.dataDirectory, 'containerd', 'config.toml'))) {
      // Sandboxes are taken down by the runtime; one that has died is started again for that.
      const containerd = await startContainerd({
        spawner,
        clock: systemClock,
        log,
        dataDirectory: config.dataDirectory,
        cniConfDirectory: cniConfigDirectory(config),
      })
      await removeAllPods({
        runtime: containerd.runtime,
        spawner,
        log,
        dataDirectory: config.dataDirectory,
        cgroupDriver: cgroupDriver(),
        cgroupRoot: names.cgroupRoot,
        graceSeconds,
      })
      await containerd.stop()
    }
    unlinkDriverDirectory(config.dataDirectory)
    await tearDownNodeNetwork({ runner: spawner, device: names.tunnel, clusterCidr: config.clusterCidr })
    await tearDownPodNetwork({ runner: spawner, bridge: names.bridge, table: names.egressTable })
    for (const table of [names.hostPortsTable, names.proxyTable])
      await new NftablesTable(spawner, `ip ${table}`).remove()
  } finally {
    spawner.close()
  }
}
