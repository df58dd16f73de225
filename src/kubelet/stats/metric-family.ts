/** Prometheus' text format for figures that are read when they are asked for. */

export type Labels = Readonly<Record<string, string>>
export type Sample = readonly [labels: Labels, value: number | undefined]

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** Samples without a value are left out, and a family without samples is the empty text. */
export function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.flatMap(([labels, value]) => {
    if (value === undefined) return []
    const text = Object.entries(labels).map(([key, label]) => `${key}="${escaped(label)}"`)
    return [`${name}${text.length === 0 ? '' : `{${text.join(',')}}`} ${value}`]
  })
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
}
