/** Applies rule sets to the kernel, one atomic transaction each. The only place that runs `nft`. */
import { type RuleSet, replacement, transition } from './rule-set.ts'

export interface CommandRunner {
  run(
    command: string,
    args: readonly string[],
    options: { stdin?: string; timeoutMs: number },
  ): Promise<{ code: number; stdout: string; stderr: string }>
}

const nftTimeoutMs = 30_000

export class NftablesTable {
  readonly #runner: CommandRunner
  readonly #table: string
  #current: RuleSet | undefined
  /** What `isIntact` saw first since the table was replaced. */
  #witness: string | undefined

  /** `table` is family and name, as `ip clipper-proxy`. */
  constructor(runner: CommandRunner, table: string) {
    this.#runner = runner
    this.#table = table
  }

  /** Makes the table hold `next`. On failure nothing has changed, and the next apply replaces the whole table. */
  async apply(next: RuleSet): Promise<void> {
    if (!this.#current) this.#witness = undefined
    const commands = this.#current ? transition(this.#table, this.#current, next) : replacement(this.#table, next)
    if (commands.length > 0) {
      this.#current = undefined
      await this.#nft(`${commands.join('\n')}\n`)
    }
    this.#current = next
  }

  /**
   * Whether the table is still the one made here: another program may have flushed the rules or deleted the table. Looks
   * at one short chain, with the handles that tell a new one from ours.
   */
  async isIntact(chain: string): Promise<boolean> {
    if (!this.#current) return false
    const { code, stdout } = await this.#runner.run('nft', ['-a', 'list', 'chain', ...this.#table.split(' '), chain], {
      timeoutMs: nftTimeoutMs,
    })
    if (code !== 0) return false
    this.#witness ??= stdout
    return this.#witness === stdout
  }

  /** The next apply replaces the whole table. */
  forget(): void {
    this.#current = undefined
  }

  async remove(): Promise<void> {
    this.#current = undefined
    await this.#nft(`add table ${this.#table}\ndelete table ${this.#table}\n`)
  }

  async #nft(script: string): Promise<void> {
    const { code, stderr } = await this.#runner.run('nft', ['-f', '-'], { stdin: script, timeoutMs: nftTimeoutMs })
    if (code !== 0) throw new Error(`nft refused the rules of ${this.#table}: ${stderr.slice(0, 2000)}`)
  }
}
