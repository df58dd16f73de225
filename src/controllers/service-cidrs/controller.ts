/** Says of ServiceCIDRs that they are ready, and keeps those that have addresses in use (KEP-1880). */
import { BlockList, isIP } from 'node:net'
import { IPAddress } from '../../api/networking/v1/ip-address.ts'
import { ServiceCIDR } from '../../api/networking/v1/service-cidr.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { type Action, updateStatus } from '../runtime/action.ts'
import { type ControllerDefinition, objectOf } from '../runtime/controller.ts'
import { protect } from '../storage-protection/finalizer.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
const managedBy = 'ipaddress.kubernetes.io/managed-by'
const allocator = 'ipallocator.k8s.io'
/** Servers that have not seen the deletion yet may still give addresses away: upstream's wait. */
const deletionGraceMs = 10_000

interface Range {
  readonly address: string
  readonly bits: number
  readonly list: BlockList
}

const rangesOf = ({ spec }: ServiceCIDR): Range[] =>
  (spec.cidrs ?? []).flatMap(cidr => {
    const [address = '', bits = ''] = cidr.split('/')
    if (isIP(address) === 0 || !/^\d+$/.test(bits)) return []
    const list = new BlockList()
    list.addSubnet(address, Number(bits), familyOf(address))
    return [{ address, bits: Number(bits), list }]
  })

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

const hasAddress = ({ address: base, list }: Range, address: string): boolean =>
  isIP(address) !== 0 && familyOf(address) === familyOf(base) && list.check(address, familyOf(address))

/** Whether some of the addresses would be in no range any more. Pure. */
function leavesOrphans(gone: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const others = all.filter(({ metadata }) => metadata.name !== gone.metadata.name).flatMap(rangesOf)
  const own = rangesOf(gone)
  const isWithin = (range: Range) => others.some(other => other.bits <= range.bits && hasAddress(other, range.address))
  if (own.length > 0 && own.every(isWithin)) return false
  return addresses.some(
    ({ metadata: { name, labels } }) =>
      labels?.[managedBy] === allocator &&
      own.some(range => hasAddress(range, name)) &&
      !others.some(range => hasAddress(range, name)),
  )
}

function withReady(
  cidr: ServiceCIDR,
  status: 'True' | 'False',
  reason: string,
  message: string,
  nowMs: number,
): Action[] {
  const conditions = cidr.status?.conditions ?? []
  const known = conditions.find(({ type }) => type === 'Ready')
  if (known?.status === status && known.reason === reason && known.message === message) return []
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : timeOf(nowMs)
  const condition = { type: 'Ready', status, reason, message, lastTransitionTime }
  const others = conditions.filter(({ type }) => type !== 'Ready')
  return [updateStatus(ServiceCIDR, { ...cidr, status: { ...cidr.status, conditions: [...others, condition] } })]
}

export const serviceCidrsController: ControllerDefinition = {
  name: 'service-cidrs-controller',
  workers: 1,
  build(context) {
    const cidrs = context.informer(ServiceCIDR)
    const addresses = context.informer(IPAddress)
    // A range that comes or goes can free another one; there are few of them.
    cidrs.subscribe(() => {
      for (const { metadata } of cidrs.list()) context.enqueue(metadata.name)
    })
    addresses.subscribe(({ object }) => {
      for (const cidr of cidrs.list())
        if (cidr.metadata.deletionTimestamp !== undefined)
          if (rangesOf(cidr).some(range => hasAddress(range, object.metadata.name))) context.enqueue(cidr.metadata.name)
    })
    return {
      plan(key) {
        const cidr = objectOf(cidrs, key)
        if (!cidr) return undefined
        const nowMs = context.clock.now()
        const { deletionTimestamp, finalizers = [] } = cidr.metadata
        if (deletionTimestamp === undefined) {
          const steps = protect(ServiceCIDR, cidr, finalizer, () => true)
          // A range that has no finalizer yet is not ready to be relied on: its status follows when it has.
          if (steps.length > 0) return { steps: [steps] }
          return isReady(cidr) ? undefined : { steps: [withReady(cidr, 'True', '', readyMessage, nowMs)] }
        }
        if (!finalizers.includes(finalizer)) return undefined
        if (leavesOrphans(cidr, cidrs.list(), addresses.list())) {
          return { steps: [withReady(cidr, 'False', 'Terminating', terminatingMessage, nowMs)] }
        }
        const waitMs = epochMsOf(deletionTimestamp) + deletionGraceMs - nowMs
        if (waitMs > 0) return { steps: [], requeueAfterMs: waitMs }
        return { steps: [protect(ServiceCIDR, cidr, finalizer, () => false)] }
      },
    }
  },
}

const readyMessage = 'Kubernetes Service CIDR is ready'
const terminatingMessage =
  'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'

/** In whatever words: the default range's are the API server's own. */
const isReady = ({ status }: ServiceCIDR): boolean =>
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
