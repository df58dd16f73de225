/** Progress of long work: a line a step, rewritten in place on a terminal, with the time each took. */
export interface Progress {
  /** Runs one step; its name is shown while it runs and marked when it ends. */
  step<T>(name: string, run: (note: (text: string) => void) => Promise<T>): Promise<T>
}

export function terminalProgress(
  stream: NodeJS.WriteStream = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  return {
    async step(name, run) {
      const startedAt = now()
      const live = stream.isTTY === true
      let shown = ''
      const show = (mark: string, text: string, end: string) =>
        stream.write(`${live ? '\r\x1b[K' : ''}${mark} ${text}${end}`)
      const note = (text: string) => {
        if (text === shown) return
        shown = text
        if (live) show('…', text === '' ? name : `${name}: ${text}`, '')
      }
      if (live) show('…', name, '')
      const seconds = () => ((now() - startedAt) / 1000).toFixed(1)
      try {
        const result = await run(note)
        show('✓', `${name} (${seconds()} s)`, '\n')
        return result
      } catch (error) {
        show('✗', `${name}${shown === '' ? '' : `: ${shown}`} (${seconds()} s)`, '\n')
        throw error
      }
    },
  }
}
