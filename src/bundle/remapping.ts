import remapping from '@jridgewell/remapping'

/** A source map of version 3 with encoded mappings. */
export interface SourceMapV3 {
  version: 3
  file?: string | null
  sources: (string | null)[]
  sourcesContent?: (string | null)[]
  names: string[]
  mappings: string
}

/**
 * Merges the maps of successive transforms into one that leads from the last text to the first.
 *
 * @param maps - newest first; each map's first source is the text that the next one made, further
 *   sources count as original files
 */
export function mergeMaps(maps: readonly SourceMapV3[]): SourceMapV3 {
  const [newest] = maps
  if (newest === undefined) throw new RangeError('Cannot merge source maps: there is none')
  const taken = new Set<number>()
  const merged = remapping(JSON.stringify(newest), (_file, context) => {
    // The loader is called for each source in order: the first one of a depth is the chain's.
    if (taken.has(context.depth)) return null
    taken.add(context.depth)
    const older = maps[context.depth]
    return older === undefined ? null : JSON.stringify(older)
  })
  return JSON.parse(String(merged)) as SourceMapV3
}
