/** Where Debian's packages come from: the mirrors that this machine's apt uses. */
import { runCommand } from './command.ts'

export const debianRelease = 'bookworm'

/** Lines of sources.list for the release: the machine may have other sources besides Debian's. */
export async function debianSources(type: 'deb' | 'deb-src', signal: AbortSignal): Promise<string> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)'
  const targets = await runCommand('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { signal })
  const sources = targets
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, release = '', , origin]) => origin === 'Debian' && release.startsWith(debianRelease))
    .map(([uri, release, component]) => `${type} ${uri} ${release} ${component}`)
  if (sources.length === 0) throw new Error(`apt has no source of Debian ${debianRelease}; run: apt-get update`)
  return `${[...new Set(sources)].join('\n')}\n`
}
