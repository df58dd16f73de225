/** Images of an archive into containerd, by its own client. */
import type { Spawner } from '../../base/spawner.ts'

export interface ArchiveImport {
  readonly socketPath: string
  /** Further options of `ctr images import`. */
  readonly options: readonly string[]
  readonly archivePath: string
  readonly timeoutMs: number
}

/** Gives the names of the images. Throws where containerd does not take them, or not in time. */
export async function importArchive(
  spawner: Pick<Spawner, 'run'>,
  { socketPath, options, archivePath, timeoutMs }: ArchiveImport,
): Promise<string[]> {
  const { code, stdout, stderr, timedOut } = await spawner.run(
    'ctr',
    ['--address', socketPath, '--namespace', 'k8s.io', 'images', 'import', ...options, archivePath],
    { timeoutMs },
  )
  if (code === 0) return namesOfImported(stdout)
  const said = (stderr || stdout).trim()
  const why = timedOut
    ? `containerd has not taken it after ${timeoutMs / 1000} s${said === '' ? '' : `: ${said}`}`
    : said
  throw new Error(`cannot import ${archivePath}: ${why}`)
}

/**
 * The names that `ctr images import` gave. Throws where pods could use none of them: an archive may name its images by
 * a bare tag, which ctr completes to `import-DATE:TAG`, or not at all.
 */
export function namesOfImported(output: string): string[] {
  const names = [...output.matchAll(/^unpacking (\S+)/gm)].map(match => match[1]!)
  const usable = names.filter(name => !/^import-\d{4}-\d{2}-\d{2}[:@]/.test(name))
  if (usable.length > 0) return usable
  throw new Error(
    `the archive does not say the full names of its images, such as example.org/app:1${
      names.length === 0 ? '' : ` (it says ${names.map(name => name.slice('import-YYYY-MM-DD:'.length)).join(', ')})`
    }`,
  )
}
