/** A set of nftables objects as data, and the transaction that turns one set into another. Pure. */

export interface NftSet {
  /** `set` or `map`. */
  readonly type: 'set' | 'map'
  /** What stands between the braces of its declaration. */
  readonly declaration: string
  /** Element to value ('' in a set). Elements that packets add (`flags dynamic`) are not listed. */
  readonly elements: ReadonlyMap<string, string>
}

export interface RuleSet {
  /** Base chains and ordinary ones: name to what stands before the rules (`type nat hook …;`, '' for ordinary chains). */
  readonly chains: ReadonlyMap<string, { readonly hook: string; readonly rules: readonly string[] }>
  readonly sets: ReadonlyMap<string, NftSet>
}

export const emptyRuleSet: RuleSet = { chains: new Map(), sets: new Map() }

/** The commands of one transaction that makes the table `table` (as `ip clipper`) hold `next` instead of `current`. */
export function transition(table: string, current: RuleSet, next: RuleSet): string[] {
  const commands: string[] = []
  for (const [name, set] of next.sets) {
    const known = current.sets.get(name)
    if (!known) commands.push(`add ${set.type} ${table} ${name} { ${set.declaration} }`)
  }
  for (const [name, chain] of next.chains)
    if (!current.chains.has(name))
      commands.push(`add chain ${table} ${name}${chain.hook === '' ? '' : ` { ${chain.hook} }`}`)
  // Elements that go must go before the chains they jump to; rules before the sets that they name.
  for (const [name, set] of current.sets) commands.push(...removedElements(table, name, set, next.sets.get(name)))
  for (const [name, chain] of next.chains) {
    const known = current.chains.get(name)
    if (known && sameRules(known.rules, chain.rules)) continue
    if (known) commands.push(`flush chain ${table} ${name}`)
    for (const rule of chain.rules) commands.push(`add rule ${table} ${name} ${rule}`)
  }
  for (const [name, set] of next.sets) commands.push(...addedElements(table, name, set, current.sets.get(name)))
  const goneChains = [...current.chains.keys()].filter(name => !next.chains.has(name))
  // A chain cannot be deleted while a rule of another gone chain still jumps to it.
  for (const name of goneChains) commands.push(`flush chain ${table} ${name}`)
  for (const name of goneChains) commands.push(`delete chain ${table} ${name}`)
  for (const [name, set] of current.sets) if (!next.sets.has(name)) commands.push(`delete ${set.type} ${table} ${name}`)
  return commands
}

/** The commands that make the table anew, whatever it held before. */
export const replacement = (table: string, next: RuleSet): string[] => [
  `add table ${table}`,
  `delete table ${table}`,
  `add table ${table}`,
  ...transition(table, emptyRuleSet, next),
]

const sameRules = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((rule, i) => rule === b[i])

/** Elements of one command; longer lists are split so that a line stays parseable. */
const elementsPerCommand = 500

function elementCommands(verb: 'add' | 'delete', table: string, name: string, elements: readonly string[]): string[] {
  const commands: string[] = []
  for (let i = 0; i < elements.length; i += elementsPerCommand)
    commands.push(`${verb} element ${table} ${name} { ${elements.slice(i, i + elementsPerCommand).join(', ')} }`)
  return commands
}

function removedElements(table: string, name: string, current: NftSet, next: NftSet | undefined): string[] {
  const gone = [...current.elements].filter(([key, value]) => next?.elements.get(key) !== value)
  return elementCommands(
    'delete',
    table,
    name,
    gone.map(([key, value]) => (value === '' ? key : `${key} : ${value}`)),
  )
}

function addedElements(table: string, name: string, next: NftSet, current: NftSet | undefined): string[] {
  const added = [...next.elements].filter(([key, value]) => current?.elements.get(key) !== value)
  return elementCommands(
    'add',
    table,
    name,
    added.map(([key, value]) => (value === '' ? key : `${key} : ${value}`)),
  )
}
