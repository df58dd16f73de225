/**
 * Signs `kube-public/cluster-info` with every bootstrap token that is for signing, so that whoever holds one knows that
 * what it says of the cluster was said by the cluster (documentation: "Bootstrap tokens", ConfigMap signing).
 */
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import {
  clusterInfo,
  clusterInfoSignaturePrefix,
  detachedSignature,
  isBootstrapToken,
  signingToken,
  tokenExpiryMs,
} from '../../machinery/bootstrap-token.ts'
import { update } from '../runtime/action.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'

const longestWaitMs = 3_600_000

/** The data with exactly the signatures of these tokens; undefined where there is nothing to sign. */
function signedData(
  data: Readonly<Record<string, string>>,
  secrets: readonly Secret[],
  nowMs: number,
): Record<string, string> | undefined {
  const content = data.kubeconfig
  if (content === undefined) return undefined
  const rest = Object.entries(data).filter(([key]) => !key.startsWith(clusterInfoSignaturePrefix))
  const signatures = secrets.flatMap(secret => {
    const token = signingToken(secret, nowMs)
    return token ? [[`${clusterInfoSignaturePrefix}${token.id}`, detachedSignature(content, token)] as const] : []
  })
  return Object.fromEntries([...rest, ...signatures])
}

export const bootstrapSigner: ControllerDefinition = {
  name: 'bootstrap-signer',
  workers: 1,
  build(context) {
    const secrets = context.informer(Secret)
    const maps = context.informer(ConfigMap)
    secrets.subscribe(({ object }) => {
      if (isBootstrapToken(object)) context.enqueue(clusterInfo.name)
    })
    maps.subscribe(({ object: { metadata } }) => {
      if (metadata.namespace === clusterInfo.namespace && metadata.name === clusterInfo.name)
        context.enqueue(clusterInfo.name)
    })
    return {
      plan() {
        const map = maps.get(clusterInfo.namespace, clusterInfo.name)
        if (!map) return undefined
        const nowMs = context.clock.now()
        const tokens = secrets.list().filter(isBootstrapToken)
        const data = signedData(map.data ?? {}, tokens, nowMs)
        const ends = tokens.map(token => tokenExpiryMs(token) - nowMs).filter(leftMs => leftMs > 0)
        const again = ends.length === 0 ? {} : { requeueAfterMs: Math.min(...ends, longestWaitMs) }
        if (!data || same(data, map.data)) return { steps: [], ...again }
        return { steps: [[update(ConfigMap, { ...map, data })]], ...again }
      },
    }
  },
}
