import type { Ledger } from './ledger.ts'

type Callable = (...args: unknown[]) => unknown

/** The six timer functions of the wrapper, in the order of its parameters. */
export type OwnTimers = readonly [Callable, Callable, Callable, Callable, Callable, Callable]

/**
 * The timer functions of one generation.
 *
 * Each calls the global at call time, so fake timers that a test installs later are used.
 */
export function ownTimers(ledger: Ledger | undefined): OwnTimers {
  const start = (name: StartName, clear: ClearName, once: boolean): Callable => {
    const own: Callable = (...args) => {
      const handle = callGlobal(name, args)
      ledger?.timer(handle, (active) => callGlobal(clear, [active]), once)
      return handle
    }
    return likeGlobal(own, name)
  }
  return [
    start('setTimeout', 'clearTimeout', true),
    start('setInterval', 'clearInterval', false),
    start('setImmediate', 'clearImmediate', true),
    end('clearTimeout'),
    end('clearInterval'),
    end('clearImmediate'),
  ]
}

type StartName = 'setTimeout' | 'setInterval' | 'setImmediate'
type ClearName = 'clearTimeout' | 'clearInterval' | 'clearImmediate'

function globalOf(name: StartName | ClearName): Callable {
  return globalThis[name] as Callable
}

function end(name: ClearName): Callable {
  return likeGlobal((...args) => callGlobal(name, args), name)
}

function callGlobal(name: StartName | ClearName, args: unknown[]): unknown {
  return globalOf(name)(...args)
}

/** Takes over the name and what hangs on the global, such as `util.promisify.custom`. */
function likeGlobal(own: Callable, name: StartName | ClearName): Callable {
  const { prototype: _prototype, ...properties } = Object.getOwnPropertyDescriptors(globalOf(name))
  return Object.defineProperties(own, properties)
}
