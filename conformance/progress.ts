/** What a run shows while it is at work: a line for each test that ended, and on a terminal one that tells of the rest. */
import { firstLines } from './report.ts'
import type { ProgressLine } from './suite.ts'

export class ProgressDisplay {
  readonly #total: number
  readonly #write: (text: string) => void
  readonly #isTerminal: boolean
  readonly #startedAt = performance.now()
  readonly #running = new Set<string>()
  #passed = 0
  #failed = 0
  #skipped = 0
  #timer: NodeJS.Timeout | undefined

  constructor(total: number, out: NodeJS.WriteStream) {
    this.#total = total
    this.#write = text => out.write(text)
    this.#isTerminal = out.isTTY === true
    if (this.#isTerminal) this.#timer = setInterval(() => this.#showStatus(), 1_000)
  }

  onLine({ name, state, seconds, error }: ProgressLine): void {
    if (state === 'started') {
      this.#running.add(name)
      return
    }
    this.#running.delete(name)
    if (state === 'passed') this.#passed += 1
    else if (state === 'skipped') this.#skipped += 1
    else this.#failed += 1
    const mark = state === 'passed' ? '✓' : state === 'skipped' ? '-' : '✗'
    const done = this.#passed + this.#failed + this.#skipped
    const what = error ? `\n      ${firstLines(error)}` : ''
    this.#clearStatus()
    this.#write(`${String(done).padStart(4)}/${this.#total} ${mark} ${name} (${seconds.toFixed(1)} s)${what}\n`)
    this.#showStatus()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#clearStatus()
  }

  #clearStatus(): void {
    if (this.#isTerminal) this.#write('\r\x1b[K')
  }

  #showStatus(): void {
    if (!this.#isTerminal) return
    const elapsed = formatSeconds((performance.now() - this.#startedAt) / 1000)
    this.#write(
      `\r\x1b[K${elapsed}  ${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} not run, ${this.#running.size} under way`,
    )
  }
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const parts = [hours > 0 ? `${hours} h` : '', hours > 0 || minutes > 0 ? `${minutes} min` : '', `${rest} s`]
  return parts.filter(part => part !== '').join(' ')
}
