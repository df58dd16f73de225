/**
 * busybox from Debian's source package, without Debian's patches: one of them has its shell drop environment variables
 * that no variable of a shell can be named (`data-1`), and tests print such by `sh -c env`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cached, hashOf } from './cache.ts'
import { runCommand } from './command.ts'
import { debianRelease, debianSources } from './debian.ts'

/** Static, so that it runs in any root. `tc` does not compile with the kernel's headers of today. */
const settings: Readonly<Record<string, 'y' | 'n'>> = { CONFIG_STATIC: 'y', CONFIG_TC: 'n' }

/** The program. */
export async function buildBusybox(signal: AbortSignal): Promise<string> {
  const directory = await cached('busybox-program', hashOf(debianRelease, JSON.stringify(settings)), async target => {
    const work = join(target, 'work')
    const source = await downloadSource(work, signal)
    const options = { cwd: source, signal }
    await runCommand('make', ['defconfig'], options)
    writeFileSync(join(source, '.config'), configured(readFileSync(join(source, '.config'), 'utf8')))
    await runCommand('make', [`-j${availableParallelism()}`], options)
    await runCommand('cp', [join(source, 'busybox'), join(target, 'busybox')], { signal })
    rmSync(work, { recursive: true })
  })
  return join(directory, 'busybox')
}

/** Fetches and checks the package by apt, with lists of its own, since machines rarely have those of sources. */
async function downloadSource(work: string, signal: AbortSignal): Promise<string> {
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true })
  const sources = join(work, 'sources.list')
  writeFileSync(sources, await debianSources('deb-src', signal))
  const apt = [
    ...['-o', `Dir::Etc::sourcelist=${sources}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(work, 'lists')}`, '-q'],
  ]
  await runCommand('apt-get', [...apt, 'update'], { signal })
  await runCommand('apt-get', [...apt, 'source', '--download-only', 'busybox'], { cwd: work, signal })
  const archive = readdirSync(work).find(name => /\.orig\.tar\.\w+$/.test(name))
  if (archive === undefined) throw new Error('the source package of busybox has no .orig.tar')
  await runCommand('tar', ['-xf', archive], { cwd: work, signal })
  const folder = readdirSync(work, { withFileTypes: true }).find(
    entry => entry.isDirectory() && entry.name.startsWith('busybox-'),
  )
  if (folder === undefined) throw new Error(`${archive} holds no folder busybox-VERSION`)
  return join(work, folder.name)
}

/** The default configuration with our settings. */
export function configured(defaults: string): string {
  return Object.entries(settings).reduce((text, [name, value]) => {
    const line = new RegExp(`^(?:${name}=.*|# ${name} is not set)$`, 'm')
    if (!line.test(text)) throw new Error(`busybox has no setting ${name} any more`)
    return text.replace(line, value === 'y' ? `${name}=y` : `# ${name} is not set`)
  }, defaults)
}
