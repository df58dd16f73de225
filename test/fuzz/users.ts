/** Who asks, the first being the administrator. */
import type { UserInfo } from '../../src/apiserver/authentication/authenticator.ts'

export const users: readonly UserInfo[] = [
  { username: 'fuzz', groups: ['system:masters', 'system:authenticated'] },
  {
    username: 'system:serviceaccount:corpus:default',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:corpus', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/pod-name': ['p'], 'authentication.kubernetes.io/node-name': ['c-1'] },
  },
  { username: 'system:node:c-1', groups: ['system:nodes', 'system:authenticated'] },
  { username: 'system:anonymous', groups: ['system:unauthenticated'] },
]
