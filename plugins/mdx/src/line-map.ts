import { SourceMapGenerator, type Mapping } from 'source-map'

/**
 * A source map in which a line that has positions has one from its start.
 *
 * MDX 3.1 maps names alone: the place of a `throw` before the first name of its line would lead
 * nowhere, and with it the stack of the error.
 */
export class LineMapGenerator extends SourceMapGenerator {
  readonly #lines = new Set<number>()

  override addMapping(mapping: Mapping): void {
    const { line, column } = mapping.generated
    if (!this.#lines.has(line) && column > 0) {
      super.addMapping({ ...mapping, generated: { line, column: 0 } })
    }
    this.#lines.add(line)
    super.addMapping(mapping)
  }
}
