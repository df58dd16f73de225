import { mastersGroup } from '../authentication/users.ts'
import type { Authorizer, NonResourceRule, ResourceRule } from './authorizer.ts'

/** Members of `system:masters` may do everything, whatever the roles say. */
export const mastersAuthorizer: Authorizer = {
  async authorize({ user }) {
    return user.groups.includes(mastersGroup)
      ? { decision: 'allow', reason: '' }
      : { decision: 'noOpinion', reason: '' }
  },
  async rulesFor() {
    // Their rules are listed by the binding of cluster-admin.
    return { resourceRules: [], nonResourceRules: [], incomplete: false }
  },
}

/** The first that allows or denies decides; where none does, the reasons of all are given. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes) {
      const reasons: string[] = []
      for (const authorizer of authorizers) {
        const authorization = await authorizer.authorize(attributes)
        if (authorization.decision !== 'noOpinion') return authorization
        if (authorization.reason !== '') reasons.push(authorization.reason)
      }
      return { decision: 'noOpinion', reason: reasons.join('\n') }
    },
    async rulesFor(user, namespace) {
      const resourceRules: ResourceRule[] = []
      const nonResourceRules: NonResourceRule[] = []
      const errors: string[] = []
      let incomplete = false
      for (const authorizer of authorizers) {
        const rules = await authorizer.rulesFor(user, namespace)
        resourceRules.push(...rules.resourceRules)
        nonResourceRules.push(...rules.nonResourceRules)
        incomplete ||= rules.incomplete
        if (rules.evaluationError) errors.push(rules.evaluationError)
      }
      const evaluationError = errors.length === 0 ? {} : { evaluationError: errors.join(', ') }
      return { resourceRules, nonResourceRules, incomplete, ...evaluationError }
    },
  }
}
