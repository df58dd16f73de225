/** How a server becomes a member of an etcd cluster: what is there decides. Pure. */
import { isSameMember, type Member, type MemberId } from './members.ts'

export interface NewMember {
  readonly name: string
  readonly peerUrl: string
}

export type JoinPlan =
  /** Nobody has this address: become a learner. */
  | { readonly is: 'add' }
  /** An attempt ended between being added and its first start: go on with it. */
  | { readonly is: 'resume'; readonly id: MemberId }
  /** It was a member, and its data are gone: remove what it was, then become a learner. */
  | { readonly is: 'replace'; readonly id: MemberId }
  | { readonly is: 'refuse'; readonly why: string }

/** A member has no name until it has started for the first time. */
export function planJoin(members: readonly Member[], { name, peerUrl }: NewMember): JoinPlan {
  const here = members.find(member => member.peerUrls?.includes(peerUrl))
  if (here) return { is: here.name ? 'replace' : 'resume', id: here.id ?? 0 }
  const namesake = members.find(member => member.name === name)
  if (namesake)
    return {
      is: 'refuse',
      why: `the etcd member ${name} is another machine, at ${namesake.peerUrls?.join(', ')}; if that is gone, on a server that runs: clipper etcd member remove ${name}`,
    }
  return { is: 'add' }
}

/** As `--initial-cluster` takes it: the new one among those that have started. */
export function initialClusterOf(members: readonly Member[], id: MemberId, { name, peerUrl }: NewMember): string {
  const others = members.filter(member => member.name && !isSameMember(member.id ?? 0, id))
  return [
    ...others.flatMap(member => (member.peerUrls ?? []).map(url => `${member.name}=${url}`)),
    `${name}=${peerUrl}`,
  ].join(',')
}

/** URLs of clients, those of this server first: the others stand in while its own member is down. */
export function clientUrlsOf(members: readonly Member[], ownUrl: string): string[] {
  const others = members
    .filter(member => !member.isLearner && member.name && !member.clientUrls?.includes(ownUrl))
    .flatMap(member => member.clientUrls?.slice(0, 1) ?? [])
  return [ownUrl, ...others.sort()]
}
