/**
 * The machine's own package sources, in both forms that apt reads (sources.list(5)).
 *
 * @module
 */

/** One place that packages of one release come from. */
export interface AptSource {
  readonly uri: string
  readonly suite: string
  /** The keys that its index must be signed with; absent: those of the machine. */
  readonly signedBy: string | undefined
}

/** Reads a file of sources, by what its name ends with: `.list` or `.sources`. */
export function parseAptSources(name: string, text: string): AptSource[] {
  return name.endsWith('.sources') ? stanzas(text) : lines(text)
}

/** A source as one line for apt. */
export function aptLine({ uri, suite, signedBy }: AptSource): string {
  const options = signedBy === undefined ? '' : `[signed-by=${signedBy}] `
  return `deb ${options}${uri} ${suite} main`
}

function lines(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line)
    const [, options = '', uri, suite, components = ''] = parts ?? []
    if (uri === undefined || suite === undefined) return []
    if (!/\bmain\b/.test(components)) return []
    return { uri, suite, signedBy: /signed-by=(\S+)/.exec(options)?.[1] }
  })
}

function stanzas(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(stanza)?.[1]
    const words = (name: string) => field(name)?.split(/\s+/).filter(Boolean) ?? []
    if (field('Enabled')?.trim() === 'no') return []
    if (!words('Types').includes('deb') || !words('Components').includes('main')) return []
    // A key may also stand here as a text of several lines; apt then knows it without our help.
    const key = field('Signed-By')?.trim()
    const signedBy = key?.startsWith('/') === true ? key : undefined
    return words('URIs').flatMap((uri) =>
      words('Suites').map((suite) => ({ uri, suite, signedBy })),
    )
  })
}
