/** The processes that containerd puts between itself and each sandbox. They outlive it, for good if it ends at a bad moment. */
import { readdirSync, readFileSync } from 'node:fs'

const waitMs = 2_000
const pollMs = 25

/** The shims of the containerd that listens on a socket. */
function shimsOf(socketPath: string): number[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .filter(pid => {
      const words = commandLineOf(pid)
      return words[0]?.includes('containerd-shim') === true && words[words.indexOf('-address') + 1] === socketPath
    })
    .map(Number)
}

function commandLineOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** After all sandboxes were removed and containerd has ended: waits for shims that are about to end, and ends the rest. */
export async function endShims(socketPath: string): Promise<void> {
  for (let waitedMs = 0; shimsOf(socketPath).length > 0 && waitedMs < waitMs; waitedMs += pollMs)
    await new Promise(resolve => setTimeout(resolve, pollMs))
  for (const pid of shimsOf(socketPath)) process.kill(pid, 'SIGKILL')
}
