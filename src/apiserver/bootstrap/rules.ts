/** How the default roles are written down: words in one string, `core` for the group without a name. */
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'

export type Roles = Readonly<Record<string, readonly PolicyRule[]>>

export const read = 'get list watch'
export const write = 'create delete deletecollection patch update'
export const all = 'create delete deletecollection get list patch update watch'
export const follow = 'list watch'
export const modify = 'patch update'

const words = (text: string): string[] => text.split(' ')

export const can = (verbs: string, groups: string, resources: string, ...resourceNames: string[]): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: words(groups).map(group => (group === 'core' ? '' : group)),
  resources: words(resources),
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
})

export const paths = (verbs: string, nonResourceURLs: string): PolicyRule => ({
  verbs: words(verbs),
  nonResourceURLs: words(nonResourceURLs),
})

export const recordEvents = can('create patch update', 'core events.k8s.io', 'events')
