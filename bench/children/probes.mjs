// One use of each package, so that a loader cannot pass for having loaded what it has not run.

/** @type {Record<string, (exports: any) => unknown>} */
const probes = {
  zod: ({ z }) =>
    z.object({ a: z.coerce.number(), b: z.array(z.string()) }).parse({ a: '1', b: ['x'] }),
  openai: ({ OpenAI }) =>
    new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:9' }).buildURL('/a', { b: 1 }),
  rxjs({ of, map, reduce }) {
    let result
    of(1, 2, 3)
      .pipe(
        map((n) => n * 2),
        reduce((a, b) => a + b),
      )
      .subscribe((value) => (result = value))
    return result
  },
  anthropic: ({ Anthropic }) =>
    new Anthropic({ apiKey: 'k', baseURL: 'http://127.0.0.1:9' }).buildURL('/a', { b: 1 }),
  effect: ({ Effect }) => Effect.runSync(Effect.map(Effect.succeed(20), (n) => n + 1)),
}

/** Describes loaded exports: how many have a value, and what using them gives. */
export function probe(name, exports) {
  const names = Object.keys(exports).filter((key) => {
    if (key === 'default' || key === '__esModule' || key === 'module.exports') return false
    return exports[key] !== undefined
  })
  return { exports: names.length, answer: probes[name](exports) }
}
