/** From which ranges Services get addresses (KEP-1880). Pure. */
import type { ServiceCIDR } from '../../../api/networking/v1/service-cidr.ts'
import { IpRange } from './ip-range.ts'

/** Shows the ranges that the server was started with; made by the server itself. */
const ownName = 'kubernetes'

/** Without a condition it is ready: nobody may be there to say so. */
const isReady = ({ metadata, status }: ServiceCIDR): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'True') === 'True'

/** The server's own ranges come first, as long as no object says otherwise, then all others by the names of their objects. */
export function readyRanges(own: readonly IpRange[], cidrs: readonly ServiceCIDR[]): IpRange[] {
  const ready = cidrs.filter(isReady)
  const isShown = cidrs.some(({ metadata }) => metadata.name === ownName)
  const ofOwn = ready.filter(({ metadata }) => metadata.name === ownName)
  const others = ready.filter(({ metadata }) => metadata.name !== ownName)
  const rangesOf = ({ spec }: ServiceCIDR) => (spec.cidrs ?? []).map(cidr => new IpRange(cidr))
  return [...(isShown ? ofOwn.flatMap(rangesOf) : own), ...others.flatMap(rangesOf)]
}
