/** Which faults a seed gives. Pure. */
import { pick, type Random } from '../fuzz/chance.ts'
import type { ProcessFault } from './faulty-store.ts'

export type Fault =
  | ({ readonly at: 'process' } & ProcessFault)
  | { readonly at: 'network'; readonly name: string; readonly kind: NetworkFault; readonly forMs: number }
  | { readonly at: 'clock'; readonly name: string; readonly forMs: number }

export type NetworkFault = 'drop' | 'split' | 'hold' | 'lose answers' | 'delay'

const syscalls = ['pwrite64', 'fsync,fdatasync'] as const
const errors = ['EIO', 'ENOSPC'] as const
const networkFaults: readonly NetworkFault[] = ['drop', 'split', 'hold', 'lose answers', 'delay']

export function networkFault(random: Random): Fault {
  const kind = pick(random, networkFaults)
  return { at: 'network', name: `network: ${kind}`, kind, forMs: 30 + Math.floor(random() * 300) }
}

/** Every step of a commit and of a checkpoint is a write or a sync. */
export function nextFault(random: Random): Fault {
  const killAfterMs = Math.floor(random() * 400)
  const choice = random()
  if (choice < 0.3) return networkFault(random)
  if (choice < 0.35) return { at: 'clock', name: 'clock: jump', forMs: 100 }
  if (choice < 0.45) return { at: 'process', name: 'kill', killAfterMs }
  if (choice < 0.52) return { at: 'process', name: 'power cut', losesUnsynced: true, killAfterMs }
  const syscall = pick(random, syscalls)
  const at = 1 + Math.floor(random() * (syscall === 'pwrite64' ? 400 : 60))
  if (choice < 0.8) {
    const inject = `${syscall}:signal=SIGKILL:when=${at}`
    return { at: 'process', name: `kill at ${syscall}`, inject, killAfterMs: 1500 }
  }
  const error = pick(random, errors)
  const inject = `${syscall}:error=${error}:when=${at}..${at + Math.floor(random() * 5)}`
  return { at: 'process', name: `${error} at ${syscall}`, inject, killAfterMs }
}
