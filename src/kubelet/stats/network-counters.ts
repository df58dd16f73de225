/** Counters of network interfaces (kernel: Documentation/networking/statistics.rst, `/proc/net/dev`). */
import { text } from '../resources/cgroup-usage.ts'

export interface InterfaceCounters {
  readonly name: string
  readonly rxBytes: number
  readonly rxPackets: number
  readonly rxErrors: number
  readonly rxDropped: number
  readonly txBytes: number
  readonly txPackets: number
  readonly txErrors: number
  readonly txDropped: number
}

/** All but the loopback. */
export function parseNetworkCounters(content: string): InterfaceCounters[] {
  return content.split('\n').flatMap(line => {
    const [, name = '', counts = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? []
    if (name === '' || name === 'lo') return []
    const fields = counts.trim().split(/\s+/).map(Number)
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0] = fields
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = fields.slice(8)
    return [{ name, rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped }]
  })
}

/** Of the network namespace that a process is in; none once it has ended. */
export const networkCountersOf = (pid: number): InterfaceCounters[] =>
  parseNetworkCounters(text(`/proc/${pid}/net/dev`))
